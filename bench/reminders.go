package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	quietEvery = 100 * time.Millisecond // a reminder of a quiet customer
	quietFor   = time.Minute            // so many of them, at the most
	quietMost  = time.Second            // that one may be late
)

// reminders sets reminders that are all due in the same second beside their commits without sockets.
// The percentiles are of how late those of quiet customers are, which fall due meanwhile.
func reminders(ctx context.Context, r *run, db database) (row Row, err error) {
	url, err := db.create(ctx)
	if err != nil {
		return row, err
	}
	s, err := newSystem(url)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	clock := s.server.Clock()
	due := clock.Now().Add(24 * time.Hour)
	quiet := int(quietFor / quietEvery)
	err = each(s.server.Store(), r.Reminders+quiet, func(i int) *store.Unit {
		at := due.Add(time.Duration(i%1000) * time.Millisecond)
		if n := i - r.Reminders; n >= 0 {
			at = due.Add(time.Second + time.Duration(n)*quietEvery)
		}
		return s.remind(i, customer.Reminder{Key: "visit", At: at, Next: at, Payload: "tomorrow at nine"})
	})
	if err != nil {
		return row, err
	}
	seen := newArrivals(r.Reminders)
	app := elarian.New(s.config)
	app.OnReminder(func(_ context.Context, n *elarian.ReminderNotice) error {
		seen.add(n.Reminder.At.Before(due.Add(time.Second)), clock.Now().Sub(n.Reminder.At))
		return nil
	})
	if err := app.Connect(ctx); err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	clock.Advance(due.Add(-10 * time.Millisecond).Sub(clock.Now()))

	stop, err := r.profile(db.name() + "." + Reminders)
	if err != nil {
		return row, err
	}
	start, cpu := time.Now(), processorTime()
	err = seen.wait(ctx)
	took := time.Since(start)
	cpu = processorTime() - cpu
	if err := errors.Join(err, stop()); err != nil {
		return row, err
	}
	late := seen.others()
	limit, err := reminderCommits(s.server.Store(), r.lanes()).timed(ctx, max(r.Time, time.Second))
	if err != nil {
		return row, fmt.Errorf("the limit: %w", err)
	}
	row = Row{
		What:   fmt.Sprintf("%d reminders due in a second, notified; ms: how late those of quiet customers are, worst %.0f", r.Reminders, late.percentile(100)),
		Figure: float64(r.Reminders) / took.Seconds(), Unit: "reminders/s",
		Limit: limit.rate(), LimitName: "the same commits, no socket", Target: "≥ 5000, quiet ≤ 1 s late",
		CPU: float64(cpu.Microseconds()) / float64(r.Reminders), LimitCPU: limit.cpuEach(),
		P50: late.percentile(50), P95: late.percentile(95), P99: late.percentile(99),
	}
	row.Met = row.Figure >= 5000 && late.percentile(100) <= float64(quietMost.Milliseconds())
	return row, nil
}

// remind is a unit that makes a customer with a reminder.
func (s *system) remind(i int, reminder customer.Reminder) *store.Unit {
	return s.made(i, func(tx *store.Tx, rec *store.Record) error {
		return tx.SetReminder(rec, s.config.AppID, reminder, customer.DefaultLimits())
	})
}

// arrivals counts what arrives: a known number of some, and others, whose lateness is noted.
type arrivals struct {
	mu    sync.Mutex
	left  int
	all   chan struct{}
	other []time.Duration
}

func newArrivals(count int) *arrivals { return &arrivals{left: count, all: make(chan struct{})} }

func (a *arrivals) add(counted bool, late time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !counted {
		a.other = append(a.other, late)
		return
	}
	if a.left--; a.left == 0 {
		close(a.all)
	}
}

// wait waits for all that are counted, and at least one of the others.
func (a *arrivals) wait(ctx context.Context) error {
	for {
		select {
		case <-a.all:
			if len(a.others().latencies) > 0 {
				return nil
			}
			time.Sleep(quietEvery)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *arrivals) others() *sample {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &sample{latencies: slices.Clone(a.other)}
}

// reminderCommits is the load of what a reminder writes: one commit to tell of it, one for the answer.
func reminderCommits(s *store.Store, lanes int) load {
	return chained(lanes, func(lane, i int, done func(error)) {
		ref := limitCustomer(lane)
		var n store.Notification
		second := &store.Unit{Run: func(tx *store.Tx) error { tx.Answered(&n); return nil }, Done: done}
		first := &store.Unit{
			Route: limitOrg + ref.Number.Number, Needs: store.Needs{Org: limitOrg, Customers: []customer.Ref{ref}},
			Run: func(tx *store.Tx) error {
				rec, err := tx.Customer(limitOrg, ref)
				if err != nil {
					return err
				}
				tx.Record(rec, "reminder.due", "visit")
				n = tx.Notify(store.Notification{Org: limitOrg, App: limitApp, Subject: rec.ID, Kind: "reminder", Body: make([]byte, 200)})
				return nil
			},
		}
		first.Done = func(err error) {
			if err == nil {
				second.Route = n.Subject
				err = s.Submit(second)
			}
			if err != nil {
				done(err)
			}
		}
		if err := s.Submit(first); err != nil {
			done(err)
		}
	})
}
