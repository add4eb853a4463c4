package rsocket

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Acceptor decides about a SETUP. It may block until ctx ends (Options.SetupTimeout). An [*Error]
// goes to the client as it is, usually REJECTED_SETUP; any other error becomes REJECTED_SETUP "setup
// failed". Requests that are sent on c before it returns wait for the acceptance.
type Acceptor func(ctx context.Context, s *Setup, c *Conn) (Handler, error)

// Server accepts connections. Set the fields before the first call.
type Server struct {
	Accept Acceptor
	Options

	once    sync.Once
	opt     Options
	ctx     context.Context // of setups; ends with Shutdown
	cancel  context.CancelFunc
	running sync.WaitGroup // setups and readers

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]struct{}
	setups    map[*setupRun]struct{}
	conns     map[*Conn]struct{}
	sessions  map[sessionID]*Conn
	tokens    map[*Conn]sessionID
	waiting   map[*Conn]struct{} // sessions without a transport
}

// setupLimit bounds the first frame of a client, which nobody has authenticated yet.
const setupLimit = 64 << 10

// setupRun is a transport that has not sent its first frame yet; Shutdown aborts it.
type setupRun struct{ abort func() }

func (s *Server) init() {
	s.once.Do(func() {
		s.opt = s.Options.withDefaults()
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.listeners = make(map[net.Listener]struct{})
		s.setups = make(map[*setupRun]struct{})
		s.conns = make(map[*Conn]struct{})
		s.sessions = make(map[sessionID]*Conn)
		s.tokens = make(map[*Conn]sessionID)
		s.waiting = make(map[*Conn]struct{})
	})
}

// Serve accepts TCP connections, and TLS ones from a listener of crypto/tls, until the listener
// fails or Shutdown is called ([ErrServerClosed]). It closes the listener.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		_ = l.Close()
		return ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	err := s.acceptAll(l)
	s.mu.Lock()
	delete(s.listeners, l)
	closing := s.closing
	s.mu.Unlock()
	_ = l.Close()
	if closing {
		return ErrServerClosed
	}
	return err
}

func (s *Server) acceptAll(l net.Listener) error {
	delay := 5 * time.Millisecond
	for {
		conn, err := l.Accept()
		if err != nil {
			// Out of file descriptors and the like: it passes.
			var ne interface{ Temporary() bool }
			if !errors.As(err, &ne) || !ne.Temporary() {
				return err
			}
			s.opt.Logger.Warn("rsocket accept failed, trying again", "error", err, "delay", delay)
			select {
			case <-time.After(delay):
			case <-s.ctx.Done():
				return ErrServerClosed
			}
			delay = min(2*delay, time.Second)
			continue
		}
		delay = 5 * time.Millisecond
		run := s.startSetup(func() { _ = closeRaw(conn) })
		if run == nil {
			_ = conn.Close()
			continue
		}
		// A goroutine of its own, that ends: the handshake needs a large stack, the reader does not.
		go func() {
			defer s.running.Done()
			s.setupStream(conn, run)
		}()
	}
}

func closeRaw(conn net.Conn) error {
	if tc, ok := conn.(*tls.Conn); ok {
		return tc.NetConn().Close()
	}
	return conn.Close()
}

// startSetup registers a new transport and adds to s.running; nil when the server is closing.
func (s *Server) startSetup(abort func()) *setupRun {
	run := &setupRun{abort}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	s.running.Add(1)
	s.setups[run] = struct{}{}
	return run
}

func (s *Server) endSetup(run *setupRun) {
	s.mu.Lock()
	delete(s.setups, run)
	s.mu.Unlock()
}

func (s *Server) setupStream(conn net.Conn, run *setupRun) {
	defer s.endSetup(run)
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.SetupTimeout)
	defer cancel()
	if tc, ok := conn.(*tls.Conn); ok {
		if err := tc.HandshakeContext(ctx); err != nil {
			s.opt.Logger.Debug("rsocket TLS handshake failed", "remote", conn.RemoteAddr(), "error", err)
			_ = closeRaw(conn)
			return
		}
	}
	s.setup(ctx, run, newStreamTransport(conn))
}

// setup reads the first frame of a transport and makes it a connection, or refuses it.
func (s *Server) setup(ctx context.Context, run *setupRun, t transport) {
	deadline, _ := ctx.Deadline()
	t.SetLimit(setupLimit)
	t.SetReadDeadline(deadline)
	frame, size, err := t.ReadFrame()
	s.endSetup(run) // from here on Shutdown has to be polite
	if err != nil && !errors.Is(err, errTextMessage) {
		if !errors.Is(err, io.EOF) {
			s.opt.Logger.Debug("rsocket transport ended before SETUP", "remote", t.RemoteAddr(), "error", err)
		}
		t.Abort()
		return
	}
	t.SetReadDeadline(time.Time{})
	l := newLink(t)
	h, body, herr := parseHeader(frame)
	switch {
	case errors.Is(err, errTextMessage):
		s.refuse(l, connectionError("%v", err))
	case size > len(frame):
		s.refuse(l, &Error{InvalidSetup, "SETUP too long"})
	case herr != nil:
		s.refuse(l, &Error{InvalidSetup, "malformed frame"})
	case h.typ == typeSetup:
		s.accept(ctx, l, h, body)
	case h.typ == typeResume:
		s.resume(l, h, body)
	default:
		s.refuse(l, &Error{InvalidSetup, "the first frame must be SETUP or RESUME"})
	}
}

// refuse sends e on a transport that belongs to no connection, and closes it.
func (s *Server) refuse(l *link, e *Error) {
	c := newConn(&s.opt, false)
	c.attach(l)
	c.shut(e, e)
	s.startReader(c, l)
}

func (s *Server) startReader(c *Conn, l *link) {
	s.running.Add(1) // the caller's setup still counts, so the group cannot be at zero
	go func() {
		defer s.running.Done()
		c.read(l)
	}()
}

func (s *Server) accept(ctx context.Context, l *link, h header, body []byte) {
	f, err := parseSetup(h, body)
	if err != nil {
		s.refuse(l, &Error{InvalidSetup, "malformed SETUP frame"})
		return
	}
	if e := f.check(&s.opt); e != nil {
		s.refuse(l, e)
		return
	}
	c := newConn(&s.opt, false)
	c.server = s
	c.keepAlive, c.lifetime = f.intervals()
	l.held = true
	c.attach(l)
	resumable := f.resume && s.opt.ResumeTime > 0
	if resumable {
		c.resume = &resumeState{} // from the start: what the Acceptor sends counts too
	}
	handler, err := s.Accept(ctx, f.setup(l.t), c)
	refusal := s.asRefusal(l, err)
	if refusal == nil {
		l.t.SetLimit(s.opt.frameLimit())
		refusal = s.accepted(c, l, handler, f.token, resumable)
	}
	if refusal != nil {
		c.shut(refusal, refusal)
	}
	s.startReader(c, l)
}

func (s *Server) asRefusal(l *link, err error) *Error {
	var refusal *Error
	if err != nil && !errors.As(err, &refusal) {
		s.opt.Logger.Warn("rsocket setup failed", "remote", l.t.RemoteAddr(), "error", err)
		refusal = &Error{RejectedSetup, "setup failed"}
	}
	return refusal
}

// accepted lets a connection live. It must be complete before it is registered: from then on a
// RESUME can take it over.
func (s *Server) accepted(c *Conn, l *link, h Handler, token []byte, resumable bool) *Error {
	c.mu.Lock()
	c.handler = h
	closed := c.closed // by the Acceptor, or by who got the connection from it
	if !closed {
		c.startKeepAlive()
	}
	c.mu.Unlock()
	if closed {
		return nil
	}
	if refusal := s.register(c, token, resumable); refusal != nil {
		return refusal
	}
	c.mu.Lock()
	l.held = false
	if closed = c.closed; !closed && l.out != nil {
		c.kick(l)
	}
	c.mu.Unlock()
	if closed {
		s.forget(c)
	}
	return nil
}

// frameLimit is the longest frame that is read whole. Metadata, which is dropped, gets some room.
func (o *Options) frameLimit() int {
	return min(o.MaxPayload+(16<<10), maxFrameLength)
}

func (s *Server) resume(l *link, h header, body []byte) {
	f, err := parseResume(h, body)
	if err != nil {
		s.refuse(l, rejectResume("malformed RESUME frame"))
		return
	}
	// @rsocket/core 1.0.0-alpha.3 swaps the two numbers in RESUME. The version was agreed on in SETUP anyway.
	if f.major != versionMajor && (f.major != versionMinor || f.minor != versionMajor) {
		s.refuse(l, rejectResume("only protocol version 1.0 is offered"))
		return
	}
	s.mu.Lock()
	c := s.sessions[sessionOf(f.token)]
	s.mu.Unlock()
	if c == nil {
		s.refuse(l, rejectResume("unknown session"))
		return
	}
	l.t.SetLimit(s.opt.frameLimit())
	if e := c.resumeOn(l, &f); e != nil {
		s.refuse(l, e)
		return
	}
	s.mu.Lock()
	delete(s.waiting, c)
	s.mu.Unlock()
	s.startReader(c, l)
}

// register makes an accepted connection known, and resumable under its token. The token of a
// session whose transport lives is refused; one that waits for RESUME gives way to its successor.
func (s *Server) register(c *Conn, token []byte, resumable bool) *Error {
	id := sessionOf(token)
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return &Error{RejectedSetup, "shutting down"}
	}
	var before *Conn
	if resumable {
		before = s.sessions[id]
		if _, waits := s.waiting[before]; before != nil && !waits {
			s.mu.Unlock()
			return &Error{RejectedSetup, "the resume token is in use"}
		}
		s.sessions[id] = c
		s.tokens[c] = id
	}
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	if before != nil {
		before.shut(ErrClosed, nil)
	}
	return nil
}

// detached notes that a session waits for RESUME; false when too many do.
func (s *Server) detached(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mu.Lock()
	waits := !c.closed && c.link == nil // unless RESUME was quicker
	c.mu.Unlock()
	if !waits {
		return true
	}
	if s.closing || len(s.waiting) >= s.opt.MaxDetached {
		return false
	}
	s.waiting[c] = struct{}{}
	return true
}

// forget drops a connection that has ended.
func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.tokens[c]; ok {
		if s.sessions[id] == c {
			delete(s.sessions, id)
		}
		delete(s.tokens, c)
	}
	delete(s.waiting, c)
	delete(s.conns, c)
}

// Shutdown stops the server: no new connections and no new requests (REJECTED), then the end of each
// connection once the peer's requests in hand are answered; a session that could be resumed is told
// so by CONNECTION_CLOSE. Requests to the peer are not waited for. When ctx ends first, what is left is
// cut and ctx's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		_ = l.Close()
	}
	for run := range s.setups {
		run.abort()
	}
	conns := s.connections()
	s.mu.Unlock()
	s.cancel()
	for _, c := range conns {
		c.drain()
	}
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	conns = s.connections()
	s.mu.Unlock()
	for _, c := range conns {
		c.cutOff()
	}
	<-ended
	return ctx.Err()
}

// connections lists what there is. The caller holds s.mu.
func (s *Server) connections() []*Conn {
	list := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// cutOff ends a connection with no regard for what is queued.
func (c *Conn) cutOff() {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	c.shutDown()
	if l != nil {
		l.t.Abort()
	}
}
