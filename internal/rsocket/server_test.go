package rsocket

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// tiredListener fails a few times in a way that passes, as when file descriptors run out.
type tiredListener struct {
	net.Listener
	fails int
}

func (l *tiredListener) Accept() (net.Conn, error) {
	if l.fails > 0 {
		l.fails--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestServeOutlivesTemporaryErrors(t *testing.T) {
	noLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Accept: acceptAll(echo)}
	served := make(chan error, 1)
	go func() { served <- s.Serve(&tiredListener{l, 3}) }()
	c, err := Dial(testContext(t), "tcp://"+l.Addr().String(), &Setup{}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(testContext(t)); err != nil {
		t.Error(err)
	}
	within(t, "end", c.Done())
	if err := within(t, "end of Serve", served); !errors.Is(err, ErrServerClosed) {
		t.Error(err)
	}
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); !errors.Is(err, ErrServerClosed) {
		t.Error(err)
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (&Server{Accept: acceptAll(echo)}).Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// Shutdown does not wait for transports that have not said anything.
func TestShutdownWithSilentTransport(t *testing.T) {
	noLeaks(t)
	s := &Server{Accept: acceptAll(echo), Options: Options{SetupTimeout: time.Hour}}
	target := serve(t, s, "tls")
	conn, err := net.Dial("tcp", strings.TrimPrefix(target, "tls://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	dial(t, target, Setup{}, nil, Options{}) // by now the server has accepted the first one too
	if err := s.Shutdown(testContext(t)); err != nil {
		t.Error(err)
	}
}

// WebSocket messages that are too long, and such that no TCP frame could be.
func TestOverlongMessages(t *testing.T) {
	target := serve(t, &Server{Options: Options{MaxPayload: 100}, Accept: acceptAll(echo)}, "ws")
	conn, _, err := websocket.Dial(testContext(t), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for _, frame := range [][]byte{
		rawSetup(1000, 60000, ""),
		appendRequestResponse(nil, 1, 0, make([]byte, 100000)),
		appendRequestResponse(nil, 3, 0, []byte("x")),
		appendRequestResponse(nil, 5, 0, make([]byte, 2*maxFrameLength)),
	} {
		if err := conn.Write(testContext(t), websocket.MessageBinary, frame); err != nil {
			break // the last one may be cut before its end
		}
	}
	for _, want := range [][]byte{
		appendError(nil, 1, &Error{Invalid, "payload larger than 100 bytes"}),
		appendPayload(nil, 3, flagNext|flagComplete, []byte("x")),
	} {
		if _, got, err := conn.Read(testContext(t)); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %q %v, want %q", got, err, want)
		}
	}
	for {
		if _, _, err := conn.Read(testContext(t)); errors.Is(err, context.DeadlineExceeded) {
			t.Fatal("the server reads on and on")
		} else if err != nil {
			return
		}
	}
}

// A resumable session whose transport falls silent loses the transport first, and ends later.
func TestSilentSession(t *testing.T) {
	noLeaks(t)
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		conns <- c
		return echo, nil
	}}, "tcp")
	p := rawDial(t, target)
	p.send(appendSetup(nil, setupFrame{major: 1, keepAlive: 50, lifetime: 500, resume: true, token: []byte("t")}))
	c := within(t, "connection", conns)
	if _, err := p.conn.Read(make([]byte, 1)); err == nil {
		t.Error("the silent transport got something")
	}
	waitDetached(t, c)
	p = rawDial(t, target)
	p.send(appendResume(nil, resumeFrame{1, 0, []byte("t"), 0, 0}))
	if h, _ := p.next(); h.typ != typeResumeOK {
		t.Fatalf("got %+v", h)
	}
	within(t, "end", c.Done()) // silent again, and nobody resumes
	if !errors.Is(c.Err(), ErrLost) {
		t.Error(c.Err())
	}
}
