package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// UpdateAppData stores what this app knows about the customer: one value for each customer and app,
// at most 256 KiB (the server's default), stored like a metadata value. It frees the lease, and never
// waits for one. In a handler the data is a parameter, and storing it comes with the answer.
func (c *Customer) UpdateAppData(ctx context.Context, data any) error {
	v, err := c.client.config.Serializer.encode(data)
	if err != nil {
		return err
	}
	return c.update(ctx, "UpdateAppData", fieldUpdateCustomerAppData, &pb.UpdateCustomerAppDataCommand{Update: v.proto()})
}

// LeaseAppData fetches this app's data about the customer, the zero [Value] where there is none, and
// locks it against fetching until the next UpdateAppData or DeleteAppData, for at most 90 s. While
// somebody else holds the lease, or a notification of this customer is unanswered, it waits, first
// come first served, as long as ctx allows.
//
// In a handler it is refused with [ErrLease] for the handler's own customer: the lease is the
// notification's, and the data is the handler's parameter.
func (c *Customer) LeaseAppData(ctx context.Context) (Value, error) {
	cmd := &command{name: "LeaseAppData", field: fieldLeaseCustomerAppData, customer: c.field, about: c}
	reply, err := c.client.link.do(ctx, cmd)
	if err != nil {
		return Value{}, err
	}
	lease := reply.GetLeaseCustomerAppData()
	if err := cmd.check(lease, lease != nil); err != nil {
		return Value{}, err
	}
	c.learnID(lease.GetCustomerId().GetValue())
	return c.client.config.Serializer.value(lease.GetValue()), nil
}

// DeleteAppData removes this app's data about the customer and frees the lease. Where there is none,
// that is no error.
func (c *Customer) DeleteAppData(ctx context.Context) error {
	return c.update(ctx, "DeleteAppData", fieldDeleteCustomerAppData, nil)
}
