// Package schedule calls what is due: the timers of the store whose time is near are kept in memory,
// the table is for the rest and for restarts.
package schedule

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	window = time.Minute // how far ahead timers are in memory
	page   = 1000
)

// Schedule watches the timers of a store.
type Schedule struct {
	store *store.Store
	clock *clock.Clock
	log   *slog.Logger
	due   func(store.Timer)

	mu      sync.Mutex
	horizon time.Time // timers due before it are in memory
	wake    chan struct{}
}

// New makes a schedule that calls due, on the clock's goroutine, with each timer whose time has come.
// It may do so twice for one timer: taking the row is what counts.
func New(s *store.Store, c *clock.Clock, log *slog.Logger, due func(store.Timer)) *Schedule {
	return &Schedule{store: s, clock: c, log: log, due: due, wake: make(chan struct{}, 1)}
}

// Scheduled takes a timer that was just committed.
func (s *Schedule) Scheduled(t store.Timer) {
	s.mu.Lock()
	near := t.DueAt.Before(s.horizon)
	s.mu.Unlock()
	if near {
		s.set(t)
	}
}

func (s *Schedule) set(t store.Timer) { s.clock.At(t.DueAt, func() { s.due(t) }) }

// Run reads ahead until ctx ends.
func (s *Schedule) Run(ctx context.Context) error {
	var from *store.Timer
	for {
		s.mu.Lock()
		old := s.horizon
		s.horizon = s.clock.Now().Add(window)
		until := s.horizon
		s.mu.Unlock()
		if !old.IsZero() {
			from = &store.Timer{DueAt: old, ID: -1}
		}
		again := window / 2
		if err := s.load(ctx, from, until); err != nil {
			s.log.Error("reading timers failed", "error", err)
			s.mu.Lock()
			s.horizon = old
			s.mu.Unlock()
			again = time.Second
		}
		if err := s.clock.Sleep(ctx, again); err != nil {
			return nil
		}
	}
}

// load sets the timers that are due after from and before until.
func (s *Schedule) load(ctx context.Context, from *store.Timer, until time.Time) error {
	for ctx.Err() == nil {
		timers, err := s.store.DueTimers(from, until, page)
		if err != nil {
			return err
		}
		for _, t := range timers {
			s.set(t)
		}
		if len(timers) < page {
			return nil
		}
		from = &timers[page-1]
	}
	return nil
}
