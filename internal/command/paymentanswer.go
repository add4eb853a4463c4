package command

import (
	"cmp"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// updatePaymentStatus is a simulated provider's answer to a payment: to one that an app initiated, by
// its id, or to one that came in, by either of its ids.
func (c *Commands) updatePaymentStatus(r *Request, m *pb.UpdatePaymentStatusSimulatorCommand) {
	r.name = "update_payment_status"
	status := payment.Status(m.Status)
	if err := cmp.Or(checkProviderID("transaction_id", m.TransactionId), checkStatus(status)); err != nil {
		c.refuseSimulator(r, refusal(err))
		return
	}
	org := r.Caller.Org
	c.answerSimulator(r, status, &store.Unit{Route: m.TransactionId, Needs: store.Needs{Org: org, Payments: []string{m.TransactionId}}},
		func(tx *store.Tx) (*payment.Payment, payment.Verdict, error) {
			found, err := c.paymentsNamed(tx, org, m.TransactionId)
			if err != nil {
				return nil, 0, err
			}
			for _, id := range append(found, m.TransactionId) {
				p, verdict, err := AnswerPayment(tx, org, id, status, "")
				if p != nil || err != nil {
					return p, verdict, err
				}
			}
			return nil, 0, customer.Refuse(customer.NotFound, "transaction_id: there is no payment %q", m.TransactionId)
		})
}

// paymentsNamed gives the ids of the payments that a provider calls so, of which each channel has one at
// the most; those without a channel are imported.
func (c *Commands) paymentsNamed(tx *store.Tx, org, name string) ([]string, error) {
	var found []string
	for _, channel := range append([]store.PaymentChannel{{Org: org}}, c.Directory().PaymentChannels...) {
		if channel.Org != org {
			continue
		}
		id, err := tx.PaymentNamed(store.PaymentName{Org: org, Channel: payment.ChannelNumber{Channel: channel.Kind, Number: channel.Number}, ID: name})
		if err != nil {
			return nil, err
		}
		if id != "" {
			found = append(found, id)
		}
	}
	return found, nil
}

// answerSimulator runs a unit that tells a payment a status, and says what came of it. What a payment
// cannot take is refused, and yet noted.
func (c *Commands) answerSimulator(r *Request, status payment.Status, u *store.Unit, answer func(*store.Tx) (*payment.Payment, payment.Verdict, error)) {
	var refused *customer.Refusal
	u.Run = func(tx *store.Tx) error {
		tx.Actor = provider
		p, verdict, err := answer(tx)
		refused = refusal(err)
		switch {
		case refused != nil && p != nil:
			return nil
		case err == nil && verdict == payment.Contradicts:
			refused = customer.Refuse(customer.Contradicts, "status: the payment is %s, which %s cannot follow", p.Status, status)
		}
		return err
	}
	u.Done = func(err error) {
		switch {
		case refused != nil:
			c.refuseSimulator(r, refused)
		case err != nil:
			c.failed(r, err)
		default:
			c.reply(r, marshal(simulatorReply(nil)), "ok")
		}
	}
	if err := c.store.Submit(u); err != nil {
		c.failed(r, err)
	}
}
