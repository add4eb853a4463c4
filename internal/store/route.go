package store

import (
	"hash/fnv"
	"sync"
)

// maxRoutes bounds the customers in each half of routes.
const maxRoutes = 1 << 16

// routes remembers the writers of customers who were named by a number: what names them by their id
// follows, so that one writer has all about them and two do not wait for each other's rows. To forget
// one costs such a wait, no more.
type routes struct {
	mu         sync.RWMutex // guards what follows
	young, old map[string]int
}

func (r *routes) find(id string) (writer int, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if writer, ok = r.young[id]; !ok {
		writer, ok = r.old[id]
	}
	return writer, ok
}

func (r *routes) learn(id string, writer int) {
	if known, ok := r.find(id); ok && known == writer {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= maxRoutes {
		r.young, r.old = make(map[string]int), r.young
	}
	r.young[id] = writer
}

// route chooses the writer of a unit.
func (s *Store) route(u *Unit) *writer {
	if len(s.writers) == 1 {
		return s.writers[0]
	}
	i, ok := s.routes.find(u.Route)
	if !ok {
		h := fnv.New32a()
		_, _ = h.Write([]byte(u.Route))
		i = int(h.Sum32() % uint32(len(s.writers)))
	}
	return s.writers[i]
}

// learn notes whom units named by a number, after their commit.
func (w *writer) learn(b *batch, units []*Unit) {
	if len(w.store.writers) == 1 {
		return
	}
	for _, u := range units {
		if len(u.Needs.Customers) == 0 || u.Route != u.Needs.Org+u.Needs.Customers[0].Number.Number {
			continue
		}
		if id := b.resolve(u.Needs.Org, u.Needs.Customers[0]); id != "" {
			w.store.routes.learn(id, w.index)
		}
	}
}
