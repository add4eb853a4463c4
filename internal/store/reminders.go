package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// ReminderKey names a reminder of a customer and app.
type ReminderKey struct{ Org, Customer, App, Key string }

func (k ReminderKey) compare(b ReminderKey) int {
	return cmp.Or(cmp.Compare(k.Org, b.Org), cmp.Compare(k.Customer, b.Customer), cmp.Compare(k.App, b.App), cmp.Compare(k.Key, b.Key))
}

// storedReminder is a reminder with its timer.
type storedReminder struct {
	customer.Reminder
	timer timerKey
}

// ReminderTimer is the kind of a reminder's timer; its Ref is made by reminderRef.
const ReminderTimer = "reminder"

func reminderRef(app, key string) string { return app + "/" + key }

// ReminderOf names the reminder that a timer is for.
func ReminderOf(t *Timer) ReminderKey {
	app, key, _ := strings.Cut(t.Ref, "/")
	return ReminderKey{t.Org, t.Customer, app, key}
}

var reminders = &table[ReminderKey, storedReminder]{
	load: newStatement("org text, customer text, app text, k text", `
		SELECT m.org_id, m.customer_id, m.app_id, m.key, m.due_at, m.timer_id, m.doc
		FROM {{each reminders m}} m.org_id = r.org AND m.customer_id = r.customer AND m.app_id = r.app AND m.key = r.k`),
	upsert: newStatement("org text, customer text, app text, k text, due int, timer int, doc blob", `
		INSERT INTO reminders (org_id, customer_id, app_id, key, due_at, timer_id, doc) {{values}}
		ON CONFLICT (org_id, customer_id, app_id, key) DO UPDATE SET due_at = excluded.due_at, timer_id = excluded.timer_id, doc = excluded.doc`),
	remove: newStatement("org text, customer text, app text, k text", `
		DELETE FROM reminders WHERE {{key org_id, customer_id, app_id, key}}`),
	bindKey: func(v *values, k ReminderKey) { v.text(k.Org).text(k.Customer).text(k.App).text(k.Key) },
	bind: func(v *values, k ReminderKey, r *storedReminder) {
		v.text(k.Org).text(k.Customer).text(k.App).text(k.Key).int(r.timer.due).int(r.timer.id).blob(encode(&r.Reminder))
	},
	scan: scanReminder,
	clone: func(r *storedReminder) *storedReminder {
		c := *r
		return &c
	},
	compare: ReminderKey.compare,
}

func scanReminder(r row) (ReminderKey, *storedReminder, error) {
	k := ReminderKey{r.text(0), r.text(1), r.text(2), r.text(3)}
	m := &storedReminder{timer: timerKey{r.int(4), r.int(5)}}
	err := decode(r.borrow(6), &m.Reminder)
	m.Key = k.Key
	return k, m, err
}

// SetReminder stores a reminder with the timer for its next occurrence, in place of the one of the
// same key. One more than the limit is refused.
func (tx *Tx) SetReminder(rec *Record, app string, r customer.Reminder, limits customer.Limits) error {
	k := ReminderKey{rec.Org, rec.ID, app, r.Key}
	old, err := tx.b.reminders.find(tx.conn, k)
	if err != nil {
		return err
	}
	if old != nil {
		tx.b.timers.delete(old.timer)
	} else if err := limits.CheckReminders(rec.Reminders); err != nil {
		return err
	} else {
		rec.Reminders++
	}
	tx.schedule(k, r)
	return nil
}

// schedule stores a reminder whose timer is a new one. What is over is due now: the table of timers
// is read from its begin.
func (tx *Tx) schedule(k ReminderKey, r customer.Reminder) {
	due := r.Next
	if due.Before(tx.now) {
		due = tx.now
	}
	t := tx.Schedule(Timer{DueAt: due, Kind: ReminderTimer, Org: k.Org, Customer: k.Customer, Ref: reminderRef(k.App, k.Key)})
	tx.b.reminders.put(k, &storedReminder{r, t.key()}, true)
}

// CancelReminder takes a reminder and its timer away; it says whether there was one.
func (tx *Tx) CancelReminder(rec *Record, app, key string) (bool, error) {
	k := ReminderKey{rec.Org, rec.ID, app, key}
	old, err := tx.b.reminders.find(tx.conn, k)
	if err != nil || old == nil {
		return false, err
	}
	tx.b.timers.delete(old.timer)
	tx.dropReminder(rec, k)
	return true, nil
}

// FireReminder takes the occurrence that a timer is for, and sets the timer for the one after it. The
// result is the reminder with Next as that occurrence, nil where it was replaced or cancelled.
func (tx *Tx) FireReminder(rec *Record, t *Timer) (*customer.Reminder, error) {
	k := ReminderOf(t)
	k.Customer = rec.ID
	stored, err := tx.b.reminders.find(tx.conn, k)
	if err != nil || stored == nil || stored.timer != t.key() {
		return nil, err
	}
	next, fired := stored.Reminder, stored.Reminder
	at, more := next.Fire(tx.now)
	fired.Next = at
	if more {
		tx.schedule(k, next)
	} else {
		tx.dropReminder(rec, k)
	}
	return &fired, nil
}

func (tx *Tx) dropReminder(rec *Record, k ReminderKey) {
	tx.b.reminders.delete(k)
	rec.Reminders = max(0, rec.Reminders-1) // those of old are not counted
}

var selectReminders = newStatement(ofCustomer, `
	SELECT m.org_id, m.customer_id, m.app_id, m.key, m.due_at, m.timer_id, m.doc
	FROM {{each reminders m}} m.org_id = r.org AND m.customer_id = r.id ORDER BY m.app_id, m.key`)

// AppReminder is a reminder and whose it is.
type AppReminder struct {
	App string
	customer.Reminder
}

// Reminders reads a customer's reminders of all apps.
func (s *Store) Reminders(org, id string) ([]AppReminder, error) {
	var all []AppReminder
	err := s.query(op{selectReminders, new(values).text(org).text(id), func(r row) error {
		k, m, err := scanReminder(r)
		all = append(all, AppReminder{k.App, m.Reminder})
		return err
	}})
	return all, err
}

// remindersOf are a customer's reminders as the unit sees them; it has to be Alone.
func (tx *Tx) remindersOf(rec *Record) (map[ReminderKey]*storedReminder, error) {
	found := make(map[ReminderKey]*storedReminder)
	err := inside(tx.conn, op{selectReminders, new(values).text(rec.Org).text(rec.ID), func(r row) error {
		k, m, err := scanReminder(r)
		found[k] = m
		return err
	}})
	return found, err
}

// adoptReminders joins the other's reminders into rec, whose own win.
func (tx *Tx) adoptReminders(rec, other *Record) error {
	own, err := tx.remindersOf(rec)
	if err != nil {
		return err
	}
	theirs, err := tx.remindersOf(other)
	if err != nil {
		return err
	}
	for _, k := range sortedReminders(theirs) {
		r := theirs[k]
		tx.b.timers.delete(r.timer)
		tx.b.reminders.delete(k)
		k.Customer = rec.ID
		if own[k] == nil {
			tx.schedule(k, r.Reminder)
			own[k] = r
		}
	}
	rec.Reminders, other.Reminders = len(own), 0
	return nil
}

func sortedReminders(m map[ReminderKey]*storedReminder) []ReminderKey {
	keys := make([]ReminderKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, ReminderKey.compare)
	return keys
}
