// Package clock is the one clock of a server: all that waits or expires goes by it, but for the
// connections' own keep-alives. Tests advance it.
package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Clock tells the time and calls functions when theirs has come.
type Clock struct {
	mu     sync.Mutex
	ahead  time.Duration // of the wall clock, by Advance
	timers timerHeap
	seq    uint64
	wake   chan struct{}
}

// New gives a clock that shows the wall's time. Its timers fire while Run runs.
func New() *Clock { return &Clock{wake: make(chan struct{}, 1)} }

// Now is the time, in UTC and whole milliseconds: what the store keeps.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	return time.Now().Add(c.ahead).UTC().Truncate(time.Millisecond)
}

// Timer is a function that waits for its time.
type Timer struct {
	clock *Clock
	at    time.Time
	seq   uint64
	f     func()
	index int // in the heap, -1 when out of it
}

// At calls f when the clock shows t or later, on the clock's own goroutine: f must not block.
func (c *Clock) At(t time.Time, f func()) *Timer {
	c.mu.Lock()
	c.seq++
	timer := &Timer{clock: c, at: t, seq: c.seq, f: f}
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

// Advance puts the clock forward by d. What falls due on the way is called in order, each with the
// clock at its own time.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	target := c.now().Add(d)
	for len(c.timers) > 0 && !c.timers[0].at.After(target) {
		t := heap.Pop(&c.timers).(*Timer)
		if step := t.at.Sub(c.now()); step > 0 {
			c.ahead += step
		}
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	if step := target.Sub(c.now()); step > 0 {
		c.ahead += step
	}
	c.mu.Unlock()
	c.poke()
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
