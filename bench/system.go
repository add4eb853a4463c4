package bench

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
)

// messages of each customer, for GetCustomerState.
const messages = 10

// system is a whole Elarian on one database, with customers in it.
type system struct {
	server    *server.Server
	config    elarian.Config
	customers []string
	org       string
	purse     string
	dialled   int    // phones that have
	ca        []byte // the certificate that clients trust, DER
	cancel    context.CancelFunc
	done      chan error
}

// startSystem gives the one of the database, which the rows share.
func (r *run) startSystem(ctx context.Context, db database) (*system, error) {
	if r.system != nil {
		return r.system, nil
	}
	url, err := db.create(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newSystem(url)
	if err != nil {
		return nil, err
	}
	r.system = s
	s.customers, err = fill(s.server.Store(), s.org, r.Customers, messages)
	return s, err
}

func (r *run) stopSystem() error {
	s := r.system
	if s == nil {
		return nil
	}
	r.system = nil
	return s.stop()
}

func newSystem(url string) (*system, error) {
	certs, err := newCertificates()
	if err != nil {
		return nil, err
	}
	srv, err := server.New(server.Config{Store: url, Socket: "127.0.0.1:0", HTTP: "127.0.0.1:0", TLS: certs.server})
	if err != nil {
		return nil, err
	}
	box := sandbox.New()
	if _, err := box.Ensure(srv.Store()); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	if err := srv.Refresh(); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &system{server: srv, org: box.Org, purse: box.Purse, ca: certs.ca, cancel: cancel, done: make(chan error, 1)}
	s.config = elarian.Config{
		Address: srv.SocketAddr().String(), OrgID: box.Org, AppID: box.App, APIKey: box.Key,
		TLS: certs.client, Logger: slog.New(slog.DiscardHandler),
	}
	go func() { s.done <- srv.Run(ctx) }()
	return s, nil
}

func (s *system) stop() error {
	s.cancel()
	return <-s.done
}

// certificates are both sides of TLS for 127.0.0.1.
type certificates struct {
	server, client *tls.Config
	ca             []byte // DER
}

func newCertificates() (*certificates, error) {
	authority, err := sandbox.NewAuthority()
	if err != nil {
		return nil, err
	}
	certPEM, keyPEM, err := authority.Issue([]string{"127.0.0.1"})
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	ca, _ := pem.Decode(authority.CertPEM())
	return &certificates{
		server: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		client: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12},
		ca:     ca.Bytes,
	}, nil
}

// clients connects that many scripts' clients.
func (s *system) clients(ctx context.Context, count int) (all []*elarian.Client, stop func(), err error) {
	stop = func() {
		for _, c := range all {
			_ = c.Close()
		}
	}
	for range count {
		c, err := elarian.Connect(ctx, s.config)
		if err != nil {
			stop()
			return nil, nil, err
		}
		all = append(all, c)
	}
	return all, stop, nil
}

// echo is a raw RSocket server over TLS that sends back what it gets, and its clients.
type echo struct {
	server  *rsocket.Server
	address string
	ca      []byte
	done    chan error
	conns   []*rsocket.Conn
}

func startEcho(ctx context.Context, connections int) (*echo, error) {
	certs, err := newCertificates()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &echo{server: &rsocket.Server{Accept: acceptEcho}, address: l.Addr().String(), ca: certs.ca, done: make(chan error, 1)}
	go func() { e.done <- e.server.Serve(tls.NewListener(l, certs.server)) }()
	for range connections {
		c, err := rsocket.Dial(ctx, "tls://"+e.address, &rsocket.Setup{}, nil, rsocket.Options{TLS: certs.client})
		if err != nil {
			return nil, errors.Join(err, e.stop())
		}
		e.conns = append(e.conns, c)
	}
	return e, nil
}

func acceptEcho(context.Context, *rsocket.Setup, *rsocket.Conn) (rsocket.Handler, error) {
	return func(r *rsocket.Request) { r.Reply(r.Payload) }, nil
}

func (e *echo) stop() error {
	for _, c := range e.conns {
		_ = c.Close(nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.server.Shutdown(ctx); err != nil {
		return err
	}
	if err := <-e.done; !errors.Is(err, rsocket.ErrServerClosed) {
		return fmt.Errorf("echo: %w", err)
	}
	return nil
}

// echoBytes is the payload of an echo: about a command's.
const echoBytes = 64

// load echoes with some requests in flight on each connection.
func (e *echo) load(inFlight int) load {
	payload := make([]byte, echoBytes)
	return chained(len(e.conns)*inFlight, func(lane, _ int, done func(error)) {
		e.conns[lane%len(e.conns)].Send(payload, func(_ []byte, err error) { done(err) })
	})
}
