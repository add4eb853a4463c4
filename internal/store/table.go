package store

import "slices"

// table is how rows of one kind are read and written. K is the key, V the value.
type table[K comparable, V any] struct {
	// load has the key's columns; insert and upsert all columns, remove the key's.
	load, insert, upsert, remove *statement
	// loadInside is load once other rows are locked, nil where that is the same.
	loadInside *statement
	bindKey    func(*values, K)
	bind       func(*values, K, *V)
	scan       func(row) (K, *V, error)
	clone      func(*V) *V
	compare    func(a, b K) int
}

// slot is what is known of one row; a nil value is a row that is not there.
type slot[V any] struct {
	value  *V
	stored bool // the row is in the database
	dirty  bool // the value has to be written
}

// set is the rows of a table that a batch has in hand, and, apart from them, those that the unit
// that runs has changed: they join the others when the unit succeeds.
type set[K comparable, V any] struct {
	table *table[K, V]
	batch map[K]slot[V]
	unit  map[K]slot[V]
}

func newSet[K comparable, V any](t *table[K, V]) *set[K, V] {
	return &set[K, V]{table: t, batch: make(map[K]slot[V]), unit: make(map[K]slot[V])}
}

// find gives the row, loading it where nobody has named it before. The value is not to be changed.
func (s *set[K, V]) find(c conn, k K) (*V, error) {
	sl, err := s.slot(c, k)
	return sl.value, err
}

func (s *set[K, V]) slot(c conn, k K) (slot[V], error) {
	if sl, ok := s.unit[k]; ok {
		return sl, nil
	}
	if sl, ok := s.batch[k]; ok {
		return sl, nil
	}
	if err := s.load(c, []K{k}); err != nil {
		return slot[V]{}, err
	}
	return s.batch[k], nil
}

// edit gives the row to change, nil where there is none.
func (s *set[K, V]) edit(c conn, k K) (*V, error) {
	sl, err := s.slot(c, k)
	if err != nil || sl.value == nil {
		return nil, err
	}
	if mine, ok := s.unit[k]; ok && mine.dirty {
		return mine.value, nil
	}
	v := s.table.clone(sl.value)
	s.unit[k] = slot[V]{value: v, stored: sl.stored, dirty: true}
	return v, nil
}

// put sets the row; stored says that it may be in the database already.
func (s *set[K, V]) put(k K, v *V, stored bool) {
	s.unit[k] = slot[V]{value: v, stored: stored, dirty: true}
}

// delete takes the row away.
func (s *set[K, V]) delete(k K) { s.put(k, nil, true) }

// prepare gives the op that loads those of the keys that are not in hand; ok is false for none.
func (s *set[K, V]) prepare(keys []K) (op, bool) {
	var v values
	for _, k := range keys {
		if _, known := s.batch[k]; known {
			continue
		}
		s.batch[k] = slot[V]{}
		s.table.bindKey(&v, k)
	}
	return op{s.table.load, &v, func(r row) error {
		k, value, err := s.table.scan(r)
		s.batch[k] = slot[V]{value: value, stored: true}
		return err
	}}, len(v.cells) > 0
}

func (s *set[K, V]) load(c conn, keys []K) error {
	o, any := s.prepare(keys)
	if !any {
		return nil
	}
	if s.table.loadInside != nil {
		o.statement = s.table.loadInside
	}
	return inside(c, o)
}

// anySet is what the writer does with the sets of all tables alike.
type anySet interface {
	keep()
	drop()
	writes([]op) []op
}

// keep joins the unit's changes to the batch; drop forgets them.
func (s *set[K, V]) keep() {
	for k, sl := range s.unit {
		if old, ok := s.batch[k]; ok && old.stored {
			sl.stored = true
		}
		s.batch[k] = sl
	}
	clear(s.unit)
}

func (s *set[K, V]) drop() { clear(s.unit) }

// writes appends the ops that write what changed, in the order of the keys: batches of several
// writers then wait for each other rather than lock each other out.
func (s *set[K, V]) writes(ops []op) []op {
	var dirty []K
	for k, sl := range s.batch {
		if sl.dirty && (sl.value != nil || sl.stored) {
			dirty = append(dirty, k)
		}
	}
	if len(dirty) == 0 {
		return ops
	}
	slices.SortFunc(dirty, s.table.compare)
	var inserts, upserts, removes values
	for _, k := range dirty {
		switch sl := s.batch[k]; {
		case sl.value == nil:
			s.table.bindKey(&removes, k)
		case sl.stored || s.table.insert == nil:
			s.table.bind(&upserts, k, sl.value)
		default:
			s.table.bind(&inserts, k, sl.value)
		}
	}
	for _, w := range []op{{s.table.remove, &removes, nil}, {s.table.insert, &inserts, nil}, {s.table.upsert, &upserts, nil}} {
		if len(w.values.cells) > 0 {
			ops = append(ops, w)
		}
	}
	return ops
}
