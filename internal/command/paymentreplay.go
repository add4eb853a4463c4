package command

import (
	"cmp"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// replayPayment imports a payment of the past: it is shown, and moves no money. The same provider's id
// again, on the same channel, changes nothing.
func (c *Commands) replayPayment(r *appRequest, m *pb.ReplayPaymentCommand) {
	r.name = "replay_payment"
	at, status := timeOf(m.CreatedAt), payment.Status(m.Status)
	past, err := c.paymentOf(r.Caller.Org, m)
	if err = cmp.Or(err, checkProviderID("provider_transaction_id", m.ProviderTransactionId), checkStatus(status), c.checkPast("created_at", at)); err != nil {
		c.refuse(r, refusal(refusedReplay(err)))
		return
	}
	past.App, past.Flow, past.ProviderID = r.Caller.App, payment.Imported, m.ProviderTransactionId
	c.do(r, work{
		customers: payersOf(past), route: routeOfPayment(past), about: m.ProviderTransactionId,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			known, err := tx.PaymentNamed(nameOfPayment(past))
			if err != nil {
				return nil, err
			}
			if known != "" {
				p, err := tx.Payment(r.Caller.Org, known)
				if err != nil {
					return nil, err
				}
				return replayedPayment(p), nil
			}
			p := past.Clone()
			if err := meetPayers(tx, p); err != nil {
				return nil, refusedReplay(err)
			}
			p.ID, p.CreatedAt = tx.NewPaymentIDAt(at), at
			if err := tx.AddPayment(p); err != nil {
				return nil, err
			}
			return replayedPayment(p), takeReplayed(tx, p, status, at)
		},
	})
}

// replayPaymentStatusUpdate imports what became of an imported payment.
func (c *Commands) replayPaymentStatusUpdate(r *appRequest, m *pb.ReplayPaymentStatusUpdateCommand) {
	r.name = "replay_payment_status_update"
	at, status := timeOf(m.UpdatedAt), payment.Status(m.Status)
	ref, err := customerOf(byNumber{m.CustomerNumber})
	if err = cmp.Or(err, checkProviderID("provider_transaction_id", m.ProviderTransactionId), checkStatus(status), c.checkPast("updated_at", at)); err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.do(r, work{customers: []customer.Ref{ref}, about: m.ProviderTransactionId, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		p, err := c.importedPayment(tx, r.Caller.Org, ref, m.ProviderTransactionId)
		if err != nil {
			return nil, err
		}
		return replayedPayment(p), takeReplayed(tx, p, status, at)
	}})
}

// importedPayment finds an imported payment of a customer by the provider's name for it.
func (c *Commands) importedPayment(tx *store.Tx, org string, ref customer.Ref, id string) (*payment.Payment, error) {
	missing := customer.Refuse(customer.NotFound, "provider_transaction_id: the customer has no payment %q", id)
	rec, err := tx.Find(org, ref)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, missing
	}
	found, err := c.paymentsNamed(tx, org, id)
	if err != nil {
		return nil, err
	}
	for _, name := range found {
		p, err := tx.Payment(org, name)
		switch {
		case err != nil:
			return nil, err
		case p.DebitCustomer != rec.ID && p.CreditCustomer != rec.ID:
		case p.Flow != payment.Imported:
			return nil, customer.Refuse(customer.InvalidRequest, "provider_transaction_id: %q is no imported payment: its status comes from its provider", id)
		default:
			return p, nil
		}
	}
	return nil, missing
}

// takeReplayed gives an imported payment a status of the past; one that cannot follow changes nothing.
func takeReplayed(tx *store.Tx, p *payment.Payment, s payment.Status, at time.Time) error {
	verdict, err := advance(tx, p, s, "")
	if verdict == payment.News {
		p.UpdatedAt = at
	}
	return err
}

func replayedPayment(p *payment.Payment) *pb.AppToServerCommandReply {
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_ReplayPayment{ReplayPayment: &pb.ReplayPaymentReply{
		Status: true, Description: "done", TransactionId: wrapperspb.String(p.ID), DebitCustomerId: optional(p.DebitCustomer), CreditCustomerId: optional(p.CreditCustomer),
	}}}
}

// refusedReplay gives a refusal of the rules of payments the code for a reply that has no status of
// payments; other errors stay.
func refusedReplay(err error) error {
	var refused *payment.Refusal
	if errors.As(err, &refused) {
		return customer.Refuse(refused.Code, "%s", refused.Text)
	}
	return err
}
