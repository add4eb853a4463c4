package customer

import (
	"slices"
	"strings"
	"time"
)

// Tag is a key with one value; ExpiresAt zero is never.
type Tag struct {
	Key       string    `cbor:"1,keyasint"`
	Value     string    `cbor:"2,keyasint,omitempty"`
	ExpiresAt time.Time `cbor:"3,keyasint,omitzero"`
}

// FoldKey is the form in which tag keys are compared.
func FoldKey(key string) string { return strings.ToLower(key) }

// UpdateTags sets each tag by its key. Keys are compared without case and kept as first written;
// a tag that ends in the past is gone at once.
func (c *Customer) UpdateTags(updates []Tag, limits Limits, now time.Time) error {
	for _, u := range updates {
		if err := limits.checkKey("updates.mapping.key", u.Key); err != nil {
			return err
		}
		if err := limits.checkIndexed("updates.mapping.value", u.Key, u.Value); err != nil {
			return err
		}
	}
	tags := LiveTags(c.Tags, now)
	had := len(tags)
	for _, u := range updates {
		i := slices.IndexFunc(tags, func(t Tag) bool { return FoldKey(t.Key) == FoldKey(u.Key) })
		switch {
		case expired(u.ExpiresAt, now) && i >= 0:
			tags = slices.Delete(tags, i, i+1)
		case expired(u.ExpiresAt, now):
		case i >= 0:
			tags[i].Value, tags[i].ExpiresAt = u.Value, u.ExpiresAt
		default:
			tags = append(tags, u)
		}
	}
	if len(tags) > max(limits.Tags, had) { // more than the limit may be there by an adoption
		return Refuse(LimitReached, "updates: the customer would have %d tags, over the limit of %d", len(tags), limits.Tags)
	}
	c.Tags = tags
	return nil
}

// DeleteTags takes away the tags of these keys; absent ones are no error.
func (c *Customer) DeleteTags(keys []string, now time.Time) {
	c.Tags = slices.DeleteFunc(LiveTags(c.Tags, now), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return FoldKey(k) == FoldKey(t.Key) })
	})
}

// LiveTags are those that have not expired, in a new slice.
func LiveTags(tags []Tag, now time.Time) []Tag {
	live := make([]Tag, 0, len(tags))
	for _, t := range tags {
		if !expired(t.ExpiresAt, now) {
			live = append(live, t)
		}
	}
	return live
}
