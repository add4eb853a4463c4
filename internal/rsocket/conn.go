package rsocket

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// closeTime bounds the end of a connection: writing what is queued, then waiting for the peer to close too.
const closeTime = 2 * time.Second

// Setup is what a client says when it connects.
type Setup struct {
	Data, Metadata []byte // Metadata nil: none
	// MIME types, at most 255 bytes. A client sends application/octet-stream where they are empty.
	DataMIME, MetadataMIME string
	// KeepAlive is how often the client sends KEEPALIVE, Lifetime how long either side waits without
	// hearing anything. Whole milliseconds; a client uses 1 s and 60 s where they are zero.
	KeepAlive, Lifetime time.Duration
	// ResumeToken names the session for RESUME; empty when the client did not ask for resumption.
	// A client with Options.Resume draws a random one where it is empty.
	ResumeToken []byte
	// RemoteAddr and Transport (tcp, tls, ws or wss) are for servers to read.
	RemoteAddr net.Addr
	Transport  string
}

// Conn is one logical connection: it survives its transports where both sides agreed on
// resumption. All methods may be called from any goroutine.
type Conn struct {
	opt       *Options
	client    bool
	handler   Handler
	server    *Server // nil for a client
	keepAlive time.Duration
	lifetime  time.Duration
	done      chan struct{}
	again     func() // client with resumption: connects again
	takeover  sync.Mutex

	mu           sync.Mutex
	link         *link // nil while the session waits for RESUME, and after the end
	remote       net.Addr
	closed       bool
	err          error
	draining     bool
	nextID       uint32
	pending      map[uint32]*call    // our requests, by stream
	serving      map[uint32]*Request // the peer's
	partials     map[uint32]*partial // fragmented payloads that are not complete
	partialBytes int
	resume       *resumeState // nil when the client did not ask for resumption
	detachedAt   time.Time
	timer        *time.Timer
	room         chan struct{} // closed when the queue gets shorter; made by who waits
	onClose      []func()
	alive        chan struct{} // closed with the first KEEPALIVE of the peer; clients only
}

func newConn(opt *Options, client bool) *Conn {
	c := &Conn{opt: opt, client: client, done: make(chan struct{}), nextID: 2}
	if client {
		c.nextID = 1
		c.alive = make(chan struct{})
	}
	return c
}

// Done is closed when the connection has ended for good.
func (c *Conn) Done() <-chan struct{} { return c.done }

// OnClose calls f when the connection has ended for good, at once when it has ended already. f must
// not block.
func (c *Conn) OnClose(f func()) {
	c.mu.Lock()
	ended := c.closed
	if !ended {
		c.onClose = append(c.onClose, f)
	}
	c.mu.Unlock()
	if ended {
		f()
	}
}

// Err says why the connection ended: the peer's [*Error], [ErrClosed], or an error that wraps
// [ErrLost]. It is nil before Done is closed.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// RemoteAddr is the peer's address on the latest transport.
func (c *Conn) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote
}

// Close tells the peer err on stream 0 (CONNECTION_CLOSE when nil), after everything that was
// queued, and ends the connection. It returns when that is written, at the latest after about two
// seconds. Requests in flight fail with [ErrClosed], those of the peer are cancelled.
func (c *Conn) Close(err *Error) error {
	if err == nil {
		err = &Error{ConnectionClose, "closed"}
	}
	if l := c.shut(ErrClosed, err); l != nil {
		<-l.flushed
	}
	return nil
}

// attach makes l the transport of the connection. The caller then runs c.read(l).
func (c *Conn) attach(l *link) {
	c.link, c.remote = l, l.t.RemoteAddr()
	l.started = time.Now()
}

// shut ends the connection: farewell goes to the peer unless nil, cause to everybody here. It
// returns the link that is being finished, nil when there is none or it had ended before.
func (c *Conn) shut(cause error, farewell *Error) *link {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.resume = nil
	l := c.link
	if l != nil && l.dead {
		l = nil
	}
	if l != nil {
		if l.held { // refused: what was queued before the acceptance is nobody's business
			l.held, l.out = false, nil
		}
		if farewell != nil {
			l.queue(func(b []byte) []byte { return appendError(b, 0, farewell) })
		}
		l.last = true
		l.limit = time.AfterFunc(closeTime, l.t.Abort)
		c.kick(l)
	}
	c.closed, c.err = true, cause
	pending, serving, onClose := c.pending, c.serving, c.onClose
	c.onClose = nil
	c.pending, c.serving, c.partials, c.partialBytes = nil, nil, nil, 0
	if c.timer != nil {
		c.timer.Stop()
	}
	c.signalRoom()
	c.mu.Unlock()

	close(c.done)
	for _, f := range onClose {
		f()
	}
	if c.server != nil {
		c.server.forget(c)
	}
	for _, call := range pending {
		call.done(nil, cause)
	}
	for _, r := range serving {
		r.cancelled()
	}
	c.opt.Logger.Debug("rsocket connection ended", "remote", c.remote, "reason", cause)
	return l
}

// lost handles the end of a transport that nobody here asked for.
func (c *Conn) lost(l *link, err error) {
	c.mu.Lock()
	if c.link != l || c.closed {
		c.mu.Unlock()
		return
	}
	if l.err != nil {
		err = l.err
	}
	err = fmt.Errorf("%w: %w", ErrLost, err)
	l.dead = true
	if !c.resumable() {
		c.mu.Unlock()
		c.shut(err, nil)
		return
	}
	c.link = nil
	c.detachedAt = time.Now()
	c.signalRoom()
	c.timer.Reset(c.resumeTime())
	c.mu.Unlock()
	if c.client {
		c.again()
	} else if !c.server.detached(c) {
		c.shut(err, nil)
	}
}
