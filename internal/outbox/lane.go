package outbox

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	maxQueue = 64 // notifications that a lane keeps in memory
	loadPage = 16
)

// lane is the order of all that concerns one subject of one app: notifications, one at a time
// unless held back no longer, and leases of the app data. At most one lease, or notification within
// its hold-back, holds it; a hop or an event of a call goes ahead of other notifications.
type lane struct {
	app     *app
	subject string

	queue    []*ticket // first come first served: notifications and leases
	hops     []*ticket // interactive notifications
	flying   []*ticket // sent and unanswered, or a lease that is being written
	acked    []*ticket // answered, and about to be taken out of the store
	leased   *lease    // that a command holds
	more     bool      // the store has, or may have, notifications that are not here
	loading  bool
	again    bool         // rows may have come while rows were read
	ready    bool         // it is among its connection's ready ones
	waitTill *clock.Timer // of the next attempt
	waiting  bool         // for that time
	dropped  bool
}

// ticket is a turn: of a notification or of a lease.
type ticket struct {
	lane     *lane
	n        *store.Notification // nil: a lease
	lease    *leaseRequest
	conn     *Conn
	cancel   func()
	carried  customer.AppData
	holding  bool // nobody else may start
	repeated bool // a lease that was granted already
	freed    bool // the app data was freed meanwhile
	late     bool // the end of a session that no hop waits for any more
	overlaps bool
	timeout  *clock.Timer
	holdBack *clock.Timer
	sentAt   time.Time
	over     bool
}

// push queues a notification that was just committed.
func (l *lane) push(n *store.Notification) {
	if l.has(n.ID) {
		l.more = true // a failed hop that comes again as an ordinary one
	}
	if l.more || l.loading {
		l.more, l.again = true, l.loading
		return
	}
	if l.notifications() >= maxQueue {
		l.more = true
		return
	}
	l.enqueue(n)
	l.pump()
}

func (l *lane) enqueue(n *store.Notification) {
	l.queue = append(l.queue, &ticket{lane: l, n: n})
	if l.app.inMemory == 0 {
		l.app.landed = l.app.outbox.clock.Now() // it has had nothing to answer
	}
	l.app.inMemory++
}

// notifications counts those in the queue.
func (l *lane) notifications() int {
	count := 0
	for _, t := range l.queue {
		if t.n != nil {
			count++
		}
	}
	return count
}

func (l *lane) has(id int64) bool {
	for _, tickets := range [][]*ticket{l.flying, l.acked, l.queue, l.hops} {
		for _, t := range tickets {
			if t.n != nil && t.n.ID == id {
				return true
			}
		}
	}
	return false
}

// refill reads what the store has for the lane.
func (l *lane) refill() {
	l.more, l.again = true, l.loading
	l.pump()
}

// pump starts what can start.
func (l *lane) pump() {
	if l.dropped {
		return
	}
	l.repeat()
	for len(l.hops) > 0 && l.mayStartHop() {
		if c := l.app.conn(l.subject); c != nil && c.settling != nil {
			c.ready.add(l)
			break
		}
		t := l.hops[0]
		l.hops = l.hops[1:]
		l.start(t)
	}
	for len(l.queue) > 0 && l.mayStart() {
		t := l.queue[0]
		if t.n != nil && (l.waiting || !l.placeFor(t)) {
			// A lease behind a notification that waits for its next attempt need not wait with it.
			if t = l.takeLease(); t == nil {
				break
			}
		} else {
			l.queue = l.queue[1:]
		}
		l.start(t)
	}
	if l.more && !l.loading && !l.waiting && len(l.flying)+len(l.acked) == 0 && l.notifications() == 0 && len(l.app.conns) > 0 {
		l.loading = true
		l.app.outbox.loads = append(l.app.outbox.loads, l)
		l.app.outbox.poke()
	}
	// A timer that fired just when the lane ended finds another in its place, and leaves that alone.
	if l.idle() && l.app.lanes[l.subject] == l {
		delete(l.app.lanes, l.subject)
		if len(l.app.conns) == 0 && len(l.app.lanes) == 0 && l.app.outbox.apps[l.app.key] == l.app {
			delete(l.app.outbox.apps, l.app.key)
		}
	}
}

func (l *lane) idle() bool {
	return len(l.queue) == 0 && len(l.hops) == 0 && len(l.flying)+len(l.acked) == 0 && l.leased == nil && !l.more && !l.loading && !l.waiting
}

func (l *lane) mayStart() bool {
	if l.leased != nil {
		return false
	}
	for _, t := range l.flying {
		if t.holding {
			return false
		}
	}
	return true
}

// mayStartHop: a hop waits for a lease and for the answer to the hop before it, whatever its hold-back,
// not for other notifications. An end of a session keeps it no longer than a hop would.
func (l *lane) mayStartHop() bool {
	if l.leased != nil {
		return false
	}
	for _, t := range l.flying {
		if t.n == nil || t.n.Interactive && !t.late {
			return false
		}
	}
	return true
}

// takeLease takes the first lease out of the queue, nil where there is none.
func (l *lane) takeLease() *ticket {
	for i, t := range l.queue {
		if t.n == nil {
			l.queue = append(l.queue[:i:i], l.queue[i+1:]...)
			return t
		}
	}
	return nil
}

// placeFor chooses the connection; as long as that has no room the lane waits among its ready ones.
func (l *lane) placeFor(t *ticket) bool {
	t.conn = l.app.conn(l.subject)
	if t.conn == nil {
		return false
	}
	if t.conn.room(l.app.outbox.options.Window) {
		return true
	}
	t.conn.ready.add(l)
	return false
}

func (l *lane) start(t *ticket) {
	t.holding = true
	l.flying = append(l.flying, t)
	if t.n == nil {
		l.app.outbox.later(func() { t.lease.write(t) })
		return
	}
	l.deliver(t)
}

// land takes a ticket out of the flying ones.
func (l *lane) land(t *ticket) {
	for i, other := range l.flying {
		if other == t {
			l.flying = append(l.flying[:i:i], l.flying[i+1:]...)
			break
		}
	}
	t.over = true
	t.timeout.Stop()
	t.holdBack.Stop()
	if t.n == nil {
		return
	}
	l.app.landed = l.app.outbox.clock.Now()
	if t.n.Interactive {
		l.app.outbox.hopOver()
	} else {
		l.app.inMemory--
		l.app.roomAgain()
	}
	if t.conn != nil {
		t.conn.inFlight--
		t.conn.pumpReady(l.app.outbox.options.Window)
	}
	if l.app.scanning {
		l.app.outbox.poke()
	}
}

// park waits with the queue until the time of the next attempt.
func (l *lane) park(until time.Time) {
	l.unqueue()
	if len(l.app.conns) == 0 {
		l.more = false
		return
	}
	if l.app.parked >= maxParked {
		l.more = false
		l.app.scanLater(until.Sub(l.app.outbox.clock.Now()))
		return
	}
	l.more, l.waiting = true, true
	l.app.parked++
	l.waitTill = l.app.outbox.clock.At(until, func() {
		l.app.outbox.locked(func() {
			l.unpark()
			l.pump()
		})
	})
}

func (l *lane) unpark() {
	if l.waiting {
		l.waiting = false
		l.waitTill.Stop()
		l.app.parked--
	}
}

// unqueue leaves the notifications that were not sent yet to the store.
func (l *lane) unqueue() {
	kept := l.queue[:0]
	for _, t := range l.queue {
		if t.n == nil {
			kept = append(kept, t)
		} else {
			l.app.inMemory--
		}
	}
	l.queue = kept
}

// away: the app has no connection any more. Leases stay.
func (l *lane) away() {
	l.unqueue()
	l.unpark()
	l.more, l.ready = false, false
	for _, t := range l.hops {
		l.app.outbox.hopOver()
		l.giveUp(t, "the app's connection was lost")
	}
	l.hops = nil
	l.pump()
}

// drop ends the lane: its subject is no more.
func (l *lane) drop() {
	l.away()
	l.dropped = true
	l.leased.stop()
	for _, t := range l.queue {
		l.app.outbox.later(func() { t.lease.ended(false) })
	}
	l.queue = nil
	delete(l.app.lanes, l.subject)
}

// load reads the oldest rows of the lane. It runs without the lock.
func (l *lane) load() {
	o := l.app.outbox
	rows, err := o.store.Lane(l.app.key.org, l.app.key.id, l.subject, loadPage+maxQueue)
	o.failed("reading notifications", err)
	o.locked(func() {
		l.loading = false
		if err != nil {
			l.park(o.clock.Now().Add(time.Second))
			return
		}
		l.more, l.again = len(rows) == loadPage+maxQueue || l.again, false
		if len(l.app.conns) == 0 || l.dropped {
			l.more, rows = false, nil
		}
		for _, n := range rows {
			switch {
			case l.has(n.ID):
			case n.Interactive && o.abandoned(n):
				o.later(func() { o.GaveUp(n, "the server was restarted") })
			case n.Interactive: // it was committed just now, and is about to be handed over
			default:
				l.enqueue(n)
			}
		}
		if i := slices.IndexFunc(l.queue, func(t *ticket) bool { return t.n != nil }); i >= 0 && l.queue[i].n.DueAt.After(o.clock.Now()) {
			l.park(l.queue[i].n.DueAt)
		}
		l.pump()
	})
}
