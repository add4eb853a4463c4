package elarian

import (
	"context"
	"fmt"

	"github.com/elarian-go/elarian/internal/pb"
)

// UpdateMetadata sets metadata of the customer by key, and leaves the other keys as they are. All
// apps of the org share it. Values are stored by the client's serializer, JSON by default; a
// [Value], [encoding/json.RawMessage] or []byte is stored as it is.
//
// Keys up to 256 bytes, values up to 64 KiB, 256 keys and 512 KiB for a customer (the server's
// defaults): beyond is [ErrLimit], and nothing is changed.
func (c *Customer) UpdateMetadata(ctx context.Context, metadata map[string]any) error {
	cmd := &pb.UpdateCustomerMetadataCommand{Updates: make(map[string]*pb.DataMapValue, len(metadata))}
	for key, x := range metadata {
		v, err := c.client.config.Serializer.encode(x)
		if err != nil {
			return fmt.Errorf("metadata %q: %w", key, err)
		}
		cmd.Updates[key] = v.proto()
	}
	return c.update(ctx, "UpdateMetadata", fieldUpdateCustomerMetadata, cmd)
}

// DeleteMetadata removes metadata by key. A key that is not there is no error.
func (c *Customer) DeleteMetadata(ctx context.Context, keys ...string) error {
	return c.update(ctx, "DeleteMetadata", fieldDeleteCustomerMetadata, &pb.DeleteCustomerMetadataCommand{Deletions: keys})
}

// GetMetadata fetches the customer's metadata; [Value.Decode] reads a value.
func (c *Customer) GetMetadata(ctx context.Context) (map[string]Value, error) {
	state, err := c.GetState(ctx)
	if err != nil {
		return nil, err
	}
	return state.Identity.Metadata, nil
}
