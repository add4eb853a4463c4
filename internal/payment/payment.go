package payment

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Payment is one payment and what has become of it. The numbers in the field tags are the stored form:
// they never change their meaning.
type Payment struct {
	Org string `cbor:"-"`
	ID  string `cbor:"-"` // el_txn_…

	App    string `cbor:"1,keyasint,omitempty"` // that initiated it, or that the channel belongs to: it is told
	Flow   Flow   `cbor:"2,keyasint"`
	Debit  Party  `cbor:"3,keyasint"`
	Credit Party  `cbor:"4,keyasint"`
	// DebitCustomer and CreditCustomer are the ids of the customers of the two sides, empty for a purse
	// and a business. Of a customer who was erased it is a random reference.
	DebitCustomer  string `cbor:"5,keyasint,omitempty"`
	CreditCustomer string `cbor:"6,keyasint,omitempty"`

	Amount   int64  `cbor:"7,keyasint"` // in minor units of the currency
	Currency string `cbor:"8,keyasint"` // ISO 4217

	Status      Status    `cbor:"9,keyasint"`
	Description string    `cbor:"10,keyasint,omitempty"` // of the status
	Narration   string    `cbor:"11,keyasint,omitempty"`
	ProviderID  string    `cbor:"12,keyasint,omitempty"` // the provider's own name for it, unique on its channel
	CreatedAt   time.Time `cbor:"13,keyasint"`
	UpdatedAt   time.Time `cbor:"14,keyasint"`
	// Answered says that a provider, or an operator, has set a status: nothing happens by itself any more.
	Answered bool    `cbor:"15,keyasint,omitempty"`
	History  []Event `cbor:"16,keyasint,omitempty"`
}

// Event is a status that a payment was told to take. The same again from the same counts, so that a
// provider that repeats itself does not make the history grow.
type Event struct {
	Status      Status         `cbor:"1,keyasint"`
	Verdict     Verdict        `cbor:"2,keyasint,omitempty"`
	Actor       customer.Actor `cbor:"3,keyasint"`
	First       time.Time      `cbor:"4,keyasint"`
	Last        time.Time      `cbor:"5,keyasint"`
	Times       int            `cbor:"6,keyasint"`
	Description string         `cbor:"7,keyasint,omitempty"` // the first one's
}

// Take gives the payment its next status, which Next has called News.
func (p *Payment) Take(s Status, description string, by customer.Actor, now time.Time) {
	p.Note(s, News, description, by, now)
	p.Status, p.Description, p.UpdatedAt = s, description, now
}

// Note keeps in the history what the payment was told.
func (p *Payment) Note(s Status, v Verdict, description string, by customer.Actor, now time.Time) {
	for i := range p.History {
		if e := &p.History[i]; e.Status == s && e.Verdict == v && e.Actor == by {
			e.Times++
			e.Last = now
			return
		}
	}
	p.History = append(p.History, Event{Status: s, Verdict: v, Actor: by, First: now, Last: now, Times: 1, Description: description})
}

// Channel is the org's channel that the money goes through; ok is false for an internal payment.
func (p *Payment) Channel() (n ChannelNumber, ok bool) {
	if n, ok = p.Debit.Channel(); ok {
		return n, true
	}
	return p.Credit.Channel()
}

// Customers are the ids of those who have to do with the payment: none, one or two.
func (p *Payment) Customers() []string {
	var ids []string
	for _, id := range []string{p.DebitCustomer, p.CreditCustomer} {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Subject is whom the app is told about: a customer who is a party, else a purse.
func (p *Payment) Subject() (customerID, purse string) {
	if ids := p.Customers(); len(ids) > 0 {
		// Who pays from outside or is paid comes before whose wallet it is.
		if p.Credit.Customer != nil || p.Debit.Customer == nil && p.Credit.Wallet != nil {
			return p.CreditCustomer, ""
		}
		return ids[0], ""
	}
	if p.Debit.Purse != "" {
		return "", p.Debit.Purse
	}
	return "", p.Credit.Purse
}

// Clone gives a copy that shares nothing that a rule changes.
func (p *Payment) Clone() *Payment {
	c := *p
	c.Debit, c.Credit = p.Debit.clone(), p.Credit.clone()
	c.History = slices.Clone(p.History)
	return &c
}

func (p Party) clone() Party {
	if p.Wallet != nil {
		w := *p.Wallet
		p.Wallet = &w
	}
	if p.Customer != nil {
		c := *p.Customer
		p.Customer = &c
	}
	if p.Business != nil {
		b := *p.Business
		p.Business = &b
	}
	return p
}

// Erase takes a customer out of the payment: what stays is how much went, with a reference that leads nowhere.
func (p *Payment) Erase(id, reference string) {
	erase := func(party *Party, owner string) {
		if owner == id && party.Customer != nil {
			party.Customer.Number = customer.Number{Provider: party.Customer.Number.Provider, Number: reference}
		}
		if owner == id && party.Business != nil {
			party.Business.Account = ""
		}
	}
	erase(&p.Debit, p.DebitCustomer)
	erase(&p.Credit, p.CreditCustomer)
	p.Narration, p.Description = "", ""
	for i := range p.History {
		p.History[i].Description = ""
	}
	p.Adopt(id, reference)
}

// Adopt has the payment belong to another customer in place of the one that was adopted.
func (p *Payment) Adopt(from, to string) {
	for _, owner := range []*string{&p.DebitCustomer, &p.CreditCustomer} {
		if *owner == from {
			*owner = to
		}
	}
	for _, party := range []*Party{&p.Debit, &p.Credit} {
		if party.Wallet != nil && party.Wallet.Customer == from {
			party.Wallet.Customer = to
		}
	}
}
