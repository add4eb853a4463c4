package command

import (
	"container/list"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/store"
)

// stateCache keeps encoded state replies. One is good for as long as the customer's version, which
// is read from the database each time, so that it holds with several servers too, and until
// the first of the customer's tags, secondary ids and sessions expires.
type stateCache struct {
	mu      sync.Mutex // guards what follows
	max     int        // bytes
	size    int
	entries map[stateKey]*list.Element
	recent  *list.List // of *cachedState, the latest used first
}

type stateKey struct{ org, id string }

type cachedState struct {
	key     stateKey
	version int64
	until   time.Time // zero: no end
	payload []byte
}

func newStateCache(max int) *stateCache {
	return &stateCache{max: max, entries: make(map[stateKey]*list.Element), recent: list.New()}
}

// get gives the reply for a version of a customer, nil where it is not here.
func (c *stateCache) get(k stateKey, version int64, now *clock.Clock) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		return nil
	}
	s := e.Value.(*cachedState)
	if s.version != version || !s.until.IsZero() && !now.Now().Before(s.until) {
		return nil
	}
	c.recent.MoveToFront(e)
	return s.payload
}

func (c *stateCache) put(rec *store.Record, payload []byte) {
	s := &cachedState{key: stateKey{rec.Org, rec.ID}, version: rec.Version, until: firstExpiry(rec), payload: payload}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[s.key]; old != nil {
		if old.Value.(*cachedState).version > s.version {
			return
		}
		c.remove(old)
	}
	if len(payload) > c.max/16 {
		return
	}
	c.entries[s.key] = c.recent.PushFront(s)
	c.size += len(payload)
	for c.size > c.max {
		c.remove(c.recent.Back())
	}
}

func (c *stateCache) remove(e *list.Element) {
	s := e.Value.(*cachedState)
	c.recent.Remove(e)
	delete(c.entries, s.key)
	c.size -= len(s.payload)
}

func firstExpiry(rec *store.Record) time.Time {
	var first time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, t := range rec.Tags {
		sooner(t.ExpiresAt)
	}
	for _, s := range rec.SecondaryIDs {
		sooner(s.ExpiresAt)
	}
	for _, ch := range rec.Channels {
		if ch.Session != nil {
			sooner(ch.Session.ExpiresAt)
		}
	}
	return first
}
