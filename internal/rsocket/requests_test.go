package rsocket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// Both sides ask each other at once, many at a time; payloads of all sizes, answered in any order.
func TestRequestsBothWays(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			handler := func(r *Request) {
				if r.Payload[0]%3 == 0 {
					echo(r)
				} else {
					go func() { r.Reply(r.Payload) }()
				}
			}
			conns := make(chan *Conn, 1)
			options := Options{MaxFrame: 1000}
			target := serve(t, &Server{Options: options, Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
				conns <- c
				return handler, nil
			}}, kind)
			client := dial(t, target, Setup{}, handler, options)
			var wg sync.WaitGroup
			for i, c := range []*Conn{client, within(t, "connection", conns)} {
				for lane := range 20 {
					wg.Add(1)
					go func() {
						defer wg.Done()
						random := rand.New(rand.NewPCG(uint64(i), uint64(lane)))
						for range 20 {
							payload := bytes.Repeat([]byte{byte(random.Uint32())}, 1+random.IntN(5000))
							reply, err := c.Request(testContext(t), payload)
							if err != nil || !bytes.Equal(reply, payload) {
								t.Errorf("%d bytes of %d came back as %d bytes, %v", len(payload), payload[0], len(reply), err)
								return
							}
						}
					}()
				}
			}
			wg.Wait()
			client.mu.Lock()
			defer client.mu.Unlock()
			if len(client.pending)+len(client.serving)+len(client.partials)+client.partialBytes != 0 {
				t.Errorf("left over: %d %d %d %d", len(client.pending), len(client.serving), len(client.partials), client.partialBytes)
			}
		})
	}
}

func TestErrorReply(t *testing.T) {
	target := serve(t, &Server{Accept: acceptAll(func(r *Request) {
		r.Fail(&Error{Invalid, "no entry: " + string(r.Payload)})
		r.Reply([]byte("too late"))
		r.Fail(&Error{Rejected, "too late"})
		r.OnCancel(func() { t.Error("cancelled after the answer") })
	})}, "tcp")
	c := dial(t, target, Setup{}, nil, Options{})
	_, err := c.Request(testContext(t), []byte("x"))
	if e := asError(t, err, Invalid); e.Text != "no entry: x" {
		t.Error(e)
	}
}

func TestCancel(t *testing.T) {
	noLeaks(t)
	requests, cancels := make(chan *Request, 3), make(chan string, 3)
	target := serve(t, &Server{Accept: acceptAll(func(r *Request) {
		if string(r.Payload) == "echo" {
			echo(r)
			return
		}
		r.OnCancel(func() { cancels <- string(r.Payload) })
		requests <- r
	})}, "tcp")
	c := dial(t, target, Setup{}, nil, Options{})
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, 1)
	go func() {
		_, err := c.Request(ctx, []byte("a"))
		ended <- err
	}()
	r := within(t, "request", requests)
	cancel()
	if err := within(t, "end", ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := within(t, "cancellation", cancels); got != "a" {
		t.Error(got)
	}
	late := make(chan struct{})
	r.OnCancel(func() { close(late) })
	<-late
	r.Reply([]byte("nobody wants this"))
	stop := c.Send([]byte("b"), func(reply []byte, err error) { t.Errorf("done after cancel: %q %v", reply, err) })
	within(t, "request", requests)
	stop()
	stop()
	if got := within(t, "cancellation", cancels); got != "b" {
		t.Error(got)
	}
	if reply, err := c.Request(testContext(t), []byte("echo")); err != nil || string(reply) != "echo" {
		t.Error(reply, err)
	}
}

func TestRequestAfterContext(t *testing.T) {
	target := serve(t, &Server{Accept: acceptAll(echo)}, "tcp")
	c := dial(t, target, Setup{}, nil, Options{})
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if _, err := c.Request(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			conns, requests, cancelled := make(chan *Conn, 1), make(chan *Request, 1), make(chan struct{})
			target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
				conns <- c
				return func(r *Request) {
					r.OnCancel(func() { close(cancelled) })
					requests <- r
				}, nil
			}}, kind)
			c := dial(t, target, Setup{}, nil, Options{})
			calls := make(chan error, 1)
			c.Send(nil, func(_ []byte, err error) { calls <- err })
			r := within(t, "request", requests)
			server := within(t, "connection", conns)
			if server != r.Conn() || server.Err() != nil {
				t.Error("a request belongs to its connection")
			}
			if err := server.Close(&Error{ConnectionError, "go away"}); err != nil {
				t.Error(err)
			}
			within(t, "cancellation", cancelled)
			asError(t, within(t, "end of the call", calls), ConnectionError)
			within(t, "end", c.Done())
			asError(t, c.Err(), ConnectionError)
			if !errors.Is(server.Err(), ErrClosed) {
				t.Error(server.Err())
			}
			if _, err := c.Request(testContext(t), nil); err == nil {
				t.Error("a request on a closed connection")
			}
			r.Reply(nil)
		})
	}
}

func TestLostTransport(t *testing.T) {
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		conns <- c
		return echo, nil
	}}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(1000, 60000, ""))
	server := within(t, "connection", conns)
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	within(t, "end", server.Done())
	if !errors.Is(server.Err(), ErrLost) {
		t.Error(server.Err())
	}
}

func TestTooManyInFlight(t *testing.T) {
	requests := make(chan *Request, 3)
	target := serve(t, &Server{Options: Options{MaxInFlight: 2}, Accept: acceptAll(func(r *Request) { requests <- r })}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(1000, 60000, ""), appendRequestResponse(nil, 1, flagFollows, []byte("a")), appendRequestResponse(nil, 3, 0, []byte("b")), appendRequestResponse(nil, 5, 0, nil))
	p.wantError(5, Rejected, "too many")
	within(t, "request", requests).Reply([]byte("B"))
	p.wantPayload(3, "B")
	p.send(appendPayload(nil, 1, flagNext, []byte("A")))
	if r := within(t, "request", requests); string(r.Payload) != "aA" {
		t.Errorf("got %q", r.Payload)
	}
}

// What a peer may send on an accepted connection, and what it gets for it.
func TestFramesOfThePeer(t *testing.T) {
	target := serve(t, &Server{Options: Options{MaxPayload: 100, MaxReassembly: 150}, Accept: acceptAll(func(r *Request) {
		if string(r.Payload) != "wait" {
			echo(r)
		}
	})}, "tcp")
	meta := func(frame []byte) []byte { frame[4] |= 1; return frame }
	big := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	hex := func(s string) []byte { return unhex(t, s) }
	for _, v := range []struct {
		name   string
		frames [][]byte
		stream uint32
		code   ErrorCode // 0: nothing but answers to what follows
		text   string
	}{
		{"fire-and-forget", [][]byte{hex("00000001 1400 61")}, 0, 0, ""},
		{"stream", [][]byte{hex("00000001 1800 00000001")}, 1, Rejected, "only request/response"},
		{"channel", [][]byte{hex("00000001 1c00 00000001")}, 1, Rejected, "only request/response"},
		{"stream of the wrong parity", [][]byte{hex("00000002 1800 00000001")}, 2, Rejected, "only request/response"},
		{"REQUEST_N", [][]byte{hex("00000001 2000 00000001")}, 0, 0, ""},
		{"METADATA_PUSH", [][]byte{hex("00000000 3100 00")}, 0, 0, ""},
		{"LEASE", [][]byte{hex("00000000 0800 0000000100000001")}, 0, 0, ""},
		{"EXT, ignored", [][]byte{hex("00000000 fe00 00000001")}, 0, 0, ""},
		{"EXT", [][]byte{hex("00000000 fc00 00000001")}, 0, ConnectionError, "0x3f"},
		{"EXT on a stream", [][]byte{hex("00000001 fc00 00000001")}, 0, ConnectionError, "0x3f"},
		{"EXT on a stream, ignored", [][]byte{hex("00000001 fe00 00000001")}, 0, 0, ""},
		{"unknown type", [][]byte{hex("00000000 4000")}, 0, ConnectionError, "0x10"},
		{"unknown type, ignored", [][]byte{hex("00000000 4200")}, 0, 0, ""},
		{"PAYLOAD of no stream", [][]byte{appendPayload(nil, 1, flagNext|flagFollows, []byte("x")), appendPayload(nil, 2, flagNext, nil)}, 0, 0, ""},
		{"CANCEL of no stream", [][]byte{appendCancel(nil, 9), appendCancel(nil, 2)}, 0, 0, ""},
		{"ERROR of no stream", [][]byte{appendError(nil, 9, &Error{Invalid, "x"})}, 0, 0, ""},
		{"stream in use", [][]byte{appendRequestResponse(nil, 1, 0, []byte("wait")), appendRequestResponse(nil, 1, 0, []byte("again"))}, 0, 0, ""},
		{"stream in reassembly", [][]byte{appendRequestResponse(nil, 1, flagFollows, nil), appendRequestResponse(nil, 1, 0, []byte("again"))}, 0, 0, ""},
		{"cancelled reassembly", [][]byte{appendRequestResponse(nil, 1, flagFollows, nil), appendCancel(nil, 1), appendPayload(nil, 1, flagNext, []byte("again"))}, 0, 0, ""},
		{"wrong parity", [][]byte{appendRequestResponse(nil, 2, 0, nil)}, 2, Invalid, "parity"},
		{"request on stream 0", [][]byte{appendRequestResponse(nil, 0, 0, nil)}, 0, ConnectionError, "stream 0"},
		{"KEEPALIVE on a stream", [][]byte{hex("00000001 0c00 0000000000000000")}, 0, ConnectionError, "stream 0"},
		{"short KEEPALIVE", [][]byte{hex("00000000 0c00 00")}, 0, ConnectionError, "malformed"},
		{"short frame", [][]byte{hex("00000001 10")}, 0, ConnectionError, "malformed"},
		{"empty frame", [][]byte{{}}, 0, ConnectionError, "malformed"},
		{"malformed request", [][]byte{meta(appendRequestResponse(nil, 1, 0, hex("ffffff 00")))}, 0, ConnectionError, "malformed"},
		{"malformed PAYLOAD", [][]byte{meta(appendPayload(nil, 1, 0, hex("ffffff 00")))}, 0, ConnectionError, "malformed"},
		{"malformed ERROR", [][]byte{hex("00000001 2c00 00")}, 0, ConnectionError, "malformed"},
		{"malformed ERROR of the connection", [][]byte{hex("00000000 2c00 00")}, 0, ConnectionError, "malformed"},
		{"payload too large", [][]byte{appendRequestResponse(nil, 1, 0, big(101))}, 1, Invalid, "larger than 100 bytes"},
		{"reassembled payload too large", [][]byte{appendRequestResponse(nil, 1, flagFollows, big(60)), appendPayload(nil, 1, flagFollows, big(60)), appendPayload(nil, 1, flagNext, big(60))}, 1, Invalid, "larger than 100 bytes"},
		{"last fragment too large", [][]byte{appendRequestResponse(nil, 1, flagFollows, big(60)), appendPayload(nil, 1, flagNext, big(60))}, 1, Invalid, "larger than 100 bytes"},
		{"first fragment too large", [][]byte{appendRequestResponse(nil, 1, flagFollows, big(160)), appendPayload(nil, 1, flagNext, big(60))}, 1, Invalid, "larger than 100 bytes"},
		{"too much reassembly", [][]byte{appendRequestResponse(nil, 1, flagFollows, big(90)), appendRequestResponse(nil, 3, flagFollows, big(90))}, 3, Rejected, "more than 150 bytes"},
		{"overlong frame", [][]byte{appendRequestResponse(nil, 1, 0, big(100000))}, 1, Invalid, "larger than 100 bytes"},
		{"overlong fragment", [][]byte{appendRequestResponse(nil, 1, flagFollows, nil), appendPayload(nil, 1, 0, big(100000)), appendPayload(nil, 1, 0, big(10))}, 1, Invalid, "larger than 100 bytes"},
		{"overlong frame of no stream", [][]byte{appendPayload(nil, 1, 0, big(100000)), append(hex("00000003 1400"), big(100000)...)}, 0, 0, ""},
		{"overlong stream request", [][]byte{append(hex("00000001 1800"), big(100000)...)}, 1, Rejected, "only request/response"},
		{"overlong KEEPALIVE", [][]byte{appendKeepAlive(nil, flagRespond, 0, big(100000))}, 0, ConnectionError, "too long"},
		{"overlong ERROR", [][]byte{append(hex("00000001 2c00"), big(100000)...)}, 0, ConnectionError, "too long"},
	} {
		t.Run(v.name, func(t *testing.T) {
			p := rawDial(t, target)
			p.send(rawSetup(1000, 60000, ""))
			p.send(v.frames...)
			if v.code != 0 {
				p.wantError(v.stream, v.code, v.text)
			}
			if v.code != 0 && v.stream == 0 {
				p.wantEnd()
				return
			}
			p.ping("still there")
			p.send(meta(appendRequestResponse(nil, 11, flagFollows, hex("000002 6d6d 61"))), meta(appendPayload(nil, 11, flagNext, hex("000001 6d 62"))))
			p.wantPayload(11, "ab")
		})
	}
}

// The answers of a server to our requests, right and wrong.
func TestRepliesOfThePeer(t *testing.T) {
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{Options: Options{MaxPayload: 100}, Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		conns <- c
		return echo, nil
	}}, "tcp")
	p := rawDial(t, target)
	p.send(rawSetup(1000, 60000, ""))
	c := within(t, "connection", conns)
	results := make(chan string, 1)
	done := func(reply []byte, err error) { results <- fmt.Sprintf("%s|%v", reply, err) }
	big := bytes.Repeat([]byte("x"), 60)
	for i, v := range []struct {
		name    string
		answer  func(id uint32) [][]byte
		want    string
		cancels bool
	}{
		{"reply", func(id uint32) [][]byte { return [][]byte{appendPayload(nil, id, flagNext|flagComplete, []byte("a"))} }, "a|<nil>", false},
		{"without COMPLETE", func(id uint32) [][]byte { return [][]byte{appendPayload(nil, id, flagNext, []byte("a"))} }, "a|<nil>", false},
		{"COMPLETE only", func(id uint32) [][]byte { return [][]byte{appendPayload(nil, id, flagComplete, nil)} }, "|<nil>", false},
		{"two fragments", func(id uint32) [][]byte {
			return [][]byte{appendPayload(nil, id, flagNext|flagFollows, []byte("a")), appendPayload(nil, id, flagNext|flagComplete, []byte("b"))}
		}, "ab|<nil>", false},
		{"ERROR", func(id uint32) [][]byte { return [][]byte{appendError(nil, id, &Error{ApplicationError, "no"})} }, "|rsocket: APPLICATION_ERROR: no", false},
		{"ERROR amid fragments", func(id uint32) [][]byte {
			return [][]byte{appendPayload(nil, id, flagNext|flagFollows, []byte("a")), appendError(nil, id, &Error{Canceled, ""})}
		}, "|rsocket: CANCELED", false},
		{"too large", func(id uint32) [][]byte { return [][]byte{appendPayload(nil, id, flagNext, append(big, big...))} }, "|rsocket: INVALID: payload larger than 100 bytes", true},
		{"fragments too large", func(id uint32) [][]byte {
			return [][]byte{appendPayload(nil, id, flagFollows, big), appendPayload(nil, id, flagFollows, big), appendPayload(nil, id, flagNext, big)}
		}, "|rsocket: INVALID: payload larger than 100 bytes", true},
		{"overlong", func(id uint32) [][]byte { return [][]byte{appendPayload(nil, id, flagNext, make([]byte, 100000))} }, "|rsocket: INVALID: reply larger than 100 bytes", true},
	} {
		c.Send([]byte("q"), done)
		h, body := p.next()
		if h != (header{uint32(2 + 2*i), typeRequestResponse, 0}) || string(body) != "q" {
			t.Fatalf("%s: got %+v %q", v.name, h, body)
		}
		p.send(v.answer(h.stream)...)
		if got := within(t, "result", results); got != v.want {
			t.Errorf("%s: got %s, want %s", v.name, got, v.want)
		}
		if v.cancels {
			if got, _ := p.next(); got != (header{h.stream, typeCancel, 0}) {
				t.Errorf("%s: got %+v, want CANCEL", v.name, got)
			}
		}
		p.ping("")
	}
}

func TestStreamIDsWrap(t *testing.T) {
	for _, client := range []bool{true, false} {
		c := newConn(&Options{}, client)
		first := c.nextID
		c.pending = map[uint32]*call{first: {}, first + 2: {}}
		c.nextID = maxStreamID - 1 + first%2 // the last of its parity
		if id := c.newStream(); id%2 != first%2 || id < maxStreamID-1 {
			t.Errorf("got %d", id)
		}
		if id := c.newStream(); id != first+4 {
			t.Errorf("client %v: got %d, want %d", client, id, first+4)
		}
	}
}

func TestTooLargeToSend(t *testing.T) {
	target := serve(t, &Server{Options: Options{MaxPayload: 100}, Accept: acceptAll(func(r *Request) { r.Reply(make([]byte, 101)) })}, "tcp")
	c := dial(t, target, Setup{}, nil, Options{MaxPayload: 50})
	if _, err := c.Request(testContext(t), make([]byte, 51)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	_, err := c.Request(testContext(t), make([]byte, 50))
	if e := asError(t, err, ApplicationError); !strings.Contains(e.Text, "100 bytes") {
		t.Error(e)
	}
}

func TestNoHandler(t *testing.T) {
	conns := make(chan *Conn, 1)
	target := serve(t, &Server{Accept: func(_ context.Context, _ *Setup, c *Conn) (Handler, error) {
		conns <- c
		return nil, nil
	}}, "tcp")
	c := dial(t, target, Setup{}, nil, Options{})
	for _, conn := range []*Conn{c, within(t, "connection", conns)} {
		_, err := conn.Request(testContext(t), nil)
		asError(t, err, Rejected)
	}
}

func TestShutdown(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			noLeaks(t)
			requests := make(chan *Request, 1)
			s := &Server{Accept: acceptAll(func(r *Request) { requests <- r })}
			target := serve(t, s, kind)
			busy, idle := dial(t, target, Setup{}, nil, Options{}), dial(t, target, Setup{}, nil, Options{})
			resumable := dial(t, target, Setup{}, nil, Options{Resume: true})
			replies := make(chan string, 1)
			busy.Send([]byte("x"), func(reply []byte, err error) { replies <- fmt.Sprint(string(reply), err) })
			r := within(t, "request", requests)
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(testContext(t)) }()
			within(t, "end of the idle connection", idle.Done())
			wantLost(t, idle)
			within(t, "end of the session", resumable.Done())
			asError(t, resumable.Err(), ConnectionClose)
			_, err := busy.Request(testContext(t), []byte("new"))
			asError(t, err, Rejected)
			if _, err := Dial(testContext(t), target, &Setup{}, nil, Options{TLS: clientTLS()}); err == nil {
				t.Error("a new connection")
			}
			r.Reply([]byte("done"))
			if got := within(t, "reply", replies); got != "done<nil>" {
				t.Error(got)
			}
			within(t, "end of the busy connection", busy.Done())
			wantLost(t, busy)
			if err := within(t, "end of Shutdown", ended); err != nil {
				t.Error(err)
			}
		})
	}
}

// wantLost: the transport was closed, and nothing said.
func wantLost(t *testing.T, c *Conn) {
	t.Helper()
	var said *Error
	if err := c.Err(); !errors.Is(err, ErrLost) || errors.As(err, &said) {
		t.Errorf("the connection ended with %v", err)
	}
}

func TestShutdownDeadline(t *testing.T) {
	noLeaks(t)
	requests := make(chan *Request, 1)
	s := &Server{Accept: acceptAll(func(r *Request) { requests <- r })}
	target := serve(t, s, "tcp")
	c := dial(t, target, Setup{}, nil, Options{})
	c.Send(nil, func([]byte, error) {})
	within(t, "request", requests)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	within(t, "end", c.Done())
}
