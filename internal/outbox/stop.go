package outbox

import "context"

// Stop ends the requests that wait for a lease, which may be long, and those that would, takes no more
// hops, and waits, until ctx ends, for the answers to those that phones wait for.
func (o *Outbox) Stop(ctx context.Context) {
	var idle chan struct{}
	o.locked(func() {
		o.stopping = true
		for _, a := range o.apps {
			for _, l := range a.lanes {
				l.endLeases()
			}
		}
		if o.hops > 0 {
			o.idle = make(chan struct{})
			idle = o.idle
		}
	})
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// hopOver counts a hop that is answered, or given up.
func (o *Outbox) hopOver() {
	if o.hops--; o.hops == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}
