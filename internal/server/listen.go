package server

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// listen takes an address. The name localhost is both of this machine's own addresses where it has both:
// some clients, as Node.js before 20, try only the first that they find, ::1.
func listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "localhost" {
		return net.Listen("tcp", address)
	}
	for attempt := 1; ; attempt++ {
		l, err := listenBoth(port)
		// A free port of the one address may be taken on the other.
		if port != "0" || !errors.Is(err, syscall.EADDRINUSE) || attempt == 10 {
			return l, err
		}
	}
}

func listenBoth(port string) (net.Listener, error) {
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	port = strconv.Itoa(four.Addr().(*net.TCPAddr).Port)
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errors.Join(err, four.Close())
	case err != nil:
		return four, nil // this machine has no IPv6
	}
	return newListeners(four, six), nil
}

// listeners accept on several addresses at once; the first is the one that is shown.
type listeners struct {
	all      []net.Listener
	accepted chan accepted
	closed   chan struct{}
	close    sync.Once
	running  sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

func newListeners(all ...net.Listener) *listeners {
	l := &listeners{all: all, accepted: make(chan accepted), closed: make(chan struct{})}
	for _, one := range all {
		l.running.Go(func() { l.accept(one) })
	}
	return l
}

// accept hands on what one address accepts, until Close.
func (l *listeners) accept(one net.Listener) {
	for {
		conn, err := one.Accept()
		select {
		case l.accepted <- accepted{conn, err}:
		case <-l.closed:
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
	}
}

// Accept waits for the next connection on any address.
func (l *listeners) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends all, and with them the goroutines.
func (l *listeners) Close() error {
	var errs []error
	l.close.Do(func() {
		close(l.closed)
		for _, one := range l.all {
			errs = append(errs, one.Close())
		}
		l.running.Wait()
	})
	return errors.Join(errs...)
}

// Addr is the first address.
func (l *listeners) Addr() net.Addr { return l.all[0].Addr() }
