package elariantest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
)

// patience is how long anything may take that a test waits for, by the wall's clock.
const patience = 10 * time.Second

// handlers is how long an Advance waits in all for handlers to return before their time is up.
const handlers = 2 * time.Second

// Option changes what [Start] and [Open] do.
type Option func(*options)

type options struct {
	store string
	log   *slog.Logger
}

// WithStore uses a database that is there already: "postgres://…", or the path of a SQLite file.
// Tests may share it: each server has an org of its own. Default is a new SQLite file.
func WithStore(url string) Option { return func(o *options) { o.store = url } }

// WithLogger shows what the server logs. Default is nothing.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// Server is a real server in this process.
type Server struct {
	t      testing.TB // nil: failures panic
	folder string
	box    sandbox.Sandbox
	server *server.Server
	caFile string

	stop    context.CancelFunc
	stopped chan error
	close   sync.Once
	clients []interface{ Close() error }

	simulator *elarian.Simulator
	mu        sync.Mutex
	phones    map[string]*Phone
}

// Start starts a server that stops when the test has ended. What phones expect in vain fails the test.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := Open(opts...)
	if err != nil {
		t.Fatalf("elariantest: %v", err)
	}
	s.t = t
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("elariantest: the server stopped with %v", err)
		}
	})
	return s
}

// Open starts a server outside of tests, in examples, say. [Server.Close] stops it. What phones expect
// in vain panics.
func Open(opts ...Option) (*Server, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	folder, err := os.MkdirTemp("", "elariantest")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, box: sandbox.New(), phones: map[string]*Phone{}, stopped: make(chan error, 1)}
	if err := s.open(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(o options) error {
	authority, err := sandbox.NewAuthority()
	if err != nil {
		return err
	}
	certificate, err := s.certificate(authority)
	if err != nil {
		return err
	}
	if o.store == "" {
		o.store = filepath.Join(s.folder, sandbox.Database)
	}
	c := clock.New()
	c.Patience = handlers
	s.server, err = server.New(server.Config{
		Clock:  c,
		Store:  o.store,
		Socket: "localhost:0",
		HTTP:   "localhost:0",
		TLS:    &tls.Config{Certificates: []tls.Certificate{certificate}},
		Log:    o.log,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if _, err := s.box.Ensure(s.server.Store()); err != nil {
		return err
	}
	if err := s.server.Refresh(); err != nil {
		return err
	}
	go func() { s.stopped <- s.server.Run(ctx) }()
	return s.connectPhones()
}

func (s *Server) certificate(authority *sandbox.Authority) (tls.Certificate, error) {
	certPEM, keyPEM, err := authority.Issue([]string{"localhost", "127.0.0.1", "::1"})
	if err != nil {
		return tls.Certificate{}, err
	}
	s.caFile = filepath.Join(s.folder, "ca.pem")
	if err := os.WriteFile(s.caFile, authority.CertPEM(), 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

// Close stops the server, after the clients of [Server.Connect]. [Start] has it called.
func (s *Server) Close() (err error) {
	s.close.Do(func() {
		for _, c := range s.clients {
			err = errors.Join(err, c.Close())
		}
		if s.simulator != nil {
			err = errors.Join(err, s.simulator.Close())
		}
		if s.stop != nil {
			s.stop()
			err = errors.Join(err, <-s.stopped)
		}
		err = errors.Join(err, os.RemoveAll(s.folder))
	})
	return err
}

// Config is what an app of the sandbox connects with. Change the copy as you like.
func (s *Server) Config() elarian.Config {
	return elarian.Config{
		Address: address(s.server.SocketAddr()),
		OrgID:   s.box.Org,
		AppID:   s.box.App,
		APIKey:  s.box.Key,
		CAFile:  s.caFile,
	}
}

// Purse is the sandbox's purse, which holds KES 1,000,000 at the start.
func (s *Server) Purse() elarian.Purse { return elarian.Purse(s.box.Purse) }

// Env is what `elarian dev --env-file` writes, as KEY=value, for apps that run as a process of their
// own, in any language: HOST, PORT, ORG_ID, APP_ID, API_KEY, the channels, HTTP_URL, WS_URL and
// NODE_EXTRA_CA_CERTS.
func (s *Server) Env() []string {
	vars, err := s.box.Env(sandbox.Endpoint{
		Socket: address(s.server.SocketAddr()),
		HTTP:   address(s.server.HTTPAddr()),
		CAFile: s.caFile,
	})
	if err != nil {
		s.fail("%v", err)
	}
	env := make([]string, len(vars))
	for i, v := range vars {
		env[i] = v.Key + "=" + v.Value
	}
	return env
}

// address names the host as the certificate does.
func address(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return net.JoinHostPort("localhost", port)
}

// Advance puts the server's clock forward. What falls due on the way happens, in order: a daily
// reminder fires three times in three days. Before the clock goes on from one moment to the next, and
// before Advance returns, it waits for what the server itself does at that moment: timers (reminders, the
// ends of sessions and leases, what the sandbox delivers and settles) and works by tag, as far as the rate
// of their channel and their app allow. Handlers get up to 2 s of the wall's time in all to return before
// an answer is taken for missing. It does not wait for what has only been handed over: notifications
// that a handler has not begun to answer, messages on their way to phones. So wait for those with the
// phones' Expect methods, and for the app's own doings with what the app makes of them.
func (s *Server) Advance(d time.Duration) { s.server.Clock().Advance(d) }

// Now is the server's time.
func (s *Server) Now() time.Time { return s.server.Clock().Now() }

// Connect connects an app's client that has its handlers, and closes it before the server stops. When
// it returns, phones can dial.
func (s *Server) Connect(client interface {
	Connect(ctx context.Context) error
	Close() error
}) {
	s.helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		s.fail("%v", err)
	}
	s.clients = append(s.clients, client)
}

func (s *Server) helper() {
	if s.t != nil {
		s.t.Helper()
	}
}

func (s *Server) fail(format string, args ...any) {
	if s.t == nil {
		panic("elariantest: " + fmt.Sprintf(format, args...))
	}
	s.t.Helper()
	s.t.Fatalf(format, args...)
}
