package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// SimulatedPayment is what a phone pays, unasked.
type SimulatedPayment struct {
	// TransactionID is the provider's; one that was received before is not received again.
	TransactionID string
	// From is the phone's number.
	From string
	// To is the org's payment channel.
	To    PaymentChannelNumber
	Value Cash
	// Status, 0 for [PaymentSuccess]: with [PaymentPendingConfirmation] the money is there only after
	// [Simulator.UpdatePaymentStatus].
	Status PaymentStatus
}

// ReceivePayment lets the org receive a payment from a phone, the reference's receivePayment, and returns
// when it is stored. The app is told by [Client.OnReceivedPayment]. Where the connection is lost it is sent
// again: by its transaction id it is one payment.
func (s *Simulator) ReceivePayment(ctx context.Context, p SimulatedPayment) error {
	if p.Status == 0 {
		p.Status = PaymentSuccess
	}
	cmd := &command{name: "ReceivePayment", about: phone(p.From)}
	if err := p.Value.Err(); err != nil {
		return cmd.failed(err)
	}
	_, err := s.do(ctx, cmd, &pb.SimulatorToServerCommand{
		Entry: &pb.SimulatorToServerCommand_ReceivePayment{ReceivePayment: &pb.ReceivePaymentSimulatorCommand{
			TransactionId: p.TransactionID, CustomerNumber: p.From, ChannelNumber: p.To.proto(), Value: p.Value.proto(), Status: pb.PaymentStatus(p.Status),
		}},
	}, nil)
	return err
}

// UpdatePaymentStatus is the provider's answer to a payment, the reference's updatePaymentStatus: of a
// checkout, of a payment to a phone or a channel, by the transaction id that their notifications have, or of
// one that was received, by its own. One that is unknown is [ErrNotFound]; a status that the payment
// cannot take any more is [ErrContradicts], and nothing has changed.
func (s *Simulator) UpdatePaymentStatus(ctx context.Context, transactionID string, status PaymentStatus) error {
	_, err := s.do(ctx, &command{name: "UpdatePaymentStatus", about: phone(transactionID)}, &pb.SimulatorToServerCommand{
		Entry: &pb.SimulatorToServerCommand_UpdatePaymentStatus{UpdatePaymentStatus: &pb.UpdatePaymentStatusSimulatorCommand{
			TransactionId: transactionID, Status: pb.PaymentStatus(status),
		}},
	}, nil)
	return err
}

// SimulatedTransfer is a payment that an app has initiated, as the provider sees it.
type SimulatedTransfer struct {
	OrgID, AppID string
	// CustomerID is the id of the customer whose phone it is; empty in a payment to a channel.
	CustomerID    string
	TransactionID string
	// Party is the org's side: a [Purse] or a [Wallet].
	Party Party
	// Customer is the other side, but for payments to a channel.
	Customer CustomerAccount
	// Channel is the other side of a payment to a channel.
	Channel ChannelAccount
	Value   Cash
}

// OnSendCustomerPayment sets the handler of money that is on its way to a phone, the reference's
// sendCustomerPayment. Every simulator of the org is told. The payment succeeds after a second by
// itself, unless [Simulator.UpdatePaymentStatus] has said otherwise before.
func (s *Simulator) OnSendCustomerPayment(handler func(ctx context.Context, t *SimulatedTransfer) error) {
	s.handlePayment(&s.sendCustomerPayment, handler)
}

// OnSendChannelPayment sets the handler of money that is on its way to a channel, the reference's
// sendChannelPayment. It works as [Simulator.OnSendCustomerPayment].
func (s *Simulator) OnSendChannelPayment(handler func(ctx context.Context, t *SimulatedTransfer) error) {
	s.handlePayment(&s.sendChannelPayment, handler)
}

// OnCheckoutPayment sets the handler of checkouts: a phone is asked to pay, the reference's
// checkoutPayment. Every simulator of the org is told. It waits for [Simulator.UpdatePaymentStatus],
// [PaymentSuccess] where the customer approves and [PaymentRejected] where not, and expires after 2 minutes.
func (s *Simulator) OnCheckoutPayment(handler func(ctx context.Context, t *SimulatedTransfer) error) {
	s.handlePayment(&s.checkoutPayment, handler)
}

type transferHandler = func(ctx context.Context, t *SimulatedTransfer) error

func (s *Simulator) handlePayment(where *transferHandler, handler transferHandler) {
	if s.link.isStarted() {
		panic("elarian: handlers must be set before Connect or Run")
	}
	*where = handler
}

// receivePayment reads a payment's notification; handle is nil where it is about something else, or nobody asks.
func (s *Simulator) receivePayment(m *pb.ServerToSimulatorNotification) (event, customer, line string, handle func(ctx context.Context) error) {
	var handler transferHandler
	var t SimulatedTransfer
	switch e := m.GetEntry().(type) {
	case *pb.ServerToSimulatorNotification_SendCustomerPayment:
		event, handler, t = "sendCustomerPayment", s.sendCustomerPayment, customerTransfer(e.SendCustomerPayment)
	case *pb.ServerToSimulatorNotification_CheckoutPayment:
		event, handler, t = "checkoutPayment", s.checkoutPayment, customerTransfer(e.CheckoutPayment)
	case *pb.ServerToSimulatorNotification_SendChannelPayment:
		p := e.SendChannelPayment
		event, handler = "sendChannelPayment", s.sendChannelPayment
		t = SimulatedTransfer{
			OrgID: p.GetOrgId(), AppID: p.GetAppId(), TransactionID: p.GetTransactionId(), Party: ours(p.GetPurse(), p.GetWallet()), Value: fromCash(p.GetValue()),
			Channel: ChannelAccount{
				Channel: PaymentChannel(p.GetChannel()), Source: p.GetSource(), Destination: p.GetDestination(), Account: p.GetAccount().GetValue(),
			},
		}
	}
	if handler == nil {
		return "", "", "", nil
	}
	line = between(t.Customer.Channel, t.Customer.Number.Number)
	if event == "sendChannelPayment" {
		line = t.Channel.String()
	}
	return event, t.CustomerID, line, func(ctx context.Context) error { return handler(ctx, &t) }
}

// customerPayment is what both notifications of payments with a phone have.
type customerPayment interface {
	GetOrgId() string
	GetAppId() string
	GetCustomerId() string
	GetTransactionId() string
	GetPurse() *pb.PaymentPurseCounterParty
	GetWallet() *pb.PaymentWalletCounterParty
	GetCustomerNumber() *pb.CustomerNumber
	GetChannelNumber() *pb.PaymentChannelNumber
	GetValue() *pb.Cash
}

func customerTransfer(p customerPayment) SimulatedTransfer {
	return SimulatedTransfer{
		OrgID: p.GetOrgId(), AppID: p.GetAppId(), CustomerID: p.GetCustomerId(), TransactionID: p.GetTransactionId(), Party: ours(p.GetPurse(), p.GetWallet()),
		Customer: CustomerAccount{customerNumber(p.GetCustomerNumber()), paymentChannelNumber(p.GetChannelNumber())}, Value: fromCash(p.GetValue()),
	}
}

// ours is the org's side of a payment.
func ours(p *pb.PaymentPurseCounterParty, w *pb.PaymentWalletCounterParty) Party {
	if w != nil {
		return wallet(w)
	}
	return purse(p)
}
