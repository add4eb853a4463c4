package outbox

import (
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
)

// lease is the lock that a command holds on the app data of a lane.
type lease struct{ end *clock.Timer }

func (h *lease) stop() {
	if h != nil {
		h.end.Stop()
	}
}

// leaseRequest is a command that waits for the app data.
type leaseRequest struct {
	// grant writes the lease in a unit of work; done gets until when the app data is leased: by this
	// request when held is true, else by somebody else, and the request goes on waiting.
	grant func(done func(until time.Time, held bool, err error))
	// moved ends the request: the customer is no more.
	moved func()

	cancelled bool
}

// Lease waits, first come first served, until the app data of a customer is free, and calls grant
// then. cancel takes the request out of the queue. A connection that gives exact answers and has
// an unanswered notification about the customer would wait for itself: that is refused.
func (o *Outbox) Lease(org, app, subject string, c *Conn, grant func(done func(until time.Time, held bool, err error)), moved func()) (cancel func(), err error) {
	r := &leaseRequest{grant: grant, moved: moved}
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

// write has the lease written. It runs without the lock.
func (r *leaseRequest) write(t *ticket) {
	l := t.lane
	o := l.app.outbox
	r.grant(func(until time.Time, held bool, err error) {
		o.locked(func() {
			l.land(t)
			switch {
			case l.dropped:
			case err != nil:
			case held:
				l.lease(until)
				return
			default:
				t.over = false
				if !r.cancelled {
					l.queue = append([]*ticket{t}, l.queue...)
				}
				l.lease(until)
				return
			}
			l.pump()
		})
	})
}

// lease holds the lane until the time, or until it is freed.
func (l *lane) lease(until time.Time) {
	l.leased.stop()
	h := &lease{}
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
}

// Free ends the lease of a command, after the commit that wrote the app data.
func (o *Outbox) Free(org, app, subject string) {
	o.locked(func() {
		a := o.apps[appKey{org, app}]
		if a == nil {
			return
		}
		if l := a.lanes[subject]; l != nil && l.leased != nil {
			l.leased.stop()
			l.leased = nil
			l.pump()
		}
	})
}
