package outbox

// room says whether the connection takes another notification.
func (c *Conn) room(window int) bool { return c.settling == nil && c.inFlight < window }

// pumpReady lets lanes go on that waited for the connection to settle or for a place in its window.
func (c *Conn) pumpReady(window int) {
	for c.room(window) {
		l := c.ready.take()
		if l == nil {
			return
		}
		l.pump()
	}
}

// dropReady lets all lanes go on that waited for a connection that is gone.
func (c *Conn) dropReady() {
	for l := c.ready.take(); l != nil; l = c.ready.take() {
		l.pump()
	}
}

// readyLanes are taken alternately from those that wait longest and those that came last: who has
// nothing to do with a backlog does not wait for it.
type readyLanes struct {
	lanes  []*lane // those from first on
	first  int
	newest bool // the next one taken
}

func (r *readyLanes) add(l *lane) {
	if l.ready {
		return
	}
	l.ready = true
	if r.first > 0 && r.first >= len(r.lanes)/2 {
		kept := copy(r.lanes, r.lanes[r.first:])
		clear(r.lanes[kept:])
		r.lanes, r.first = r.lanes[:kept], 0
	}
	r.lanes = append(r.lanes, l)
}

// take gives a lane that is still ready, nil for none.
func (r *readyLanes) take() *lane {
	for r.first < len(r.lanes) {
		at := r.first
		if r.newest = !r.newest; r.newest {
			at = len(r.lanes) - 1
		}
		l := r.lanes[at]
		r.lanes[at] = nil
		if at == r.first {
			r.first++
		} else {
			r.lanes = r.lanes[:at]
		}
		if l.ready {
			l.ready = false
			return l
		}
	}
	return nil
}
