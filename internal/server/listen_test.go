package server

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
)

// addresses are those of this machine itself.
func addresses(t *testing.T) []string {
	t.Helper()
	hosts := []string{"127.0.0.1"}
	if probe, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = probe.Close()
		hosts = append(hosts, "::1")
	}
	return hosts
}

func TestLocalhostIsEveryAddressOfTheMachine(t *testing.T) {
	l, err := listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, host := range addresses(t) {
		out, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		in, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if in.RemoteAddr().String() != out.LocalAddr().String() {
			t.Errorf("accepted %s, dialled from %s", in.RemoteAddr(), out.LocalAddr())
		}
		_, _ = in.Close(), out.Close()
	}
	waiting := make(chan error, 1)
	go func() { _, err := l.Accept(); waiting <- err }()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept ended with %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	again, err := listen("localhost:" + port)
	if err != nil {
		t.Fatalf("the port is not free again: %v", err)
	}
	_ = again.Close()
}

func TestATakenPortOfEitherAddressIsSaid(t *testing.T) {
	for _, host := range addresses(t) {
		taken, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
		if l, err := listen("localhost:" + port); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s:%s is taken: %v", host, port, err)
			if l != nil {
				_ = l.Close()
			}
		}
		_ = taken.Close()
	}
}
