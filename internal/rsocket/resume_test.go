package rsocket

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// ledger counts how often each request was handled.
type ledger struct {
	mu   sync.Mutex
	seen map[uint64]int
}

func (l *ledger) handle(r *Request) {
	l.mu.Lock()
	l.seen[binary.BigEndian.Uint64(r.Payload)]++
	l.mu.Unlock()
	if r.Payload[7]%2 == 0 {
		echo(r)
	} else {
		go func() { r.Reply(r.Payload) }()
	}
}

func (l *ledger) check(t *testing.T, side string, want int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) != want {
		t.Errorf("%s: %d requests handled, want %d", side, len(l.seen), want)
	}
	for id, n := range l.seen {
		if n != 1 {
			t.Errorf("%s: request %d handled %d times", side, id, n)
		}
	}
}

// Transports are cut at random moments while requests of all sizes run both ways: each is handled
// once and answered once.
func TestResumeLosesNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			const lanes, each, cuts = 8, 60, 12
			options := Options{Resume: true, MaxFrame: 2000, ResumeBuffer: 16 << 20, SetupTimeout: 5 * time.Second}
			conns := make(chan *Conn, 10)
			atServer, atClient := &ledger{seen: map[uint64]int{}}, &ledger{seen: map[uint64]int{}}
			target := serve(t, &Server{Options: options, Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
				conns <- c
				return atServer.handle, nil
			}}, kind)
			p := newProxy(t, target)
			client := dial(t, p.target, Setup{KeepAlive: 50 * time.Millisecond}, atClient.handle, options)
			server := within(t, "connection", conns)
			within(t, "transport", p.made)
			var wg sync.WaitGroup
			for side, c := range []*Conn{client, server} {
				for lane := range lanes {
					wg.Add(1)
					go func() {
						defer wg.Done()
						random := rand.New(rand.NewPCG(uint64(side), uint64(lane)))
						for i := range each {
							payload := make([]byte, 8+random.IntN(10000))
							binary.BigEndian.PutUint64(payload, uint64(lane*each+i))
							reply, err := c.Request(testContext(t), payload)
							if err != nil || !bytes.Equal(reply, payload) {
								t.Errorf("side %d: %d bytes came back as %d bytes, %v", side, len(payload), len(reply), err)
								return
							}
						}
					}()
				}
			}
			ended := make(chan struct{})
			go func() {
				wg.Wait()
				close(ended)
			}()
			random := rand.New(rand.NewPCG(1, 2))
			for range cuts {
				select {
				case <-time.After(time.Duration(random.IntN(30)) * time.Millisecond): // random moments are the point
				case <-ended:
				}
				p.cut()
				within(t, "new transport", p.made)
			}
			within(t, "end", ended)
			atServer.check(t, "server", lanes*each)
			atClient.check(t, "client", lanes*each)
			if len(conns) != 0 {
				t.Error("a second connection was accepted")
			}
		})
	}
}

// The old transport still looks alive to the server when the client resumes on another.
func TestResumeTakesOver(t *testing.T) {
	noLeaks(t)
	requests := make(chan *Request, 10)
	target := serve(t, &Server{Accept: acceptAll(func(r *Request) { requests <- r })}, "tcp")
	setup := appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("token")})
	old := rawDial(t, target)
	request := appendRequestResponse(nil, 1, 0, []byte("one"))
	old.send(setup, request)
	first := within(t, "request", requests)
	p := rawDial(t, target)
	p.send(appendResume(nil, resumeFrame{1, 0, []byte("token"), 0, 0}))
	h, body := p.next()
	if position, err := parseResumeOK(h, body); err != nil || h.typ != typeResumeOK || position != uint64(len(request)) {
		t.Fatalf("got %+v %d %v", h, position, err)
	}
	if _, err := old.conn.Read(make([]byte, 1)); err == nil {
		t.Error("the old transport still works")
	}
	first.Reply([]byte("1"))
	p.wantPayload(1, "1")
	p.send(appendRequestResponse(nil, 3, 0, []byte("two")))
	within(t, "request", requests).Reply([]byte("2"))
	p.wantPayload(3, "2")

	// Again, and it has received only the first reply; then a position that was confirmed is gone.
	p2 := rawDial(t, target)
	reply := uint64(headerSize + 1)
	p2.send(appendResume(nil, resumeFrame{0, 1, []byte("token"), reply, 0}))
	if h, _ := p2.next(); h.typ != typeResumeOK {
		t.Fatalf("got %+v", h)
	}
	p2.wantPayload(3, "2")
	p2.send(appendKeepAlive(nil, flagRespond, 2*reply, nil))
	if h, body := p2.next(); h.typ != typeKeepAlive || binary.BigEndian.Uint64(body) != uint64(2*len(request)) {
		t.Fatalf("got %+v %x, want the position of two requests", h, body)
	}
	for _, f := range []resumeFrame{
		{1, 0, []byte("token"), reply, 0},       // confirmed, so no longer there
		{1, 0, []byte("token"), 2*reply - 1, 0}, // within a frame
		{1, 0, []byte("token"), 2*reply + 1, 0}, // never sent
		{1, 0, []byte("token"), 2 * reply, 99},  // the client has dropped what never arrived
		{1, 0, []byte("other"), 2 * reply, 0},
		{1, 1 << 9, []byte("token"), 1<<64 - 1, 1<<64 - 1},
	} {
		p3 := rawDial(t, target)
		p3.send(appendResume(nil, f))
		p3.wantError(0, RejectedResume, "")
		p3.wantEnd()
	}
	p2.ping2(t) // a wrong RESUME has not disturbed the session
}

func (p *rawPeer) ping2(t *testing.T) {
	t.Helper()
	p.send(appendKeepAlive(nil, flagRespond, 0, nil))
	if h, _ := p.next(); h.typ != typeKeepAlive {
		t.Fatalf("got %+v", h)
	}
}

func TestResumeTokenReuse(t *testing.T) {
	conns := make(chan *Conn, 10)
	target := serve(t, &Server{Accept: func(_ context.Context, s *Setup, c *Conn) (Handler, error) {
		if string(s.Data) == "refused" {
			return nil, &Error{RejectedSetup, "no"}
		}
		conns <- c
		return echo, nil
	}}, "tcp")
	setup := func(data string) []byte {
		return appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("token"), data: []byte(data)})
	}
	refused := rawDial(t, target)
	refused.send(setup("refused"))
	refused.wantError(0, RejectedSetup, "no")
	resume := rawDial(t, target)
	resume.send(appendResume(nil, resumeFrame{1, 0, []byte("token"), 0, 0}))
	resume.wantError(0, RejectedResume, "unknown session")

	p := rawDial(t, target)
	p.send(setup(""))
	p.ping2(t)
	first := within(t, "connection", conns)
	second := rawDial(t, target)
	second.send(setup(""))
	second.wantError(0, RejectedSetup, "in use")
	within(t, "connection", conns)
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	for { // the server needs a moment to see that the transport has gone
		p = rawDial(t, target)
		p.send(setup(""))
		p.send(appendKeepAlive(nil, flagRespond, 0, nil))
		if h, _ := p.next(); h.typ == typeKeepAlive {
			break
		}
		within(t, "connection", conns)
	}
	within(t, "end of the session that was replaced", first.Done())
	if err := within(t, "connection", conns).Close(nil); err != nil {
		t.Fatal(err)
	}
	resume = rawDial(t, target)
	resume.send(appendResume(nil, resumeFrame{1, 0, []byte("token"), 0, 0}))
	resume.wantError(0, RejectedResume, "unknown session")
}

func TestSessionEnds(t *testing.T) {
	for name, v := range map[string]struct {
		options  Options
		lifetime uint32
	}{
		"after ResumeTime":           {Options{ResumeTime: 100 * time.Millisecond}, 60000},
		"after its lifetime":         {Options{}, 100},
		"at once without resumption": {Options{ResumeTime: -1}, 60000},
		"at once when too many wait": {Options{MaxDetached: -1}, 60000},
		"when its buffer overflows":  {Options{ResumeBuffer: 1000}, 60000},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			conns := make(chan *Conn, 1)
			target := serve(t, &Server{Options: v.options, Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
				conns <- c
				return func(r *Request) { r.Reply(make([]byte, 2000)) }, nil
			}}, "tcp")
			p := rawDial(t, target)
			p.send(appendSetup(nil, setupFrame{major: 1, keepAlive: 50, lifetime: v.lifetime, resume: true, token: []byte("t")}), appendRequestResponse(nil, 1, 0, nil))
			p.next()
			if err := p.conn.Close(); err != nil {
				t.Fatal(err)
			}
			c := within(t, "connection", conns)
			within(t, "end", c.Done())
			if !errors.Is(c.Err(), ErrLost) {
				t.Error(c.Err())
			}
		})
	}
}

// A reply that is too large for the buffer while the client is away ends the session at once.
func TestOverflowWhileAway(t *testing.T) {
	noLeaks(t)
	requests := make(chan *Request, 1)
	target := serve(t, &Server{Options: Options{ResumeBuffer: 1000}, Accept: acceptAll(func(r *Request) { requests <- r })}, "tcp")
	p := rawDial(t, target)
	p.send(appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("t")}), appendRequestResponse(nil, 1, 0, nil))
	r := within(t, "request", requests)
	c := r.Conn()
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	waitDetached(t, c)
	results := make(chan error, 1)
	c.Send(make([]byte, 1001), func(_ []byte, err error) { results <- err })
	if err := within(t, "result", results); !errors.Is(err, ErrQueueFull) {
		t.Error(err)
	}
	r.Reply(make([]byte, 2000))
	within(t, "end", c.Done())
}

func waitDetached(t *testing.T, c *Conn) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		c.mu.Lock()
		gone := c.link == nil
		c.mu.Unlock()
		if gone {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still attached")
		}
		within(t, "tick", time.After(time.Millisecond))
	}
}

func TestClientResumeIsRejected(t *testing.T) {
	noLeaks(t)
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		conns <- c
		return echo, nil
	}}, "tcp")
	p := newProxy(t, target)
	c := dial(t, p.target, Setup{ResumeToken: []byte("mine")}, nil, Options{Resume: true})
	server := within(t, "connection", conns)
	p.freeze()
	if err := server.Close(nil); err != nil { // the client does not hear of it
		t.Fatal(err)
	}
	p.cut()
	p.thaw()
	within(t, "end", c.Done())
	asError(t, c.Err(), RejectedResume)
}

// A client closes while it tries to connect again, and one runs out of time.
func TestClientGivesUpResuming(t *testing.T) {
	noLeaks(t)
	for _, close := range []bool{true, false} {
		s := &Server{Accept: acceptAll(echo), Options: Options{ResumeTime: -1}}
		p := newProxy(t, serve(t, s, "tcp"))
		options := Options{Resume: true, ResumeTime: time.Minute}
		if !close {
			options.ResumeTime = 100 * time.Millisecond
		}
		c := dial(t, p.target, Setup{}, nil, options)
		if err := p.l.Close(); err != nil {
			t.Fatal(err)
		}
		p.cut()
		waitDetached(t, c)
		if close {
			if err := c.Close(nil); err != nil {
				t.Error(err)
			}
		}
		within(t, "end", c.Done())
	}
}

// A session that is not confirmed asks for it before its buffer overflows.
func TestConfirmationIsAskedFor(t *testing.T) {
	target := serve(t, &Server{Options: Options{ResumeBuffer: 1000}, Accept: acceptAll(echo)}, "tcp")
	c := dial(t, target, Setup{KeepAlive: time.Hour, Lifetime: 2 * time.Hour}, nil, Options{Resume: true, ResumeBuffer: 1000})
	for range 100 {
		if _, err := c.Request(testContext(t), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume == nil {
		t.Error("no longer resumable")
	}
}

func TestResumePositions(t *testing.T) {
	c := newConn(&Options{ResumeBuffer: 1000}, true)
	r := &resumeState{}
	c.resume = r
	for n := range 5 {
		c.keep(withLength(appendPayload(nil, 1, 0, make([]byte, n))))
	}
	want := []uint64{0, 6, 13, 21, 30, 40}
	if r.sent != 40 {
		t.Fatal(r.sent)
	}
	for _, at := range []uint64{0, 6, 10, 21, 21, 40, 99} {
		r.confirm(at)
		for p := uint64(0); p <= 41; p++ {
			boundary := false
			for _, w := range want {
				boundary = boundary || w == p && p >= r.first
			}
			if _, ok := r.at(p); ok != boundary {
				t.Errorf("confirmed %d: position %d is available: %v", at, p, ok)
			}
		}
	}
	if r.size() != 0 || r.first != 40 {
		t.Errorf("left over: %d bytes from %d", r.size(), r.first)
	}
}

// A session that is no longer resumable still tells positions: a client counts on them.
func TestPositionsGoOnAfterOverflow(t *testing.T) {
	target := serve(t, &Server{Options: Options{ResumeBuffer: 1000}, Accept: acceptAll(func(r *Request) { r.Reply(make([]byte, 2000)) })}, "tcp")
	p := rawDial(t, target)
	setup := appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("t")})
	request := appendRequestResponse(nil, 1, 0, []byte("x"))
	p.send(setup, request)
	p.next()
	p.send(appendKeepAlive(nil, flagRespond, 2006, nil))
	if h, body := p.next(); h.typ != typeKeepAlive || binary.BigEndian.Uint64(body) != uint64(len(request)) {
		t.Errorf("got %+v %x", h, body)
	}
	again := rawDial(t, target)
	again.send(appendResume(nil, resumeFrame{1, 0, []byte("t"), 2006, 0}))
	again.wantError(0, RejectedResume, "unknown session")
}

// A RESUME may come while the Acceptor still thinks about the SETUP, and right after.
func TestResumeDuringSetup(t *testing.T) {
	noLeaks(t)
	asked, decide := make(chan struct{}), make(chan struct{})
	target := serve(t, &Server{Accept: func(context.Context, *Setup, *Conn) (Handler, error) {
		close(asked)
		<-decide
		return echo, nil
	}}, "tcp")
	first := rawDial(t, target)
	first.send(appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("t")}))
	within(t, "SETUP", asked)
	early := rawDial(t, target)
	early.send(appendResume(nil, resumeFrame{1, 0, []byte("t"), 0, 0}))
	early.wantError(0, RejectedResume, "unknown session")
	close(decide)
	for {
		p := rawDial(t, target)
		p.send(appendResume(nil, resumeFrame{1, 0, []byte("t"), 0, 0}))
		if h, _ := p.next(); h.typ == typeResumeOK {
			p.send(appendRequestResponse(nil, 1, 0, []byte("x")))
			p.wantPayload(1, "x")
			return
		}
	}
}
