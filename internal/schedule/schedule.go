// Package schedule fires what is due. The timers are rows of the store, and only those in hand are in
// memory: a million that wait cost nothing, and neither do a million that are due at once.
//
// While more is due than can be done, it takes alternately from the timers that are due longest and
// from those that came due last, so that a backlog does not delay what has nothing to do with it.
package schedule

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	maxInHand = 256         // timers that fire at once: as many as the store's writers take in a batch
	maxHeld   = 1024        // timers in memory that wait for their app
	lookahead = 4096        // timers that are looked through, when so many are held, for those of others
	pause     = time.Second // after a failure
	patience  = 100 * time.Millisecond
	rescan    = time.Minute // by the wall's clock: for timers of other processes
)

// Options are what a schedule is made of.
type Options struct {
	Store *store.Store
	Clock *clock.Clock
	Log   *slog.Logger
	// Fire does what a timer waited for and calls done then, with an error where it has to be tried
	// again. It may be called twice for one timer: taking the row is what counts. It must not block.
	Fire func(t store.Timer, done func(error))
	// HeldBack says whether a timer that is due should wait a little, as its app has enough to do. It is
	// asked again when Roomy is called, and after some time.
	HeldBack func(store.Timer) bool
}

type key struct{ due, id int64 }

func keyOf(t store.Timer) key { return key{t.DueAt.UnixMilli(), t.ID} }

// Schedule fires the timers of a store.
type Schedule struct {
	Options
	wake    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex // guards what follows
	inHand   map[key]struct{}
	mark     time.Time     // timers due later than it have not been looked for
	late     []store.Timer // those that were committed when mark had passed them
	next     time.Time     // when the next timer after mark is due, as far as is known; zero for none
	alarm    *clock.Timer  // for next
	sweepAt  time.Time     // when to look through all that is due; zero for not
	settling []chan struct{}
	idle     bool // nothing is due but what is held back

	// What follows is only used by Run.
	sweeping bool
	cursor   *store.Timer  // the last that the sweep has seen
	held     []store.Timer // of the sweep, which wait for their app
	fresh    []store.Timer // those that came due last and wait so, the latest first
	looked   time.Time     // when the sweep last looked past what is held
}

// New makes a schedule; while it runs, the clock does not advance past what is due.
func New(o Options) *Schedule {
	s := &Schedule{Options: o, wake: make(chan struct{}, 1), stopped: make(chan struct{}), inHand: make(map[key]struct{})}
	s.sweepAt = s.Clock.Now()
	return s
}

// Scheduled takes a timer that was just committed.
func (s *Schedule) Scheduled(t store.Timer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.DueAt.After(s.mark):
		s.wakeAt(t.DueAt)
	case len(s.late) < maxHeld:
		s.late = append(s.late, t)
		s.poke()
	default:
		s.sweepAt = s.Clock.Now()
		s.poke()
	}
}

// Roomy asks again about what is held back.
func (s *Schedule) Roomy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poke()
}

// wakeAt sees to it that Run looks at t, with the lock.
func (s *Schedule) wakeAt(t time.Time) {
	if !s.next.IsZero() && !t.Before(s.next) {
		return
	}
	s.next = t
	s.alarm.Stop()
	s.alarm = s.Clock.At(t, s.Roomy)
}

// poke wakes Run, with the lock.
func (s *Schedule) poke() {
	s.idle = false
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Settle waits until everything that is due by now is done.
func (s *Schedule) Settle() {
	now := s.Clock.Now()
	s.mu.Lock()
	if s.idle && (s.next.IsZero() || s.next.After(now)) {
		s.mu.Unlock()
		return
	}
	settled := make(chan struct{})
	s.settling = append(s.settling, settled)
	s.poke()
	s.mu.Unlock()
	select {
	case <-settled:
	case <-s.stopped:
	}
}

// Run fires until ctx ends.
func (s *Schedule) Run(ctx context.Context) error {
	defer close(s.stopped)
	defer s.Clock.OnAdvance(s.Settle)()
	tick := time.NewTicker(rescan)
	defer tick.Stop()
	for {
		if s.round() {
			if ctx.Err() != nil {
				return nil
			}
			continue
		}
		select {
		case <-s.wake:
		case <-tick.C:
			s.mu.Lock()
			s.sweepAt = s.Clock.Now()
			s.mu.Unlock()
		case <-ctx.Done():
			return nil
		}
	}
}

// round fires what there is room for; it says whether there may be more to fire at once.
func (s *Schedule) round() bool {
	s.mu.Lock()
	room := maxInHand - len(s.inHand)
	if room <= 0 {
		s.mu.Unlock()
		return false // until some are done
	}
	now := s.Clock.Now()
	settling := s.settling
	s.settling = nil
	late, from := s.late, s.mark
	s.late, s.mark, s.next = nil, now, time.Time{}
	if !s.sweeping && !s.sweepAt.IsZero() && !s.sweepAt.After(now) {
		s.sweeping, s.cursor, s.sweepAt = true, nil, time.Time{}
	}
	s.mu.Unlock()

	until := now.Add(time.Millisecond) // of what is due by now, in whole milliseconds
	latest, err := s.latest(from, until, room)
	if err == nil {
		var old []store.Timer
		if old, err = s.old(now, until, room); err == nil {
			s.take(slices.Concat(late, latest, s.fresh), old, room)
			err = s.lookForNext(until)
		}
	}
	if err != nil {
		s.Log.Error("reading timers failed", "error", err)
	}
	return s.endRound(now, from, late, settling, err)
}

// latest reads the timers that came due since the last round, the latest first.
func (s *Schedule) latest(from, until time.Time, room int) ([]store.Timer, error) {
	if from.IsZero() {
		return nil, nil // the first round sweeps
	}
	limit := max(room/2, 1)
	latest, err := s.Store.LatestTimers(from, until, limit)
	if len(latest) == limit {
		s.sweepBy(time.Time{})
	}
	return latest, err
}

// old gives what was held back and reads on in the sweep.
func (s *Schedule) old(now, until time.Time, room int) ([]store.Timer, error) {
	old := s.held
	s.held = nil
	limit := room
	switch {
	case !s.sweeping:
		return old, nil
	case len(old) >= maxHeld && now.Sub(s.looked) < patience:
		return old, nil
	case len(old) >= maxHeld:
		limit, s.looked = lookahead, now
	}
	page, err := s.Store.DueTimers(s.cursor, until, limit)
	if err != nil {
		s.held = old
		return nil, err
	}
	if len(page) < limit {
		s.sweeping = false
	} else {
		s.cursor = &page[len(page)-1]
	}
	return append(old, page...), nil
}

// take fires timers, alternately from the two lists, as far as there is room.
func (s *Schedule) take(fresh, old []store.Timer, room int) {
	s.fresh, s.held = nil, nil
	for len(fresh)+len(old) > 0 {
		for _, from := range []struct{ list, held *[]store.Timer }{{&fresh, &s.fresh}, {&old, &s.held}} {
			if len(*from.list) == 0 {
				continue
			}
			t := (*from.list)[0]
			*from.list = (*from.list)[1:]
			switch {
			case room <= 0 || s.HeldBack(t):
				s.hold(from.held, t)
			case s.start(t):
				room--
			}
		}
	}
}

// hold keeps a timer for later; those that are too many are found again by a sweep.
func (s *Schedule) hold(held *[]store.Timer, t store.Timer) {
	if len(*held) < maxHeld {
		*held = append(*held, t)
		return
	}
	s.sweepBy(time.Time{})
}

// start fires a timer, unless that is being done.
func (s *Schedule) start(t store.Timer) bool {
	k := keyOf(t)
	s.mu.Lock()
	_, busy := s.inHand[k]
	s.inHand[k] = struct{}{}
	s.mu.Unlock()
	if !busy {
		s.Fire(t, func(err error) { s.fired(k, err) })
	}
	return !busy
}

func (s *Schedule) fired(k key, err error) {
	if err != nil {
		s.sweepBy(s.Clock.Now().Add(pause))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inHand, k)
	if len(s.inHand) == 0 || len(s.inHand) == maxInHand/2 {
		s.poke()
	}
}

// sweepBy has everything that is due looked through at t, or at once when t is zero.
func (s *Schedule) sweepBy(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.IsZero() {
		t = s.Clock.Now()
	}
	if s.sweepAt.IsZero() || t.Before(s.sweepAt) {
		s.sweepAt = t
	}
}

// lookForNext sets the alarm for the first timer that is due at from or later.
func (s *Schedule) lookForNext(from time.Time) error {
	next, err := s.Store.NextDue(from)
	if err != nil || next.IsZero() {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeAt(next)
	return nil
}

// endRound says whether another round may find something to fire at once; it tells those who wait for
// the schedule to settle when there is nothing.
func (s *Schedule) endRound(now, from time.Time, late []store.Timer, settling []chan struct{}, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		// Nothing was taken: the next round begins where this one did.
		s.mark = from
		if room := maxHeld - len(s.late); room >= len(late) {
			s.late = append(late, s.late...)
		} else {
			s.sweepAt = now
		}
		s.settling = append(settling, s.settling...)
		s.wakeAt(now.Add(pause))
		return false
	}
	room := len(s.inHand) < maxInHand/2
	sweepNow := s.sweeping || !s.sweepAt.IsZero() && !s.sweepAt.After(now)
	if !s.sweepAt.IsZero() && !sweepNow {
		s.wakeAt(s.sweepAt)
	}
	if len(s.held)+len(s.fresh) > 0 {
		s.wakeAt(now.Add(patience))
	}
	full := len(s.held) >= maxHeld
	if room && sweepNow && !full {
		s.settling = append(settling, s.settling...)
		return true
	}
	s.idle = len(s.inHand) == 0 && len(s.late) == 0 && (!sweepNow || full)
	if !s.idle {
		s.settling = append(settling, s.settling...)
		return false
	}
	for _, done := range settling {
		close(done)
	}
	return false
}
