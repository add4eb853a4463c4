package outbox

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
)

// lease is the lock that a command holds on the app data of a lane.
type lease struct {
	end *clock.Timer
	key string // of the request that it was granted to
	// found: in the store, as after a restart, and whose it is only the store knows.
	found bool
}

func (h *lease) stop() {
	if h != nil {
		h.end.Stop()
	}
}

// leaseRequest is a command that waits for the app data.
type leaseRequest struct {
	// key is the command's idempotency key: who asks again with it does not wait for the own lease.
	key string
	// grant writes the lease in a unit of work; done gets until when the app data is leased: by this
	// request when held is true, else by somebody else, and the request goes on waiting.
	grant func(done func(until time.Time, held bool, err error))
	// ended ends the request without a lease: the customer is no more, or the server stops.
	ended func(stopping bool)

	cancelled bool
	asked     bool // whether a lease that was found is its own
}

// Lease waits, first come first served, until the app data of a customer is free, and calls grant
// then. cancel takes the request out of the queue. A connection that gives exact answers and has
// an unanswered notification about the customer would wait for itself: that is refused.
func (o *Outbox) Lease(org, app, subject, key string, c *Conn, grant func(done func(until time.Time, held bool, err error)), ended func(stopping bool)) (cancel func(), err error) {
	r := &leaseRequest{key: key, grant: grant, ended: ended}
	var l *lane
	var t *ticket
	o.locked(func() {
		l = o.app(org, app).lane(subject)
		for _, f := range l.flying {
			if f.n != nil && f.holding && f.conn == c && c != nil && c.Exact {
				err = customer.Refuse(customer.LeaseInside, "lease_app_data: this connection has an unanswered notification about the customer, which carries the app data and holds its lease: use the data that the handler got")
				return
			}
		}
		t = &ticket{lane: l, lease: r}
		l.queue = append(l.queue, t)
		l.pump()
		if o.stopping {
			l.endLeases()
		}
	})
	return func() { o.locked(func() { l.cancelLease(t) }) }, err
}

// cancelLease takes a request out of the queue; one that is being written ends as it ends.
func (l *lane) cancelLease(t *ticket) {
	t.lease.cancelled = true
	for i, waiting := range l.queue {
		if waiting == t {
			l.queue = append(l.queue[:i:i], l.queue[i+1:]...)
			l.pump()
			return
		}
	}
}

func (l *lane) endLeases() {
	l.queue = slices.DeleteFunc(l.queue, func(t *ticket) bool {
		if t.n == nil {
			l.app.outbox.later(func() { t.lease.ended(true) })
		}
		return t.n == nil
	})
}

// write has the lease written. It runs without the lock.
func (r *leaseRequest) write(t *ticket) {
	l := t.lane
	o := l.app.outbox
	r.grant(func(until time.Time, held bool, err error) {
		o.locked(func() {
			l.land(t)
			switch {
			case l.dropped:
			case t.repeated && held && until.After(o.clock.Now()):
				l.lease(until, r.key)
				return
			case t.repeated && !held && err == nil && !r.cancelled:
				t.over, t.repeated = false, false
				l.queue = append(l.queue, t)
			case t.repeated:
			case err != nil || held && t.freed:
			case held:
				l.lease(until, r.key)
				return
			default:
				t.over = false
				if !r.cancelled {
					l.queue = append([]*ticket{t}, l.queue...)
				}
				if r.asked = true; !t.freed {
					l.leaseFound(until)
					return
				}
				t.freed = false
			}
			l.pump()
		})
	})
}

// repeat starts the requests with the key that the lease was granted to: their connection was lost
// before the reply came, and all they get is that.
func (l *lane) repeat() {
	if l.leased == nil || l.leased.key == "" && !l.leased.found {
		return
	}
	l.queue = slices.DeleteFunc(l.queue, func(t *ticket) bool {
		if t.n != nil || t.lease.key == "" || t.lease.key != l.leased.key && (!l.leased.found || t.lease.asked) {
			return false
		}
		t.repeated, t.lease.asked = true, true
		l.app.outbox.later(func() { t.lease.write(t) })
		return true
	})
}

// lease holds the lane until the time, or until it is freed, for the request with the key.
func (l *lane) lease(until time.Time, key string) {
	l.leased.stop()
	h := &lease{key: key}
	o := l.app.outbox
	h.end = o.clock.At(until, func() {
		o.locked(func() {
			if l.leased == h {
				l.leased = nil
				l.pump()
			}
		})
	})
	l.leased = h
	l.repeat()
}

// leaseFound holds the lane for a lease that the store knows of.
func (l *lane) leaseFound(until time.Time) {
	l.lease(until, "")
	l.leased.found = true
	l.repeat()
}

// Free ends the lease of a command, after the commit that wrote the app data.
func (o *Outbox) Free(org, app, subject string) {
	o.locked(func() {
		a := o.apps[appKey{org, app}]
		if a == nil {
			return
		}
		l := a.lanes[subject]
		if l == nil {
			return
		}
		for _, t := range l.flying {
			t.freed = true // what it finds in the store may be from before
		}
		if l.leased != nil {
			l.leased.stop()
			l.leased = nil
			l.pump()
		}
	})
}
