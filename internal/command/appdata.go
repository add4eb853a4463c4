package command

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

func (c *Commands) updateCustomerAppData(r *appRequest, m *pb.UpdateCustomerAppDataCommand) {
	if m.Update.GetValue() == nil {
		r.name = "update_customer_app_data"
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "update: missing: it has a string_val or a bytes_val"))
		return
	}
	c.changeAppData(r, "update_customer_app_data", m, "app_data.updated", func(d *customer.AppData) error {
		return d.Update(valueOf(m.Update), c.options.Limits)
	})
}

func (c *Commands) deleteCustomerAppData(r *appRequest, m *pb.DeleteCustomerAppDataCommand) {
	c.changeAppData(r, "delete_customer_app_data", m, "app_data.deleted", func(d *customer.AppData) error {
		d.Delete()
		return nil
	})
}

// changeAppData never waits for a lease, and frees it.
func (c *Commands) changeAppData(r *appRequest, name string, m namesCustomer, what string, apply func(*customer.AppData) error) {
	r.name = name
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	var id string
	c.do(r, work{
		customers: []customer.Ref{ref}, appData: true,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return nil, err
			}
			d, err := tx.AppData(rec, r.Caller.App)
			if err != nil {
				return nil, err
			}
			if err := apply(d); err != nil {
				return nil, err
			}
			tx.Record(rec, what, "")
			id = rec.ID
			return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerAppData{
				UpdateCustomerAppData: &pb.UpdateCustomerAppDataReply{Status: true, Description: "done", CustomerId: wrapperspb.String(rec.ID)}}}, nil
		},
		committed: func() { c.outbox.Free(r.Caller.Org, r.Caller.App, id) },
	})
}

// leaseCustomerAppData finds whom the command is about, making the customer of an unknown number, and
// then waits for its turn in the customer's lane.
func (c *Commands) leaseCustomerAppData(r *appRequest, m *pb.LeaseCustomerAppDataCommand) {
	r.name = "lease_customer_app_data"
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.withCustomer(r, ref, func(id string) { c.waitForLease(r, id) })
}

// withCustomer calls f with the id of the customer, made where the number is unknown; a customer that
// is not there is refused.
func (c *Commands) withCustomer(r *appRequest, ref customer.Ref, f func(id string)) {
	err := c.store.Read(&store.Read{Org: r.Caller.Org, Ref: ref, Done: func(v store.View, err error) {
		switch {
		case err != nil:
			c.failed(r.Request, err)
		case v.Record != nil:
			if err := v.Record.Check(); err != nil {
				c.refuse(r, refusal(err))
				return
			}
			f(v.Record.ID)
		case ref.Number == customer.Number{}:
			c.refuse(r, ref.NotFound())
		default:
			c.create(r, ref, f)
		}
	}})
	if err != nil {
		c.failed(r.Request, err)
	}
}

func (c *Commands) create(r *appRequest, ref customer.Ref, f func(id string)) {
	var id string
	err := c.store.Submit(&store.Unit{
		Route: route(r.Caller.Org, ref),
		Needs: store.Needs{Org: r.Caller.Org, Customers: []customer.Ref{ref}},
		Run: func(tx *store.Tx) error {
			tx.Actor = r.Caller.actor()
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err == nil {
				id = rec.ID
			}
			return err
		},
		Done: func(err error) {
			if err != nil {
				c.failed(r.Request, err)
				return
			}
			f(id)
		},
	})
	if err != nil {
		c.failed(r.Request, err)
	}
}

func (c *Commands) waitForLease(r *appRequest, id string) {
	ctx, gone := context.WithCancel(context.Background()) // until nobody waits for the reply
	grant := func(done func(until time.Time, held bool, err error)) { c.grantLease(ctx, r, id, done) }
	ended := func(stopping bool) {
		if stopping {
			c.failed(r.Request, store.ErrClosed)
			return
		}
		c.refuse(r, customer.Refuse(customer.NotFound, "customer_id: %s was deleted or adopted while the lease waited", id))
	}
	cancel, err := c.outbox.Lease(r.Caller.Org, r.Caller.App, id, r.cmd.IdempotencyKey, r.Caller.Conn, grant, ended)
	if err != nil {
		gone()
		c.refuse(r, refusal(err))
		return
	}
	r.OnCancel(func() {
		gone()
		cancel()
	})
}

// grantLease writes the lease and replies with the app data. Where somebody else has it, as before a
// restart, done is told until when, and the request waits on.
func (c *Commands) grantLease(ctx context.Context, r *appRequest, id string, done func(time.Time, bool, error)) {
	var until time.Time
	var held bool
	var payload []byte
	ref := customer.ByID(id)
	mark := commandMark(r.cmd, []customer.Ref{ref})
	key := store.IdempotencyKey{Org: r.Caller.Org, App: r.Caller.App, Key: r.cmd.IdempotencyKey}
	err := c.store.Submit(&store.Unit{
		Route: id,
		Needs: store.Needs{Org: r.Caller.Org, Customers: []customer.Ref{ref}, App: r.Caller.App, Reply: key},
		Run: func(tx *store.Tx) error {
			tx.Actor = r.Caller.actor()
			if key.Key != "" {
				first, err := tx.FirstReply(key)
				if err != nil {
					return err
				}
				if first != nil && string(first.Command) != string(mark) {
					return customer.Refuse(customer.IdempotencyReused, "idempotency_key: %q was used for another command", key.Key)
				}
				if first != nil {
					payload, until, held = first.Reply, time.Time{}, true
					return nil
				}
			}
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return err
			}
			d, err := tx.AppData(rec, r.Caller.App)
			if err != nil {
				return err
			}
			if held = !d.Leased(tx.Now()); !held {
				until = d.LeasedUntil
				return nil
			}
			d.Lease(tx.Now())
			until = d.LeasedUntil
			payload = marshal(leaseReply(id, d))
			if key.Key != "" {
				tx.KeepReply(key, mark, payload)
			}
			return nil
		},
		Done: func(err error) {
			switch {
			case refusal(err) != nil:
				done(until, false, err)
				c.refuse(r, refusal(err))
			case err != nil:
				done(until, false, err)
				c.failed(r.Request, err)
			case held && until.IsZero():
				done(c.clock.Now(), true, nil) // repeated: the lease is as the first reply left it
				c.reply(r.Request, payload, "repeated")
			case held:
				done(until, true, nil)
				if ctx.Err() != nil && key.Key == "" {
					c.giveBackLease(r, id)
					return
				}
				c.reply(r.Request, payload, "ok")
			default:
				done(until, false, nil)
			}
		},
	})
	if err != nil {
		done(until, false, err)
		c.failed(r.Request, err)
	}
}

// giveBackLease frees a lease whose caller was gone when it was granted. One with an idempotency key
// keeps it: the caller asks again for the first reply.
func (c *Commands) giveBackLease(r *appRequest, id string) {
	ref := customer.ByID(id)
	err := c.store.Submit(&store.Unit{
		Route: id,
		Needs: store.Needs{Org: r.Caller.Org, Customers: []customer.Ref{ref}, App: r.Caller.App},
		Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return err
			}
			d, err := tx.AppData(rec, r.Caller.App)
			if err == nil {
				d.LeasedUntil = time.Time{}
			}
			return err
		},
		Done: func(error) { c.outbox.Free(r.Caller.Org, r.Caller.App, id) },
	})
	if err != nil {
		c.log.Warn("a lease that nobody waits for stays until its end", "customer", id, "error", err)
	}
}

func leaseReply(id string, d *customer.AppData) *pb.AppToServerCommandReply {
	reply := &pb.LeaseCustomerAppDataReply{Status: true, Description: "leased", CustomerId: wrapperspb.String(id)}
	if d.Present {
		reply.Value = valuePB(d.Value)
	}
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_LeaseCustomerAppData{LeaseCustomerAppData: reply}}
}
