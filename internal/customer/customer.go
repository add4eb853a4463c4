package customer

import (
	"maps"
	"slices"
	"time"
)

// Customer is a person of an org, as all apps of the org see them. The numbers in the field tags,
// here and in the other types of the rules, are the stored form: they never change their meaning.
type Customer struct {
	Org string `cbor:"-"`
	ID  string `cbor:"-"`
	// AdoptedBy is the customer that took this one over; this one's id is decommissioned then.
	AdoptedBy string `cbor:"1,keyasint,omitempty"`

	Numbers      []Number         `cbor:"2,keyasint,omitempty"`
	Tags         []Tag            `cbor:"3,keyasint,omitempty"`
	SecondaryIDs []SecondaryID    `cbor:"4,keyasint,omitempty"`
	Metadata     map[string]Value `cbor:"5,keyasint,omitempty"`

	CreatedAt time.Time `cbor:"6,keyasint"`
	UpdatedAt time.Time `cbor:"7,keyasint"`
}

// Check refuses a customer whose id is decommissioned.
func (c *Customer) Check() error {
	if c.AdoptedBy != "" {
		return Refuse(Decommissioned, "customer_id: %s is decommissioned: its state was adopted by %s", c.ID, c.AdoptedBy)
	}
	return nil
}

// Clone gives a copy that shares nothing that a rule changes.
func (c *Customer) Clone() *Customer {
	d := *c
	d.Numbers = slices.Clone(c.Numbers)
	d.Tags = slices.Clone(c.Tags)
	d.SecondaryIDs = slices.Clone(c.SecondaryIDs)
	d.Metadata = maps.Clone(c.Metadata)
	return &d
}

// AddNumber notes a number that leads to the customer; it says whether it is a new one.
func (c *Customer) AddNumber(n Number) bool {
	if slices.Contains(c.Numbers, n) {
		return false
	}
	c.Numbers = append(c.Numbers, n)
	return true
}

// Value is what an app stores: a text or bytes, opaque and kept exactly.
type Value struct {
	Binary bool   `cbor:"1,keyasint,omitempty"`
	Data   string `cbor:"2,keyasint"`
}

// Text and Bytes make a Value.
func Text(s string) Value { return Value{Data: s} }

// Bytes makes a binary Value.
func Bytes(b []byte) Value { return Value{Binary: true, Data: string(b)} }

// expired says whether something that ends at t (zero: never) has ended.
func expired(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
