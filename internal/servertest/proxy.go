package servertest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands between clients and a server and cuts their connections.
type Proxy struct {
	Address string

	to    string
	l     net.Listener
	mu    sync.Mutex // guards what follows
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
	ended bool
}

// NewProxy starts a proxy to the server.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: "tcp://" + l.Addr().String(), to: to, l: l, conns: map[net.Conn]struct{}{}}
	p.wg.Go(p.run)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

func (p *Proxy) run() {
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = struct{}{}, struct{}{}
		ended := p.ended
		p.mu.Unlock()
		p.wg.Go(func() { pipe(in, out) })
		p.wg.Go(func() { pipe(out, in) })
		if ended {
			p.Cut()
		}
	}
}

func pipe(from, to net.Conn) {
	buf := make([]byte, 333) // odd, so that cuts fall into the middle of frames
	_, _ = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, buf)
	_ = from.Close()
	_ = to.Close()
}

// Cut ends all connections, without a word.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
		delete(p.conns, c)
	}
}
