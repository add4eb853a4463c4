package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options of a store; the zero value works.
type Options struct {
	Now func() time.Time // time.Now where nil
	Log *slog.Logger
	// Serve says that this process is the server; a SQLite database has one at a time. Without it
	// a command line works beside the server.
	Serve bool
	// Single makes each unit a commit of its own: what group commit is measured against.
	Single bool
}

// Store is the database. Its methods may be called from any goroutine.
type Store struct {
	// Notified and Scheduled are told of each new notification and timer once it is committed, in
	// order; they are set before Run and must not block. Observe is told of each commit.
	Notified  func(*Notification)
	Scheduled func(Timer)
	Observe   func(units int, took time.Duration)

	dialect dialect
	log     *slog.Logger
	clock   func() time.Time
	ids     *ids
	writers []*writer
	routes  routes
	readers []*reader
	reads   readQueue

	queryMu   sync.Mutex
	queryConn conn
}

// storeError marks an error of the database, as against one of a rule.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// inside reads for a unit that runs; its failure is the batch's, not the unit's.
func inside(c conn, o op) error {
	if err := c.run(txInside, o); err != nil {
		return &storeError{err}
	}
	return nil
}

// Open opens the database that the URL names: postgres://…, or the path of a SQLite file, bare or as
// sqlite://PATH. It makes the tables where there are none and brings older ones up to date; a
// database that is newer than this program is refused.
func Open(rawURL string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d, err := openDialect(rawURL, o.Serve)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dialect: d, log: o.Log, clock: o.Now, ids: newIDs(),
		reads:    readQueue{wake: make(chan struct{}, readers)},
		Notified: func(*Notification) {}, Scheduled: func(Timer) {}, Observe: func(int, time.Duration) {},
	}
	if err := s.connect(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openDialect(rawURL string, serve bool) (dialect, error) {
	scheme, rest, found := strings.Cut(rawURL, "://")
	switch {
	case !found:
		return openSQLite(rawURL, serve)
	case scheme == "sqlite":
		path, err := url.PathUnescape(rest)
		if err != nil || path == "" {
			return nil, fmt.Errorf("store %q: no path", rawURL)
		}
		return openSQLite(filepath.Clean(path), serve)
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(rawURL)
	}
	return nil, fmt.Errorf("store %s://…: unknown kind: use the path of a file, sqlite://PATH or postgres://USER@HOST/DATABASE", scheme)
}

func (s *Store) connect(o Options) error {
	c, err := s.dialect.connect(false)
	if err != nil {
		return err
	}
	s.queryConn = c
	if err := migrate(c, s.dialect, s.now()); err != nil {
		return err
	}
	if !o.Serve {
		return nil
	}
	for i := range s.dialect.writers() {
		c, err := s.dialect.connect(false)
		if err != nil {
			return err
		}
		w := &writer{store: s, index: i, conn: c, wake: make(chan struct{}, 1), done: make(chan finished, 4), batch: maxBatch}
		if o.Single {
			w.batch = 1
		}
		s.writers = append(s.writers, w)
	}
	for range readers {
		c, err := s.dialect.connect(true)
		if err != nil {
			return err
		}
		s.readers = append(s.readers, &reader{store: s, conn: c})
	}
	return nil
}

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

func (s *Store) observe(units int, took time.Duration) { s.Observe(units, took) }

// Run serves reads and commits until ctx ends, and returns when what was submitted before is done.
func (s *Store) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, w := range s.writers {
		group.Go(func() { w.run(ctx) })
		group.Go(w.complete)
	}
	for _, r := range s.readers {
		group.Go(func() { r.run(ctx) })
	}
	group.Wait()
	return nil
}

// Submit queues a unit. An error means that it will not be done, and Done is not called.
func (s *Store) Submit(u *Unit) error {
	u.refused = u.Needs.check()
	return s.route(u).submit(u)
}

// Do does a unit and waits for its commit.
func (s *Store) Do(ctx context.Context, u *Unit) error {
	result := make(chan error, 1)
	u.Done = func(err error) { result <- err }
	if err := s.Submit(u); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// query reads outside of units, for things that are not asked for often; all ops see the same moment.
func (s *Store) query(ops ...op) error { return s.queryAs(0, ops...) }

// queryAs is query with more to say of the transaction.
func (s *Store) queryAs(mode txMode, ops ...op) error {
	s.queryMu.Lock()
	defer s.queryMu.Unlock()
	err := s.queryConn.run(mode|txBeginRead|txCommit, ops...)
	if err != nil && s.dialect.lost(err) {
		err = s.queryConn.run(mode|txBeginRead|txCommit, ops...) // on a new connection
	}
	if err != nil {
		s.queryConn.rollback()
	}
	return err
}

// write changes something outside of units, in a commit of its own.
func (s *Store) write(ops ...op) error {
	s.queryMu.Lock()
	defer s.queryMu.Unlock()
	err := s.queryConn.run(txBeginWrite|txCommit, ops...)
	if err != nil {
		s.queryConn.rollback()
	}
	return err
}

// Close closes the connections, after Run has returned.
func (s *Store) Close() error {
	var errs []error
	for _, w := range s.writers {
		errs = append(errs, w.conn.close())
	}
	for _, r := range s.readers {
		errs = append(errs, r.conn.close())
	}
	if s.queryConn != nil {
		errs = append(errs, s.queryConn.close())
	}
	return errors.Join(append(errs, s.dialect.close())...)
}

// Ping reads something.
func (s *Store) Ping() error {
	return s.query(op{schemaVersion, &values{}, func(row) error { return nil }})
}
