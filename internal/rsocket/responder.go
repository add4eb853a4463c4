package rsocket

// Handler gets each request of the peer, on the goroutine that reads the connection: it must not
// block. It answers once through r, from any goroutine, now or later.
type Handler func(r *Request)

// Request is one request of the peer.
type Request struct {
	Payload []byte // belongs to the handler

	conn   *Conn
	stream uint32
	// guarded by conn.mu
	ended    bool // answered, cancelled, or the connection has ended
	canceled bool // ended without an answer
	onCancel []func()
}

// Conn is the connection that the request came on.
func (r *Request) Conn() *Conn { return r.conn }

// Reply answers. The payload is copied. Only the first answer counts; after a cancellation, or
// when the connection has ended, nothing is sent. A payload larger than Options.MaxPayload becomes
// the error APPLICATION_ERROR.
func (r *Request) Reply(payload []byte) {
	c := r.conn
	if len(payload) > c.opt.MaxPayload {
		r.Fail(&Error{ApplicationError, c.tooLarge("reply").Text})
		return
	}
	r.answer(func() { c.sendPayload(r.stream, typePayload, flagNext|flagComplete, payload) })
}

// Fail answers with an ERROR on the request's stream.
func (r *Request) Fail(err *Error) {
	r.answer(func() { r.conn.sendError(r.stream, err) })
}

func (r *Request) answer(send func()) {
	c := r.conn
	c.mu.Lock()
	if r.ended {
		c.mu.Unlock()
		return
	}
	r.ended, r.onCancel = true, nil
	delete(c.serving, r.stream)
	send()
	drained := c.drained()
	c.mu.Unlock()
	if drained {
		c.shutDown()
	}
}

// OnCancel runs f when the peer cancels the request or the connection ends before the request is
// answered; at once when that has happened already. f must not block.
func (r *Request) OnCancel(f func()) {
	r.conn.mu.Lock()
	now := r.canceled
	if !r.ended {
		r.onCancel = append(r.onCancel, f)
	}
	r.conn.mu.Unlock()
	if now {
		f()
	}
}

// cancelled ends the request without an answer.
func (r *Request) cancelled() {
	r.conn.mu.Lock()
	if r.ended {
		r.conn.mu.Unlock()
		return
	}
	r.ended, r.canceled = true, true
	callbacks := r.onCancel
	r.onCancel = nil
	r.conn.mu.Unlock()
	for _, f := range callbacks {
		f()
	}
}

// ofPeer reports whether the peer may open this stream: a client's streams are odd.
func (c *Conn) ofPeer(stream uint32) bool { return (stream%2 == 1) != c.client }

func (c *Conn) onRequest(h header, body []byte) *Error {
	_, data, err := splitMetadata(h, body)
	if err != nil {
		return connectionError("malformed REQUEST_RESPONSE frame")
	}
	c.mu.Lock()
	if c.serving[h.stream] != nil || c.partials[h.stream] != nil || !c.ofPeer(h.stream) && c.pending[h.stream] != nil {
		c.mu.Unlock() // a stream that is in use: the protocol says to ignore it
		return nil
	}
	refusal := c.admit(h.stream)
	if refusal == nil && h.has(flagFollows) {
		refusal = c.collect(h.stream, data)
		if refusal == nil {
			c.mu.Unlock()
			return nil
		}
	}
	c.start(h.stream, data, refusal)
	return nil
}

// admit says why a new request of the peer is refused. The caller holds c.mu.
func (c *Conn) admit(stream uint32) *Error {
	switch {
	case !c.ofPeer(stream):
		return &Error{Invalid, "stream id of the wrong parity"}
	case c.draining:
		return &Error{Rejected, "shutting down"}
	case c.handler == nil:
		return &Error{Rejected, "no requests are taken here"}
	case len(c.serving)+len(c.partials) >= c.opt.MaxInFlight:
		return &Error{Rejected, "too many requests in flight"}
	}
	return nil
}

// start hands a request to the handler, or refuses it. The caller holds c.mu; start releases it.
func (c *Conn) start(stream uint32, last []byte, refusal *Error) {
	var payload []byte
	if refusal == nil {
		payload, refusal = c.whole(stream, last)
	}
	if refusal != nil {
		c.sendError(stream, refusal)
		c.mu.Unlock()
		return
	}
	r := &Request{Payload: payload, conn: c, stream: stream}
	if c.serving == nil {
		c.serving = make(map[uint32]*Request)
	}
	c.serving[stream] = r
	c.mu.Unlock()
	c.handler(r)
}

func (c *Conn) onCancel(stream uint32) {
	c.mu.Lock()
	r := c.serving[stream]
	delete(c.serving, stream)
	if c.ofPeer(stream) {
		c.dropPartial(stream)
	}
	drained := c.drained()
	c.mu.Unlock()
	if r != nil {
		r.cancelled()
	}
	if drained {
		c.shutDown()
	}
}

// sendError answers a stream with ERROR. The caller holds c.mu.
func (c *Conn) sendError(stream uint32, e *Error) {
	c.emit(stream, func(b []byte) []byte { return appendError(b, stream, e) })
}

// refuse answers a request that never reached the handler.
func (c *Conn) refuse(stream uint32, e *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serving[stream] == nil && c.pending[stream] == nil {
		c.dropPartial(stream)
		c.sendError(stream, e)
	}
}

func (c *Conn) rejectStream(stream uint32) {
	c.refuse(stream, &Error{Rejected, "only request/response is offered"})
}

// drain makes a server's connection end as soon as the requests in hand are answered.
func (c *Conn) drain() {
	c.mu.Lock()
	c.draining = true
	drained := c.drained()
	c.mu.Unlock()
	if drained {
		c.shutDown()
	}
}

// drained reports whether a draining connection has nothing left to answer. The caller holds c.mu.
func (c *Conn) drained() bool {
	return c.draining && !c.closed && len(c.serving) == 0
}

// shutDown ends a connection of a server that stops. Its transport is closed and nothing said: the published JavaScript
// client connects again after that, but never after an ERROR on stream 0. Only who would resume a session that
// is no more is told so.
func (c *Conn) shutDown() {
	c.mu.Lock()
	var farewell *Error
	if c.resume != nil {
		farewell = &Error{ConnectionClose, "shutting down"}
	}
	c.mu.Unlock()
	c.shut(ErrServerClosed, farewell)
}
