package customer

import (
	"slices"
	"time"
)

// Adopt moves the other customer's numbers and identity into c, which wins where both have a key,
// and decommissions the other. Limits do not apply: nobody's data is lost in an adoption.
func (c *Customer) Adopt(other *Customer, now time.Time) error {
	if c.ID == other.ID {
		return Refuse(SameCustomer, "other_customer: %s cannot adopt itself", c.ID)
	}
	if err := c.Check(); err != nil {
		return err
	}
	if err := other.Check(); err != nil {
		return err
	}
	for _, n := range other.Numbers {
		c.AddNumber(n)
	}
	tags := LiveTags(c.Tags, now)
	for _, t := range LiveTags(other.Tags, now) {
		if !slices.ContainsFunc(tags, func(own Tag) bool { return FoldKey(own.Key) == FoldKey(t.Key) }) {
			tags = append(tags, t)
		}
	}
	c.Tags = tags
	// Every secondary id of the other leads to c from now on, also one whose key c has too.
	c.SecondaryIDs = append(LiveSecondaryIDs(c.SecondaryIDs, now), LiveSecondaryIDs(other.SecondaryIDs, now)...)
	for k, v := range other.Metadata {
		if _, own := c.Metadata[k]; own {
			continue
		}
		if c.Metadata == nil {
			c.Metadata = make(map[string]Value)
		}
		c.Metadata[k] = v
	}
	*other = Customer{
		Org: other.Org, ID: other.ID, AdoptedBy: c.ID,
		CreatedAt: other.CreatedAt, UpdatedAt: now,
	}
	return nil
}

// AdoptAppData joins the other's data of one app: c's own wins.
func (d *AppData) Adopt(other AppData) {
	if !d.Present {
		d.Value, d.Present = other.Value, other.Present
	}
	if other.LeasedUntil.After(d.LeasedUntil) {
		d.LeasedUntil = other.LeasedUntil
	}
}
