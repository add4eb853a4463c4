package rsocket

import (
	"errors"
	"sync"
	"time"
)

// link is one transport of a connection. Its fields are guarded by Conn.mu.
type link struct {
	t       transport
	started time.Time
	out     *outBuffer    // queued frames, each after its length; nil when there are none
	writing int           // bytes that the writer has taken from out and not yet written
	busy    bool          // a writer runs
	held    bool          // SETUP is not accepted yet: queue, do not write
	last    bool          // nothing more will be queued: the writer finishes the transport
	dead    bool          // cut or lost
	err     error         // why it was cut
	limit   *time.Timer   // cuts a transport that does not finish
	flushed chan struct{} // closed by the writer that finished the transport
	gone    chan struct{} // closed when the reader has ended
}

func newLink(t transport) *link {
	return &link{t: t, flushed: make(chan struct{}), gone: make(chan struct{})}
}

type outBuffer struct{ b []byte }

// keepOut is the capacity up to which an outBuffer is worth keeping.
const keepOut = 64 << 10

var outBuffers = sync.Pool{New: func() any { return new(outBuffer) }}

func (o *outBuffer) release() {
	if o != nil && cap(o.b) <= keepOut {
		o.b = o.b[:0]
		outBuffers.Put(o)
	}
}

func (l *link) queued() int {
	n := l.writing
	if l.out != nil {
		n += len(l.out.b)
	}
	return n
}

// queue appends one frame, and returns it with its length.
func (l *link) queue(encode func([]byte) []byte) []byte {
	if l.out == nil {
		l.out = outBuffers.Get().(*outBuffer)
	}
	start := len(l.out.b)
	l.out.b = appendWithLength(l.out.b, encode)
	return l.out.b[start:]
}

var errSlowPeer = errors.New("the peer does not read what it is sent")

// emit queues one frame. The caller holds c.mu.
func (c *Conn) emit(stream uint32, encode func([]byte) []byte) {
	l := c.link
	if c.closed || (l == nil || l.dead || l.last) && !c.resumable() {
		return
	}
	if l == nil || l.dead || l.last {
		if stream != 0 {
			scratch := outBuffers.Get().(*outBuffer)
			scratch.b = appendWithLength(scratch.b, encode)
			c.keep(scratch.b)
			scratch.release()
		}
		return
	}
	frame := l.queue(encode)
	if stream != 0 && c.resumable() {
		c.keep(frame)
	}
	if l.queued() > c.opt.WriteQueue {
		c.cut(l, errSlowPeer)
		return
	}
	c.kick(l)
}

func appendWithLength(b []byte, encode func([]byte) []byte) []byte {
	start := len(b)
	b = encode(append(b, 0, 0, 0))
	putLength(b[start:], len(b)-start-lengthSize)
	return b
}

// kick starts the writer if it is needed. The caller holds c.mu.
func (c *Conn) kick(l *link) {
	if !l.busy && !l.held && !l.dead {
		l.busy = true
		go c.write(l)
	}
}

// cut ends a transport without ceremony; its reader then reports it lost. The caller holds c.mu.
func (c *Conn) cut(l *link, err error) {
	if l.dead {
		return
	}
	l.dead, l.err, l.out = true, err, nil
	go l.t.Abort()
}

// write writes until the queue is empty: everything that waits in one go.
func (c *Conn) write(l *link) {
	c.mu.Lock()
	for l.out != nil && !l.dead {
		batch := l.out
		l.out, l.writing = nil, len(batch.b)
		c.mu.Unlock()
		err := l.t.Write(batch.b, c.opt.WriteTimeout)
		batch.release()
		c.mu.Lock()
		l.writing = 0
		c.signalRoom()
		if err != nil {
			c.cut(l, err)
		}
	}
	l.busy = false
	finish := l.last
	c.mu.Unlock()
	if finish {
		l.t.Finish(time.Now().Add(closeTime / 2))
		close(l.flushed)
	}
}

// signalRoom wakes those who wait for the queue to get shorter. The caller holds c.mu.
func (c *Conn) signalRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// read hands every frame of the transport over until it ends. After the connection has ended it
// goes on, throwing away what comes, so that the peer surely gets the last ERROR.
func (c *Conn) read(l *link) {
	defer close(l.gone)
	for {
		frame, size, err := l.t.ReadFrame()
		if err != nil {
			c.readFailed(l, err)
			break
		}
		if !c.received(l, frame, size) {
			c.lost(l, ErrClosed)
			break
		}
	}
	c.mu.Lock()
	finishing := l.last
	c.mu.Unlock()
	if finishing {
		<-l.flushed
		l.limit.Stop()
	}
	l.t.Abort()
}

func (c *Conn) readFailed(l *link, err error) {
	if errors.Is(err, errTextMessage) || errors.Is(err, errMalformed) {
		e := connectionError("%v", err)
		c.shut(e, e)
		return
	}
	c.lost(l, err)
}

// received handles one frame; false ends the reader.
func (c *Conn) received(l *link, frame []byte, size int) bool {
	h, body, err := parseHeader(frame)
	c.mu.Lock()
	if c.closed || c.link != l || l.dead {
		goOn := c.closed && !l.dead
		c.mu.Unlock()
		return goOn
	}
	if c.resume != nil && err == nil && h.stream != 0 {
		c.resume.received += uint64(size)
	}
	c.mu.Unlock()
	var refused *Error
	switch {
	case err != nil:
		refused = connectionError("malformed frame")
	case size > len(frame):
		refused = c.overlong(h)
	default:
		refused = c.dispatch(h, body)
	}
	if refused != nil {
		c.shut(refused, refused)
	}
	return true
}
