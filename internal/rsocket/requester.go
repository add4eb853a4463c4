package rsocket

import (
	"context"
	"errors"
)

// call is a request of ours that waits for its reply.
type call struct {
	done func(reply []byte, err error)
}

// Request sends a request and waits for its reply, which the caller owns. When ctx ends first, the
// peer gets CANCEL and ctx's error is returned. Other errors: [*Error] that the peer answered,
// [ErrTooLarge], [ErrClosed], or one that wraps [ErrLost]. While the write queue is full, Request waits.
func (c *Conn) Request(ctx context.Context, payload []byte) ([]byte, error) {
	return c.RequestHeed(ctx, payload, nil)
}

// RequestHeed is Request for those to whom the order matters of the reply and what the peer sends after it: heed,
// unless nil, is called with the reply on the goroutine that reads the connection. It must not block.
func (c *Conn) RequestHeed(ctx context.Context, payload []byte, heed func(reply []byte)) ([]byte, error) {
	type result struct {
		reply []byte
		err   error
	}
	ch := make(chan result, 1)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cancel := c.Send(payload, func(reply []byte, err error) {
			if err == nil && heed != nil {
				heed(reply)
			}
			ch <- result{reply, err}
		})
		select {
		case r := <-ch:
			if !errors.Is(r.err, ErrQueueFull) {
				return r.reply, r.err
			}
			if err := c.waitRoom(ctx, len(payload)); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			cancel()
			return nil, ctx.Err()
		}
	}
}

// Send sends a request and returns at once. The payload is copied. done is called exactly once with
// the reply, which it owns, or an error as for Request; [ErrQueueFull] instead of waiting. It is not
// called after cancel has returned, unless it runs already. done runs on the goroutine that reads
// the connection and must not block; when nothing could be sent, before Send returns.
func (c *Conn) Send(payload []byte, done func(reply []byte, err error)) (cancel func()) {
	if len(payload) > c.opt.MaxPayload {
		done(nil, ErrTooLarge)
		return func() {}
	}
	c.mu.Lock()
	var err error
	switch {
	case c.closed:
		err = c.err
	case c.draining:
		err = ErrServerClosed
	case !c.hasRoom(len(payload)):
		err = ErrQueueFull
	}
	if err != nil {
		c.mu.Unlock()
		done(nil, err)
		return func() {}
	}
	id := c.newStream()
	waiting := &call{done}
	if c.pending == nil {
		c.pending = make(map[uint32]*call)
	}
	c.pending[id] = waiting
	c.sendPayload(id, typeRequestResponse, 0, payload)
	c.mu.Unlock()
	return func() { c.cancel(id, waiting) }
}

func (c *Conn) newStream() uint32 {
	for {
		id := c.nextID
		c.nextID += 2
		if c.nextID > maxStreamID {
			c.nextID = 2 - c.nextID%2
		}
		if c.pending[id] == nil {
			return id
		}
	}
}

func (c *Conn) cancel(id uint32, call *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending[id] != call {
		return
	}
	c.forgetCall(id)
	c.emit(id, func(b []byte) []byte { return appendCancel(b, id) })
}

// forgetCall ends a call of ours. The caller holds c.mu.
func (c *Conn) forgetCall(id uint32) {
	delete(c.pending, id)
	c.dropPartial(id)
}

// hasRoom reports whether a payload of n bytes fits into the queue now. The caller holds c.mu.
func (c *Conn) hasRoom(n int) bool {
	n += n/(c.opt.MaxFrame-headerSize)*(headerSize+lengthSize) + headerSize + lengthSize
	if c.link != nil {
		return c.link.queued()+n <= c.opt.WriteQueue
	}
	return c.resume == nil || c.resume.size()+n <= c.opt.ResumeBuffer
}

func (c *Conn) waitRoom(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		if c.closed || c.hasRoom(n) {
			c.mu.Unlock()
			return nil
		}
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// onPayload gets a reply to a request of ours, or a further fragment of either side's payload.
func (c *Conn) onPayload(h header, body []byte) *Error {
	_, data, err := splitMetadata(h, body)
	if err != nil {
		return connectionError("malformed PAYLOAD frame")
	}
	c.mu.Lock()
	if call := c.pending[h.stream]; call != nil {
		c.onReply(h, data, call)
		return nil
	}
	if c.partials[h.stream] == nil {
		c.mu.Unlock() // a stream that has ended: replies and cancellations cross on the way
		return nil
	}
	if h.has(flagFollows) {
		if e := c.collect(h.stream, data); e != nil {
			c.sendError(h.stream, e)
		}
		c.mu.Unlock()
		return nil
	}
	c.start(h.stream, data, nil)
	return nil
}

// onReply takes a frame of a reply. The caller holds c.mu; onReply releases it.
func (c *Conn) onReply(h header, data []byte, call *call) {
	var reply []byte
	var refusal *Error
	if h.has(flagFollows) {
		if refusal = c.collect(h.stream, data); refusal == nil {
			c.mu.Unlock()
			return
		}
	} else {
		reply, refusal = c.whole(h.stream, data)
	}
	c.forgetCall(h.stream)
	if refusal != nil {
		c.emit(h.stream, func(b []byte) []byte { return appendCancel(b, h.stream) })
		c.mu.Unlock()
		call.done(nil, refusal)
		return
	}
	c.mu.Unlock()
	call.done(reply, nil)
}

// dropOverlong handles a PAYLOAD that was too long to keep.
func (c *Conn) dropOverlong(stream uint32) {
	c.mu.Lock()
	call := c.pending[stream]
	switch {
	case call != nil:
		c.forgetCall(stream)
		c.emit(stream, func(b []byte) []byte { return appendCancel(b, stream) })
	case c.partials[stream] != nil:
		c.dropPartial(stream)
		c.sendError(stream, c.tooLarge("payload"))
	}
	c.mu.Unlock()
	if call != nil {
		call.done(nil, c.tooLarge("reply"))
	}
}

func (c *Conn) onError(h header, body []byte) *Error {
	e, err := parseError(body)
	if err != nil {
		return connectionError("malformed ERROR frame")
	}
	c.mu.Lock()
	call := c.pending[h.stream]
	if call != nil {
		c.forgetCall(h.stream)
	}
	c.mu.Unlock()
	if call != nil {
		call.done(nil, e)
	}
	return nil
}
