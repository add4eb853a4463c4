package rsocket

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// rawPeer speaks TCP frames by hand, right or wrong.
type rawPeer struct {
	t    testing.TB
	conn net.Conn
}

func rawDial(t testing.TB, target string) *rawPeer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(target, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &rawPeer{t, conn}
}

func rawSetup(keepAlive, lifetime uint32, data string) []byte {
	return appendSetup(nil, setupFrame{major: 1, keepAlive: keepAlive, lifetime: lifetime, data: []byte(data)})
}

func withLength(frames ...[]byte) []byte {
	var b []byte
	for _, f := range frames {
		b = append(b, byte(len(f)>>16), byte(len(f)>>8), byte(len(f)))
		b = append(b, f...)
	}
	return b
}

func (p *rawPeer) send(frames ...[]byte) {
	p.t.Helper()
	p.bytes(withLength(frames...))
}

func (p *rawPeer) bytes(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *rawPeer) next() (header, []byte) {
	p.t.Helper()
	var n [3]byte
	if _, err := io.ReadFull(p.conn, n[:]); err != nil {
		p.t.Fatalf("reading a frame: %v", err)
	}
	frame := make([]byte, getLength(n[:]))
	if _, err := io.ReadFull(p.conn, frame); err != nil {
		p.t.Fatal(err)
	}
	h, body, err := parseHeader(frame)
	if err != nil {
		p.t.Fatal(err)
	}
	return h, body
}

func (p *rawPeer) wantError(stream uint32, code ErrorCode, text string) {
	p.t.Helper()
	h, body := p.next()
	if h.typ != typeError || h.stream != stream {
		p.t.Fatalf("got frame %+v %q, want ERROR %v on stream %d", h, body, code, stream)
	}
	if got := ErrorCode(binary.BigEndian.Uint32(body)); got != code {
		p.t.Fatalf("got %v %q, want %v", got, body[4:], code)
	}
	if got := string(body[4:]); !strings.Contains(got, text) {
		p.t.Fatalf("text %q does not contain %q", got, text)
	}
}

func (p *rawPeer) wantPayload(stream uint32, data string) {
	p.t.Helper()
	h, body := p.next()
	if h != (header{stream, typePayload, flagNext | flagComplete}) || string(body) != data {
		p.t.Fatalf("got frame %+v %q, want %q on stream %d", h, body, data, stream)
	}
}

// wantEnd waits until the other side has closed in good order: an end, not a reset.
func (p *rawPeer) wantEnd() {
	p.t.Helper()
	if n, err := p.conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		p.t.Fatalf("got %d bytes and %v, want the end", n, err)
	}
}

// ping is a KEEPALIVE whose answer shows that everything before it was handled.
func (p *rawPeer) ping(data string) {
	p.t.Helper()
	p.send(appendKeepAlive(nil, flagRespond, 0, []byte(data)))
	h, body := p.next()
	if h != (header{0, typeKeepAlive, 0}) || string(body[8:]) != data {
		p.t.Fatalf("got frame %+v %q, want the KEEPALIVE %q back", h, body, data)
	}
}
