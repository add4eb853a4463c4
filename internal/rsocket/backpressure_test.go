package rsocket

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// A peer that asks and does not read is cut off when its replies pile up.
func TestPeerThatDoesNotReadIsCut(t *testing.T) {
	for name, request := range map[string][]byte{
		"requests":  appendRequestResponse(nil, 1, 0, nil),
		"refusals":  unhex(t, "00000001 1800 00000001"),
		"KEEPALIVE": appendKeepAlive(nil, flagRespond, 0, make([]byte, 500)),
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			conns := make(chan *Conn, 1)
			reply := make([]byte, 1000)
			target := serve(t, &Server{
				Options: Options{MaxPayload: 1000, WriteQueue: 100 << 10},
				Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
					conns <- c
					return func(r *Request) { r.Reply(reply) }, nil
				},
			}, "tcp")
			p := rawDial(t, target)
			p.send(rawSetup(1000, 60000, ""))
			c := within(t, "connection", conns)
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				many := withLength(request, request, request, request, request, request, request, request)
				for {
					if _, err := p.conn.Write(many); err != nil {
						return
					}
				}
			}()
			within(t, "end", c.Done())
			if !errors.Is(c.Err(), errSlowPeer) {
				t.Error(c.Err())
			}
			_ = p.conn.Close()
			wg.Wait()
		})
	}
}

// A peer that stops reading amid a large reply is cut off after WriteTimeout.
func TestWriteTimeout(t *testing.T) {
	noLeaks(t)
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{
		Options: Options{MaxPayload: 15 << 20, WriteTimeout: 100 * time.Millisecond},
		Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
			conns <- c
			return func(r *Request) { r.Reply(make([]byte, 15<<20)) }, nil
		},
	}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(60000, 60000, ""), appendRequestResponse(nil, 1, 0, nil))
	c := within(t, "connection", conns)
	within(t, "end", c.Done())
	if !errors.Is(c.Err(), ErrLost) {
		t.Error(c.Err())
	}
}

// Closing does not wait for a peer that does not read.
func TestCloseIsBounded(t *testing.T) {
	noLeaks(t)
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{
		Options: Options{MaxPayload: 15 << 20, WriteTimeout: time.Hour},
		Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
			conns <- c
			return func(r *Request) { r.Reply(make([]byte, 15<<20)) }, nil
		},
	}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(60000, 60000, ""), appendRequestResponse(nil, 1, 0, nil))
	p.next() // the first fragment: the reply is being written
	c := within(t, "connection", conns)
	if err := c.Close(nil); err != nil {
		t.Error(err)
	}
}

// Request waits where Send says that the queue is full.
func TestQueueFull(t *testing.T) {
	noLeaks(t)
	p := newProxy(t, serve(t, &Server{Accept: acceptAll(echo)}, "tcp"))
	c := dial(t, p.target, Setup{}, nil, Options{MaxPayload: 1 << 20, WriteQueue: 1})
	p.freeze()
	payload := make([]byte, 1<<20)
	var wg sync.WaitGroup
	full := false
	for i := 0; !full && i < 100; i++ {
		wg.Add(1)
		c.Send(payload, func(_ []byte, err error) {
			if errors.Is(err, ErrQueueFull) {
				full = true
			} else if err != nil {
				t.Error(err)
			}
			wg.Done()
		})
	}
	if !full {
		t.Fatal("the queue has no bound")
	}
	ctx, cancel := context.WithTimeout(testContext(t), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Request(ctx, payload); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := c.Request(testContext(t), payload)
		result <- err
	}()
	p.thaw()
	if err := within(t, "reply", result); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
