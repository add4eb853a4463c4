package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// person is a customer in the model.
type person struct {
	customer.Customer
	appData    customer.AppData
	messages   []string
	activities map[string]int
	changes    int
	adopted    []*person
}

// model is a world without a database.
type model struct {
	persons []*person // that live
	gone    []string  // ids that lead nowhere
}

func (m *model) find(ref customer.Ref, now time.Time) *person {
	for _, p := range m.persons {
		switch {
		case ref.ID != "" && p.ID == ref.ID,
			ref.Number != customer.Number{} && slices.Contains(p.Numbers, ref.Number),
			slices.ContainsFunc(p.SecondaryIDs, func(s customer.SecondaryID) bool { return s.Name() == ref.SecondaryID && s.Live(now) }):
			return p
		}
	}
	return nil
}

func (m *model) holder(name customer.SecondaryKey, now time.Time) string {
	if p := m.find(customer.Ref{SecondaryID: name}, now); p != nil {
		return p.ID
	}
	return ""
}

// step is a generated command; it is done in the store and in the model.
type step struct {
	kind       string
	ref, other customer.Ref
	key, value string
	expires    time.Duration // 0 never
	fails      bool          // the unit fails after all
}

func (s step) String() string {
	return fmt.Sprintf("%s %v %v %s=%s %v fails:%v", s.kind, s.ref, s.other, s.key, s.value, s.expires, s.fails)
}

func refs() *rapid.Generator[customer.Ref] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(1, 4), func(i int) customer.Ref { return phone(fmt.Sprint("+25471100000", i)) }),
		rapid.Map(rapid.IntRange(1, 3), func(i int) customer.Ref { return customer.BySecondaryID("k1", fmt.Sprint("v", i)) }),
	)
}

func steps() *rapid.Generator[step] {
	return rapid.Custom(func(t *rapid.T) step {
		return step{
			kind: rapid.SampledFrom([]string{"metadata", "metadata", "unset", "tag", "untag", "name", "name", "unname", "store", "lease", "forget",
				"message", "activity", "adopt", "delete"}).Draw(t, "kind"),
			ref: refs().Draw(t, "ref"), other: refs().Draw(t, "other"),
			key:     rapid.SampledFrom([]string{"k1", "K1", "k2"}).Draw(t, "key"),
			value:   rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "value"),
			expires: rapid.SampledFrom([]time.Duration{0, 0, -time.Second, time.Minute}).Draw(t, "expires"),
			fails:   rapid.IntRange(0, 9).Draw(t, "fails") == 0,
		}
	})
}

var errFails = errors.New("it fails")

func (st step) until(now time.Time) time.Time {
	if st.expires == 0 {
		return time.Time{}
	}
	return now.Add(st.expires)
}

// inStore is the step as a unit; it tells the id of a customer that it makes.
func (st step) inStore(org string, id, messageID *string) *store.Unit {
	return &store.Unit{
		Alone: st.kind == "adopt" || st.kind == "delete",
		Needs: store.Needs{Org: org, Customers: []customer.Ref{st.ref}, App: app},
		Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(org, st.ref)
			if err != nil {
				return err
			}
			*id = rec.ID
			if err := st.change(tx, rec, org, messageID); err != nil {
				return err
			}
			if st.fails {
				return errFails
			}
			if st.kind != "delete" {
				tx.Record(rec, st.kind, "")
			}
			return nil
		},
	}
}

func (st step) change(tx *store.Tx, rec *store.Record, org string, messageID *string) error {
	now := tx.Now()
	switch st.kind {
	case "metadata":
		return rec.UpdateMetadata(map[string]customer.Value{st.key: customer.Text(st.value)}, limits)
	case "unset":
		rec.DeleteMetadata([]string{st.key})
	case "tag":
		return tx.UpdateTags(rec, []customer.Tag{{Key: st.key, Value: st.value, ExpiresAt: st.until(now)}}, limits)
	case "untag":
		tx.DeleteTags(rec, []string{st.key})
	case "name":
		return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k1", Value: st.value, ExpiresAt: st.until(now)}}, limits)
	case "unname":
		return tx.DeleteSecondaryIDs(rec, []customer.SecondaryKey{{Key: "k1", Value: st.value}})
	case "store", "lease", "forget":
		d, err := tx.AppData(rec, app)
		if err != nil {
			return err
		}
		return st.data(d, now)
	case "message":
		*messageID = tx.NewMessageID()
		tx.AddMessage(rec, &messaging.Message{ID: *messageID, Number: rec.Numbers[0], CreatedAt: now})
	case "activity":
		session, err := tx.Activity(rec, customer.ActivityKey{Number: rec.Numbers[0], Source: "s", Session: st.key, App: app})
		if err != nil {
			return err
		}
		return session.Add(customer.Activity{Key: st.value, CreatedAt: now}, limits)
	case "adopt":
		other, err := tx.Customer(org, st.other)
		if err != nil {
			return err
		}
		return tx.Adopt(rec, other)
	case "delete":
		return tx.DeleteCustomer(rec)
	}
	return nil
}

func (st step) data(d *customer.AppData, now time.Time) error {
	switch st.kind {
	case "store":
		return d.Update(customer.Text(st.value), limits)
	case "lease":
		d.Lease(now)
	case "forget":
		d.Delete()
	}
	return nil
}

// inModel does the step there; created is the id that the store gave to a new customer.
func (m *model) do(st step, created, messageID string, now time.Time) error {
	before := m.clone()
	err := m.apply(st, created, messageID, now)
	if err == nil && st.fails {
		err = errFails
	}
	if err != nil {
		*m = *before
	}
	return err
}

func (m *model) clone() *model {
	c := &model{gone: slices.Clone(m.gone)}
	for _, p := range m.persons {
		d := *p
		d.Customer = *p.Customer.Clone()
		d.messages, d.activities, d.adopted = slices.Clone(p.messages), maps.Clone(p.activities), slices.Clone(p.adopted)
		c.persons = append(c.persons, &d)
	}
	return c
}

func (m *model) apply(st step, created, messageID string, now time.Time) error {
	p, err := m.customer(st.ref, created, now)
	if err != nil {
		return err
	}
	p.changes++
	switch st.kind {
	case "metadata":
		return p.UpdateMetadata(map[string]customer.Value{st.key: customer.Text(st.value)}, limits)
	case "unset":
		p.DeleteMetadata([]string{st.key})
	case "tag":
		return p.UpdateTags([]customer.Tag{{Key: st.key, Value: st.value, ExpiresAt: st.until(now)}}, limits, now)
	case "untag":
		p.DeleteTags([]string{st.key}, now)
	case "name":
		holder := func(name customer.SecondaryKey) (string, error) { return m.holder(name, now), nil }
		return p.UpdateSecondaryIDs([]customer.SecondaryID{{Key: "k1", Value: st.value, ExpiresAt: st.until(now)}}, holder, limits, now)
	case "unname":
		p.DeleteSecondaryIDs([]customer.SecondaryKey{{Key: "k1", Value: st.value}}, now)
	case "store", "lease", "forget":
		return st.data(&p.appData, now)
	case "message":
		p.messages = append(p.messages, messageID)
	case "activity":
		p.activities[fmt.Sprint(p.Numbers[0], st.key)]++
	case "adopt":
		other := m.find(st.other, now)
		if other == nil && st.other.Number != (customer.Number{}) {
			other = &person{Customer: customer.Customer{ID: "new", Numbers: []customer.Number{st.other.Number}}, changes: 1}
		}
		if other == nil {
			return st.other.NotFound()
		}
		id := other.ID
		adopted := &person{Customer: *other.Customer.Clone()}
		if err := p.Adopt(&adopted.Customer, now); err != nil {
			return err
		}
		p.appData.Adopt(other.appData)
		p.messages = append(p.messages, other.messages...)
		slices.Sort(p.messages)
		for k, n := range other.activities {
			p.activities[k] += n
		}
		p.changes += other.changes + 1
		m.persons = slices.DeleteFunc(m.persons, func(q *person) bool { return q.ID == id })
		if id != "new" {
			m.gone = append(m.gone, id)
		}
	case "delete":
		m.persons = slices.DeleteFunc(m.persons, func(q *person) bool { return q == p })
		m.gone = append(m.gone, p.ID)
	}
	return nil
}

func (m *model) customer(ref customer.Ref, created string, now time.Time) (*person, error) {
	if p := m.find(ref, now); p != nil {
		return p, nil
	}
	if ref.Number == (customer.Number{}) {
		return nil, ref.NotFound()
	}
	p := &person{Customer: customer.Customer{ID: created, Numbers: []customer.Number{ref.Number}}, activities: map[string]int{}, changes: 1}
	m.persons = append(m.persons, p)
	return p, nil
}

// testModel does generated groups of commands, each group at once in one writer's queue, and compares
// what the store shows with the model.
func testModel(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	var worlds atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		org := fmt.Sprint("el_org_", worlds.Add(1))
		m := &model{}
		for range rapid.IntRange(1, 6).Draw(rt, "groups") {
			group := rapid.SliceOfN(steps(), 1, 6).Draw(rt, "group")
			now := s.clock()
			ids, messageIDs, errs := make([]string, len(group)), make([]string, len(group)), make([]error, len(group))
			var all sync.WaitGroup
			for i, st := range group {
				u := st.inStore(org, &ids[i], &messageIDs[i])
				u.Route = org
				u.Done = func(err error) { errs[i] = err; all.Done() }
				all.Add(1)
				if err := s.Submit(u); err != nil {
					rt.Fatal(err)
				}
			}
			all.Wait()
			for i, st := range group {
				want := m.do(st, ids[i], messageIDs[i], now)
				if text(want) != text(errs[i]) {
					rt.Fatalf("%v: the store says %v, the model %v", st, errs[i], want)
				}
			}
			m.compare(rt, t, s, org)
			s.advance(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, 2 * time.Minute}).Draw(rt, "pause"))
			m.compare(rt, t, s, org)
		}
	})
}

// text is a refusal's code, as far as the model knows it.
func text(err error) string {
	var r *customer.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return string(r.Code)
	}
	return err.Error()
}

func (m *model) compare(rt *rapid.T, t *testing.T, s *server, org string) {
	now := s.clock()
	for i := range 4 {
		ref := phone(fmt.Sprint("+25471100000", i+1))
		m.find(ref, now).compare(rt, ref, s.viewIn(t, org, ref), now)
	}
	for i := range 3 {
		ref := customer.BySecondaryID("k1", fmt.Sprint("v", i+1))
		m.find(ref, now).compare(rt, ref, s.viewIn(t, org, ref), now)
	}
	for _, id := range m.gone {
		if v := s.viewIn(t, org, customer.ByID(id)); v.Record != nil && v.Record.AdoptedBy == "" {
			rt.Fatalf("%s is still there: %+v", id, v.Record)
		}
	}
	for _, p := range m.persons {
		v := s.viewIn(t, org, customer.ByID(p.ID))
		p.compare(rt, customer.ByID(p.ID), v, now)
		entries, err := s.History(v.Record.History, 1000)
		if err != nil || len(entries) != p.changes {
			rt.Fatalf("%s has %d entries, want %d: %v", p.ID, len(entries), p.changes, err)
		}
	}
}

func (p *person) compare(rt *rapid.T, ref customer.Ref, v store.View, now time.Time) {
	if p == nil || v.Record == nil {
		if p != nil || v.Record != nil {
			rt.Fatalf("%v: the store has %+v, the model %+v", ref, v.Record, p)
		}
		return
	}
	var messages []string
	for _, m := range v.Messages {
		messages = append(messages, m.ID)
	}
	activities := map[string]int{}
	for _, session := range v.Activities {
		activities[fmt.Sprint(session.Number, session.Session)] = len(session.Activities)
	}
	same := v.Record.ID == p.ID && slices.Equal(v.Record.Numbers, p.Numbers) &&
		slices.Equal(customer.LiveTags(v.Record.Tags, now), customer.LiveTags(p.Tags, now)) &&
		slices.Equal(customer.LiveSecondaryIDs(v.Record.SecondaryIDs, now), customer.LiveSecondaryIDs(p.SecondaryIDs, now)) &&
		maps.Equal(v.Record.Metadata, p.Metadata) && v.AppData == p.appData &&
		slices.Equal(messages, p.messages) && maps.Equal(activities, p.activities)
	if !same {
		rt.Fatalf("%v: the store has %+v %+v %s %v, the model %+v", ref, v.Record, v.AppData, strings.Join(messages, " "), activities, p)
	}
}
