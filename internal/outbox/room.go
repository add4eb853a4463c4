package outbox

import "time"

// roomy is how many notifications an app may have before it that are not answered, for more to be
// made for it that could as well be made later.
const roomy = 512

// stuck is when an app that answers nothing is no longer waited for.
const stuck = 10 * time.Second

// Room says whether a notification that could be made now or later should be made now. An app that is
// away, or answers nothing at all, gets it into the store.
func (o *Outbox) Room(org, id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.apps[appKey{org, id}]
	if a == nil || len(a.conns) == 0 || a.inMemory < roomy {
		return true
	}
	a.asked = true
	return o.clock.Now().Sub(a.landed) > stuck
}

// roomAgain tells that an app that had no room has some again.
func (a *app) roomAgain() {
	if a.asked && a.inMemory <= roomy*3/4 {
		a.asked = false
		a.outbox.later(a.outbox.Roomy)
	}
}
