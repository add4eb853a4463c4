package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// Tag marks a customer, so that a command can act on all customers that have it. A customer has one
// value for a key; keys have no case.
type Tag struct {
	Key, Value string
	// ExpiresAt is when the tag goes by itself; the zero time means never.
	ExpiresAt time.Time
}

// UpdateTags sets tags of the customer, and leaves the others as they are. At most 64 tags, keys up
// to 256 bytes (the server's defaults): beyond is [ErrLimit].
func (c *Customer) UpdateTags(ctx context.Context, tags ...Tag) error {
	cmd := &pb.UpdateCustomerTagCommand{Updates: make([]*pb.CustomerIndex, len(tags))}
	for i, t := range tags {
		cmd.Updates[i] = index(t.Key, t.Value, t.ExpiresAt)
	}
	return c.update(ctx, "UpdateTags", fieldUpdateCustomerTag, cmd)
}

// DeleteTags removes the tags with these keys. One that is not there is no error.
func (c *Customer) DeleteTags(ctx context.Context, keys ...string) error {
	return c.update(ctx, "DeleteTags", fieldDeleteCustomerTag, &pb.DeleteCustomerTagCommand{Deletions: keys})
}

// GetTags fetches the customer's tags.
func (c *Customer) GetTags(ctx context.Context) ([]Tag, error) {
	state, err := c.GetState(ctx)
	if err != nil {
		return nil, err
	}
	return state.Identity.Tags, nil
}
