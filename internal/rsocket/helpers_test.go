package rsocket

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of the tests; none of them normally takes a noticeable part of it.
const patience = 30 * time.Second

var kinds = []string{"tcp", "tls", "ws", "wss"}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

func serverTLS() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{certificate()}} }

func clientTLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(certificate().Leaf)
	return &tls.Config{RootCAs: pool}
}

// serve runs s for one kind of transport until the test ends, and returns the target for Dial.
func serve(t testing.TB, s *Server, kind string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if kind == "tls" || kind == "wss" {
		l = tls.NewListener(l, serverTLS())
	}
	served := make(chan error, 1)
	if kind == "ws" || kind == "wss" {
		hs := &http.Server{Handler: s.HTTPHandler(), ErrorLog: log.New(io.Discard, "", 0)}
		go func() { served <- hs.Serve(l) }()
		t.Cleanup(func() {
			if err := hs.Close(); err != nil {
				t.Error(err)
			}
			if err := <-served; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	} else {
		go func() { served <- s.Serve(l) }()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if kind == "tcp" || kind == "tls" {
			if err := <-served; !errors.Is(err, ErrServerClosed) {
				t.Error(err)
			}
		}
	})
	return kind + "://" + addr
}

func dial(t testing.TB, target string, setup Setup, h Handler, o Options) *Conn {
	t.Helper()
	o.TLS = clientTLS()
	c, err := Dial(testContext(t), target, &setup, h, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(nil); err != nil {
			t.Error(err)
		}
	})
	return c
}

// acceptAll accepts every SETUP and handles requests with h.
func acceptAll(h Handler) Acceptor {
	return func(context.Context, *Setup, *Conn) (Handler, error) { return h, nil }
}

func echo(r *Request) { r.Reply(r.Payload) }

// within waits for an event.
func within[T any](t testing.TB, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		buf := make([]byte, 1<<20)
		t.Fatalf("no %s in %v\n%s", what, patience, buf[:runtime.Stack(buf, true)])
		panic("unreachable")
	}
}

// noLeaks fails the test when goroutines of this package are left once everything that was
func noLeaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		buf := make([]byte, 1<<20)
		deadline := time.Now().Add(patience)
		for {
			var left []string
			for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
				if strings.Contains(g, "internal/rsocket.") && !strings.Contains(g, "testing.tRunner") && !strings.Contains(g, "testing.(*B)") {
					left = append(left, g)
				}
			}
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("goroutines left:\n%s", strings.Join(left, "\n\n"))
			}
			runtime.Gosched()
		}
	})
}

// asError fails unless err is an ERROR frame with the code.
func asError(t testing.TB, err error, code ErrorCode) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want %v", err, code)
	}
	return e
}

func appendRequestResponse(dst []byte, stream uint32, flags uint16, data []byte) []byte {
	return append(appendHeader(dst, stream, typeRequestResponse, flags), data...)
}

func appendPayload(dst []byte, stream uint32, flags uint16, data []byte) []byte {
	return append(appendHeader(dst, stream, typePayload, flags), data...)
}
