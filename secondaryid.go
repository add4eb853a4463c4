package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// SecondaryID is another way to find a customer: a passport number, an account number. A customer
// has one value for a key, and a key with its value leads to at most one customer of the org. It is a [Ref].
type SecondaryID struct {
	Key, Value string
	// ExpiresAt is when it goes by itself; the zero time means never.
	ExpiresAt time.Time
}

// String gives key and value: "passport=A1234567".
func (s SecondaryID) String() string { return s.Key + "=" + s.Value }

func (s SecondaryID) mapping() *pb.IndexMapping { return mapping(s.Key, s.Value) }

// UpdateSecondaryIDs sets secondary ids of the customer, the reference's updateSecondaryId. One that
// another customer holds is [ErrSecondaryIDTaken], and nothing is changed. At most 32 (the server's
// default): beyond is [ErrLimit].
func (c *Customer) UpdateSecondaryIDs(ctx context.Context, ids ...SecondaryID) error {
	cmd := &pb.UpdateCustomerSecondaryIdCommand{Updates: make([]*pb.CustomerIndex, len(ids))}
	for i, s := range ids {
		cmd.Updates[i] = index(s.Key, s.Value, s.ExpiresAt)
	}
	return c.update(ctx, "UpdateSecondaryIDs", fieldUpdateCustomerSecondaryID, cmd)
}

// DeleteSecondaryIDs removes these secondary ids, the reference's deleteSecondaryId; key and value
// must both be right. One that is not there is no error.
func (c *Customer) DeleteSecondaryIDs(ctx context.Context, ids ...SecondaryID) error {
	cmd := &pb.DeleteCustomerSecondaryIdCommand{Deletions: make([]*pb.IndexMapping, len(ids))}
	for i, s := range ids {
		cmd.Deletions[i] = s.mapping()
	}
	return c.update(ctx, "DeleteSecondaryIDs", fieldDeleteCustomerSecondaryID, cmd)
}

// GetSecondaryIDs fetches the customer's secondary ids.
func (c *Customer) GetSecondaryIDs(ctx context.Context) ([]SecondaryID, error) {
	state, err := c.GetState(ctx)
	if err != nil {
		return nil, err
	}
	return state.Identity.SecondaryIDs, nil
}
