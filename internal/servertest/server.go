package servertest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/testpg"
)

// Patience is how long a test waits for what has to come. It is no measure of speed.
const Patience = 30 * time.Second

// Each runs the test on both databases, each time on an empty one.
func Each(t *testing.T, test func(t *testing.T, store string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, testpg.URL(t))
	})
}

// SQLite names an empty database that goes with the test.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "elarian.db") }

// Server is a running server with a sandbox org.
type Server struct {
	*server.Server
	sandbox.Sandbox
	URL string // of the socket

	stop func() error
}

// Start starts a server that stops when the test ends; change may set more of its configuration.
func Start(t testing.TB, storeURL string, change ...func(*server.Config)) *Server {
	t.Helper()
	return StartAs(t, storeURL, sandbox.New(), change...)
}

// StartAs starts a server with a sandbox that may be there already.
func StartAs(t testing.TB, storeURL string, box sandbox.Sandbox, change ...func(*server.Config)) *Server {
	t.Helper()
	config := server.Config{Store: storeURL, Socket: "127.0.0.1:0", HTTP: "127.0.0.1:0", InsecurePlainSocket: true, Clock: clock.New(), Failures: 1000}
	for _, c := range change {
		c(&config)
	}
	srv, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Server: srv, Sandbox: box, URL: "tcp://" + srv.SocketAddr().String()}
	if _, err := box.Ensure(srv.Store()); err != nil {
		t.Fatal(err)
	}
	s.refresh(t)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Run(ctx) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-stopped
	})
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// Stop stops the server; it is stopped at the end of the test anyway.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Errorf("the server stopped with %v", err)
	}
}

func (s *Server) refresh(t testing.TB) {
	t.Helper()
	if err := s.Refresh(); err != nil {
		t.Fatal(err)
	}
}

// AddApp gives the sandbox's org another app, with a USSD and an SMS channel of this number.
func (s *Server) AddApp(t testing.TB, number string) string {
	t.Helper()
	app, err := s.Store().AddApp(store.App{Org: s.Org, Name: number})
	if err != nil {
		t.Fatal(err)
	}
	s.AddChannels(t, s.Org, app.ID, number)
	return app.ID
}

// AddChannels binds an SMS channel and, as *number#, a USSD channel to the app.
func (s *Server) AddChannels(t testing.TB, org, app, number string) {
	t.Helper()
	for _, n := range []store.MessagingChannel{
		{Org: org, Number: SMS(number), App: app, Provider: "simulator"},
		{Org: org, Number: USSD("*" + number + "#"), App: app, Provider: "simulator"},
	} {
		if err := s.Store().AddMessagingChannel(n); err != nil {
			t.Fatal(err)
		}
	}
	s.refresh(t)
}

// AddOrg makes another org, with an app and a key.
func (s *Server) AddOrg(t testing.TB, live bool) Login {
	t.Helper()
	org, err := s.Store().AddOrg(store.Org{Name: "other", Live: live})
	if err != nil {
		t.Fatal(err)
	}
	app, err := s.Store().AddApp(store.App{Org: org.ID, Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := s.Store().AddKey(org, "other")
	if err != nil {
		t.Fatal(err)
	}
	s.refresh(t)
	return Login{Org: org.ID, App: app.ID, Key: key}
}

// Config is what the Go SDK connects with.
func (s *Server) Config() elarian.Config {
	return elarian.Config{Address: s.URL, OrgID: s.Org, AppID: s.Sandbox.App, APIKey: s.Key}
}
