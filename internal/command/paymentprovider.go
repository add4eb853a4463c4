package command

import (
	"cmp"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Mobile money, as the simulator plays it for sandbox orgs. A live org's payments wait for an operator:
// there is no provider yet.

const (
	payoutTime   = time.Second     // until a payment to the outside succeeds
	approvalTime = 5 * time.Second // until a checkout is approved that no simulator was told of
	checkoutTime = 2 * time.Minute // until one expires that a simulator was told of
)

// The kinds of timers for it.
const (
	succeedsTimer = "payment.succeeds"
	expiresTimer  = "payment.expires"
)

// provider is who answers for mobile money.
var provider = customer.Actor{Kind: "provider", ID: "simulator"}

// scheduleProvider sets what happens to a payment by itself.
func (c *Commands) scheduleProvider(tx *store.Tx, p *payment.Payment) {
	if org, found := c.Directory().Org(p.Org); !found || org.Live {
		return
	}
	kind, after := succeedsTimer, payoutTime
	switch {
	case p.Flow == payment.Internal:
		return
	case p.Flow == payment.Inbound && c.Simulated(p.Org):
		kind, after = expiresTimer, checkoutTime
	case p.Flow == payment.Inbound:
		after = approvalTime
	}
	// It is no timer of the customer's, with whom it would go: the payment goes on when they are erased.
	tx.Schedule(store.Timer{DueAt: tx.Now().Add(after), Kind: kind, Org: p.Org, Customer: cmp.Or(p.Debit.Purse, p.Credit.Purse), Ref: p.ID})
}

// paymentDue is the provider's answer that comes by itself.
func (c *Commands) paymentDue(tx *store.Tx, t *store.Timer) error {
	tx.Actor = provider
	p, err := tx.Payment(t.Org, t.Ref)
	switch {
	case err != nil || p == nil || !p.Status.Pending():
		return err
	case t.Kind == expiresTimer:
		_, err = advance(tx, p, payment.Expired, "the customer did not approve it in time")
	case !p.Answered:
		_, err = advance(tx, p, payment.Success, "")
	}
	if refusal(err) != nil {
		return nil // noted: it stays pending, for an operator
	}
	return err
}

// askProvider tells the simulators of a payment that leaves the org, or that a customer is asked for.
func (c *Commands) askProvider(p *payment.Payment) {
	n := &pb.ServerToSimulatorNotification{}
	value := moneyPB(p.Amount, p.Currency)
	switch {
	case p.Flow == payment.Inbound:
		m := &pb.CheckoutPaymentSimulatorNotification{
			OrgId: p.Org, CustomerId: p.DebitCustomer, AppId: p.App, TransactionId: p.ID,
			CustomerNumber: simulatorNumber(p.Debit.Customer.Number), ChannelNumber: payChannelPB(p.Debit.Customer.Channel), Value: value,
		}
		if p.Credit.Wallet != nil {
			m.CreditParty = &pb.CheckoutPaymentSimulatorNotification_Wallet{Wallet: walletPB(p.Credit.Wallet)}
		} else {
			m.CreditParty = &pb.CheckoutPaymentSimulatorNotification_Purse{Purse: pursePB(p.Credit.Purse)}
		}
		n.Entry = &pb.ServerToSimulatorNotification_CheckoutPayment{CheckoutPayment: m}
	case p.Credit.Customer != nil:
		m := &pb.SendCustomerPaymentSimulatorNotification{
			OrgId: p.Org, CustomerId: p.CreditCustomer, AppId: p.App, TransactionId: p.ID,
			CustomerNumber: simulatorNumber(p.Credit.Customer.Number), ChannelNumber: payChannelPB(p.Credit.Customer.Channel), Value: value,
		}
		if p.Debit.Wallet != nil {
			m.DebitParty = &pb.SendCustomerPaymentSimulatorNotification_Wallet{Wallet: walletPB(p.Debit.Wallet)}
		} else {
			m.DebitParty = &pb.SendCustomerPaymentSimulatorNotification_Purse{Purse: pursePB(p.Debit.Purse)}
		}
		n.Entry = &pb.ServerToSimulatorNotification_SendCustomerPayment{SendCustomerPayment: m}
	case p.Credit.Business != nil:
		b := p.Credit.Business
		m := &pb.SendChannelPaymentSimulatorNotification{
			OrgId: p.Org, AppId: p.App, TransactionId: p.ID, Channel: pb.PaymentChannel(b.Channel),
			Source: b.Source, Destination: b.Number, Account: wrapperspb.String(b.Account), Value: value,
		}
		if p.Debit.Wallet != nil {
			m.DebitParty = &pb.SendChannelPaymentSimulatorNotification_Wallet{Wallet: walletPB(p.Debit.Wallet)}
		} else {
			m.DebitParty = &pb.SendChannelPaymentSimulatorNotification_Purse{Purse: pursePB(p.Debit.Purse)}
		}
		n.Entry = &pb.ServerToSimulatorNotification_SendChannelPayment{SendChannelPayment: m}
	default:
		return
	}
	c.Simulate(p.Org, n)
}
