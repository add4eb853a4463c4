package rsocket

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestSetupReachesAcceptor(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			got := make(chan *Setup, 1)
			target := serve(t, &Server{Accept: func(_ context.Context, s *Setup, c *Conn) (Handler, error) {
				if s.RemoteAddr.String() != c.RemoteAddr().String() {
					return nil, errors.New("two remote addresses")
				}
				got <- s
				return echo, nil
			}}, kind)
			dial(t, target, Setup{Data: []byte("data"), Metadata: []byte("{}"), MetadataMIME: "application/json", KeepAlive: 2500 * time.Millisecond, Lifetime: 30 * time.Minute}, nil, Options{})
			s := within(t, "SETUP", got)
			if string(s.Data) != "data" || string(s.Metadata) != "{}" || s.MetadataMIME != "application/json" || s.DataMIME != "application/octet-stream" ||
				s.KeepAlive != 2500*time.Millisecond || s.Lifetime != 30*time.Minute || s.ResumeToken != nil || s.Transport != kind {
				t.Errorf("got %+v", s)
			}
			if host, _, err := net.SplitHostPort(s.RemoteAddr.String()); err != nil || host != "127.0.0.1" {
				t.Errorf("remote address %v", s.RemoteAddr)
			}
		})
	}
}

func TestRefusedSetup(t *testing.T) {
	noLeaks(t)
	target := serve(t, &Server{Accept: func(_ context.Context, s *Setup, _ *Conn) (Handler, error) {
		switch string(s.Data) {
		case "plain":
			return nil, errors.New("the database is away")
		case "wrapped":
			return nil, fmt.Errorf("authenticating: %w", &Error{RejectedSetup, "unknown key"})
		}
		return nil, &Error{UnsupportedSetup, "not like this"}
	}}, "tcp")
	setup := func(change func(*setupFrame)) []byte {
		f := setupFrame{major: 1, keepAlive: 1000, lifetime: 60000}
		change(&f)
		return appendSetup(nil, f)
	}
	for _, v := range []struct {
		name  string
		frame []byte
		code  ErrorCode
		text  string
	}{
		{"version", setup(func(f *setupFrame) { f.major, f.minor = 0, 2 }), UnsupportedSetup, "version 0.2"},
		{"lease", setup(func(f *setupFrame) { f.lease = true }), UnsupportedSetup, "lease"},
		{"no keep-alive", setup(func(f *setupFrame) { f.keepAlive = 0 }), InvalidSetup, "keep-alive"},
		{"keep-alive too large", setup(func(f *setupFrame) { f.keepAlive = 1 << 31 }), InvalidSetup, "keep-alive"},
		{"keep-alive too short", setup(func(f *setupFrame) { f.keepAlive = 1 }), InvalidSetup, "at least 10ms"},
		{"no lifetime", setup(func(f *setupFrame) { f.lifetime = 0 }), InvalidSetup, "lifetime"},
		{"lifetime too large", setup(func(f *setupFrame) { f.lifetime = 1 << 31 }), InvalidSetup, "lifetime"},
		{"lifetime below keep-alive", setup(func(f *setupFrame) { f.lifetime = 999 }), InvalidSetup, "shorter"},
		{"empty token", setup(func(f *setupFrame) { f.resume = true }), InvalidSetup, "token"},
		{"malformed", unhex(t, "00000000 0400 0001"), InvalidSetup, "malformed"},
		{"too long", setup(func(f *setupFrame) { f.data = make([]byte, setupLimit) }), InvalidSetup, "too long"},
		{"header too short", unhex(t, "0000"), InvalidSetup, "malformed"},
		{"a request first", appendRequestResponse(nil, 1, 0, []byte("x")), InvalidSetup, "first frame"},
		{"KEEPALIVE first", appendKeepAlive(nil, flagRespond, 0, nil), InvalidSetup, "first frame"},
		{"RESUME, malformed", unhex(t, "00000000 3400 0001"), RejectedResume, "malformed"},
		{"RESUME, version", appendResume(nil, resumeFrame{2, 0, []byte("t"), 0, 0}), RejectedResume, "version"},
		{"RESUME, unknown", appendResume(nil, resumeFrame{1, 0, []byte("t"), 0, 0}), RejectedResume, "unknown session"},
		{"Acceptor, *Error", rawSetup(1000, 60000, "x"), UnsupportedSetup, "not like this"},
		{"Acceptor, wrapped *Error", rawSetup(1000, 60000, "wrapped"), RejectedSetup, "unknown key"},
		{"Acceptor, other error", rawSetup(1000, 60000, "plain"), RejectedSetup, "setup failed"},
	} {
		t.Run(v.name, func(t *testing.T) {
			p := rawDial(t, target)
			// What the client sends on in good faith must not turn the end into a reset.
			p.send(v.frame, appendRequestResponse(nil, 1, 0, bytes.Repeat([]byte("x"), 10000)))
			p.wantError(0, v.code, v.text)
			p.wantEnd()
		})
	}
}

func TestDialIsRefused(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			target := serve(t, &Server{Accept: func(context.Context, *Setup, *Conn) (Handler, error) {
				return nil, &Error{RejectedSetup, "unknown org, app or key"}
			}}, kind)
			_, err := Dial(testContext(t), target, &Setup{}, nil, Options{TLS: clientTLS()})
			if e := asError(t, err, RejectedSetup); e.Text != "unknown org, app or key" {
				t.Error(e)
			}
		})
	}
}

func TestDialErrors(t *testing.T) {
	noLeaks(t)
	for target, want := range map[string]string{"http://x:1": "must begin with", "tcp://host": "needs a port", "::": "target"} {
		if _, err := Dial(testContext(t), target, &Setup{}, nil, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	for _, s := range []Setup{
		{DataMIME: strings.Repeat("x", 256)}, {ResumeToken: make([]byte, 1<<16)}, {Data: make([]byte, maxFrameLength)},
		{KeepAlive: time.Minute, Lifetime: time.Second}, {KeepAlive: time.Microsecond},
	} {
		if _, err := Dial(testContext(t), "tcp://127.0.0.1:1", &s, nil, Options{Resume: s.ResumeToken != nil}); err == nil || strings.Contains(err.Error(), "connect") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Dial(testContext(t), "tcp://127.0.0.1:1", &Setup{}, nil, Options{}); err == nil {
		t.Error("connected to a port where nobody listens")
	}
}

// A server that accepts the transport and then says nothing.
func TestDialGivesUp(t *testing.T) {
	noLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, err = Dial(testContext(t), "tcp://"+l.Addr().String(), &Setup{}, nil, Options{SetupTimeout: 50 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestSecondSetup(t *testing.T) {
	p := rawDial(t, serve(t, &Server{Accept: acceptAll(echo)}, "tcp"))
	p.send(rawSetup(1000, 60000, ""), rawSetup(1000, 60000, ""))
	p.wantEnd()
}

func TestResumeAfterSetup(t *testing.T) {
	target := serve(t, &Server{Accept: acceptAll(echo)}, "tcp")
	for name, frame := range map[string][]byte{
		"RESUME": appendResume(nil, resumeFrame{major: 1}), "RESUME_OK": appendResumeOK(nil, 0),
	} {
		t.Run(name, func(t *testing.T) {
			p := rawDial(t, target)
			p.send(rawSetup(1000, 60000, ""), frame)
			p.wantError(0, ConnectionError, "")
			p.wantEnd()
		})
	}
}

func TestSilentTransportIsCut(t *testing.T) {
	for _, kind := range []string{"tcp", "tls"} {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			target := serve(t, &Server{Accept: acceptAll(echo), Options: Options{SetupTimeout: 50 * time.Millisecond}}, kind)
			conn, err := net.Dial("tcp", target[len("tcp://"):])
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}

func TestAcceptorMaySend(t *testing.T) {
	replies := make(chan string, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		c.Send([]byte("welcome"), func(reply []byte, err error) { replies <- fmt.Sprint(string(reply), err) })
		return echo, nil
	}}, "tcp")
	dial(t, target, Setup{}, echo, Options{})
	if got := within(t, "reply", replies); got != "welcome<nil>" {
		t.Error(got)
	}
}

func TestAcceptorSendsAndRefuses(t *testing.T) {
	replies := make(chan error, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		c.Send([]byte("secret"), func(_ []byte, err error) { replies <- err })
		return nil, &Error{RejectedSetup, "no"}
	}}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(1000, 60000, ""))
	p.wantError(0, RejectedSetup, "no")
	p.wantEnd()
	asError(t, within(t, "error", replies), RejectedSetup)
}

func TestTextMessage(t *testing.T) {
	target := serve(t, &Server{Accept: acceptAll(echo)}, "ws")
	for _, first := range []bool{true, false} {
		conn, _, err := websocket.Dial(testContext(t), target+"/any/path", &websocket.DialOptions{HTTPHeader: map[string][]string{"Origin": {"https://elsewhere.example"}}})
		if err != nil {
			t.Fatal(err)
		}
		if !first {
			if err := conn.Write(testContext(t), websocket.MessageBinary, rawSetup(1000, 60000, "")); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.Write(testContext(t), websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		typ, frame, err := conn.Read(testContext(t))
		if err != nil || typ != websocket.MessageBinary {
			t.Fatal(typ, err)
		}
		if want := appendError(nil, 0, connectionError("%v", errTextMessage)); !bytes.Equal(frame, want) {
			t.Errorf("got %q, want %q", frame, want)
		}
		if _, _, err := conn.Read(testContext(t)); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Error(err)
		}
	}
}

func TestHandshakeFailure(t *testing.T) {
	noLeaks(t)
	target := serve(t, &Server{Accept: acceptAll(echo)}, "tls")
	var unknown *tls.CertificateVerificationError
	if _, err := Dial(testContext(t), target, &Setup{}, nil, Options{}); !errors.As(err, &unknown) {
		t.Errorf("an unknown certificate: %v", err)
	}
	dial(t, target, Setup{}, nil, Options{}) // the server goes on
}
