package elarian

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/elarian-go/elarian/internal/pb"
)

// The fields of AppToServerCommand's oneof.
const (
	fieldInitiatePayment           protowire.Number = 22
	fieldReplayPayment             protowire.Number = 30
	fieldReplayPaymentStatusUpdate protowire.Number = 31
)

// PaymentStatus is what became of a payment. The 100s are on their way, the 200s were refused and moved
// nothing, 300 has moved the money, the 400s have given it back, and 500 has moved it back after 300.
type PaymentStatus int32

// The statuses of payments.
const (
	PaymentQueued                 PaymentStatus = 100
	PaymentPendingConfirmation    PaymentStatus = 101
	PaymentPendingValidation      PaymentStatus = 102
	PaymentValidated              PaymentStatus = 103
	PaymentInvalidRequest         PaymentStatus = 200
	PaymentNotSupported           PaymentStatus = 201
	PaymentInsufficientFunds      PaymentStatus = 202
	PaymentApplicationError       PaymentStatus = 203
	PaymentNotAllowed             PaymentStatus = 204
	PaymentDuplicateRequest       PaymentStatus = 205
	PaymentInvalidPurse           PaymentStatus = 206
	PaymentInvalidCounterParty    PaymentStatus = 207
	PaymentInvalidChannelNumber   PaymentStatus = 208
	PaymentGatewayError           PaymentStatus = 209
	PaymentDecommissionedCustomer PaymentStatus = 299
	PaymentSuccess                PaymentStatus = 300
	PaymentFailed                 PaymentStatus = 400
	PaymentThrottled              PaymentStatus = 401
	PaymentExpired                PaymentStatus = 402
	PaymentRejected               PaymentStatus = 403
	PaymentReversed               PaymentStatus = 500
)

// String gives the reference's name, such as "pending_confirmation".
func (s PaymentStatus) String() string {
	return enumName(pb.PaymentStatus_name, "PAYMENT_STATUS_", int32(s))
}

// Failed tells whether the payment was refused, or has failed: the money is where it was.
func (s PaymentStatus) Failed() bool { return s >= 200 && s < 300 || s >= 400 && s < 500 }

// Pending tells whether it is not decided yet.
func (s PaymentStatus) Pending() bool { return s < 200 }

// PaymentReply is what is known of a payment once it was initiated.
type PaymentReply struct {
	Status      PaymentStatus
	Description string
	// TransactionID is what [PaymentStatusNotice] names the payment by.
	TransactionID string
	// The ids of the customers that are the parties, empty for others.
	DebitCustomerID, CreditCustomerID string
}

// InitiatePayment moves money from one party to the other.
//
// Between purses and wallets it has moved when this returns: [PaymentSuccess]. To a phone or a channel
// it is on its way, [PaymentPendingConfirmation], and held meanwhile: it cannot be spent again, and
// comes back when the payment fails. From a phone (a checkout) it is pending until the customer
// approves. What becomes of it is told to [Client.OnPaymentStatus] where a customer is a party, otherwise
// to [Client.OnPursePaymentStatus]. The narration is for people.
//
//	client.InitiatePayment(ctx, elarian.Purse(id), ada.Account(elarian.MobileMoney("83044")), elarian.KES("500"), "loan 7")
//
// A status of 200 and more, but for success, is also an error, for [errors.Is]: [ErrInsufficientFunds],
// [ErrInvalidPurse], [ErrInvalidParty], [ErrInvalidChannel], [ErrNotSupported] for parties that cannot
// pay each other, [ErrInvalidRequest] for an amount that is none, not positive or of an unknown currency,
// and so on. Nothing has moved then.
//
// Give the command a key of your own ([WithIdempotencyKey]), an order number, say, and the payment is
// made once, also when your program is started again before it has read the reply.
func (c *Client) InitiatePayment(ctx context.Context, from, to Party, value Cash, narration string) (PaymentReply, error) {
	return byCurrentIDs(func() (PaymentReply, error) { return c.initiatePayment(ctx, from, to, value, narration) }, about(from), about(to))
}

func (c *Client) initiatePayment(ctx context.Context, from, to Party, value Cash, narration string) (PaymentReply, error) {
	cmd := &command{name: "InitiatePayment", field: fieldInitiatePayment, about: transfer{from, to, value}}
	debit, credit, err := counterParties(ctx, from, to)
	if err == nil {
		err = value.Err()
	}
	if err != nil {
		return PaymentReply{}, cmd.failed(err)
	}
	cmd.fields = &pb.InitiatePaymentCommand{DebitParty: debit, CreditParty: credit, Value: value.proto(), Narration: narration}
	r, err := c.link.do(ctx, cmd)
	if err != nil {
		return PaymentReply{}, err
	}
	paid := r.GetInitiatePayment()
	if paid == nil {
		if refused := r.GetUpdateCustomerState(); refused != nil && !refused.GetStatus() {
			return PaymentReply{}, cmd.check(refused, true)
		}
		return PaymentReply{}, cmd.check(nil, false)
	}
	out := PaymentReply{
		Status:           PaymentStatus(paid.GetStatus()),
		Description:      paid.GetDescription(),
		TransactionID:    paid.GetTransactionId().GetValue(),
		DebitCustomerID:  paid.GetDebitCustomerId().GetValue(),
		CreditCustomerID: paid.GetCreditCustomerId().GetValue(),
	}
	learn(from, out.DebitCustomerID)
	learn(to, out.CreditCustomerID)
	if out.Status.Failed() {
		return out, cmd.refused(out.Status.String(), out.Description)
	}
	return out, nil
}

// transfer is a payment in errors.
type transfer struct {
	from, to Party
	value    Cash
}

func (t transfer) String() string {
	if t.value.Err() != nil { // which the error is about
		return fmt.Sprintf("a payment from %v to %v", t.from, t.to)
	}
	return fmt.Sprintf("%v from %v to %v", t.value, t.from, t.to)
}

var errNoParty = errors.New("a party is nil: say who pays and who is paid")

func counterParties(ctx context.Context, from, to Party) (debit, credit *pb.PaymentCounterParty, err error) {
	if from == nil || to == nil {
		return nil, nil, errNoParty
	}
	if debit, err = from.counterParty(ctx); err != nil {
		return nil, nil, err
	}
	credit, err = to.counterParty(ctx)
	return debit, credit, err
}

// learn tells the handle of the party's customer the id.
func learn(p Party, customerID string) {
	if c := about(p); c != nil {
		c.learnID(customerID)
	}
}

// PaymentStatusNotice tells what became of a payment that this app has initiated, and that a customer
// is a party of: of two customers, the one who is paid or asked. The first is the status that [PaymentReply]
// had. It also tells what becomes later of one that [Client.OnReceivedPayment] was told of. What the payment
// is, the customer's state has ([PaymentState.Find]).
type PaymentStatusNotice struct {
	Notification
	TransactionID string
	Status        PaymentStatus
	Description   string
}

// OnPaymentStatus sets the handler of what becomes of payments with customers, the reference's paymentStatus.
func (c *Client) OnPaymentStatus(handler func(ctx context.Context, p *PaymentStatusNotice) error) {
	c.handle(eventPaymentStatus, func(ctx context.Context, n *notice) (Body, error) {
		p := n.entry.GetPaymentStatus()
		return nil, handler(ctx, &PaymentStatusNotice{
			n.Notification, p.GetTransactionId(), PaymentStatus(p.GetStatus()), p.GetDescription().GetValue(),
		})
	})
}
