package elarian

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

// Ref names a customer: a [CustomerNumber], a [CustomerID] or a [SecondaryID].
type Ref interface {
	fmt.Stringer
	// field is the customer's oneof field, with the same numbers in all commands: 1 id, 2 number, 3 secondary id.
	appendField(b []byte, first protowire.Number) []byte
}

// CustomerID names a customer by the id that the server has given them: "el_cst_…".
type CustomerID string

// String gives the id.
func (id CustomerID) String() string { return string(id) }

func (id CustomerID) appendField(b []byte, first protowire.Number) []byte {
	return protowire.AppendString(protowire.AppendTag(b, first, protowire.BytesType), string(id))
}

func (n CustomerNumber) appendField(b []byte, first protowire.Number) []byte {
	return appendMessage(b, first+1, n.proto())
}

func (s SecondaryID) appendField(b []byte, first protowire.Number) []byte {
	return appendMessage(b, first+2, s.mapping())
}

func appendMessage(b []byte, field protowire.Number, m proto.Message) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(proto.Size(m)))
	b, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(b, m)
	if err != nil { // only for text that is no UTF-8: the server then says what is missing
		return nil
	}
	return b
}

// Customer is a person that the org knows, or will know after the first command. It is a handle,
// cheap to make, safe for concurrent use; it holds nothing of the person's state. Make one with
// [Client.Customer]; handlers are given one.
type Customer struct {
	client *Client
	ref    Ref
	field  []byte // ref as a command's field
	id     atomic.Pointer[string]
	number atomic.Pointer[CustomerNumber]
}

// Customer gives the handle of a customer by number, id or secondary id; nothing is sent.
//
//	client.Customer(elarian.Cellular("+254710000001"))
//	client.Customer(elarian.CustomerID("el_cst_…"))
//	client.Customer(elarian.SecondaryID{Key: "passport", Value: "A1234567"})
//
// A number that is unknown makes a new customer with the first command. An id or secondary id that
// is unknown is [ErrNotFound].
func (c *Client) Customer(ref Ref) *Customer {
	customer := &Customer{client: c, ref: ref, field: ref.appendField(nil, 1)}
	switch ref := ref.(type) {
	case CustomerID:
		customer.learnID(string(ref))
	case CustomerNumber:
		customer.number.Store(&ref)
	}
	return customer
}

// CreateCustomer makes the customer of a number and gives the handle, with the id. Where the
// customer is already there, that is the answer. Commands by number do the same by themselves.
func (c *Client) CreateCustomer(ctx context.Context, number CustomerNumber) (*Customer, error) {
	customer := c.Customer(number)
	id, err := c.link.update(ctx, &command{
		name:   "CreateCustomer",
		field:  fieldCreateCustomer,
		about:  number,
		fields: &pb.CreateCustomerCommand{CustomerNumber: number.proto()},
	})
	if err != nil {
		return nil, err
	}
	customer.learnID(id)
	return customer, nil
}

// ID is the id that the server has given the customer, or empty while this handle does not know it:
// made by number or secondary id, it learns the id from the first reply.
func (c *Customer) ID() string {
	if id := c.id.Load(); id != nil {
		return *id
	}
	return ""
}

// Number is a number of the customer, or zero while this handle knows none: made by id or secondary
// id, it learns one in [Customer.GetState].
func (c *Customer) Number() CustomerNumber {
	if n := c.number.Load(); n != nil {
		return *n
	}
	return CustomerNumber{}
}

// String names the customer the way the handle was made.
func (c *Customer) String() string { return c.ref.String() }

func (c *Customer) learnID(id string) {
	if id != "" && c.ID() != id {
		c.id.Store(&id)
	}
}

// update sends a command about this customer that is answered with a status.
func (c *Customer) update(ctx context.Context, name string, field protowire.Number, fields proto.Message) error {
	id, err := c.client.link.update(ctx, &command{name: name, field: field, customer: c.field, about: c, fields: fields})
	if err != nil {
		return err
	}
	c.learnID(id)
	return nil
}

// resolve gives the customer's current id. One that was learned may have been adopted since.
func (c *Customer) resolve(ctx context.Context) (string, error) {
	if id, ok := c.ref.(CustomerID); ok {
		return string(id), nil
	}
	state, err := c.GetState(ctx)
	if err != nil {
		return "", err
	}
	return state.CustomerID, nil
}

// knownID gives the customer's id; the server is asked where this handle does not know it.
func (c *Customer) knownID(ctx context.Context) (string, error) {
	if id := c.ID(); id != "" {
		return id, nil
	}
	return c.resolve(ctx)
}

// byCurrentIDs calls do, which names customers by the ids that these handles have learned. Where one of them has
// been adopted since, it calls it once more, by the id of whoever the number or secondary id leads to now.
func byCurrentIDs[T any](do func() (T, error), handles ...*Customer) (T, error) {
	out, err := do()
	if !errors.Is(err, ErrDecommissioned) {
		return out, err
	}
	again := false
	for _, c := range handles {
		again = c.forgetID() || again
	}
	if !again {
		return out, err
	}
	return do()
}

// forgetID has the handle ask for the id when it is next needed; false where it was made by that id.
func (c *Customer) forgetID() bool {
	if c == nil {
		return false
	}
	if _, named := c.ref.(CustomerID); named {
		return false
	}
	return c.id.Swap(nil) != nil
}

// numberFor gives a number of the customer for a channel: the handle's own where it fits, otherwise
// the first that fits of those in the customer's state.
func (c *Customer) numberFor(ctx context.Context, provider Provider) (CustomerNumber, error) {
	if n := c.Number(); n.Provider == provider {
		return n, nil
	}
	if n, ok := c.ref.(CustomerNumber); ok {
		return n, nil // what the caller named; if it does not fit the channel, the server says so
	}
	state, err := c.GetState(ctx)
	if err != nil {
		return CustomerNumber{}, err
	}
	for _, n := range state.Numbers() {
		if n.Provider == provider {
			return n, nil
		}
	}
	return CustomerNumber{}, ErrNoNumber
}

// Delete erases everything of the customer but the money journal, where a random reference takes
// their place. The number is then unknown, and the next command by it makes a new customer.
func (c *Customer) Delete(ctx context.Context) error {
	return c.update(ctx, "Delete", fieldDeleteCustomer, nil)
}

// AdoptState merges the other customer into this one, all at once or not at all: this one wins
// where both have the same metadata, tag or app-data key; messages, sessions and activities join;
// the other's numbers and secondary ids lead to this one from now on. The other's id is
// decommissioned: naming it is [ErrDecommissioned].
func (c *Customer) AdoptState(ctx context.Context, other *Customer) error {
	id, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	return c.adopt(ctx, id, other)
}

func (c *Customer) adopt(ctx context.Context, id string, other *Customer) error {
	field := CustomerID(id).appendField(nil, 1)
	got, err := c.client.link.update(ctx, &command{
		name:     "AdoptState",
		field:    fieldAdoptCustomerState,
		customer: other.ref.appendField(field, 2),
		about:    c,
	})
	if err != nil {
		return err
	}
	c.learnID(got)
	return nil
}
