package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// world is a store and an outbox for all generated histories; each has an app and a customer of its own.
type world struct {
	store  *store.Store
	outbox *outbox.Outbox
	clock  *clock.Clock

	mu    sync.Mutex
	lanes map[string]*laneModel // by app
	count int
}

func newWorld(t *testing.T) *world {
	w := &world{clock: clock.New(), lanes: map[string]*laneModel{}}
	var err error
	if w.store, err = store.Open(servertest.SQLite(t), store.Options{Now: w.clock.Now, Serve: true}); err != nil {
		t.Fatal(err)
	}
	w.outbox = outbox.New(w.store, w.clock, slog.New(slog.DiscardHandler), outbox.Options{
		AnswerTime: 1000 * time.Hour, NotificationTime: 1000 * time.Hour, HoldBack: time.Hour, FirstRetry: time.Hour, LastRetry: time.Hour, GiveUp: 1e6 * time.Hour,
	}, outbox.Metrics{})
	w.store.Notified = w.outbox.Notified
	w.outbox.Answered = func(a outbox.Answer, finish func(error)) bool { return w.of(a.Notification.App).answered(a, finish) }
	w.outbox.GaveUp = func(n *store.Notification, _ string) { w.of(n.App).gaveUp(n) }
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, run := range []func(context.Context) error{w.store.Run, w.clock.Run, w.outbox.Run} {
		group.Go(func() { _ = run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		group.Wait()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) of(app string) *laneModel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lanes[app]
}

// laneModel is what must hold about one lane. Whatever lets somebody else start is noted before it is
// done, so that what the model forbids is forbidden whatever the goroutines do.
type laneModel struct {
	w        *world
	app, id  string
	mu       sync.Mutex // guards what follows
	broken   []string
	conns    []*outbox.Conn
	sticky   *outbox.Conn
	notices  []*notice // in the order of their commits
	waits    []*leaseWait
	leased   time.Time // until when
	advanced time.Time // by the wall's clock
	data     []string  // all values that there were; "" is none
	finished chan struct{}
}

type notice struct {
	id      int64
	hop     bool
	acked   bool
	failed  bool // and was not sent again: another may be on its way already
	again   bool // a hop that failed and comes as an ordinary one, out of its order
	flying  bool
	holds   time.Time // until when nobody else may start
	conn    *outbox.Conn
	carried string
	done    func([]byte, error)
}

type leaseWait struct {
	cancel func()
}

const org = "org"

func (w *world) newLane(t *rapid.T) *laneModel {
	w.mu.Lock()
	w.count++
	l := &laneModel{w: w, app: fmt.Sprint("app", w.count), data: []string{""}, finished: make(chan struct{}, 1000)}
	w.lanes[l.app] = l
	number := fmt.Sprintf("+2547%08d", w.count)
	w.mu.Unlock()
	l.do(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: number}))
		if err == nil {
			l.id = rec.ID
		}
		return err
	})
	return l
}

func (l *laneModel) do(t *rapid.T, run func(*store.Tx) error) {
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	if err := l.w.store.Do(ctx, &store.Unit{Route: l.id, Run: run}); err != nil {
		t.Fatal(err)
	}
}

// breaks notes that something happened that must not. The caller holds l.mu.
func (l *laneModel) breaks(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for i, n := range l.notices {
		text += fmt.Sprintf("\n%d: hop %v acked %v failed %v again %v flying %v holds %v", i, n.hop, n.acked, n.failed, n.again, n.flying, n.holds.Sub(l.w.clock.Now()))
	}
	l.broken = append(l.broken, text)
}

// holder names who keeps the next one from starting, "" for nobody. The caller holds l.mu.
func (l *laneModel) holder(hop bool) string {
	now := l.w.clock.Now()
	if now.Before(l.leased) {
		return "a lease"
	}
	for i, n := range l.notices {
		if n.flying && (now.Before(n.holds) && !hop || hop && n.hop && !n.again) {
			return fmt.Sprint("notification ", i)
		}
	}
	return ""
}

// sent is the connection's Send.
func (l *laneModel) sent(c *outbox.Conn, payload []byte, done func([]byte, error)) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	mark, data := fields(payload)
	i := -1
	if _, err := fmt.Sscan(mark, &i); err != nil {
		l.breaks("a notification without its mark: %v", err)
		return func() {}
	}
	n := l.notices[i]
	if !slices.Contains(l.conns, c) {
		// Disconnected just now: the transport says so, after the hold-back maybe.
		n.failed = true
		go done(nil, errors.New("connection lost"))
		return func() {}
	}
	hop := n.hop && !n.again
	if who := l.holder(hop); who != "" {
		l.breaks("notification %d (hop %v) was sent while %s holds", i, hop, who)
	}
	if n.flying || n.acked {
		l.breaks("notification %d was sent twice: flying %v, acknowledged %v", i, n.flying, n.acked)
	}
	for j, before := range l.notices[:i] {
		if before.hop == hop && !n.again && !before.again && !before.acked && !before.flying && !before.failed {
			l.breaks("notification %d was sent before %d", i, j)
		}
	}
	if l.sticky != nil && l.sticky != c && slices.Contains(l.conns, l.sticky) {
		l.breaks("notification %d moved to another connection", i)
	}
	// On a busy machine some updates pass between the read and the sending.
	if last := l.data[max(0, len(l.data)-6):]; !slices.Contains(last, data) {
		l.breaks("notification %d carries %q, want one of %q", i, data, last)
	}
	l.sticky = c
	n.holds = l.w.clock.Now().Add(59 * time.Minute) // a little less than the hold-back
	switch {
	case c.Exact:
		n.holds = n.holds.Add(1e6 * time.Hour)
	case time.Since(l.advanced) < 2*time.Second:
		n.holds = time.Time{} // it may have begun before the clock was put forward
	}
	n.flying, n.failed, n.conn, n.carried, n.done = true, false, c, data, done
	return func() {}
}

func (l *laneModel) answered(a outbox.Answer, finish func(error)) (goOn bool) {
	var value *customer.Value
	if len(a.Reply) > 0 {
		v := customer.Text(string(a.Reply))
		value = &v
	}
	var stored bool
	err := l.w.store.Submit(&store.Unit{Route: l.id, Lazy: value == nil,
		Run: func(tx *store.Tx) error {
			tx.Answered(a.Notification)
			if value == nil {
				return nil
			}
			rec, err := tx.Customer(org, customer.ByID(l.id))
			if err != nil {
				return err
			}
			d, err := tx.AppData(rec, l.app)
			if err != nil {
				return err
			}
			stored, err = d.Answer(value, a.Carried, customer.DefaultLimits())
			return err
		},
		Done: func(err error) {
			if stored && err == nil {
				l.mu.Lock()
				l.data, l.leased = append(l.data, string(a.Reply)), time.Time{}
				l.mu.Unlock()
				l.w.outbox.Free(org, l.app, l.id)
			}
			finish(err)
			l.finished <- struct{}{}
		}})
	if err != nil {
		finish(err)
	}
	return value == nil && err == nil
}

// gaveUp has a hop without an answer come again as an ordinary notification.
func (l *laneModel) gaveUp(n *store.Notification) {
	again := *n
	again.Interactive = false
	l.mu.Lock()
	for _, m := range l.notices {
		if m.id == n.ID {
			m.again, m.flying = true, false
		}
	}
	l.mu.Unlock()
	_ = l.w.store.Submit(&store.Unit{Route: l.id, Run: func(tx *store.Tx) error {
		waiting, err := tx.Waiting(n)
		if waiting {
			tx.Renotify(&again)
		}
		return err
	}})
}

func (l *laneModel) notify(t *rapid.T, hop bool) {
	l.mu.Lock()
	n := &notice{hop: hop}
	mark := fmt.Sprint(len(l.notices))
	l.notices = append(l.notices, n)
	l.mu.Unlock()
	l.do(t, func(tx *store.Tx) error {
		row := tx.Notify(store.Notification{Org: org, App: l.app, Subject: l.id, Kind: "test", Interactive: hop, Body: body(mark, l.id)})
		l.mu.Lock()
		n.id = row.ID
		l.mu.Unlock()
		return nil
	})
}

// pick gives a notification that is unanswered at an app.
func (l *laneModel) unanswered(t *rapid.T) *notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	var flying []*notice
	for _, n := range l.notices {
		if n.flying {
			flying = append(flying, n)
		}
	}
	if len(flying) == 0 {
		t.Skip("nothing is unanswered")
	}
	n := flying[rapid.IntRange(0, len(flying)-1).Draw(t, "which")]
	n.flying = false
	return n
}

func (l *laneModel) answer(t *rapid.T, n *notice, data string) {
	l.mu.Lock()
	n.acked = true
	if data != "" {
		l.leased = time.Time{} // the app data of an answer frees a lease
	}
	l.mu.Unlock()
	n.done([]byte(data), nil)
	select {
	case <-l.finished:
	case <-time.After(servertest.Patience):
		t.Fatal("an answer is not taken")
	}
}

func (l *laneModel) lease(t *rapid.T) {
	r := &leaseWait{}
	l.mu.Lock()
	l.waits = append(l.waits, r)
	l.mu.Unlock()
	grant := func(done func(time.Time, bool, error)) {
		var until time.Time
		var held bool
		err := l.w.store.Submit(&store.Unit{Route: l.id,
			Run: func(tx *store.Tx) error {
				rec, err := tx.Customer(org, customer.ByID(l.id))
				if err != nil {
					return err
				}
				d, err := tx.AppData(rec, l.app)
				if err != nil {
					return err
				}
				if held = !d.Leased(tx.Now()); held {
					d.Lease(tx.Now())
				}
				until = d.LeasedUntil
				return nil
			},
			Done: func(err error) {
				if held && err == nil {
					l.granted(r, until)
				}
				done(until, held, err)
			}})
		if err != nil {
			done(until, false, err)
		}
	}
	cancel, err := l.w.outbox.Lease(org, l.app, l.id, "", nil, grant, func(bool) {})
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	r.cancel = cancel
	l.mu.Unlock()
}

func (l *laneModel) granted(r *leaseWait, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if who := l.holder(false); who != "" {
		l.breaks("a lease was granted while %s holds", who)
	}
	if i := slices.Index(l.waits, r); i > 0 {
		l.breaks("a lease was granted before %d that came earlier", i)
	} else if i == 0 {
		l.waits = l.waits[1:]
	}
	l.leased = until
}

// free updates the app data, which frees the lease.
func (l *laneModel) free(t *rapid.T, data string) {
	l.mu.Lock()
	l.leased = time.Time{}
	l.data = append(l.data, data)
	l.mu.Unlock()
	l.do(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, customer.ByID(l.id))
		if err != nil {
			return err
		}
		d, err := tx.AppData(rec, l.app)
		if err != nil {
			return err
		}
		return d.Update(customer.Text(data), customer.DefaultLimits())
	})
	l.mu.Lock()
	l.leased = time.Time{} // also one that was granted just before
	l.mu.Unlock()
	l.w.outbox.Free(org, l.app, l.id)
}

func (l *laneModel) connect(exact bool) {
	c := &outbox.Conn{Exact: exact}
	c.Send = func(payload []byte, done func([]byte, error)) func() { return l.sent(c, payload, done) }
	l.mu.Lock()
	l.conns = append(l.conns, c)
	l.mu.Unlock()
	l.w.outbox.Connect(org, l.app, c)
}

func (l *laneModel) disconnect(i int) {
	l.mu.Lock()
	c := l.conns[i]
	l.conns = slices.Delete(l.conns, i, i+1)
	var lost []*notice
	for _, n := range l.notices {
		if n.flying && n.conn == c {
			n.flying, n.failed = false, true
			lost = append(lost, n)
		}
	}
	l.mu.Unlock()
	for _, n := range lost {
		n.done(nil, errors.New("connection lost"))
	}
	l.w.outbox.Disconnect(org, l.app, c)
}

// quiet waits until what the outbox has begun has gone through the store, so that what the model expects
// next does not depend on how fast the machine is.
func (l *laneModel) quiet(t *rapid.T) {
	for range 4 {
		l.do(t, func(*store.Tx) error { return nil })
		if _, err := l.w.store.View(context.Background(), &store.Read{Org: org, Ref: customer.ByID(l.id), App: l.app}); err != nil {
			t.Fatal(err)
		}
	}
}

// advance ends every hold-back, lease and pause.
func (l *laneModel) advance() {
	l.mu.Lock()
	l.advanced = time.Now()
	l.mu.Unlock()
	l.w.clock.Advance(61 * time.Minute)
	l.mu.Lock()
	l.advanced = time.Now()
	l.mu.Unlock()
}

func (l *laneModel) check(t *rapid.T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.broken) > 0 {
		t.Fatal(l.broken)
	}
}

// finish answers everything and frees every lease until nothing is left.
func (l *laneModel) finish(t *rapid.T) {
	l.connect(true)
	for deadline := time.Now().Add(servertest.Patience); ; {
		l.check(t)
		l.mu.Lock()
		var flying *notice
		left := len(l.waits)
		for _, n := range l.notices {
			if n.flying && flying == nil {
				flying = n
			}
			if !n.acked {
				left++
			}
		}
		if flying != nil {
			flying.flying = false
		}
		leased := l.w.clock.Now().Before(l.leased)
		l.mu.Unlock()
		switch {
		case left == 0:
			return
		case flying != nil:
			l.answer(t, flying, "")
		case leased:
			l.free(t, "freed")
		case time.Now().After(deadline):
			t.Fatalf("%d notifications and leases are left", left)
		default:
			l.quiet(t)
			l.advance()
			l.quiet(t)
		}
	}
}

// TestLaneModel: generated histories of one lane: never two holders, order, first come first served,
// one connection, the data of the moment, and nothing lost.
func TestLaneModel(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		l := w.newLane(t)
		t.Repeat(map[string]func(*rapid.T){
			"notify": func(t *rapid.T) { l.notify(t, false) },
			"hop":    func(t *rapid.T) { l.notify(t, true) },
			"answer": func(t *rapid.T) { l.answer(t, l.unanswered(t), "") },
			"answerWithData": func(t *rapid.T) {
				n := l.unanswered(t)
				l.answer(t, n, rapid.SampledFrom([]string{"a", "b", n.carried}).Draw(t, "data"))
			},
			"fail": func(t *rapid.T) {
				n := l.unanswered(t)
				l.mu.Lock()
				n.failed = true
				l.mu.Unlock()
				n.done(nil, errors.New("no"))
			},
			"lease": func(t *rapid.T) {
				l.lease(t)
			},
			"cancel": func(t *rapid.T) {
				l.mu.Lock()
				if len(l.waits) == 0 {
					l.mu.Unlock()
					t.Skip("nobody waits")
				}
				i := rapid.IntRange(0, len(l.waits)-1).Draw(t, "which")
				r := l.waits[i]
				l.waits = slices.Delete(l.waits, i, i+1)
				l.mu.Unlock()
				r.cancel()
			},
			"update":  func(t *rapid.T) { l.free(t, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "data")) },
			"connect": func(t *rapid.T) { l.connect(rapid.Bool().Draw(t, "exact")) },
			"disconnect": func(t *rapid.T) {
				if len(l.conns) == 0 {
					t.Skip("no connection")
				}
				l.disconnect(rapid.IntRange(0, len(l.conns)-1).Draw(t, "which"))
			},
			"advance": func(*rapid.T) { l.advance() },
			"settle":  func(t *rapid.T) { l.do(t, func(*store.Tx) error { return nil }) },
			"": func(t *rapid.T) {
				l.quiet(t)
				l.check(t)
			},
		})
		l.finish(t)
	})
}
