package outbox

import (
	"hash/maphash"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/store"
)

// maxSticky bounds the customers of an app whose connection is remembered; beyond it the choice
// may change.
const maxSticky = 1 << 20

// maxParked bounds the lanes of an app that wait in memory for the time of their next attempt.
const maxParked = 1 << 14

const scanPage = 256

// app is an app with connections, or with leases.
type app struct {
	outbox *Outbox
	key    appKey
	conns  []*Conn
	next   int // of conns, for a customer without one
	sticky map[uint64]*Conn
	lanes  map[string]*lane

	inMemory int // notifications in the lanes
	parked   int // lanes that wait for their next attempt

	landed time.Time // when the app last answered something, or a delivery failed
	asked  bool      // for room, in vain

	// scanning: the store may have rows whose lanes are not here, from the subject after on. Until
	// the scan has passed them all, what comes new goes behind what the store has.
	scanning bool
	after    string
	round    int  // counts scans
	again    bool // rows were left behind during the scan
	rescan   *clock.Timer
}

var hashSeed = maphash.MakeSeed()

// lane gives the lane of a subject, a new one where there is none.
func (a *app) lane(subject string) *lane {
	l := a.lanes[subject]
	if l == nil {
		l = &lane{app: a, subject: subject}
		a.lanes[subject] = l
	}
	return l
}

// take queues a notification that was just committed.
func (a *app) take(n *store.Notification) {
	if n.Interactive {
		a.takeInteractive(n)
		return
	}
	if len(a.conns) == 0 {
		return // the store has it
	}
	l := a.lanes[n.Subject]
	if l == nil {
		// The last eighth is for what comes anew while a backlog is read.
		if a.inMemory >= a.outbox.options.Memory+a.outbox.options.Memory/8 {
			a.scanLater(0)
			return
		}
		l = a.lane(n.Subject)
	}
	if a.scanning { // the store may have older ones, whether or not the lane is here
		l.refill()
		return
	}
	l.push(n)
}

func (a *app) takeInteractive(n *store.Notification) {
	if len(a.conns) == 0 {
		a.outbox.later(func() { a.outbox.GaveUp(n, "no app is connected") })
		return
	}
	if a.outbox.stopping {
		a.outbox.later(func() { a.outbox.GaveUp(n, "the server is stopping") })
		return
	}
	a.lane(n.Subject).pushInteractive(n)
}

// conn chooses the connection for a subject: the one that it had, as long as that lives, else the next,
// if there is a choice one that has settled.
func (a *app) conn(subject string) *Conn {
	if len(a.conns) == 0 {
		return nil
	}
	h := maphash.String(hashSeed, subject)
	if c := a.sticky[h]; c != nil && !c.gone {
		return c
	}
	c := a.nextConn()
	if len(a.sticky) >= maxSticky {
		for old := range a.sticky {
			delete(a.sticky, old)
			break
		}
	}
	a.sticky[h] = c
	return c
}

// nextConn takes the connections in turn.
func (a *app) nextConn() *Conn {
	a.next++
	for i := range a.conns {
		if c := a.conns[(a.next+i)%len(a.conns)]; c.settling == nil {
			return c
		}
	}
	return a.conns[a.next%len(a.conns)]
}

// away forgets what waits, when the last connection is gone: the store has it.
func (a *app) away() {
	for _, l := range a.lanes {
		l.away()
	}
	a.scanning, a.again = false, false
	a.rescan.Stop()
	clear(a.sticky)
	if len(a.lanes) == 0 {
		delete(a.outbox.apps, a.key)
	}
}

// scan visits all subjects that the store has notifications of.
func (a *app) scan() {
	if a.scanning {
		a.again = true
		return
	}
	a.scanning, a.after, a.again = true, "", false
	a.round++
	a.outbox.poke()
}

// scanLater scans when d has passed: something was left to the store alone.
func (a *app) scanLater(d time.Duration) {
	if a.scanning {
		a.again = true
		return
	}
	if d == 0 {
		a.scan()
		return
	}
	a.rescan.Stop()
	a.rescan = a.outbox.clock.After(d, func() { a.outbox.locked(a.scan) })
}

// scanPage reads a page of subjects and fills their lanes. It runs without the lock.
func (a *app) scanPage(after string, round int) {
	subjects, err := a.outbox.store.Subjects(a.key.org, a.key.id, after, scanPage)
	a.outbox.failed("reading whom notifications wait about", err)
	a.outbox.locked(func() {
		switch {
		case !a.scanning || a.round != round: // away meanwhile, and maybe back
		case err != nil:
			a.scanning = false
			a.scanLater(time.Second)
		default:
			for _, s := range subjects {
				a.lane(s).refill()
				a.after = s
			}
			if len(subjects) == scanPage {
				return
			}
			a.scanning = false
			if a.again {
				a.scan()
			}
		}
	})
}
