// Package outbox delivers what was committed to the apps that it is for: at least once, in order per
// customer and app, each with the app data of its moment. The rows of the store's outbox are the
// truth; what is in memory here is bounded, and is read again after a restart.
//
// All about one app and one subject (a customer, or a purse) goes through one lane, which also
// keeps the leases of the app data.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// Options are the times and bounds of delivery; the zero value means the defaults given here.
type Options struct {
	AnswerTime       time.Duration // for a hop or an event of a call, and of the next hop for the end of a session; 10 s
	NotificationTime time.Duration // for any other; 30 s
	HoldBack         time.Duration // of the next one, for clients without exact answers; 1 s
	Settle           time.Duration // of a new connection, for clients without exact answers; 1.1 s
	FirstRetry       time.Duration // doubled with each failure; 1 s
	LastRetry        time.Duration // the longest pause; 5 min
	GiveUp           time.Duration // a dead letter after it; 24 h
	Window           int           // unanswered notifications on one connection; 512
	Memory           int           // notifications of one app in memory; 16,384
}

// WithDefaults fills in what is zero.
func (o Options) WithDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&o.AnswerTime, 10*time.Second)
	set(&o.NotificationTime, 30*time.Second)
	set(&o.HoldBack, time.Second)
	set(&o.Settle, 1100*time.Millisecond)
	set(&o.FirstRetry, time.Second)
	set(&o.LastRetry, 5*time.Minute)
	set(&o.GiveUp, 24*time.Hour)
	if o.Window == 0 {
		o.Window = 512
	}
	if o.Memory == 0 {
		o.Memory = 16384
	}
	return o
}

// Conn is a connection of an app that takes notifications.
type Conn struct {
	// Send sends a request; done gets its answer, once, unless it was cancelled.
	Send func(payload []byte, done func(reply []byte, err error)) (cancel func())
	// Exact says that the client answers when its handler returns.
	Exact bool

	inFlight int
	ready    readyLanes
	gone     bool
	settling *clock.Timer // nil when it takes notifications
}

// Answer is an app's answer to a notification.
type Answer struct {
	Notification *store.Notification
	Carried      customer.AppData // what the notification carried
	Overlapped   bool             // with another notification of the lane
	Reply        []byte           // the wire's ServerToAppNotificationReply
}

// Outbox delivers. Its methods may be called from any goroutine; none blocks.
type Outbox struct {
	// Answered does what an answer asks for in a unit of work, which also takes the notification out
	// of the store's outbox, and calls finish after the commit. An error makes the delivery a failed
	// one. It returns true where the unit does no more than that, and the lane need not wait for it. GaveUp is told of an interactive notification that gets no answer. Both are set before Run
	// and must not block.
	Answered func(a Answer, finish func(error)) (goOn bool)
	GaveUp   func(n *store.Notification, reason string)
	// Roomy is told when an app has Room again; it must not block.
	Roomy func()

	store   *store.Store
	clock   *clock.Clock
	log     *slog.Logger
	options Options
	metrics Metrics
	started time.Time

	mu    sync.Mutex // guards what follows, and all apps, lanes and connections
	apps  map[appKey]*app
	todo  []func() // to be called when mu is free again
	loads []*lane  // that want rows from the store
	wake  chan struct{}

	stopping bool
	hops     int           // interactive notifications in hand
	idle     chan struct{} // closed when there are none; made by Stop
}

// Metrics counts deliveries; nil functions are not called.
type Metrics struct {
	Delivered func(kind string, took time.Duration)
	Retried   func(kind string)
	Dead      func(kind string)
}

type appKey struct{ org, id string }

// New makes an outbox of the store.
func New(s *store.Store, c *clock.Clock, log *slog.Logger, o Options, m Metrics) *Outbox {
	if m.Delivered == nil {
		m.Delivered = func(string, time.Duration) {}
	}
	if m.Retried == nil {
		m.Retried = func(string) {}
	}
	if m.Dead == nil {
		m.Dead = func(string) {}
	}
	return &Outbox{
		Roomy: func() {},
		store: s, clock: c, log: log, options: o.WithDefaults(), metrics: m, started: c.Now(),
		apps: make(map[appKey]*app), wake: make(chan struct{}, 1),
	}
}

// locked runs f with the lock, and after it what f wants done without.
func (o *Outbox) locked(f func()) {
	o.mu.Lock()
	f()
	todo := o.todo
	o.todo = nil
	o.mu.Unlock()
	for _, do := range todo {
		do()
	}
}

// later has f called once the lock is free.
func (o *Outbox) later(f func()) { o.todo = append(o.todo, f) }

func (o *Outbox) app(org, id string) *app {
	k := appKey{org, id}
	a := o.apps[k]
	if a == nil {
		a = &app{outbox: o, key: k, lanes: make(map[string]*lane), sticky: make(map[uint64]*Conn)}
		o.apps[k] = a
	}
	return a
}

// Connect adds a connection of an app: it gets what waits, and what comes.
func (o *Outbox) Connect(org, id string, c *Conn) {
	o.locked(func() {
		a := o.app(org, id)
		a.conns = append(a.conns, c)
		if !c.Exact {
			c.settling = o.clock.After(o.options.Settle, func() { o.Settled(c) })
		}
		a.scan()
	})
}

// Settled lets a new connection have its notifications before its time, because its client is known
// to be ready: it sends commands. The published clients call themselves connected a second after
// SETUP. Before that they refuse the commands of their own handlers, which ends most programs, and
// programs that set their handlers once they are connected have none.
func (o *Outbox) Settled(c *Conn) {
	o.locked(func() {
		if c.settling == nil {
			return
		}
		c.settling.Stop()
		c.settling = nil
		c.pumpReady(o.options.Window)
	})
}

// Disconnect takes a connection away. What it has not answered is a failed delivery, as its Send has
// told or tells.
func (o *Outbox) Disconnect(org, id string, c *Conn) {
	o.locked(func() {
		a := o.app(org, id)
		c.gone = true
		c.settling.Stop()
		for i, other := range a.conns {
			if other == c {
				a.conns = append(a.conns[:i:i], a.conns[i+1:]...)
				break
			}
		}
		if len(a.conns) == 0 {
			a.away()
		}
		c.dropReady()
	})
}

// Notified takes a notification that was just committed.
func (o *Outbox) Notified(n *store.Notification) {
	o.locked(func() { o.app(n.Org, n.App).take(n) })
}

// Moved tells that a customer was adopted by another, after the commit.
func (o *Outbox) Moved(org, from, to string) {
	o.locked(func() {
		for k, a := range o.apps {
			if k.org != org {
				continue
			}
			if l := a.lanes[from]; l != nil {
				l.drop()
			}
			if len(a.conns) > 0 {
				a.lane(to).refill()
			}
		}
	})
}

// Forget drops what is in memory about a customer that was deleted.
func (o *Outbox) Forget(org, subject string) {
	o.locked(func() {
		for k, a := range o.apps {
			if l := a.lanes[subject]; k.org == org && l != nil {
				l.drop()
			}
		}
	})
}

// Rescan looks at all rows again, after an operator has changed them.
func (o *Outbox) Rescan() {
	o.locked(func() {
		for _, a := range o.apps {
			if len(a.conns) > 0 {
				a.scan()
			}
		}
	})
}

// Run reads the rows that lanes and newly connected apps want, until ctx ends.
func (o *Outbox) Run(ctx context.Context) error {
	for {
		var l *lane
		var scan *app
		var after string
		var round int
		o.locked(func() {
			if len(o.loads) > 0 {
				l, o.loads = o.loads[0], o.loads[1:]
				return
			}
			for _, a := range o.apps {
				if a.scanning && a.inMemory < o.options.Memory/2 {
					scan, after, round = a, a.after, a.round
					return
				}
			}
		})
		switch {
		case l != nil:
			l.load()
		case scan != nil:
			scan.scanPage(after, round)
		default:
			select {
			case <-o.wake:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// Forsaken is how long after an interactive notification came to be nobody waits for its answer any more,
// whatever has happened here.
func (o *Outbox) Forsaken() time.Duration { return 2 * o.options.AnswerTime }

// abandoned says whether nobody waits any more for the answer to an interactive notification that is
// not in memory: it is from before the start.
func (o *Outbox) abandoned(n *store.Notification) bool {
	after := o.Forsaken()
	if n.Kind == ClosingKind {
		after += o.options.NotificationTime
	}
	return n.CreatedAt.Before(o.started) || o.clock.Now().Sub(n.CreatedAt) > after
}

func (o *Outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// failed says what is logged and stored of a failed read or write of ours.
func (o *Outbox) failed(what string, err error) {
	if err != nil && !errors.Is(err, store.ErrClosed) {
		o.log.Error("outbox: "+what+" failed", "error", err)
	}
}
