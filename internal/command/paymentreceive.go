package command

import (
	"strings"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// receivePayment is money that a simulated phone sends, unasked. The same transaction id again is the
// same payment: a provider that says more of it later gives it its next status.
func (c *Commands) receivePayment(r *Request, m *pb.ReceivePaymentSimulatorCommand) {
	r.name = "receive_payment"
	received, err := c.receivedPaymentOf(r.Caller.Org, m)
	if err != nil {
		c.refuseSimulator(r, refusal(err))
		return
	}
	status := payment.Status(m.Status)
	c.answerSimulator(r, status, &store.Unit{
		Route: routeOfPayment(received),
		Needs: store.Needs{Org: r.Caller.Org, Customers: payersOf(received), Accounts: accountsOf(received)},
	}, func(tx *store.Tx) (*payment.Payment, payment.Verdict, error) {
		known, err := tx.PaymentNamed(nameOfPayment(received))
		if err != nil {
			return nil, 0, err
		}
		if known != "" {
			return receivedAgain(tx, known, received, status)
		}
		p := received.Clone()
		if err := meetPayers(tx, p); err != nil {
			return nil, 0, err
		}
		p.ID, p.CreatedAt = tx.NewPaymentID(), tx.Now()
		if err := tx.AddPayment(p); err != nil {
			return nil, 0, err
		}
		verdict, err := advanceWith(tx, p, status, "", receivedPaymentPB)
		return p, verdict, err
	})
}

// receivedAgain is what a provider says of a payment that we know by its name.
func receivedAgain(tx *store.Tx, id string, again *payment.Payment, status payment.Status) (*payment.Payment, payment.Verdict, error) {
	p, err := tx.Payment(again.Org, id)
	if err != nil || p == nil {
		return nil, 0, err
	}
	if p.Amount != again.Amount || p.Currency != again.Currency {
		p.Note(status, payment.Contradicts, "of another amount", tx.Actor, tx.Now())
		return p, payment.Contradicts, customer.Refuse(customer.Contradicts, "value: transaction_id %q is a payment of %s already", again.ProviderID, currency.Text(p.Amount, p.Currency))
	}
	if p.Flow == payment.Imported {
		p.Note(status, payment.Repeated, "", tx.Actor, tx.Now())
		return p, payment.Repeated, nil
	}
	verdict, err := answer(tx, p, status, "")
	return p, verdict, err
}

// receivedPaymentOf checks what a simulator says.
func (c *Commands) receivedPaymentOf(org string, m *pb.ReceivePaymentSimulatorCommand) (*payment.Payment, error) {
	if err := checkProviderID("transaction_id", m.TransactionId); err != nil {
		return nil, err
	}
	n := payChannelOf(m.ChannelNumber)
	channel, refused := c.paymentChannel(org, n, "channel_number.channel", "channel_number.number")
	switch {
	case refused != nil:
		return nil, refused
	case n.Channel == payment.Airtime:
		return nil, customer.Refuse(customer.InvalidRequest, "channel_number.channel: nobody can pay with airtime")
	}
	number, err := customer.Number{Provider: customer.Cellular, Number: m.CustomerNumber}.Normalize()
	if err != nil {
		return nil, err
	}
	p := &payment.Payment{
		Org: org, App: channel.App, Flow: payment.Inbound, Debit: payment.Party{Customer: &payment.Customer{Number: number, Channel: n}},
		Credit: payment.Party{Purse: channel.Purse}, Currency: m.Value.GetCurrencyCode(), ProviderID: m.TransactionId,
	}
	if p.Amount, err = ledger.FromWire("value", p.Currency, m.Value.GetAmount()); err != nil {
		return nil, err
	}
	if purse, _ := c.Directory().Purse(org, channel.Purse); purse.Currency != p.Currency {
		return nil, customer.Refuse(customer.InvalidRequest, "value.currency_code: %s is not the currency of the channel's purse, which is %s", p.Currency, purse.Currency)
	}
	return p, checkStatus(payment.Status(m.Status))
}

func checkProviderID(field, id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return customer.Refuse(customer.InvalidRequest, "%s: empty", field)
	case len(id) > maxProviderID:
		return customer.Refuse(customer.LimitReached, "%s: %d bytes are over the limit of %d", field, len(id), maxProviderID)
	case strings.IndexByte(id, 0) >= 0:
		return customer.Refuse(customer.InvalidRequest, "%s: has a zero byte", field)
	}
	return nil
}

func checkStatus(s payment.Status) error {
	if !s.Known() {
		return customer.Refuse(customer.InvalidRequest, "status: %d is no status of a payment", int32(s))
	}
	return nil
}

// nameOfPayment is the provider's name of a payment that has one.
func nameOfPayment(p *payment.Payment) store.PaymentName {
	n, _ := p.Channel()
	return store.PaymentName{Org: p.Org, Channel: n, ID: p.ProviderID}
}

func receivedPaymentPB(p *payment.Payment) *pb.ServerToAppCustomerNotification {
	return &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_ReceivedPayment{ReceivedPayment: &pb.ReceivedPaymentNotification{
		PurseId: p.Credit.Purse, TransactionId: p.ID, CustomerNumber: numberPB(p.Debit.Customer.Number), ChannelNumber: payChannelPB(p.Debit.Customer.Channel),
		Value: moneyPB(p.Amount, p.Currency), Status: pb.PaymentStatus(p.Status)}}}
}
