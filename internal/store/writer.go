package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// maxBatch is how many units one commit takes: more gave nothing and made all of them wait.
const maxBatch = 256

// laziness is how long a lazy unit waits for others.
const laziness = 5 * time.Millisecond

// maxWaiting bounds the units that wait for one writer.
const maxWaiting = 1 << 16

// ErrBusy is more work than the store can take; the same may go through later.
var ErrBusy = errors.New("the server has too much to do")

// ErrClosed is work that comes after the end.
var ErrClosed = errors.New("the store is closed")

// writer commits the units of one queue, one batch after the other.
type writer struct {
	store *Store
	index int // among the writers
	conn  conn
	batch int // units in a commit at the most

	mu      sync.Mutex
	waiting []*Unit
	lazy    []*Unit
	due     bool // the lazy ones have waited long enough
	closed  bool
	wake    chan struct{}

	done chan finished
}

// finished is a batch after its commit, or the failure of one.
type finished struct {
	units []*Unit
	errs  []error
	batch *batch
	after []func()
}

func (w *writer) submit(u *Unit) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return ErrClosed
	case len(w.waiting)+len(w.lazy) >= maxWaiting:
		return ErrBusy
	case u.Lazy:
		if w.lazy = append(w.lazy, u); len(w.lazy) == 1 {
			time.AfterFunc(laziness, w.rouse)
		}
		return nil
	}
	w.waiting = append(w.waiting, u)
	if len(w.waiting) == 1 {
		w.poke()
	}
	return nil
}

// rouse has the lazy units committed now.
func (w *writer) rouse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = true
	w.poke()
}

func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take gives the units for the next commit, nil when there are none now.
func (w *writer) take() []*Unit {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 && !w.due {
		return nil
	}
	lazy := min(len(w.lazy), max(w.batch-len(w.waiting), w.batch/2))
	n := min(len(w.waiting), w.batch-lazy)
	for i, u := range w.waiting[:n] {
		if !u.Alone {
			continue
		}
		n = max(i, 1) // with the lazy ones: they are written before it changes anything
		break
	}
	units := slices.Concat(w.lazy[:lazy], w.waiting[:n])
	clear(w.lazy[:lazy])
	if w.lazy = w.lazy[lazy:]; len(w.lazy) == 0 {
		w.lazy, w.due = nil, false
	}
	clear(w.waiting[:n])
	if w.waiting = w.waiting[n:]; len(w.waiting) == 0 {
		w.waiting = nil
	}
	return units
}

// run commits until ctx ends, and then what still waits.
func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	for {
		if units := w.take(); len(units) > 0 {
			w.commit(units)
			continue
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			w.mu.Lock()
			w.closed, w.due = len(w.waiting)+len(w.lazy) == 0, true
			closed := w.closed
			w.mu.Unlock()
			if closed {
				return
			}
		}
	}
}

// commit does the units together, or, where that fails for a reason that lies in one of them, in
// smaller and smaller parts.
func (w *writer) commit(units []*Unit) {
	start := time.Now()
	f, err := w.retry(units)
	var uncertain *uncertainError
	switch {
	case err == nil:
		w.store.observe(len(units), time.Since(start))
		w.learn(f.batch, units)
		w.done <- f
	case len(units) > 1 && !w.store.dialect.lost(err) && !errors.As(err, &uncertain):
		w.store.log.Warn("a batch failed; it goes in parts", "units", len(units), "error", err)
		half := len(units) / 2
		w.commit(units[:half])
		w.commit(units[half:])
	default:
		w.store.log.Error("units of work failed", "units", len(units), "error", err)
		f := finished{units: units, errs: make([]error, len(units))}
		for i := range f.errs {
			f.errs[i] = err
		}
		w.done <- f
	}
}

const (
	patience       = 2 * time.Second        // the longest wait before a batch is run again
	uniquePatience = 100 * time.Millisecond // the same, for a row that is there already
)

// retry does the batch again while other writers are in the way, or the database is away.
func (w *writer) retry(units []*Unit) (f finished, err error) {
	var also inHand
	for wait := time.Millisecond; ; wait *= 2 {
		f, err = w.try(units, also)
		if err == nil {
			return f, nil
		}
		w.conn.rollback()
		var uncertain *uncertainError
		if errors.As(err, &uncertain) {
			committed, settled := w.settle(uncertain)
			switch {
			case !settled:
				return f, err
			case committed:
				return f, nil
			}
			err = uncertain.err
		}
		if f.batch != nil {
			also = f.batch.inHand()
		}
		if wait > w.patience(err) {
			return f, err
		}
		time.Sleep(wait)
	}
}

// patience is how long it makes sense to wait after an error, 0 for not at all.
func (w *writer) patience(err error) time.Duration {
	d := w.store.dialect
	switch {
	case d.unique(err):
		return uniquePatience
	case errors.Is(err, errMoved), d.conflict(err), d.lost(err):
		return patience
	}
	return 0
}

// uncertainError is a connection that broke while it committed. Run again, the batch could be done
// twice; the probe tells whether it is done.
type uncertainError struct {
	batch *batch
	err   error
}

func (e *uncertainError) Error() string {
	return "the database went away during a commit, it is not known whether that was done: " + e.err.Error()
}

// settle finds out whether a commit was done: it adds the probe again, which waits for a transaction
// that still has it in hand, and fails where the row is there.
func (w *writer) settle(e *uncertainError) (committed, settled bool) {
	probe, ok := e.batch.probe()
	if !ok {
		return false, false
	}
	for wait := time.Millisecond; wait <= patience; wait *= 2 {
		err := w.conn.run(txBeginWrite, probe)
		w.conn.rollback()
		switch {
		case err == nil:
			return false, true
		case w.store.dialect.unique(err):
			return true, true
		}
		time.Sleep(wait)
	}
	return false, false
}

func (w *writer) try(units []*Unit, also inHand) (finished, error) {
	b := newBatch(w.store.dialect.writers() == 1)
	if err := b.load(w.conn, units, also); err != nil {
		return finished{}, err
	}
	f := finished{units: units, errs: make([]error, len(units)), batch: b}
	tx := &Tx{store: w.store, conn: w.conn, b: b, now: w.store.now()}
	for i, u := range units {
		err := runUnit(b, tx, u)
		var broken *storeError
		if errors.Is(err, errMoved) || errors.As(err, &broken) {
			return f, err
		}
		f.errs[i] = err
		f.after = append(f.after, tx.after...)
	}
	err := b.commit(w.conn)
	if err != nil && w.store.dialect.lost(err) {
		return f, &uncertainError{b, err}
	}
	return f, err
}

// runUnit keeps a unit that panics from taking the others with it.
func runUnit(b *batch, tx *Tx, u *Unit) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.Undo()
			err = fmt.Errorf("panic in a unit of work: %v\n%s", p, debug.Stack())
		}
	}()
	return b.run(tx, u)
}

// complete tells what was committed, in the order of the commits.
func (w *writer) complete() {
	for f := range w.done {
		for _, after := range f.after {
			after()
		}
		if f.batch != nil {
			f.batch.notify(w.store)
			for _, t := range f.batch.newTimers {
				w.store.Scheduled(t)
			}
		}
		for i, u := range f.units {
			if u.Done != nil {
				u.Done(f.errs[i])
			}
		}
	}
}
