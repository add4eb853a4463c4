// Package server puts the parts together, and owns their start and stop.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/command"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/schedule"
	"github.com/elarian-go/elarian/internal/socket"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/work"
)

// directoryEvery is how often the server looks whether an operator has changed the directory.
const directoryEvery = 200 * time.Millisecond

const purgeEvery = time.Minute

// Server is one Elarian.
type Server struct {
	config Config
	store  *store.Store
	clock  *clock.Clock

	outbox   *outbox.Outbox
	schedule *schedule.Schedule
	works    *work.Runner
	socket   *socket.Socket
	metrics  *metrics

	socketListener, httpListener net.Listener
	http                         *http.Server
}

// New opens the store, brings its schema up to date, and takes the addresses. Its errors are one line
// for people. Run has to be called, or Close.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if config.TLS == nil && !config.InsecurePlainSocket {
		return nil, errors.New("the socket needs a TLS certificate")
	}
	s := &Server{config: config, clock: config.Clock}
	var err error
	if s.store, err = store.Open(config.Store, store.Options{Now: s.clock.Now, Log: config.Log, Serve: true}); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.build()
	return s, s.refreshDirectory(nil)
}

func (s *Server) listen() (err error) {
	if s.socketListener, err = listen(s.config.Socket); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if s.config.TLS != nil {
		s.socketListener = tls.NewListener(s.socketListener, s.config.TLS)
	}
	if s.httpListener, err = listen(s.config.HTTP); err != nil {
		return fmt.Errorf("http: %w", err)
	}
	return nil
}

func (s *Server) build() {
	log := s.config.Log
	s.metrics = newMetrics(s.store)
	s.outbox = outbox.New(s.store, s.clock, log, s.config.Delivery, s.metrics.outbox())
	commands := command.New(s.store, s.outbox, s.clock, log, s.config.command())
	s.socket = socket.New(s.store, s.outbox, commands, s.clock, log, s.config.socket())
	s.schedule = schedule.New(schedule.Options{Store: s.store, Clock: s.clock, Log: log, Fire: commands.TimerDue, HeldBack: commands.HeldBack})
	s.works = work.New(work.Options{
		Store: s.store, Clock: s.clock, Log: log, Page: commands.WorkPage, Rate: commands.WorkRate, Room: s.outbox.Room, Did: s.metrics.work,
	})
	s.outbox.Roomy = func() {
		s.schedule.Roomy()
		s.works.Roomy()
	}
	commands.WorkAdded = s.works.Added
	commands.Counted = s.metrics.command
	commands.RecordingURL = s.recordingURL
	s.socket.Connections = s.metrics.connection
	s.socket.Refresh = s.Refresh
	s.store.Notified = s.outbox.Notified
	s.store.Scheduled = s.schedule.Scheduled
	s.store.Observe = s.metrics.commit
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
}

// Run serves until ctx ends, and then stops in order: no new connections, what is in hand is finished,
// what is left at the deadline is cut. An error that ends it early is returned.
func (s *Server) Run(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx)) // for what must outlive the connections
	defer stop()
	parts, inner := errgroup.WithContext(inner)
	parts.Go(func() error { return s.store.Run(inner) })
	parts.Go(func() error { return s.clock.Run(inner) })
	parts.Go(func() error { return s.outbox.Run(inner) })
	parts.Go(func() error { return s.schedule.Run(inner) })
	parts.Go(func() error { return s.works.Run(inner) })
	parts.Go(func() error { return s.watchDirectory(inner) })
	parts.Go(func() error { return s.purge(inner) })
	parts.Go(func() error { return unlessClosed(s.socket.Server.Serve(s.socketListener), rsocket.ErrServerClosed) })
	parts.Go(func() error { return unlessClosed(s.http.Serve(s.httpListener), http.ErrServerClosed) })
	select {
	case <-ctx.Done():
	case <-inner.Done():
	}
	s.shutdown()
	stop()
	return errors.Join(parts.Wait(), s.store.Close())
}

func unlessClosed(err, closed error) error {
	if errors.Is(err, closed) {
		return nil
	}
	return err
}

func (s *Server) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.ShutdownTime)
	defer cancel()
	s.outbox.Stop(ctx)
	if err := s.socket.Server.Shutdown(ctx); err != nil {
		s.config.Log.Warn("connections were cut at the deadline", "error", err)
	}
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
}

// Close frees what New took, where Run is not called.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.socketListener, s.httpListener} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(append(errs, s.store.Close())...)
}

// watchDirectory sees what operators change, also from other processes.
func (s *Server) watchDirectory(ctx context.Context) error {
	tick := time.NewTicker(directoryEvery)
	defer tick.Stop()
	outboxVersion, err := s.store.OutboxVersion()
	if err != nil {
		return err
	}
	for {
		select {
		case <-tick.C:
			if err := s.refreshDirectory(s.socket.Directory()); err != nil {
				s.config.Log.Error("reading the directory failed", "error", err)
			}
			if version, err := s.store.OutboxVersion(); err == nil && version != outboxVersion {
				outboxVersion = version
				s.outbox.Rescan()
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) refreshDirectory(known *store.Directory) error {
	d, err := s.store.Directory(known)
	if err == nil && d != known {
		s.socket.SetDirectory(d)
	}
	return err
}

// Refresh has the server see a change of the directory now.
func (s *Server) Refresh() error { return s.refreshDirectory(s.socket.Directory()) }

// purge removes what has expired, little by little.
func (s *Server) purge(ctx context.Context) error {
	var sweep store.Sweep
	for s.clock.Sleep(ctx, purgeEvery) == nil {
		err := s.store.Do(ctx, &store.Unit{Run: func(tx *store.Tx) error {
			tx.Purge()
			return nil
		}})
		if err == nil {
			sweep, err = s.expire(ctx, sweep)
		}
		if err != nil && ctx.Err() == nil {
			s.config.Log.Error("removing what has expired failed", "error", err)
		}
	}
	return nil
}

// sweepPages is how many pages of customers are looked at each time: a million in two hours.
const sweepPages = 20

// expire removes what is older than the retention says, of a part of the customers.
func (s *Server) expire(ctx context.Context, sweep store.Sweep) (store.Sweep, error) {
	if s.config.Retention == (store.Retention{}) {
		return sweep, nil
	}
	var err error
	for range sweepPages {
		if sweep, err = s.store.Expire(ctx, s.config.Retention, sweep); err != nil || sweep == (store.Sweep{}) {
			break
		}
	}
	return sweep, err
}

// SocketAddr is where the socket listens.
func (s *Server) SocketAddr() net.Addr { return s.socketListener.Addr() }

// HTTPAddr is where HTTP and WebSocket listen.
func (s *Server) HTTPAddr() net.Addr { return s.httpListener.Addr() }

// Store is the server's store.
func (s *Server) Store() *store.Store { return s.store }

// Clock is the server's clock.
func (s *Server) Clock() *clock.Clock { return s.clock }
