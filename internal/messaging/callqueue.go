package messaging

import (
	"slices"
	"time"
)

// CallQueue is the calls that wait in a queue, first come first served.
type CallQueue struct {
	Waiting []QueuedCall `cbor:"1,keyasint,omitempty"`
}

// QueuedCall is a call that waits.
type QueuedCall struct {
	Peer
	At time.Time `cbor:"10,keyasint"`
}

// Add puts a call at the end.
func (q *CallQueue) Add(p Peer, at time.Time) { q.Waiting = append(q.Waiting, QueuedCall{p, at}) }

// Take takes the first out, nil where nobody waits.
func (q *CallQueue) Take() *QueuedCall {
	if len(q.Waiting) == 0 {
		return nil
	}
	first := q.Waiting[0]
	q.Waiting = slices.Delete(q.Waiting, 0, 1)
	return &first
}

// Remove takes a call out, wherever it stands.
func (q *CallQueue) Remove(session string) {
	q.Waiting = slices.DeleteFunc(q.Waiting, func(c QueuedCall) bool { return c.Session == session })
}
