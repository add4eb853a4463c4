package rsocket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// FuzzFrame: no frame makes a parser panic, and what parses is encoded to the same bytes again.
func FuzzFrame(f *testing.F) {
	f.Add(rawSetup(1000, 60000, "data"))
	f.Add(appendSetup(nil, setupFrame{major: 1, keepAlive: 1, lifetime: 2, resume: true, token: []byte("t"), metadataMIME: "m", hasMetadata: true, metadata: []byte("{}")}))
	f.Add(appendKeepAlive(nil, flagRespond, 7, []byte("x")))
	f.Add(appendError(nil, 1, &Error{Invalid, "text"}))
	f.Add(appendResume(nil, resumeFrame{1, 0, []byte("t"), 3, 4}))
	f.Add(appendResumeOK(nil, 5))
	f.Add(appendPayload(nil, 1, flagNext|flagMetadata, []byte{0, 0, 1, 'm', 'd'}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, body, err := parseHeader(frame)
		if err != nil {
			return
		}
		var again []byte
		switch h.typ {
		case typeSetup:
			s, err := parseSetup(h, body)
			if err != nil {
				return
			}
			again = appendSetup(nil, s)
			known := flagMetadata | flagResume | flagLease
			frame = append(appendHeader(nil, 0, h.typ, h.flags&known), body...)
		case typeResume:
			r, err := parseResume(h, body)
			if err != nil {
				return
			}
			again = appendResume(nil, r)
			frame = append(appendHeader(nil, 0, h.typ, 0), body[:len(again)-headerSize]...)
		case typeResumeOK:
			position, err := parseResumeOK(h, body)
			if err != nil {
				return
			}
			again = appendResumeOK(nil, position)
			frame = append(appendHeader(nil, 0, h.typ, 0), body[:8]...)
		case typeKeepAlive:
			position, data, err := parseKeepAlive(h, body)
			if err != nil {
				return
			}
			again = appendKeepAlive(nil, h.flags, position, data)
		case typeError:
			e, err := parseError(body)
			if err != nil || len(e.Text) > maxErrorText {
				return
			}
			if second, err := parseError(appendError(nil, 1, e)[headerSize:]); err != nil || *second != *e {
				t.Fatalf("%v became %v %v", e, second, err)
			}
			return
		default:
			metadata, data, err := splitMetadata(h, body)
			if err == nil && len(metadata)+len(data) > len(body) {
				t.Fatal("more than there was")
			}
			return
		}
		if !bytes.Equal(frame, again) {
			t.Fatalf("%x became %x", frame, again)
		}
	})
}

// runOnce runs one in-memory connection of s with what a client sends, to its end. The client
// closes when all is written and, unless it is nil, an event has come.
func runOnce(t *testing.T, s *Server, input []byte, event <-chan struct{}) {
	t.Helper()
	s.init()
	here, there := net.Pipe()
	run := s.startSetup(func() { _ = there.Close() })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.setupStream(there, run)
		s.running.Done()
		s.running.Wait()
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, here)
	}()
	if err := here.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Write(input); isTimeout(err) {
		t.Errorf("the server neither reads nor closes: %v", err)
	}
	if event != nil {
		within(t, "handling of everything", event)
	}
	_ = here.Close()
	within(t, "end of the connection", ended)
	<-read
	if err := s.Shutdown(testContext(t)); err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// FuzzServerConn: whatever arrives on a new transport, the server ends it without panic, hang or leak.
func FuzzServerConn(f *testing.F) {
	setup := rawSetup(1000, 60000, "x")
	resumable := appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, resume: true, token: []byte("t")})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(withLength(setup))
	f.Add(withLength(setup, appendRequestResponse(nil, 1, 0, []byte("ab")), appendKeepAlive(nil, flagRespond, 0, nil), appendCancel(nil, 1)))
	f.Add(withLength(setup, appendRequestResponse(nil, 1, flagFollows, []byte("ab")), appendPayload(nil, 1, flagNext, []byte("cd"))))
	f.Add(withLength(resumable, appendRequestResponse(nil, 1, 0, []byte("ab")), appendKeepAlive(nil, flagRespond, 8, nil), appendPayload(nil, 2, flagNext, nil)))
	f.Add(withLength(appendResume(nil, resumeFrame{1, 0, []byte("t"), 0, 0})))
	f.Add(withLength(setup, appendRequestResponse(nil, 1, 0, make([]byte, 40000))))
	f.Add(withLength(setup, []byte{0, 0, 0, 1, 0x18, 0, 0, 0, 0, 1}, []byte{0, 0, 0, 0, 0xfe, 0}, []byte{0, 0, 0, 0, 0xfc, 0}))
	f.Fuzz(func(t *testing.T, input []byte) {
		const maxPayload = 1000
		for _, o := range []Options{{MaxPayload: maxPayload, MaxInFlight: 8, ResumeTime: -1}, {MaxPayload: maxPayload, MaxInFlight: 8, MaxDetached: -1}} {
			runOnce(t, &Server{Options: o, Accept: acceptAll(func(r *Request) {
				if len(r.Payload) > maxPayload {
					t.Errorf("payload of %d bytes", len(r.Payload))
				}
				if len(r.Payload)%3 != 0 {
					echo(r)
				}
			})}, input, nil)
		}
	})
}

// FuzzFragments turns each three bytes of the input into one frame about few streams, so that
// reassembly is hit at every step, and compares with a model that is written the slow way.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 1, 10, 1, 1, 200, 2, 1, 5})
	f.Add([]byte{0, 1, 255, 1, 1, 255, 1, 1, 255, 1, 1, 255, 2, 1, 1})
	f.Add([]byte{0, 1, 9, 0, 3, 9, 3, 1, 0, 2, 3, 9, 2, 1, 9})
	f.Fuzz(func(t *testing.T, input []byte) {
		const maxPayload = 600
		frames := [][]byte{rawSetup(1000, 60000, "")}
		var want [][]byte
		open := map[uint32][]byte{}
		for ; len(input) >= 3; input = input[3:] {
			stream := uint32(input[1]%4)*2 + 1
			data := bytes.Repeat(input[1:2], int(input[2]))
			_, known := open[stream]
			switch input[0] % 4 {
			case 0: // a request of which more follows
				frames = append(frames, appendRequestResponse(nil, stream, flagFollows, data))
				if !known {
					open[stream] = data
				}
			case 1:
				frames = append(frames, appendPayload(nil, stream, flagNext|flagFollows, data))
				if known {
					open[stream] = append(open[stream], data...)
				}
			case 2:
				frames = append(frames, appendPayload(nil, stream, flagNext, data))
				if known {
					if whole := append(open[stream], data...); len(whole) <= maxPayload {
						want = append(want, whole)
					}
					delete(open, stream)
				}
			case 3:
				frames = append(frames, appendCancel(nil, stream))
				delete(open, stream)
			}
			if len(open[stream]) > maxPayload {
				delete(open, stream)
			}
		}
		var got [][]byte
		handled := make(chan struct{})
		s := &Server{Options: Options{MaxPayload: maxPayload}, Accept: acceptAll(func(r *Request) {
			if string(r.Payload) == "the end" {
				close(handled)
				return
			}
			got = append(got, r.Payload)
			echo(r)
		})}
		frames = append(frames, appendRequestResponse(nil, 99, 0, []byte("the end")))
		runOnce(t, s, withLength(frames...), handled)
		if len(got) != len(want) {
			t.Fatalf("%d payloads, want %d", len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("payload %d: %q, want %q", i, got[i], want[i])
			}
		}
	})
}

// FuzzClientConn: whatever a server sends, the client ends without panic or hang, and its call is
// answered exactly once.
func FuzzClientConn(f *testing.F) {
	f.Add(withLength(appendPayload(nil, 1, flagNext|flagComplete, []byte("x")), appendRequestResponse(nil, 2, 0, []byte("q"))))
	f.Add(withLength(appendPayload(nil, 1, flagNext|flagFollows, []byte("x")), appendPayload(nil, 1, flagNext, []byte("y")), appendKeepAlive(nil, flagRespond, 7, nil)))
	f.Add(withLength(appendError(nil, 1, &Error{Rejected, "no"}), appendError(nil, 0, &Error{ConnectionClose, "bye"})))
	f.Add(withLength(appendPayload(nil, 1, flagNext, make([]byte, 40000)), appendResumeOK(nil, 0)))
	f.Fuzz(func(t *testing.T, input []byte) {
		here, there := net.Pipe()
		opt := Options{MaxPayload: 1000}.withDefaults()
		c := newConn(&opt, true)
		c.handler, c.keepAlive, c.lifetime = echo, time.Hour, time.Hour
		l := newLink(newStreamTransport(there))
		l.t.SetLimit(opt.frameLimit())
		c.mu.Lock()
		c.attach(l)
		c.startKeepAlive()
		c.mu.Unlock()
		answers := make(chan error, 2)
		c.Send([]byte("call"), func(_ []byte, err error) { answers <- err })
		go c.read(l)
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _ = io.Copy(io.Discard, here)
		}()
		if err := here.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Write(input); isTimeout(err) {
			t.Errorf("the client neither reads nor closes: %v", err)
		}
		_ = here.Close()
		within(t, "end of the connection", c.Done())
		within(t, "end of the reader", l.gone)
		within(t, "answer", answers)
		if len(answers) != 0 {
			t.Error("a second answer")
		}
		<-read
	})
}
