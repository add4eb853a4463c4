package store

import (
	"context"
	"fmt"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
)

// What operators ask for, from a command line beside the server.

// Apply does a unit at once, on a connection of its own, where the store was not opened to serve.
func (s *Store) Apply(u *Unit) error {
	c, err := s.dialect.connect(false)
	if err != nil {
		return err
	}
	w := &writer{store: s, conn: c}
	f, err := w.retry([]*Unit{u})
	if closeErr := c.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return f.errs[0]
}

// LetterFilter chooses notifications that wait or are put aside; empty fields choose all.
type LetterFilter struct {
	Org, App, Subject string
	Dead              bool      // those put aside, else those that wait
	Before            time.Time // made before it; zero: whenever
}

const letterColumns = "org text, app text, subject text, dead bool, before int"

const letterChoice = `(r.org = '' OR o.org_id = r.org) AND (r.app = '' OR o.app_id = r.app) AND (r.subject = '' OR o.subject_id = r.subject)
	AND o.dead = r.dead AND (r.before = 0 OR o.created_at < r.before)`

var (
	selectLetters = newStatement(letterColumns+", after_id int, lim int", `
		SELECT o.org_id, o.app_id, o.subject_id, o.id, o.kind, o.interactive, o.created_at, o.attempts, o.due_at, o.dead, o.failure, o.body, o.failing_since
		FROM {{each outbox o}} o.id > r.after_id AND `+letterChoice+` ORDER BY o.id LIMIT {{one lim}}`)
	retryLetters = newStatement(letterColumns+", now int", `
		UPDATE outbox AS o SET dead = FALSE, attempts = 0, failing_since = 0, due_at = r.now {{given}} `+letterChoice+" RETURNING id")
	dropLetters = newStatement("org text, app text, subject text, id int", `
		DELETE FROM outbox WHERE {{key org_id, app_id, subject_id, id}}`)
	selectOutboxVersion = newStatement("", "SELECT value FROM settings WHERE name = 'outbox_version'")
)

func (f LetterFilter) bind(v *values) *values {
	return v.text(f.Org).text(f.App).text(f.Subject).bool(f.Dead).int(millis(f.Before))
}

// Letters reads the notifications that the filter chooses, the oldest first, after the given id.
func (s *Store) Letters(f LetterFilter, after int64, limit int) ([]*Notification, error) {
	var found []*Notification
	err := s.query(op{selectLetters, f.bind(&values{}).int(after).int(int64(limit)), func(r row) error {
		_, n, err := scanNotification(r)
		found = append(found, n)
		return err
	}})
	return found, err
}

// RetryLetters has those that the filter chooses delivered again from now on; it says how many that are.
func (s *Store) RetryLetters(f LetterFilter) (count int, err error) {
	err = s.write(op{retryLetters, f.bind(&values{}).int(millis(s.now())), func(row) error { count++; return nil }},
		op{setVersion, new(values).text("outbox_version").text(NewID("")), nil})
	return count, err
}

// DropLetters forgets notifications.
func (s *Store) DropLetters(letters []*Notification) error {
	var v values
	for _, n := range letters {
		v.text(n.Org).text(n.App).text(n.Subject).int(n.ID)
	}
	return s.write(withRows(nil, op{dropLetters, &v, nil})...)
}

// TellServers has running servers deliver what this unit notifies of, where it is not done by one of them.
func (tx *Tx) TellServers() {
	tx.Exec(setVersion, new(values).text("outbox_version").text(NewID("")))
}

// OutboxVersion changes when an operator changed the outbox behind the server.
func (s *Store) OutboxVersion() (version string, err error) {
	err = s.query(op{selectOutboxVersion, &values{}, func(r row) error { version = r.text(0); return nil }})
	return version, err
}

// Everything is all that is stored about one person.
type Everything struct {
	Record     *Record
	AppData    map[string]customer.AppData // by app
	Messages   []*messaging.Message
	Sessions   []*messaging.Ended
	Activities []*customer.ActivitySession
	Reminders  []AppReminder
	Payments   []*payment.Payment
	Wallets    []Wallet
	Waiting    []*Notification
	History    []customer.Entry // newest first
}

var (
	selectAllMessages = newStatement("org text, customer text", `
		SELECT m.org_id, m.customer_id, m.id, m.doc FROM {{each messages m}} m.org_id = r.org AND m.customer_id = r.customer ORDER BY m.id`)
	selectAllSessions = newStatement("org text, customer text", `
		SELECT s.org_id, s.customer_id, s.id, s.doc FROM {{each messaging_sessions s}} s.org_id = r.org AND s.customer_id = r.customer ORDER BY s.id`)
	selectAllActivities = newStatement("org text, customer text", `
		SELECT s.org_id, s.customer_id, s.session_key, s.doc FROM {{each activity_sessions s}} s.org_id = r.org AND s.customer_id = r.customer ORDER BY s.updated_at`)
)

const maxHistory = 1 << 20

// Find finds a customer of an org, also one that is decommissioned; nil where there is none.
func (s *Store) Find(ctx context.Context, org string, ref customer.Ref) (*Record, error) {
	var found *Record
	err := s.Apply(&Unit{Needs: Needs{Org: org, Customers: []customer.Ref{ref}}, Run: func(tx *Tx) error {
		rec, err := tx.find(org, ref)
		if rec != nil {
			found = rec.clone()
		}
		return err
	}})
	return found, err
}

// Everything reads all that is stored about a customer.
func (s *Store) Everything(rec *Record) (*Everything, error) {
	e := &Everything{Record: rec, AppData: make(map[string]customer.AppData)}
	who := func() *values { return new(values).text(rec.Org).text(rec.ID) }
	for _, o := range []op{
		{selectAppData, who(), func(r row) error {
			k, d, err := scanAppData(r)
			e.AppData[k.App] = *d
			return err
		}},
		{selectAllMessages, who(), func(r row) error {
			_, m, err := scanMessage(r)
			e.Messages = append(e.Messages, m)
			return err
		}},
		{selectAllSessions, who(), func(r row) error {
			_, ended, err := sessions.scan(r)
			e.Sessions = append(e.Sessions, ended)
			return err
		}},
		{selectAllActivities, who(), func(r row) error {
			_, a, err := scanActivity(r)
			e.Activities = append(e.Activities, a)
			return err
		}},
		{selectPaymentsOf, who(), func(r row) error {
			p, err := scanPayment(r, 0)
			e.Payments = append(e.Payments, p.Payment)
			return err
		}},
	} {
		if err := s.query(o); err != nil {
			return nil, fmt.Errorf("read %s: %w", rec.ID, err)
		}
	}
	for _, dead := range []bool{false, true} {
		letters, err := s.Letters(LetterFilter{Org: rec.Org, Subject: rec.ID, Dead: dead}, 0, maxHistory)
		if err != nil {
			return nil, err
		}
		e.Waiting = append(e.Waiting, letters...)
	}
	var err error
	if e.Reminders, err = s.Reminders(rec.Org, rec.ID); err != nil {
		return nil, err
	}
	if e.Wallets, err = s.Wallets(rec); err != nil {
		return nil, err
	}
	e.History, err = s.History(rec.History, maxHistory)
	return e, err
}
