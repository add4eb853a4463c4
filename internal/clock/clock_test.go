package clock_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
)

func TestAdvanceFiresInOrderEachAtItsTime(t *testing.T) {
	c := clock.New()
	start := c.Now()
	var order []string
	var chained time.Duration
	c.After(2*time.Hour, func() { order = append(order, "second") })
	c.After(time.Hour, func() {
		order = append(order, "first")
		c.After(30*time.Minute, func() {
			order = append(order, "chained")
			chained = c.Now().Sub(start)
		})
	})
	never := c.After(time.Hour, func() { order = append(order, "stopped") })
	c.After(4*time.Hour, func() { order = append(order, "too late") })
	if !never.Stop() {
		t.Fatal("Stop before its time says false")
	}
	c.Advance(3 * time.Hour)
	if want := []string{"first", "chained", "second"}; !slices.Equal(order, want) {
		t.Fatalf("fired %v, want %v", order, want)
	}
	if chained < 90*time.Minute || chained > 91*time.Minute {
		t.Fatalf("a timer set by a timer ran %v after the start, want 90 min", chained)
	}
	if d := c.Now().Sub(start); d < 3*time.Hour || d > 3*time.Hour+time.Minute {
		t.Fatalf("clock moved by %v, want 3 h", d)
	}
	if never.Stop() {
		t.Fatal("second Stop says true")
	}
}

func TestRunFires(t *testing.T) {
	c := clock.New()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- c.Run(ctx) }()
	late, soon := make(chan struct{}), make(chan struct{})
	c.After(time.Hour, func() { close(late) })
	c.After(time.Millisecond, func() { close(soon) })
	<-soon
	c.Advance(time.Hour)
	<-late
	cancel()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
}

func TestStill(t *testing.T) {
	c := clock.Still()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- c.Run(ctx) }()
	start, fired := c.Now(), make(chan time.Duration, 2)
	c.After(time.Second, func() { fired <- c.Now().Sub(start) })
	c.After(0, func() { fired <- c.Now().Sub(start) })
	if at := <-fired; at != 0 {
		t.Fatalf("what is due at once came after %v", at)
	}
	c.Advance(999 * time.Millisecond)
	if len(fired) != 0 || c.Now().Sub(start) != 999*time.Millisecond {
		t.Fatalf("%d fired, at %v", len(fired), c.Now().Sub(start))
	}
	c.Advance(time.Minute)
	if at := <-fired; at != time.Second || c.Now().Sub(start) != 60_999*time.Millisecond {
		t.Fatalf("fired at %v, and it is %v", at, c.Now().Sub(start))
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
}
