// Package clock is the one clock of a server: all that waits or expires goes by it, but for the
// connections' own keep-alives. Tests advance it.
package clock

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// Clock tells the time and calls functions when theirs has come.
type Clock struct {
	mu     sync.Mutex
	stands time.Time     // of a clock that Still made, when that was
	ahead  time.Duration // of the wall clock, or of stands, by Advance
	timers timerHeap
	seq    uint64
	wake   chan struct{}

	settlers []*settler
	// Patience is how much of the wall's time one Advance spends in all on waiting for Outside timers to
	// be stopped. It is set before the clock is used.
	Patience time.Duration
}

type settler struct{ f func() }

// New gives a clock that shows the wall's time. Its timers fire while Run runs.
func New() *Clock { return &Clock{wake: make(chan struct{}, 1)} }

// Still gives a clock that nothing but Advance moves: for tests of what happens by itself after a while,
// and of what can be done before.
func Still() *Clock {
	c := New()
	c.stands = time.Now()
	return c
}

// Now is the time, in UTC and whole milliseconds: what the store keeps.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	base := c.stands
	if base.IsZero() {
		base = time.Now()
	}
	return base.Add(c.ahead).UTC().Truncate(time.Millisecond)
}

// Timer is a function that waits for its time.
type Timer struct {
	clock *Clock
	at    time.Time
	seq   uint64
	f     func()
	index int // in the heap, -1 when out of it

	stopped chan struct{} // closed by Stop; nil for most
}

// At calls f when the clock shows t or later, on the clock's own goroutine: f must not block.
func (c *Clock) At(t time.Time, f func()) *Timer { return c.set(&Timer{clock: c, at: t, f: f}) }

// Outside calls f when d has passed, as After does, unless the timer is stopped: it bounds how long
// somebody takes who does not go by this clock, an app that answers, say. Advance gives them their time.
func (c *Clock) Outside(d time.Duration, f func()) *Timer {
	return c.set(&Timer{clock: c, at: c.Now().Add(d), f: f, stopped: make(chan struct{})})
}

func (c *Clock) set(timer *Timer) *Timer {
	c.mu.Lock()
	c.seq++
	timer.seq = c.seq
	heap.Push(&c.timers, timer)
	first := timer.index == 0
	c.mu.Unlock()
	if first {
		c.poke()
	}
	return timer
}

// After calls f when d has passed, as At does.
func (c *Clock) After(d time.Duration, f func()) *Timer { return c.At(c.Now().Add(d), f) }

// Stop keeps f from being called; it says whether it came in time.
func (t *Timer) Stop() bool {
	if t == nil {
		return false
	}
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	if t.stopped != nil {
		close(t.stopped)
	}
	return true
}

// Sleep waits for d, or for the end of ctx.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	done := make(chan struct{})
	timer := c.After(d, func() { close(done) })
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// OnAdvance has settle called before Advance goes on from one moment to the next: it returns when what
// follows from that moment is done, and what has to happen later is set. forget ends that.
func (c *Clock) OnAdvance(settle func()) (forget func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &settler{settle}
	c.settlers = append(c.settlers, s)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.settlers = slices.DeleteFunc(slices.Clone(c.settlers), func(other *settler) bool { return other == s })
	}
}

func (c *Clock) settle() {
	c.mu.Lock()
	settlers := c.settlers
	c.mu.Unlock()
	for _, s := range settlers {
		s.f()
	}
}

// Advance puts the clock forward by d. What falls due on the way is called in order, each with the
// clock at its own time, and settled before the clock goes on.
func (c *Clock) Advance(d time.Duration) {
	target := c.Now().Add(d)
	patience := c.Patience
	for {
		c.settle()
		t, more := c.step(target, patience > 0)
		switch {
		case t != nil:
			start := time.Now()
			t.outlast(patience)
			patience -= time.Since(start)
		case !more:
			c.poke()
			return
		}
	}
}

// step goes on to the next moment at which something is due, and calls it. Where that would end the
// time of somebody outside, and wait is true, it only gives their timer. more is false at the target.
func (c *Clock) step(target time.Time, wait bool) (outside *Timer, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 || c.timers[0].at.After(target) {
		c.to(target)
		return nil, false
	}
	if t := c.timers[0]; t.stopped != nil && wait && t.at.After(c.now()) {
		return t, true
	}
	c.to(c.timers[0].at)
	for len(c.timers) > 0 && !c.timers[0].at.After(c.now()) {
		t := heap.Pop(&c.timers).(*Timer)
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	return nil, true
}

func (c *Clock) to(t time.Time) {
	if step := t.Sub(c.now()); step > 0 {
		c.ahead += step
	}
}

// outlast waits for the timer to be stopped, for some of the wall's time.
func (t *Timer) outlast(patience time.Duration) {
	wall := time.NewTimer(patience)
	defer wall.Stop()
	select {
	case <-t.stopped:
	case <-wall.C:
	}
}

func (c *Clock) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run fires the timers until ctx ends.
func (c *Clock) Run(ctx context.Context) error {
	wall := time.NewTimer(time.Hour)
	defer wall.Stop()
	for {
		wall.Reset(c.fire())
		select {
		case <-wall.C:
		case <-c.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// fire calls all that is due and says how long to wait for the next.
func (c *Clock) fire() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers) > 0 {
		if wait := c.timers[0].at.Sub(c.now()); wait > 0 {
			if !c.stands.IsZero() {
				break // until somebody moves it
			}
			return wait
		}
		t := heap.Pop(&c.timers).(*Timer)
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	return time.Hour
}

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
