package rsocket

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestKeepAliveIsAnswered(t *testing.T) {
	target := serve(t, &Server{Accept: acceptAll(echo)}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(1000, 60000, ""))
	p.ping("payload")
	p.ping("")
	p.send(appendKeepAlive(nil, 0, 0, []byte("an answer to nothing")))
	p.ping("after")
}

func TestServerEndsSilentConnection(t *testing.T) {
	noLeaks(t)
	target := serve(t, &Server{Accept: acceptAll(echo)}, "tcp")
	p := rawDial(t, target)
	begin := time.Now()
	p.send(rawSetup(50, 200, ""))
	p.wantError(0, ConnectionError, "nothing heard for 200ms")
	if d := time.Since(begin); d < 200*time.Millisecond {
		t.Errorf("after only %v", d)
	}
	p.wantEnd()
}

// KEEPALIVE holds a connection well beyond its lifetime; a server that falls silent ends it.
func TestClientKeepsConnectionAlive(t *testing.T) {
	noLeaks(t)
	proxy := newProxy(t, serve(t, &Server{Accept: acceptAll(echo)}, "tcp"))
	c := dial(t, proxy.target, Setup{KeepAlive: 20 * time.Millisecond, Lifetime: 2 * time.Second}, nil, Options{})
	select {
	case <-c.Done():
		t.Fatal(c.Err())
	case <-time.After(2500 * time.Millisecond): // longer than the lifetime: the point of this test
	}
	proxy.freeze()
	within(t, "end", c.Done())
	if !errors.Is(c.Err(), ErrLost) {
		t.Error(c.Err())
	}
}

// An Acceptor that takes longer than the lifetime does not count as silence of the client.
func TestSlowAcceptor(t *testing.T) {
	target := serve(t, &Server{Accept: func(ctx context.Context, s *Setup, _ *Conn) (Handler, error) {
		select {
		case <-time.After(2 * s.Lifetime):
			return echo, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(500, 500, ""))
	p.ping("accepted")
}
