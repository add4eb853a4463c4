// Package work does what was asked for all customers with a tag: in the background, page by page, each
// page in one commit with how far the work has come. What a restart interrupts goes on behind the last
// page that was committed. It has one goroutine, that of Run.
package work

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	maxPage = 200              // customers in a commit
	slice   = time.Second / 10 // of a bounded channel's rate that one page takes at the most
	pause   = time.Second      // after a failure
)

// Options are what a runner is made of.
type Options struct {
	Store *store.Store
	Clock *clock.Clock
	Log   *slog.Logger
	// Page does the work for some customers, in a unit of work, and counts them. sent are called after
	// the commit.
	Page func(tx *store.Tx, w *store.Work, ids []string) (sent []func(), err error)
	// Rate is what the work's channel is called, and how many customers a second it takes; 0: no bound.
	Rate func(*store.Work) (channel string, perSecond float64)
	// Room says whether the work's app can take more notifications now; Added is called when one can again.
	Room func(org, app string) bool
	// Did is told of each page.
	Did func(kind store.WorkKind, succeeded, failed int64)
}

// Runner does works.
type Runner struct {
	Options
	wake    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex // guards what follows
	added    []*store.Work
	poked    bool // since Run last began to look
	idle     bool // Run has found nothing that can be done by now
	settling []chan struct{}

	// What follows is only used by Run.
	open   []*job
	freeAt map[string]time.Time // of channels with a rate: when the next page may go
}

// job is a work that is not done.
type job struct {
	work    *store.Work
	resting time.Time // after a failure: until then
}

// New makes a runner.
func New(o Options) *Runner {
	return &Runner{Options: o, wake: make(chan struct{}, 1), stopped: make(chan struct{}), freeAt: make(map[string]time.Time)}
}

// Added takes a work that was just committed.
func (r *Runner) Added(w *store.Work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.added = append(r.added, w)
	r.poke()
}

// Roomy has the runner look again for what it can do.
func (r *Runner) Roomy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.poke()
}

// poke wakes Run, with the lock.
func (r *Runner) poke() {
	r.poked, r.idle = true, false
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Settle waits until all pages are done that can be done by now: it does not wait for the rate of a
// channel, nor for an app that has no room.
func (r *Runner) Settle() {
	r.mu.Lock()
	if r.idle {
		r.mu.Unlock()
		return
	}
	settled := make(chan struct{})
	r.settling = append(r.settling, settled)
	r.mu.Unlock()
	select {
	case <-settled:
	case <-r.stopped:
	}
}

// settled tells those who wait for it, unless there is something to look at again.
func (r *Runner) settled() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.poked {
		return
	}
	r.idle = true
	for _, done := range r.settling {
		close(done)
	}
	r.settling = nil
}

// Run does works until ctx ends, those first that a restart has interrupted: a page of each in turns.
// While it runs, the clock does not advance past what can be done.
func (r *Runner) Run(ctx context.Context) error {
	defer close(r.stopped)
	defer r.Clock.OnAdvance(r.Settle)()
	for ctx.Err() == nil {
		open, err := r.Store.OpenWorks()
		if err == nil {
			r.adopt(open)
			break
		}
		r.Log.Error("reading works failed", "error", err)
		_ = r.Clock.Sleep(ctx, pause)
	}
	for ctx.Err() == nil {
		r.mu.Lock()
		added := r.added
		r.added, r.poked = nil, false
		r.mu.Unlock()
		r.adopt(added)
		if r.turn(ctx) {
			continue
		}
		var alarm *clock.Timer
		if len(r.open) > 0 {
			alarm = r.Clock.After(r.wait(), r.Roomy)
		}
		r.settled()
		select {
		case <-r.wake:
		case <-ctx.Done():
		}
		alarm.Stop()
	}
	return nil
}

// adopt takes works up, each once: one may have been read and be added as well.
func (r *Runner) adopt(works []*store.Work) {
	for _, w := range works {
		if !slices.ContainsFunc(r.open, func(j *job) bool { return j.work.ID == w.ID }) {
			r.open = append(r.open, &job{work: w})
		}
	}
}

// turn does a page of each work that can go on; it says whether there was one.
func (r *Runner) turn(ctx context.Context) (any bool) {
	for _, j := range r.open {
		if ctx.Err() != nil {
			return false
		}
		if !r.ready(j) {
			continue
		}
		any = true
		if err := r.page(ctx, j); err != nil && ctx.Err() == nil {
			r.Log.Error("a page of a work failed", "work", j.work.ID, "org", j.work.Org, "error", err)
			j.resting = r.Clock.Now().Add(pause)
		}
	}
	r.open = slices.DeleteFunc(r.open, func(j *job) bool { return j.work.Done })
	return any
}

func (r *Runner) ready(j *job) bool {
	now := r.Clock.Now()
	channel, rate := r.Rate(j.work)
	return !now.Before(j.resting) && (rate <= 0 || !now.Before(r.freeAt[channel])) && r.Room(j.work.Org, j.work.App)
}

// wait is how long nothing can be done, unless something is added, or an app has room again.
func (r *Runner) wait() time.Duration {
	now, wait := r.Clock.Now(), time.Minute
	for _, j := range r.open {
		until := j.resting
		if channel, rate := r.Rate(j.work); rate > 0 && r.freeAt[channel].After(until) {
			until = r.freeAt[channel]
		}
		if !until.After(now) {
			until = now.Add(slice) // its app has no room: it may be stuck by then
		}
		wait = min(wait, until.Sub(now))
	}
	return wait
}

// page does a page in one unit of work.
func (r *Runner) page(ctx context.Context, j *job) error {
	channel, rate := r.Rate(j.work)
	size := maxPage
	if rate > 0 {
		size = min(max(int(rate*slice.Seconds()), 1), maxPage)
	}
	ids, err := r.Store.Tagged(j.work, size)
	if err != nil {
		return err
	}
	p := &page{runner: r, ids: ids, last: len(ids) < size}
	if len(ids) == 0 {
		p.ids = j.work.Also[:min(len(j.work.Also), size)]
	}
	refs := make([]customer.Ref, len(p.ids))
	for i, id := range p.ids {
		refs[i] = customer.ByID(id)
	}
	// What was submitted is waited for: its messages are to be handed over.
	err = r.Store.Do(context.WithoutCancel(ctx), &store.Unit{
		Route: j.work.ID,
		Needs: store.Needs{Org: j.work.Org, Customers: refs},
		Run:   func(tx *store.Tx) error { return p.run(tx, j.work) },
	})
	if err != nil {
		return err
	}
	for _, send := range p.sent {
		send()
	}
	succeeded, failed := p.after.Succeeded-p.before.Succeeded, p.after.Failed-p.before.Failed
	r.Did(j.work.Kind, succeeded, failed)
	if rate > 0 {
		used := time.Duration(float64(succeeded+failed) / rate * float64(time.Second))
		r.freeAt[channel] = r.Clock.Now().Add(used)
	}
	j.work = &p.after
	return nil
}

// page is one page of a work.
type page struct {
	runner *Runner
	ids    []string
	last   bool // nobody has the tag behind these

	before, after store.Work
	sent          []func()
}

// run does the page unless another server has done it, or the work was cancelled.
func (p *page) run(tx *store.Tx, known *store.Work) error {
	p.sent = nil
	w, err := tx.Work(known.Org, known.ID)
	if err != nil {
		return err
	}
	if w == nil {
		p.before, p.after = *known, *known
		p.after.Done = true
		return nil
	}
	p.before = *w
	if !w.Done && w.Cursor == known.Cursor {
		if p.sent, err = p.runner.Page(tx, w, w.Take(p.ids)); err != nil {
			return err
		}
		w.UpdatedAt = tx.Now()
		w.Done = p.last && len(w.Also) == 0
	}
	p.after = *w
	return nil
}
