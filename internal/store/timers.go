package store

import (
	"cmp"
	"time"
)

// Timer is a row that waits for its time: what is to be done then, for restarts and other nodes.
type Timer struct {
	DueAt         time.Time
	ID            int64
	Kind          string // names what is to be done
	Org, Customer string // of a payment's timer the purse, which keeps it when the customer is erased
	Ref           string // of what, as a message's id
}

type timerKey struct{ due, id int64 }

var timers = &table[timerKey, Timer]{
	load: newStatement("due int, id int", `
		SELECT t.due_at, t.id, t.kind, t.org_id, t.customer_id, t.ref FROM {{each timers t}} t.due_at = r.due AND t.id = r.id`),
	insert: newStatement("due int, id int, kind text, org text, customer text, ref text", `
		INSERT INTO timers (due_at, id, kind, org_id, customer_id, ref) {{values}}`),
	remove: newStatement("due int, id int", `
		DELETE FROM timers WHERE {{key due_at, id}}`),
	bindKey: func(v *values, k timerKey) { v.int(k.due).int(k.id) },
	bind: func(v *values, k timerKey, t *Timer) {
		v.int(k.due).int(k.id).text(t.Kind).text(t.Org).text(t.Customer).text(t.Ref)
	},
	scan: scanTimer,
	clone: func(t *Timer) *Timer {
		c := *t
		return &c
	},
	compare: func(a, b timerKey) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id)) },
}

func scanTimer(r row) (timerKey, *Timer, error) {
	t := &Timer{DueAt: fromMillis(r.int(0)), ID: r.int(1), Kind: r.text(2), Org: r.text(3), Customer: r.text(4), Ref: r.text(5)}
	return timerKey{r.int(0), r.int(1)}, t, nil
}

func (t *Timer) key() timerKey { return timerKey{millis(t.DueAt), t.ID} }

// Schedule stores a timer, with an id, and hands it over after the commit.
func (tx *Tx) Schedule(t Timer) Timer {
	t.ID = tx.store.ids.number(tx.now)
	tx.b.timers.put(t.key(), &t, false)
	tx.timers = append(tx.timers, t)
	return t
}

// TakeTimer removes a timer that is due; it says whether it was still there. The timer is then as it
// is now: its customer may have been adopted.
func (tx *Tx) TakeTimer(t *Timer) (bool, error) {
	k := t.key()
	found, err := tx.b.timers.find(tx.conn, k)
	if err != nil || found == nil {
		return false, err
	}
	*t = *found
	tx.b.timers.delete(k)
	return true, nil
}

// The bounds are single values, not rows to join with: only so does PostgreSQL read just as many rows
// as it gives, in their order.
const timersBetween = `
	SELECT t.due_at, t.id, t.kind, t.org_id, t.customer_id, t.ref FROM timers AS t
	WHERE (t.due_at, t.id) > ({{one from_due}}, {{one from_id}}) AND t.due_at < {{one until}} `

var (
	selectTimers       = newStatement("from_due int, from_id int, until int, lim int", timersBetween+`ORDER BY t.due_at, t.id LIMIT {{one lim}}`)
	selectLatestTimers = newStatement("from_due int, from_id int, until int, lim int", timersBetween+`ORDER BY t.due_at DESC, t.id DESC LIMIT {{one lim}}`)
	selectNextDue      = newStatement("since int", `
		SELECT t.due_at FROM timers AS t WHERE t.due_at >= {{one since}} ORDER BY t.due_at LIMIT 1`)
)

// DueTimers reads timers due before until, in order, after the given one (nil: from the first).
func (s *Store) DueTimers(after *Timer, until time.Time, limit int) ([]Timer, error) {
	var v values
	if after != nil {
		v.int(millis(after.DueAt)).int(after.ID)
	} else {
		v.int(-1).int(0)
	}
	v.int(millis(until)).int(int64(limit))
	return s.timers(selectTimers, &v)
}

// LatestTimers reads timers due after since and before until, the latest first.
func (s *Store) LatestTimers(since, until time.Time, limit int) ([]Timer, error) {
	const last = 1<<63 - 1 // id
	return s.timers(selectLatestTimers, new(values).int(millis(since)).int(last).int(millis(until)).int(int64(limit)))
}

func (s *Store) timers(st *statement, v *values) ([]Timer, error) {
	var due []Timer
	err := s.query(op{st, v, func(r row) error {
		_, t, err := scanTimer(r)
		due = append(due, *t)
		return err
	}})
	return due, err
}

// NextDue is when the first timer is due that is due at from or later, zero for none.
func (s *Store) NextDue(from time.Time) (time.Time, error) {
	var due time.Time
	err := s.query(op{selectNextDue, new(values).int(millis(from)), func(r row) error {
		due = fromMillis(r.int(0))
		return nil
	}})
	return due, err
}
