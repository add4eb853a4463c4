package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

// WorkKind is what a work does with each customer.
type WorkKind string

// The kinds of work.
const (
	SendMessageWork    WorkKind = "send_message"
	AddReminderWork    WorkKind = "add_reminder"
	CancelReminderWork WorkKind = "cancel_reminder"
)

// Work is something to be done with all customers that had a tag when it was asked for. Cursor is the
// id of the last customer that it is done with: they are taken in the order of their ids.
type Work struct {
	Org  string   `cbor:"-"`
	ID   string   `cbor:"-"`
	Done bool     `cbor:"-"`
	Kind WorkKind `cbor:"1,keyasint"`
	App  string   `cbor:"2,keyasint"`
	Tag  string   `cbor:"3,keyasint"` // the key as it was written
	// Value is the tag's.
	Value     string    `cbor:"4,keyasint,omitempty"`
	CreatedAt time.Time `cbor:"5,keyasint"`
	UpdatedAt time.Time `cbor:"6,keyasint"`

	Channel  messaging.ChannelNumber `cbor:"7,keyasint,omitzero"`
	Message  *messaging.Outbound     `cbor:"8,keyasint,omitempty"`
	Reminder *customer.Reminder      `cbor:"9,keyasint,omitempty"`
	Key      string                  `cbor:"10,keyasint,omitempty"` // of the reminder

	Cursor    string `cbor:"11,keyasint,omitempty"`
	Succeeded int64  `cbor:"12,keyasint,omitempty"`
	Failed    int64  `cbor:"13,keyasint,omitempty"`
	Failure   string `cbor:"14,keyasint,omitempty"` // of the last one that failed

	// Also are customers before the cursor that are still to be done, and Except those after it that
	// are done with: both have adopted another customer meanwhile.
	Also   []string `cbor:"15,keyasint,omitempty"`
	Except []string `cbor:"16,keyasint,omitempty"`

	Cancelled bool `cbor:"17,keyasint,omitempty"` // done before its end: an operator wanted that
}

type workKey struct{ org, id string }

func (a workKey) compare(b workKey) int {
	return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.id, b.id))
}

var works = &table[workKey, Work]{
	load: newStatement("org text, id text", `
		SELECT w.org_id, w.id, w.done, w.doc FROM {{each works w}} w.org_id = r.org AND w.id = r.id
		ORDER BY w.org_id, w.id {{for_update_nowait w}}`),
	insert: newStatement("org text, id text, done bool, doc blob", `
		INSERT INTO works (org_id, id, done, doc) {{values}}`),
	upsert: newStatement("org text, id text, done bool, doc blob", `
		INSERT INTO works (org_id, id, done, doc) {{values}}
		ON CONFLICT (org_id, id) DO UPDATE SET done = excluded.done, doc = excluded.doc`),
	remove:  newStatement("org text, id text", `DELETE FROM works WHERE {{key org_id, id}}`),
	bindKey: func(v *values, k workKey) { v.text(k.org).text(k.id) },
	bind: func(v *values, k workKey, w *Work) {
		v.text(k.org).text(k.id).bool(w.Done).blob(encode(w))
	},
	scan: scanWork,
	clone: func(w *Work) *Work {
		c := *w
		c.Also, c.Except = slices.Clone(w.Also), slices.Clone(w.Except)
		return &c
	},
	compare: workKey.compare,
}

func scanWork(r row) (workKey, *Work, error) {
	w := &Work{Org: r.text(0), ID: r.text(1), Done: r.bool(2)}
	err := decode(r.borrow(3), w)
	if w.Reminder != nil {
		w.Reminder.Key = w.Key
	}
	return workKey{w.Org, w.ID}, w, err
}

// AddWork stores a new work, with an id and a time.
func (tx *Tx) AddWork(w Work) *Work {
	w.ID, w.CreatedAt, w.UpdatedAt = tx.NewWorkID(), tx.now, tx.now
	tx.b.works.put(workKey{w.Org, w.ID}, &w, false)
	return &w
}

// Work gives a work to change, nil where there is none.
func (tx *Tx) Work(org, id string) (*Work, error) { return tx.b.works.edit(tx.conn, workKey{org, id}) }

// CancelWork ends a work of an org where it stands, and gives it; nil where there is none. One that is done
// stays as it is. A server that runs does at the most the page that it is at.
func (s *Store) CancelWork(org, id string) (cancelled *Work, err error) {
	err = s.Apply(&Unit{Alone: true, Run: func(tx *Tx) error {
		cancelled = nil
		w, err := tx.Work(org, id)
		if err != nil || w == nil {
			return err
		}
		if !w.Done {
			w.Done, w.Cancelled, w.UpdatedAt = true, true, tx.now
		}
		found := *w
		cancelled = &found
		return nil
	}})
	return cancelled, err
}

var (
	selectOpenWorks = newStatement("", `SELECT w.org_id, w.id, w.done, w.doc FROM works w WHERE NOT w.done ORDER BY w.id`)
	selectWorks     = newStatement("org text, lim int", `
		SELECT w.org_id, w.id, w.done, w.doc FROM works AS w WHERE w.org_id = {{one org}} ORDER BY w.id DESC LIMIT {{one lim}}`)
	selectOpenWorksOf = newStatement("org text", `
		SELECT w.org_id, w.id, w.done, w.doc FROM {{each works w}} w.org_id = r.org AND NOT w.done
		ORDER BY w.org_id, w.id {{for_update_nowait w}}`)
	selectTagged = newStatement("org text, k text, v text, after text, until int, now int, lim int", `
		SELECT t.customer_id FROM customer_tags AS t WHERE t.org_id = {{one org}} AND t.key = {{one k}} AND t.value = {{one v}}
		AND t.customer_id > {{one after}} AND t.since <= {{one until}} AND (t.expires_at = 0 OR t.expires_at > {{one now}})
		ORDER BY t.org_id, t.key, t.value, t.customer_id LIMIT {{one lim}}`)
	purgeWorks = newStatement("before text", `
		DELETE FROM works WHERE (org_id, id) IN (
			SELECT w.org_id, w.id FROM {{each works w}} w.done AND w.id < r.before ORDER BY w.id LIMIT 1000)`)
)

// workTime is how long a work that is done can be looked at.
const workTime = 30 * 24 * time.Hour

// OpenWorks reads the works that are not done, oldest first.
func (s *Store) OpenWorks() ([]*Work, error) { return s.works(selectOpenWorks, &values{}) }

// Works reads the latest works of an org, newest first.
func (s *Store) Works(org string, limit int) ([]*Work, error) {
	return s.works(selectWorks, new(values).text(org).int(int64(limit)))
}

func (s *Store) works(st *statement, v *values) ([]*Work, error) {
	var all []*Work
	err := s.query(op{st, v, func(r row) error {
		_, w, err := scanWork(r)
		all = append(all, w)
		return err
	}})
	return all, err
}

// Tagged reads whom a work goes on with, after its cursor: those who had the tag when it was asked for
// and have it still.
func (s *Store) Tagged(w *Work, limit int) ([]string, error) {
	var ids []string
	v := new(values).text(w.Org).text(customer.FoldKey(w.Tag)).text(w.Value).text(w.Cursor).
		int(millis(w.CreatedAt)).int(millis(s.now())).int(int64(limit))
	err := s.query(op{selectTagged, v, func(r row) error {
		ids = append(ids, r.text(0))
		return nil
	}})
	return ids, err
}

// adoptWorks sees to it that works that run do each person once: the two are one from now on.
func (tx *Tx) adoptWorks(rec, other *Record, ownTags []customer.Tag) error {
	if len(other.Tags) == 0 {
		return nil
	}
	var open []*Work
	err := inside(tx.conn, op{selectOpenWorksOf, new(values).text(rec.Org), func(r row) error {
		_, w, err := scanWork(r)
		open = append(open, w)
		return err
	}})
	if err != nil {
		return err
	}
	for _, w := range open {
		tx.b.works.batch[workKey{w.Org, w.ID}] = slot[Work]{value: w, stored: true}
		if !w.meant(other.Tags, other.TagsSince, tx.now) {
			continue
		}
		w, err := tx.Work(w.Org, w.ID)
		if err != nil {
			return err
		}
		w.join(rec, other.ID, w.meant(ownTags, rec.TagsSince, tx.now))
	}
	return nil
}

// meant says whether somebody with these tags is one of those whom the work is about.
func (w *Work) meant(tags []customer.Tag, since map[string]time.Time, now time.Time) bool {
	for _, t := range customer.LiveTags(tags, now) {
		key := customer.FoldKey(t.Key)
		if key == customer.FoldKey(w.Tag) && t.Value == w.Value {
			return !since[key].After(w.CreatedAt)
		}
	}
	return false
}

// join says what an adoption means for the work: other is one of its customers, rec is where recToo.
func (w *Work) join(rec *Record, other string, recToo bool) {
	otherDone := w.done(other)
	recDone := recToo && w.done(rec.ID)
	w.Also = slices.DeleteFunc(w.Also, func(id string) bool { return id == other })
	w.Except = slices.DeleteFunc(w.Except, func(id string) bool { return id == other })
	switch behind := rec.ID <= w.Cursor; {
	case (otherDone || recDone) && behind:
		w.Also = slices.DeleteFunc(w.Also, func(id string) bool { return id == rec.ID })
	case otherDone || recDone:
		if !slices.Contains(w.Except, rec.ID) {
			w.Except = append(w.Except, rec.ID)
		}
	case behind && !slices.Contains(w.Also, rec.ID):
		w.Also = append(w.Also, rec.ID)
	case !behind && !recToo && !rec.tagged(w):
		// rec has another value for the key, and keeps that: the person had the tag as the other.
		w.Also = append(w.Also, rec.ID)
	}
}

// tagged says whether the record has the work's tag now.
func (r *Record) tagged(w *Work) bool {
	return slices.ContainsFunc(r.Tags, func(t customer.Tag) bool {
		return customer.FoldKey(t.Key) == customer.FoldKey(w.Tag) && t.Value == w.Value
	})
}

// done says whether the work is done with one of its customers.
func (w *Work) done(id string) bool {
	if id <= w.Cursor {
		return !slices.Contains(w.Also, id)
	}
	return slices.Contains(w.Except, id)
}

// Take moves the work on past these customers, and gives those of them that are to be done.
func (w *Work) Take(ids []string) []string {
	var todo []string
	for _, id := range ids {
		if !w.done(id) {
			todo = append(todo, id)
		}
	}
	for _, id := range ids {
		w.Cursor = max(w.Cursor, id)
		w.Also = slices.DeleteFunc(w.Also, func(other string) bool { return id == other })
		w.Except = slices.DeleteFunc(w.Except, func(other string) bool { return id == other })
	}
	return todo
}
