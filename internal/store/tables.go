package store

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
)

// Record is a customer as it is stored: the person, how they stand to the org's channels, and the
// latest entry of their history.
type Record struct {
	customer.Customer
	Channels []messaging.ChannelState `cbor:"20,keyasint,omitempty"`
	// HasActivities says that there are sessions of activities to be read.
	HasActivities bool `cbor:"21,keyasint,omitempty"`
	HasSessions   bool `cbor:"22,keyasint,omitempty"` // messaging sessions that are over
	// Adopted are the ids that this customer took over, which are decommissioned.
	Adopted []string `cbor:"23,keyasint,omitempty"`
	// TagsSince is when each tag, by its folded key, got its value.
	TagsSince   map[string]time.Time `cbor:"24,keyasint,omitempty"`
	HasWallets  bool                 `cbor:"25,keyasint,omitempty"` // accounts of them to be read
	HasPayments bool                 `cbor:"26,keyasint,omitempty"`
	Reminders   int                  `cbor:"27,keyasint,omitempty"` // how many there are, of all apps
	// PaymentNumbers are those of the customer that paid, were asked to, or were paid, each with the org's channel.
	PaymentNumbers []payment.Customer `cbor:"28,keyasint,omitempty"`

	Version  int64 `cbor:"-"` // grows with each change of anything of the customer
	History  int64 `cbor:"-"` // the latest entry
	Messages int64 `cbor:"-"` // how many there are
}

func (r *Record) clone() *Record {
	c := *r
	c.Customer = *r.Customer.Clone()
	c.Channels = messaging.CloneStates(r.Channels)
	c.Adopted = slices.Clone(r.Adopted)
	c.TagsSince = maps.Clone(r.TagsSince)
	c.PaymentNumbers = slices.Clone(r.PaymentNumbers)
	return &c
}

type customerKey struct{ org, id string }

func (a customerKey) compare(b customerKey) int {
	return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.id, b.id))
}

const selectCustomers = `
	SELECT c.org_id, c.id, c.version, c.history, c.messages, c.doc
	FROM {{each customers c}} c.org_id = r.org AND c.id = r.id
	ORDER BY c.org_id, c.id `

var customers = &table[customerKey, Record]{
	load: newStatement("org text, id text", selectCustomers+"{{for_update c}}"),
	// One that waited here, with others locked, could wait for a writer that waits for it.
	loadInside: newStatement("org text, id text", selectCustomers+"{{for_update_nowait c}}"),
	insert: newStatement("org text, id text, version int, history int, messages int, doc blob", `
		INSERT INTO customers (org_id, id, version, history, messages, doc) {{values}}`),
	upsert: newStatement("org text, id text, version int, history int, messages int, doc blob", `
		UPDATE customers AS c SET version = r.version, history = r.history, messages = r.messages, doc = r.doc
		{{given}} c.org_id = r.org AND c.id = r.id`),
	remove: newStatement("org text, id text", `
		DELETE FROM customers WHERE {{key org_id, id}}`),
	bindKey: func(v *values, k customerKey) { v.text(k.org).text(k.id) },
	bind: func(v *values, k customerKey, r *Record) {
		v.text(k.org).text(k.id).int(r.Version).int(r.History).int(r.Messages).blob(encode(r))
	},
	scan:    scanCustomer,
	clone:   (*Record).clone,
	compare: customerKey.compare,
}

func scanCustomer(r row) (customerKey, *Record, error) {
	k := customerKey{r.text(0), r.text(1)}
	rec := &Record{Version: r.int(2), History: r.int(3), Messages: r.int(4)}
	err := decode(r.borrow(5), rec)
	rec.Org, rec.ID = k.org, k.id
	return k, rec, err
}

type numberKey struct {
	org    string
	number customer.Number
}

func (a numberKey) compare(b numberKey) int {
	return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.number.Provider, b.number.Provider),
		cmp.Compare(a.number.Number, b.number.Number), cmp.Compare(a.number.Partition, b.number.Partition))
}

func (k numberKey) bind(v *values) {
	v.text(k.org).int(int64(k.number.Provider)).text(k.number.Number).text(k.number.Partition)
}

// numbers lead to customers' ids.
var numbers = &table[numberKey, string]{
	load: newStatement("org text, provider int, number text, part text", `
		SELECT n.org_id, n.provider, n.number, n.partition, n.customer_id
		FROM {{each customer_numbers n}}
		n.org_id = r.org AND n.provider = r.provider AND n.number = r.number AND n.partition = r.part`),
	insert: newStatement("org text, provider int, number text, part text, customer text", `
		INSERT INTO customer_numbers (org_id, provider, number, partition, customer_id) {{values}}`),
	upsert: newStatement("org text, provider int, number text, part text, customer text", `
		INSERT INTO customer_numbers (org_id, provider, number, partition, customer_id) {{values}}
		ON CONFLICT (org_id, provider, number, partition) DO UPDATE SET customer_id = excluded.customer_id`),
	remove: newStatement("org text, provider int, number text, part text", `
		DELETE FROM customer_numbers WHERE {{key org_id, provider, number, partition}}`),
	bindKey: func(v *values, k numberKey) { k.bind(v) },
	bind:    func(v *values, k numberKey, id *string) { k.bind(v); v.text(*id) },
	scan: func(r row) (numberKey, *string, error) {
		id := r.text(4)
		return numberKey{r.text(0), customer.Number{Provider: customer.Provider(r.int(1)), Number: r.text(2), Partition: r.text(3)}}, &id, nil
	},
	clone:   func(id *string) *string { c := *id; return &c },
	compare: numberKey.compare,
}

type secondaryKey struct {
	org  string
	name customer.SecondaryKey
}

// holder is who has a secondary id, and until when.
type holder struct {
	id        string
	expiresAt time.Time
}

var secondaryIDs = &table[secondaryKey, holder]{
	load: newStatement("org text, k text, v text", `
		SELECT s.org_id, s.key, s.value, s.customer_id, s.expires_at
		FROM {{each customer_secondary_ids s}} s.org_id = r.org AND s.key = r.k AND s.value = r.v`),
	insert: newStatement("org text, k text, v text, customer text, expires int", `
		INSERT INTO customer_secondary_ids (org_id, key, value, customer_id, expires_at) {{values}}`),
	upsert: newStatement("org text, k text, v text, customer text, expires int", `
		INSERT INTO customer_secondary_ids (org_id, key, value, customer_id, expires_at) {{values}}
		ON CONFLICT (org_id, key, value) DO UPDATE SET customer_id = excluded.customer_id, expires_at = excluded.expires_at`),
	remove: newStatement("org text, k text, v text", `
		DELETE FROM customer_secondary_ids WHERE {{key org_id, key, value}}`),
	bindKey: func(v *values, k secondaryKey) { v.text(k.org).text(k.name.Key).text(k.name.Value) },
	bind: func(v *values, k secondaryKey, h *holder) {
		v.text(k.org).text(k.name.Key).text(k.name.Value).text(h.id).int(millis(h.expiresAt))
	},
	scan: func(r row) (secondaryKey, *holder, error) {
		return secondaryKey{r.text(0), customer.SecondaryKey{Key: r.text(1), Value: r.text(2)}},
			&holder{r.text(3), fromMillis(r.int(4))}, nil
	},
	clone: func(h *holder) *holder { c := *h; return &c },
	compare: func(a, b secondaryKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.name.Key, b.name.Key), cmp.Compare(a.name.Value, b.name.Value))
	},
}

// holdSecondaryIDs is the load of secondaryIDs with a lock.
var holdSecondaryIDs = newStatement("org text, k text, v text", `
	SELECT s.org_id, s.key, s.value, s.customer_id, s.expires_at
	FROM {{each customer_secondary_ids s}} s.org_id = r.org AND s.key = r.k AND s.value = r.v
	ORDER BY s.org_id, s.key, s.value {{for_update_nowait s}}`)

// tagKey is a row of the index by tag; the customer's own record is what holds.
type tagKey struct{ org, key, value, customer string }

// tagTimes are of a tag: when it goes, and since when it has its value.
type tagTimes struct{ expires, since time.Time }

var tags = &table[tagKey, tagTimes]{
	upsert: newStatement("org text, k text, v text, customer text, expires int, since int", `
		INSERT INTO customer_tags (org_id, key, value, customer_id, expires_at, since) {{values}}
		ON CONFLICT (org_id, key, value, customer_id) DO UPDATE SET expires_at = excluded.expires_at, since = excluded.since`),
	remove: newStatement("org text, k text, v text, customer text", `
		DELETE FROM customer_tags WHERE {{key org_id, key, value, customer_id}}`),
	bindKey: func(v *values, k tagKey) { v.text(k.org).text(k.key).text(k.value).text(k.customer) },
	bind: func(v *values, k tagKey, t *tagTimes) {
		v.text(k.org).text(k.key).text(k.value).text(k.customer).int(millis(t.expires)).int(millis(t.since))
	},
	compare: func(a, b tagKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value), cmp.Compare(a.customer, b.customer))
	},
}

// AppDataKey names what an app keeps about a customer.
type AppDataKey struct{ Org, Customer, App string }

func (k AppDataKey) compare(b AppDataKey) int {
	return cmp.Or(cmp.Compare(k.Org, b.Org), cmp.Compare(k.Customer, b.Customer), cmp.Compare(k.App, b.App))
}

var appData = &table[AppDataKey, customer.AppData]{
	load: newStatement("org text, customer text, app text", `
		SELECT d.org_id, d.customer_id, d.app_id, d.present, d.is_binary, d.value, d.leased_until
		FROM {{each app_data d}} d.org_id = r.org AND d.customer_id = r.customer AND d.app_id = r.app`),
	upsert: newStatement("org text, customer text, app text, present bool, bin bool, value blob, leased int", `
		INSERT INTO app_data (org_id, customer_id, app_id, present, is_binary, value, leased_until) {{values}}
		ON CONFLICT (org_id, customer_id, app_id) DO UPDATE
		SET present = excluded.present, is_binary = excluded.is_binary, value = excluded.value, leased_until = excluded.leased_until`),
	remove: newStatement("org text, customer text, app text", `
		DELETE FROM app_data WHERE {{key org_id, customer_id, app_id}}`),
	bindKey: func(v *values, k AppDataKey) { v.text(k.Org).text(k.Customer).text(k.App) },
	bind: func(v *values, k AppDataKey, d *customer.AppData) {
		v.text(k.Org).text(k.Customer).text(k.App).bool(d.Present).bool(d.Value.Binary).blob([]byte(d.Value.Data)).int(millis(d.LeasedUntil))
	},
	scan: scanAppData,
	clone: func(d *customer.AppData) *customer.AppData {
		c := *d
		return &c
	},
	compare: AppDataKey.compare,
}

func scanAppData(r row) (AppDataKey, *customer.AppData, error) {
	return AppDataKey{r.text(0), r.text(1), r.text(2)}, &customer.AppData{
		Present: r.bool(3), Value: customer.Value{Binary: r.bool(4), Data: string(r.borrow(5))}, LeasedUntil: fromMillis(r.int(6)),
	}, nil
}

type messageKey struct{ org, customer, id string }

func (a messageKey) compare(b messageKey) int {
	return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.customer, b.customer), cmp.Compare(a.id, b.id))
}

var messages = &table[messageKey, messaging.Message]{
	load: newStatement("org text, customer text, id text", `
		SELECT m.org_id, m.customer_id, m.id, m.doc
		FROM {{each messages m}} m.org_id = r.org AND m.customer_id = r.customer AND m.id = r.id`),
	insert: newStatement("org text, customer text, id text, doc blob", `
		INSERT INTO messages (org_id, customer_id, id, doc) {{values}}`),
	upsert: newStatement("org text, customer text, id text, doc blob", `
		INSERT INTO messages (org_id, customer_id, id, doc) {{values}}
		ON CONFLICT (org_id, customer_id, id) DO UPDATE SET doc = excluded.doc`),
	remove: newStatement("org text, customer text, id text", `
		DELETE FROM messages WHERE {{key org_id, customer_id, id}}`),
	bindKey: func(v *values, k messageKey) { v.text(k.org).text(k.customer).text(k.id) },
	bind: func(v *values, k messageKey, m *messaging.Message) {
		v.text(k.org).text(k.customer).text(k.id).blob(encode(m))
	},
	scan: scanMessage,
	clone: func(m *messaging.Message) *messaging.Message {
		c := *m
		c.Reactions = slices.Clone(m.Reactions)
		return &c
	},
	compare: messageKey.compare,
}

func scanMessage(r row) (messageKey, *messaging.Message, error) {
	k := messageKey{r.text(0), r.text(1), r.text(2)}
	m := &messaging.Message{ID: k.id}
	return k, m, decode(r.borrow(3), m)
}

// activityKey names a session; key is the encoded customer.ActivityKey.
type activityKey struct{ org, customer, key string }

var activitySessions = &table[activityKey, customer.ActivitySession]{
	load: newStatement("org text, customer text, k blob", `
		SELECT s.org_id, s.customer_id, s.session_key, s.doc
		FROM {{each activity_sessions s}} s.org_id = r.org AND s.customer_id = r.customer AND s.session_key = r.k`),
	upsert: newStatement("org text, customer text, k blob, updated int, doc blob", `
		INSERT INTO activity_sessions (org_id, customer_id, session_key, updated_at, doc) {{values}}
		ON CONFLICT (org_id, customer_id, session_key) DO UPDATE SET updated_at = excluded.updated_at, doc = excluded.doc`),
	remove: newStatement("org text, customer text, k blob", `
		DELETE FROM activity_sessions WHERE {{key org_id, customer_id, session_key}}`),
	bindKey: func(v *values, k activityKey) { v.text(k.org).text(k.customer).blob([]byte(k.key)) },
	bind: func(v *values, k activityKey, s *customer.ActivitySession) {
		v.text(k.org).text(k.customer).blob([]byte(k.key)).int(millis(s.UpdatedAt)).blob(encode(s))
	},
	scan: scanActivity,
	clone: func(s *customer.ActivitySession) *customer.ActivitySession {
		c := *s
		c.Activities = slices.Clone(s.Activities)
		return &c
	},
	compare: func(a, b activityKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.customer, b.customer), cmp.Compare(a.key, b.key))
	},
}

func scanActivity(r row) (activityKey, *customer.ActivitySession, error) {
	k := activityKey{r.text(0), r.text(1), string(r.borrow(2))}
	s := &customer.ActivitySession{}
	return k, s, decode(r.borrow(3), s)
}
