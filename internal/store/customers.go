package store

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

// errMoved is a customer that another writer removed between our finding and our locking it: the
// batch runs again and finds what holds now.
var errMoved = errors.New("customer moved")

// find gives the customer that a ref leads to, nil where there is none.
func (tx *Tx) find(org string, ref customer.Ref) (*Record, error) {
	switch {
	case ref.ID != "":
		return tx.b.customers.find(tx.conn, customerKey{org, ref.ID})
	case ref.Number != customer.Number{}:
		id, err := tx.b.numbers.find(tx.conn, numberKey{org, ref.Number})
		if err != nil || id == nil {
			return nil, err
		}
		return tx.follow(org, *id)
	}
	rec, err := tx.findHolder(org, ref.SecondaryID)
	if err != nil || rec == nil || rec.holds(ref.SecondaryID, tx.now) {
		return rec, err
	}
	// The secondary id went to somebody else before we had locked the one who had it.
	if err := tx.hold(org, []customer.SecondaryKey{ref.SecondaryID}); err != nil {
		return nil, err
	}
	rec, err = tx.findHolder(org, ref.SecondaryID)
	if err != nil || rec == nil || !rec.holds(ref.SecondaryID, tx.now) {
		return nil, err
	}
	return rec, nil
}

func (tx *Tx) findHolder(org string, name customer.SecondaryKey) (*Record, error) {
	h, err := tx.b.secondaryIDs.find(tx.conn, secondaryKey{org, name})
	if err != nil || h == nil || !(customer.SecondaryID{ExpiresAt: h.expiresAt}).Live(tx.now) {
		return nil, err
	}
	return tx.follow(org, h.id)
}

// follow gives the customer of an id that was read before the customer was locked: it may have been
// adopted since.
func (tx *Tx) follow(org, id string) (*Record, error) {
	for {
		rec, err := tx.b.customers.find(tx.conn, customerKey{org, id})
		switch {
		case err != nil:
			return nil, err
		case rec == nil:
			return nil, errMoved
		case rec.AdoptedBy == "":
			return rec, nil
		}
		id = rec.AdoptedBy
	}
}

// holds says whether the secondary id is one of the customer's.
func (r *Record) holds(name customer.SecondaryKey, now time.Time) bool {
	return slices.ContainsFunc(r.SecondaryIDs, func(s customer.SecondaryID) bool { return s.Name() == name && s.Live(now) })
}

// Find gives the customer that a ref leads to, not to be changed, nil where there is none.
func (tx *Tx) Find(org string, ref customer.Ref) (*Record, error) { return tx.find(org, ref) }

// Customer gives the customer that a ref leads to, to change. An unknown number makes a new one; an
// unknown id or secondary id, and one that is decommissioned, are refused.
func (tx *Tx) Customer(org string, ref customer.Ref) (*Record, error) {
	found, err := tx.find(org, ref)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if (ref.Number == customer.Number{}) {
			return nil, ref.NotFound()
		}
		return tx.create(org, ref.Number), nil
	}
	if err := found.Check(); err != nil {
		return nil, err
	}
	return tx.b.customers.edit(tx.conn, customerKey{org, found.ID})
}

func (tx *Tx) create(org string, n customer.Number) *Record {
	id := tx.store.ids.text(customerPrefix, tx.now)
	rec := &Record{Customer: customer.Customer{Org: org, ID: id, Numbers: []customer.Number{n}, CreatedAt: tx.now, UpdatedAt: tx.now}}
	tx.b.customers.put(customerKey{org, id}, rec, false)
	tx.b.numbers.put(numberKey{org, n}, &id, false)
	tx.Record(rec, "customer.created", n.Provider.String())
	return rec
}

// AppData gives what the app keeps about the customer, to change.
func (tx *Tx) AppData(rec *Record, app string) (*customer.AppData, error) {
	k := AppDataKey{rec.Org, rec.ID, app}
	d, err := tx.b.appData.edit(tx.conn, k)
	if err != nil || d != nil {
		return d, err
	}
	d = &customer.AppData{}
	tx.b.appData.put(k, d, false)
	return d, nil
}

// UpdateTags sets tags and their index.
func (tx *Tx) UpdateTags(rec *Record, updates []customer.Tag, limits customer.Limits) error {
	before := rec.Tags
	if err := rec.Customer.UpdateTags(updates, limits, tx.now); err != nil {
		return err
	}
	tx.indexTags(rec, before)
	return nil
}

// DeleteTags deletes tags and their index.
func (tx *Tx) DeleteTags(rec *Record, keys []string) {
	before := rec.Tags
	rec.Customer.DeleteTags(keys, tx.now)
	tx.indexTags(rec, before)
}

func (tx *Tx) indexTags(rec *Record, before []customer.Tag) {
	sinceBefore := maps.Clone(rec.TagsSince)
	for _, t := range before {
		if !slices.Contains(rec.Tags, t) {
			tx.b.tags.delete(rec.tagKey(t))
			delete(rec.TagsSince, customer.FoldKey(t.Key))
		}
	}
	for _, t := range rec.Tags {
		if slices.Contains(before, t) {
			continue
		}
		// One that only ends at another time is the same tag.
		since := tx.now
		i := slices.IndexFunc(before, func(old customer.Tag) bool { return rec.tagKey(old) == rec.tagKey(t) })
		if i >= 0 && len(customer.LiveTags(before[i:i+1], tx.now)) > 0 {
			since = sinceBefore[customer.FoldKey(t.Key)]
		}
		tx.indexTag(rec, t, since)
	}
}

func (tx *Tx) indexTag(rec *Record, t customer.Tag, since time.Time) {
	if rec.TagsSince == nil {
		rec.TagsSince = make(map[string]time.Time)
	}
	rec.TagsSince[customer.FoldKey(t.Key)] = since
	tx.b.tags.put(rec.tagKey(t), &tagTimes{t.ExpiresAt, since}, true)
}

func (r *Record) tagKey(t customer.Tag) tagKey {
	return tagKey{r.Org, customer.FoldKey(t.Key), t.Value, r.ID}
}

// UpdateSecondaryIDs sets secondary ids and their index.
func (tx *Tx) UpdateSecondaryIDs(rec *Record, updates []customer.SecondaryID, limits customer.Limits) error {
	before := rec.SecondaryIDs
	names := make([]customer.SecondaryKey, len(updates))
	for i, u := range updates {
		names[i] = u.Name()
	}
	if err := tx.hold(rec.Org, names); err != nil {
		return err
	}
	holderOf := func(name customer.SecondaryKey) (string, error) {
		h, err := tx.b.secondaryIDs.find(tx.conn, secondaryKey{rec.Org, name})
		if err != nil || h == nil || !(customer.SecondaryID{ExpiresAt: h.expiresAt}).Live(tx.now) {
			return "", err
		}
		return h.id, nil
	}
	if err := rec.Customer.UpdateSecondaryIDs(updates, holderOf, limits, tx.now); err != nil {
		return err
	}
	return tx.indexSecondaryIDs(rec, before)
}

// DeleteSecondaryIDs deletes secondary ids and their index.
func (tx *Tx) DeleteSecondaryIDs(rec *Record, names []customer.SecondaryKey) error {
	before := rec.SecondaryIDs
	rec.Customer.DeleteSecondaryIDs(names, tx.now)
	return tx.indexSecondaryIDs(rec, before)
}

// hold locks secondary ids, as far as they lead to somebody, before the unit decides by them: their
// rows may have changed since they were read. One that leads to nobody is found out by the commit
// when somebody else claims it too.
func (tx *Tx) hold(org string, names []customer.SecondaryKey) error {
	var v values
	for _, name := range names {
		k := secondaryKey{org, name}
		if tx.b.held[k] || !storable(name.Key) || !storable(name.Value) {
			continue
		}
		tx.b.held[k] = true
		tx.b.secondaryIDs.batch[k] = slot[holder]{}
		secondaryIDs.bindKey(&v, k)
	}
	if len(v.cells) == 0 {
		return nil
	}
	return inside(tx.conn, op{holdSecondaryIDs, &v, func(r row) error {
		k, h, err := secondaryIDs.scan(r)
		tx.b.secondaryIDs.batch[k] = slot[holder]{value: h, stored: true}
		return err
	}})
}

func (tx *Tx) indexSecondaryIDs(rec *Record, before []customer.SecondaryID) error {
	var gone []customer.SecondaryKey
	for _, s := range before {
		if !slices.Contains(rec.SecondaryIDs, s) {
			gone = append(gone, s.Name())
		}
	}
	if err := tx.hold(rec.Org, gone); err != nil {
		return err
	}
	for _, s := range before {
		if slices.Contains(rec.SecondaryIDs, s) {
			continue
		}
		// An expired one may lead to somebody else by now.
		k := secondaryKey{rec.Org, s.Name()}
		h, err := tx.b.secondaryIDs.find(tx.conn, k)
		if err != nil {
			return err
		}
		if h != nil && h.id == rec.ID {
			tx.b.secondaryIDs.delete(k)
		}
	}
	for _, s := range rec.SecondaryIDs {
		if slices.Contains(before, s) {
			continue
		}
		k := secondaryKey{rec.Org, s.Name()}
		old, err := tx.b.secondaryIDs.find(tx.conn, k)
		if err != nil {
			return err
		}
		tx.b.secondaryIDs.put(k, &holder{rec.ID, s.ExpiresAt}, old != nil)
	}
	return nil
}

// Activity gives the customer's session of activities, to change; a new one where there is none.
func (tx *Tx) Activity(rec *Record, key customer.ActivityKey) (*customer.ActivitySession, error) {
	rec.HasActivities = true
	k := activityKey{rec.Org, rec.ID, string(encode(key))}
	s, err := tx.b.activities.edit(tx.conn, k)
	if err != nil || s != nil {
		return s, err
	}
	s = &customer.ActivitySession{ActivityKey: key}
	tx.b.activities.put(k, s, false)
	return s, nil
}

// AddMessage stores a new message of the customer, and that its number and channel have met.
func (tx *Tx) AddMessage(rec *Record, m *messaging.Message) {
	tx.b.messages.put(messageKey{rec.Org, rec.ID, m.ID}, m, false)
	rec.Messages++
	rec.Channels = messaging.Engage(rec.Channels, m.Number, m.Channel, tx.now)
}

// Message gives a message of the customer, to change, nil where there is none.
func (tx *Tx) Message(rec *Record, id string) (*messaging.Message, error) {
	return tx.b.messages.edit(tx.conn, messageKey{rec.Org, rec.ID, id})
}
