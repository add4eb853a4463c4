// Package rsocket_test drives the published RSocket clients for JavaScript, of both generations,
// against our server.
package rsocket_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/rsocket"
)

const patience = 2 * time.Minute

func TestClients(t *testing.T) {
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatal("no node_modules here: run make test (installs npm packages)")
	}
	ca := writeCertificate(t)
	for _, generation := range []string{"old", "new"} {
		for _, kind := range []string{"tcp", "tls", "ws"} {
			for _, scenario := range []string{"requests", "serverRequests", "errors", "large", "cancel", "keepalive", "refused", "closed", "close", "resume"} {
				t.Run(generation+"/"+kind+"/"+scenario, func(t *testing.T) {
					t.Parallel()
					run(t, ca, generation, serve(t, ca, kind), scenario)
				})
			}
		}
	}
}

func run(t *testing.T, ca *certificate, generation, target, scenario string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "client.js", generation, target, scenario)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca.file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// app is what the scenarios of client.js talk to.
type app struct {
	cut       func()
	cancelled chan struct{}
	mu        sync.Mutex
	handled   int // of the requests that must be handled once
}

func (a *app) accept(_ context.Context, s *rsocket.Setup, _ *rsocket.Conn) (rsocket.Handler, error) {
	switch {
	case string(s.Data) == "refuse me":
		return nil, &rsocket.Error{Code: rsocket.RejectedSetup, Text: "unknown org, app or key"}
	case s.MetadataMIME != "application/json" || string(s.Metadata) != `{"agent":"test"}` || s.DataMIME != "application/octet-stream":
		return nil, fmt.Errorf("unexpected SETUP %+v", s)
	}
	return a.handle, nil
}

func (a *app) handle(r *rsocket.Request) {
	name, argument, _ := strings.Cut(string(r.Payload), ":")
	n, _ := strconv.Atoi(argument) // 0 where the argument is no number
	switch name {
	case "later":
		a.count()
		go r.Reply(r.Payload)
	case "ask":
		a.count()
		ask(r, n)
	case "ask-fail":
		r.Conn().Send([]byte("fail"), func(_ []byte, err error) { r.Reply([]byte(fmt.Sprint(err))) })
	case "ask-large":
		r.Conn().Send(make([]byte, n), func(reply []byte, err error) { r.Reply(fmt.Appendf(nil, "asked %d", len(reply))) })
	case "fail":
		r.Fail(&rsocket.Error{Code: rsocket.ErrorCode(n), Text: "because of " + string(r.Payload)})
	case "large":
		r.Reply(make([]byte, n))
	case "never":
		r.OnCancel(func() { close(a.cancelled) })
	case "until-cancelled":
		go func() {
			<-a.cancelled
			r.Reply([]byte("cancelled"))
		}()
	case "close":
		r.Reply([]byte("bye"))
		go func() { _ = r.Conn().Close(&rsocket.Error{Code: rsocket.ConnectionClose, Text: "that is all"}) }()
	case "cut":
		a.cut()
	case "count":
		a.mu.Lock()
		defer a.mu.Unlock()
		r.Reply(strconv.AppendInt(nil, int64(a.handled), 10))
	default:
		r.Reply(r.Payload)
	}
}

func (a *app) count() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handled++
}

// ask sends n requests at once and answers r when all have their own reply.
func ask(r *rsocket.Request, n int) {
	var mu sync.Mutex
	left := n
	for i := range n {
		want := "re:q" + strconv.Itoa(i)
		r.Conn().Send([]byte(want[3:]), func(reply []byte, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil || string(reply) != want {
				r.Reply(fmt.Appendf(nil, "got %q %v, want %q", reply, err, want))
			}
			if left--; left == 0 {
				r.Reply(fmt.Appendf(nil, "asked %d", n))
			}
		})
	}
}

// serve runs a server behind a listener whose connections can be cut, and returns the target.
func serve(t *testing.T, ca *certificate, kind string) string {
	base, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &cuttable{Listener: base}
	a := &app{cut: l.cut, cancelled: make(chan struct{})}
	s := &rsocket.Server{Accept: a.accept, Options: rsocket.Options{MaxFrame: 5000}}
	served := make(chan error, 1)
	end := func() {}
	if kind == "ws" {
		hs := &http.Server{Handler: s.HTTPHandler()}
		go func() { served <- hs.Serve(l) }()
		end = func() { _ = hs.Close() }
	} else if kind == "tls" {
		go func() { served <- s.Serve(tls.NewListener(l, ca.config)) }()
	} else {
		go func() { served <- s.Serve(l) }()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		// A scenario may leave requests that nobody answers; those are cut.
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		end()
		if err := <-served; !errors.Is(err, rsocket.ErrServerClosed) && !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return kind + "://" + strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1)
}

type cuttable struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *cuttable) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.conns = append(l.conns, c)
		l.mu.Unlock()
	}
	return c, err
}

func (l *cuttable) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

type certificate struct {
	file   string
	config *tls.Config
}

func writeCertificate(t *testing.T) *certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &certificate{file, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
}
