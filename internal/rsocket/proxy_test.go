package rsocket

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy stands between a client and a server, to cut and to freeze the transports between them.
type proxy struct {
	target string
	t      testing.TB
	to     string
	l      net.Listener

	mu     sync.Mutex
	frozen chan struct{} // set: bytes wait until it is closed
	conns  map[net.Conn]struct{}
	wg     sync.WaitGroup
	made   chan struct{} // one for each new transport
}

func newProxy(t testing.TB, target string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme, addr, _ := strings.Cut(target, "://")
	p := &proxy{target: scheme + "://" + l.Addr().String(), t: t, to: addr, l: l, conns: map[net.Conn]struct{}{}, made: make(chan struct{}, 10000)}
	p.wg.Add(1)
	go p.run()
	t.Cleanup(func() {
		_ = l.Close()
		p.thaw()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) run() {
	defer p.wg.Done()
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
		p.mu.Unlock()
		p.wg.Add(2)
		go p.copy(in, out)
		go p.copy(out, in)
		p.made <- struct{}{}
	}
}

func (p *proxy) copy(from, to net.Conn) {
	defer p.wg.Done()
	buf := make([]byte, 700) // odd, so that cuts fall into the middle of frames
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		frozen := p.frozen
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
		}
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if err == io.EOF {
			_ = to.(*net.TCPConn).CloseWrite()
		} else if err != nil {
			_ = to.Close()
		}
		if err != nil {
			return
		}
	}
}

// cut closes every transport, from both sides.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// freeze lets nothing through any more, without closing anything.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
}

// thaw lets what waits through again.
func (p *proxy) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
}
