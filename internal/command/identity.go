package command

import (
	"maps"
	"slices"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Tags, secondary ids and metadata: what names and describes a customer.

func (c *Commands) updateCustomerTag(r *appRequest, m *pb.UpdateCustomerTagCommand) {
	c.change(r, "update_customer_tag", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		if len(m.Updates) == 0 {
			return "", "", customer.Refuse(customer.InvalidRequest, "updates: empty")
		}
		tags := make([]customer.Tag, len(m.Updates))
		keys := make([]string, len(m.Updates))
		for i, u := range m.Updates {
			tags[i] = customer.Tag{Key: u.GetMapping().GetKey(), Value: u.GetMapping().GetValue().GetValue(), ExpiresAt: timeOf(u.GetExpiresAt())}
			keys[i] = tags[i].Key + "=" + tags[i].Value
		}
		return "tags.updated", detail(keys), tx.UpdateTags(rec, tags, c.options.Limits)
	})
}

func (c *Commands) deleteCustomerTag(r *appRequest, m *pb.DeleteCustomerTagCommand) {
	c.change(r, "delete_customer_tag", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		if len(m.Deletions) == 0 {
			return "", "", customer.Refuse(customer.InvalidRequest, "deletions: empty")
		}
		tx.DeleteTags(rec, m.Deletions)
		return "tags.deleted", detail(m.Deletions), nil
	})
}

func (c *Commands) updateCustomerSecondaryID(r *appRequest, m *pb.UpdateCustomerSecondaryIdCommand) {
	c.change(r, "update_customer_secondary_id", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		if len(m.Updates) == 0 {
			return "", "", customer.Refuse(customer.InvalidRequest, "updates: empty")
		}
		ids := make([]customer.SecondaryID, len(m.Updates))
		keys := make([]string, len(m.Updates))
		for i, u := range m.Updates {
			ids[i] = customer.SecondaryID{Key: u.GetMapping().GetKey(), Value: u.GetMapping().GetValue().GetValue(), ExpiresAt: timeOf(u.GetExpiresAt())}
			keys[i] = ids[i].Key
		}
		return "secondary_ids.updated", detail(keys), tx.UpdateSecondaryIDs(rec, ids, c.options.Limits)
	})
}

func (c *Commands) deleteCustomerSecondaryID(r *appRequest, m *pb.DeleteCustomerSecondaryIdCommand) {
	c.change(r, "delete_customer_secondary_id", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		if len(m.Deletions) == 0 {
			return "", "", customer.Refuse(customer.InvalidRequest, "deletions: empty")
		}
		names := make([]customer.SecondaryKey, len(m.Deletions))
		keys := make([]string, len(m.Deletions))
		for i, d := range m.Deletions {
			names[i] = customer.SecondaryKey{Key: d.GetKey(), Value: d.GetValue().GetValue()}
			keys[i] = d.GetKey()
		}
		return "secondary_ids.deleted", detail(keys), tx.DeleteSecondaryIDs(rec, names)
	})
}

func (c *Commands) updateCustomerMetadata(r *appRequest, m *pb.UpdateCustomerMetadataCommand) {
	c.change(r, "update_customer_metadata", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		updates := make(map[string]customer.Value, len(m.Updates))
		for k, v := range m.Updates {
			if v.GetValue() == nil {
				return "", "", customer.Refuse(customer.InvalidRequest, "updates: the value of %q is missing: it has a string_val or a bytes_val", k)
			}
			updates[k] = valueOf(v)
		}
		return "metadata.updated", detail(slices.Sorted(maps.Keys(updates))), rec.UpdateMetadata(updates, c.options.Limits)
	})
}

func (c *Commands) deleteCustomerMetadata(r *appRequest, m *pb.DeleteCustomerMetadataCommand) {
	c.change(r, "delete_customer_metadata", m, func(tx *store.Tx, rec *store.Record) (string, string, error) {
		if len(m.Deletions) == 0 {
			return "", "", customer.Refuse(customer.InvalidRequest, "deletions: empty")
		}
		rec.DeleteMetadata(m.Deletions)
		return "metadata.deleted", detail(m.Deletions), nil
	})
}

const maxDetail = 500

// detail is a list for a history entry: short, and without zero bytes, which PostgreSQL refuses.
func detail(items []string) string {
	s := strings.ReplaceAll(strings.Join(items, ", "), "\x00", "")
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}
