package store

import (
	"cmp"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Notification is a row of the outbox: what an app is to be told. It stays until the app has
// answered, in order of ID per app and subject.
type Notification struct {
	Org, App string
	Subject  string // the customer's id; of a purse's notification the purse's
	ID       int64

	Kind        string // names the entry of the wire's notification, as received_message
	Interactive bool   // a hop or an event of a call: somebody waits for the answer
	Body        []byte // the wire's notification, without the app data
	CreatedAt   time.Time

	Attempts int64
	DueAt    time.Time // of the next attempt after a failed one
	Since    time.Time // of the first failed attempt
	Dead     bool      // put aside after 24 h of them
	Failure  string    // of the last attempt

	// Data, in one that is Interactive and was handed over just now, is the app's data about the customer as
	// the commit left it, nil where that did not see it, or where it may not be used: it is to be read.
	Data *customer.AppData
}

type outboxKey struct {
	org, app, subject string
	id                int64
}

func (n *Notification) key() outboxKey { return outboxKey{n.Org, n.App, n.Subject, n.ID} }

const outboxColumns = "org text, app text, subject text, id int, kind text, interactive bool, created int, attempts int, due int, dead bool, failure text, body blob, since int"

const insertOutbox = `INSERT INTO outbox (org_id, app_id, subject_id, id, kind, interactive, created_at, attempts, due_at, dead, failure, body, failing_since) {{values}}`

var outbox = &table[outboxKey, Notification]{
	load: newStatement("org text, app text, subject text, id int", `
		SELECT o.org_id, o.app_id, o.subject_id, o.id, o.kind, o.interactive, o.created_at, o.attempts, o.due_at, o.dead, o.failure, o.body, o.failing_since
		FROM {{each outbox o}} o.org_id = r.org AND o.app_id = r.app AND o.subject_id = r.subject AND o.id = r.id`),
	insert: newStatement(outboxColumns, insertOutbox),
	upsert: newStatement(outboxColumns, insertOutbox+`
		ON CONFLICT (org_id, app_id, subject_id, id) DO UPDATE
		SET kind = excluded.kind, interactive = excluded.interactive, attempts = excluded.attempts, due_at = excluded.due_at,
			dead = excluded.dead, failure = excluded.failure, body = excluded.body, failing_since = excluded.failing_since`),
	remove: newStatement("org text, app text, subject text, id int", `
		DELETE FROM outbox WHERE {{key org_id, app_id, subject_id, id}}`),
	bindKey: func(v *values, k outboxKey) { v.text(k.org).text(k.app).text(k.subject).int(k.id) },
	bind: func(v *values, k outboxKey, n *Notification) {
		v.text(k.org).text(k.app).text(k.subject).int(k.id).text(n.Kind).bool(n.Interactive).int(millis(n.CreatedAt)).
			int(n.Attempts).int(millis(n.DueAt)).bool(n.Dead).free(n.Failure).blob(n.Body).int(millis(n.Since))
	},
	scan: scanNotification,
	clone: func(n *Notification) *Notification {
		c := *n
		return &c
	},
	compare: func(a, b outboxKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.app, b.app), cmp.Compare(a.subject, b.subject), cmp.Compare(a.id, b.id))
	},
}

func scanNotification(r row) (outboxKey, *Notification, error) {
	n := &Notification{
		Org: r.text(0), App: r.text(1), Subject: r.text(2), ID: r.int(3), Kind: r.text(4), Interactive: r.bool(5),
		CreatedAt: fromMillis(r.int(6)), Attempts: r.int(7), DueAt: fromMillis(r.int(8)), Dead: r.bool(9),
		Failure: r.text(10), Body: r.blob(11), Since: fromMillis(r.int(12)),
	}
	return n.key(), n, nil
}

// Notify puts a notification into the outbox, with an id and a time, and hands it over after the
// commit.
func (tx *Tx) Notify(n Notification) Notification {
	n.ID, n.CreatedAt = tx.store.ids.number(tx.now), tx.now
	tx.b.outbox.put(n.key(), &n, false)
	tx.notifications = append(tx.notifications, n)
	return n
}

// Renotify changes a notification that is in the outbox, and hands it over again after the commit.
func (tx *Tx) Renotify(n *Notification) {
	tx.Reschedule(n)
	tx.notifications = append(tx.notifications, *n)
}

// notify hands over what was notified: first those that somebody waits for, with the app data that this
// commit saw.
func (b *batch) notify(s *Store) {
	for _, interactive := range []bool{true, false} {
		for i := range b.notifications {
			if n := &b.notifications[i]; n.Interactive == interactive {
				if n.Data = nil; interactive {
					n.Data = b.dataFor(n, s.now())
				}
				s.Notified(n)
			}
		}
	}
}

// dataFor gives the app data for a notification, nil where it is to be read.
func (b *batch) dataFor(n *Notification, now time.Time) *customer.AppData {
	rec := b.customers.batch[customerKey{n.Org, n.Subject}].value
	if rec == nil || rec.AdoptedBy != "" {
		return nil
	}
	found, seen := b.appData.batch[AppDataKey{n.Org, n.Subject, n.App}]
	switch {
	case !seen:
		return nil
	case found.value == nil:
		return &customer.AppData{}
	case found.value.Leased(now):
		return nil
	}
	d := *found.value
	return &d
}

// Answered takes a notification out of the outbox.
func (tx *Tx) Answered(n *Notification) { tx.b.outbox.delete(n.key()) }

// Reschedule stores a notification with another due time, state or body.
func (tx *Tx) Reschedule(n *Notification) {
	c := *n
	tx.b.outbox.put(n.key(), &c, true)
}

// Waiting says whether the notification is still in the outbox.
func (tx *Tx) Waiting(n *Notification) (bool, error) {
	found, err := tx.b.outbox.find(tx.conn, n.key())
	return found != nil, err
}

// The bounds are single values, not rows to join with: only so does PostgreSQL read just as many rows
// as it gives, in their order.
var (
	selectLane = newStatement("org text, app text, subject text, lim int", `
		SELECT o.org_id, o.app_id, o.subject_id, o.id, o.kind, o.interactive, o.created_at, o.attempts, o.due_at, o.dead, o.failure, o.body, o.failing_since
		FROM outbox AS o WHERE o.org_id = {{one org}} AND o.app_id = {{one app}} AND o.subject_id = {{one subject}}
		AND NOT o.dead ORDER BY o.org_id, o.app_id, o.subject_id, o.id LIMIT {{one lim}}`)
	selectSubjects = newStatement("org text, app text, after text, lim int", `
		SELECT DISTINCT o.subject_id FROM outbox AS o WHERE o.org_id = {{one org}} AND o.app_id = {{one app}}
		AND NOT o.dead AND o.subject_id > {{one after}} ORDER BY o.subject_id LIMIT {{one lim}}`)
	selectOutboxStats = newStatement("", `
		SELECT o.dead, COUNT(*), COALESCE(MIN(o.created_at), 0) FROM outbox o GROUP BY o.dead`)
)

// Lane reads the oldest notifications that wait for an app about one subject.
func (s *Store) Lane(org, app, subject string, limit int) ([]*Notification, error) {
	var v values
	v.text(org).text(app).text(subject).int(int64(limit))
	var lane []*Notification
	err := s.query(op{selectLane, &v, func(r row) error {
		_, n, err := scanNotification(r)
		lane = append(lane, n)
		return err
	}})
	return lane, err
}

// Subjects reads, in order and after the given one, whom notifications of an app wait about.
func (s *Store) Subjects(org, app, after string, limit int) ([]string, error) {
	var v values
	v.text(org).text(app).text(after).int(int64(limit))
	var subjects []string
	err := s.query(op{selectSubjects, &v, func(r row) error {
		subjects = append(subjects, r.text(0))
		return nil
	}})
	return subjects, err
}

// OutboxStats counts the notifications that wait and those put aside.
func (s *Store) OutboxStats() (waiting, dead int64, err error) {
	err = s.query(op{selectOutboxStats, &values{}, func(r row) error {
		if r.bool(0) {
			dead = r.int(1)
		} else {
			waiting = r.int(1)
		}
		return nil
	}})
	return waiting, dead, err
}
