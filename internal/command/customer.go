package command

import (
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// change does one change of one customer; apply gives the name and details of its history entry, no
// name for no change.
func (c *Commands) change(r *appRequest, name string, m namesCustomer, apply func(tx *store.Tx, rec *store.Record) (what, detail string, err error)) {
	r.name = name
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.do(r, work{customers: []customer.Ref{ref}, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		rec, err := tx.Customer(r.Caller.Org, ref)
		if err != nil {
			return nil, err
		}
		what, detail, err := apply(tx, rec)
		if err != nil {
			return nil, err
		}
		if what != "" {
			tx.Record(rec, what, detail)
		}
		return updated(rec.ID, "done"), nil
	}})
}

func (c *Commands) createCustomer(r *appRequest, m *pb.CreateCustomerCommand) {
	c.change(r, "create_customer", byNumber{m.CustomerNumber}, func(*store.Tx, *store.Record) (string, string, error) {
		return "", "", nil // by number: it is there now
	})
}

// byNumber names a customer for commands that know numbers only.
type byNumber struct{ number *pb.CustomerNumber }

func (b byNumber) GetCustomerId() string            { return "" }
func (b byNumber) GetSecondaryId() *pb.IndexMapping { return nil }
func (b byNumber) GetCustomerNumber() *pb.CustomerNumber {
	if b.number == nil {
		return &pb.CustomerNumber{} // which is refused by name
	}
	return b.number
}

func (c *Commands) adoptCustomerState(r *appRequest, m *pb.AdoptCustomerStateCommand) {
	r.name = "adopt_customer_state"
	ref, err := customer.ByID(m.CustomerId).CheckID()
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	otherRef, err := refOf(m.GetOtherCustomerId(), m.GetOtherCustomerNumber(), m.GetOtherSecondaryId())
	if err != nil {
		c.refuse(r, ofTheOther(err))
		return
	}
	var adopted string
	c.do(r, work{
		customers: []customer.Ref{ref, otherRef}, alone: true,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return nil, err
			}
			other, err := tx.Customer(r.Caller.Org, otherRef)
			if refusal(err) != nil {
				return nil, ofTheOther(err)
			}
			if err != nil {
				return nil, err
			}
			adopted = other.ID
			if err := tx.Adopt(rec, other); err != nil {
				return nil, err
			}
			return updated(rec.ID, "adopted "+adopted), nil
		},
		committed: func() { c.outbox.Moved(r.Caller.Org, adopted, ref.ID) },
	})
}

// ofTheOther is a refusal of who is to be adopted, with the names that an adoption's fields have.
func ofTheOther(err error) *customer.Refusal {
	r := refusal(err)
	text := strings.NewReplacer("customer: ", "other_customer: ", "customer_number", "other_customer_number", "customer_id", "other_customer_id", "secondary_id", "other_secondary_id").Replace(r.Text)
	return customer.Refuse(r.Code, "%s", text)
}

func (c *Commands) deleteCustomer(r *appRequest, m *pb.DeleteCustomerCommand) {
	r.name = "delete_customer"
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	var deleted string
	c.do(r, work{
		customers: []customer.Ref{ref}, alone: true,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return nil, err
			}
			deleted = rec.ID
			return updated(rec.ID, "deleted"), tx.DeleteCustomer(rec)
		},
		committed: func() { c.outbox.Forget(r.Caller.Org, deleted) },
	})
}
