package customer

import (
	"slices"
	"time"
)

// SecondaryID is a name of the customer in the org's own books, as a national id or a member
// number: key and value lead to at most one customer of the org. ExpiresAt zero is never.
type SecondaryID struct {
	Key       string    `cbor:"1,keyasint"`
	Value     string    `cbor:"2,keyasint"`
	ExpiresAt time.Time `cbor:"3,keyasint,omitzero"`
}

// Name is what the secondary id is looked up by.
func (s SecondaryID) Name() SecondaryKey { return SecondaryKey{s.Key, s.Value} }

// Live says whether the secondary id has not expired.
func (s SecondaryID) Live(now time.Time) bool { return !expired(s.ExpiresAt, now) }

// UpdateSecondaryIDs sets each secondary id by its key. holder tells who holds a name now, "" for
// nobody: one that another customer holds is refused.
func (c *Customer) UpdateSecondaryIDs(updates []SecondaryID, holder func(SecondaryKey) (string, error), limits Limits, now time.Time) error {
	for _, u := range updates {
		if err := limits.checkKey("updates.mapping.key", u.Key); err != nil {
			return err
		}
		if u.Value == "" {
			return Refuse(InvalidRequest, "updates.mapping.value: the secondary id %q has no value", u.Key)
		}
		if err := limits.checkIndexed("updates.mapping.value", u.Key, u.Value); err != nil {
			return err
		}
		id, err := holder(u.Name())
		if err != nil {
			return err
		}
		if id != "" && id != c.ID {
			return Refuse(SecondaryIDTaken, "updates: another customer has the secondary id %s = %q", u.Key, u.Value)
		}
	}
	ids := LiveSecondaryIDs(c.SecondaryIDs, now)
	had := len(ids)
	for _, u := range updates {
		ids = slices.DeleteFunc(ids, func(s SecondaryID) bool { return s.Key == u.Key })
		if u.Live(now) {
			ids = append(ids, u)
		}
	}
	if len(ids) > max(limits.SecondaryIDs, had) { // more than the limit may be there by an adoption
		return Refuse(LimitReached, "updates: the customer would have %d secondary ids, over the limit of %d", len(ids), limits.SecondaryIDs)
	}
	c.SecondaryIDs = ids
	return nil
}

// DeleteSecondaryIDs takes away those of these keys and values; absent ones are no error.
func (c *Customer) DeleteSecondaryIDs(names []SecondaryKey, now time.Time) {
	c.SecondaryIDs = slices.DeleteFunc(LiveSecondaryIDs(c.SecondaryIDs, now), func(s SecondaryID) bool {
		return slices.Contains(names, s.Name())
	})
}

// LiveSecondaryIDs are those that have not expired, in a new slice.
func LiveSecondaryIDs(ids []SecondaryID, now time.Time) []SecondaryID {
	live := make([]SecondaryID, 0, len(ids))
	for _, s := range ids {
		if s.Live(now) {
			live = append(live, s)
		}
	}
	return live
}
