package store

import (
	"cmp"
	"time"

	"github.com/elarian-go/elarian/internal/messaging"
)

// ProviderID is a provider's own name for a message or a session of a channel.
type ProviderID struct {
	Org     string
	Kind    string // "message" or "session"
	Channel messaging.ChannelNumber
	ID      string
}

func (a ProviderID) compare(b ProviderID) int {
	return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Channel.Channel, b.Channel.Channel),
		cmp.Compare(a.Channel.Number, b.Channel.Number), cmp.Compare(a.ID, b.ID))
}

func (p ProviderID) bind(v *values) *values {
	return v.text(p.Org).text(p.Kind).int(int64(p.Channel.Channel)).text(p.Channel.Number).text(p.ID)
}

// Named is what a provider's name leads to.
type Named struct{ Customer, ID string }

var providerIDs = &table[ProviderID, Named]{
	load: newStatement("org text, kind text, channel int, number text, provider_id text", `
		SELECT p.org_id, p.kind, p.channel, p.number, p.provider_id, p.customer_id, p.id
		FROM {{each provider_ids p}} p.org_id = r.org AND p.kind = r.kind AND p.channel = r.channel AND p.number = r.number AND p.provider_id = r.provider_id`),
	insert: newStatement("org text, kind text, channel int, number text, provider_id text, customer text, id text", `
		INSERT INTO provider_ids (org_id, kind, channel, number, provider_id, customer_id, id) {{values}}`),
	upsert: newStatement("org text, kind text, channel int, number text, provider_id text, customer text, id text", `
		INSERT INTO provider_ids (org_id, kind, channel, number, provider_id, customer_id, id) {{values}}
		ON CONFLICT (org_id, kind, channel, number, provider_id) DO UPDATE SET customer_id = excluded.customer_id, id = excluded.id`),
	remove: newStatement("org text, kind text, channel int, number text, provider_id text", `
		DELETE FROM provider_ids WHERE {{key org_id, kind, channel, number, provider_id}}`),
	bindKey: func(v *values, p ProviderID) { p.bind(v) },
	bind:    func(v *values, p ProviderID, n *Named) { p.bind(v).text(n.Customer).text(n.ID) },
	scan: func(r row) (ProviderID, *Named, error) {
		p := ProviderID{r.text(0), r.text(1), messaging.ChannelNumber{Channel: messaging.Channel(r.int(2)), Number: r.text(3)}, r.text(4)}
		return p, &Named{r.text(5), r.text(6)}, nil
	},
	clone:   func(n *Named) *Named { c := *n; return &c },
	compare: ProviderID.compare,
}

var (
	moveProviderIDs = newStatement(moveColumns, `
		UPDATE provider_ids AS p SET customer_id = r.new {{given}} p.org_id = r.org AND p.customer_id = r.old`)
	deleteProviderIDs = newStatement(ofCustomer, `DELETE FROM provider_ids WHERE {{key org_id, customer_id}}`)
)

// Named finds what a provider's name leads to, nil for nothing.
func (tx *Tx) Named(p ProviderID) (*Named, error) { return tx.b.providerIDs.find(tx.conn, p) }

// Name notes a provider's name for something of the customer.
func (tx *Tx) Name(p ProviderID, rec *Record, id string) {
	tx.b.providerIDs.put(p, &Named{rec.ID, id}, false)
}

// NewMessageIDAt and NewSessionIDAt make ids for what happened at another time, among which they sort.
func (tx *Tx) NewMessageIDAt(t time.Time) string { return tx.store.ids.textAt(messagePrefix, t) }

// NewSessionIDAt makes the id of a session that began at another time.
func (tx *Tx) NewSessionIDAt(t time.Time) string { return tx.store.ids.textAt(sessionPrefix, t) }
