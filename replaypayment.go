package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// ReplayedPayment is a payment of the past, for [Client.ReplayPayment].
type ReplayedPayment struct {
	// ProviderTransactionID is what the provider called it: "QHG7K2M1XY".
	ProviderTransactionID string
	At                    time.Time
	From, To              Party
	Value                 Cash
	Status                PaymentStatus
	Narration             string
}

// ReplayReply is where an imported payment is now.
type ReplayReply struct {
	TransactionID                     string
	DebitCustomerID, CreditCustomerID string
}

// ReplayPayment imports a payment that was made before, as in another system: it stands in the customer's
// state from then on. No money moves, and nobody is told. Imported again it changes nothing: payments
// are known by the provider's id and the channel.
func (c *Client) ReplayPayment(ctx context.Context, p ReplayedPayment) (ReplayReply, error) {
	return byCurrentIDs(func() (ReplayReply, error) { return c.importPayment(ctx, p) }, about(p.From), about(p.To))
}

func (c *Client) importPayment(ctx context.Context, p ReplayedPayment) (ReplayReply, error) {
	cmd := &command{name: "ReplayPayment", field: fieldReplayPayment, about: transfer{p.From, p.To, p.Value}}
	debit, credit, err := counterParties(ctx, p.From, p.To)
	if err == nil {
		err = p.Value.Err()
	}
	if err != nil {
		return ReplayReply{}, cmd.failed(err)
	}
	cmd.fields = &pb.ReplayPaymentCommand{
		ProviderTransactionId: p.ProviderTransactionID, CreatedAt: replayTime(p.At), DebitParty: debit, CreditParty: credit,
		Status: pb.PaymentStatus(p.Status), Value: p.Value.proto(), Narration: p.Narration,
	}
	reply, err := c.replayPayment(ctx, cmd)
	learn(p.From, reply.DebitCustomerID)
	learn(p.To, reply.CreditCustomerID)
	return reply, err
}

// ReplayPaymentStatusUpdate imports what became of a payment that was imported. One that is unknown is
// [ErrNotFound].
func (c *Client) ReplayPaymentStatusUpdate(ctx context.Context, customer CustomerNumber, providerTransactionID string, at time.Time, status PaymentStatus) (ReplayReply, error) {
	return c.replayPayment(ctx, &command{
		name: "ReplayPaymentStatusUpdate", field: fieldReplayPaymentStatusUpdate, about: customer,
		fields: &pb.ReplayPaymentStatusUpdateCommand{
			CustomerNumber: customer.proto(), ProviderTransactionId: providerTransactionID, UpdatedAt: replayTime(at), Status: pb.PaymentStatus(status),
		},
	})
}

func (c *Client) replayPayment(ctx context.Context, cmd *command) (ReplayReply, error) {
	r, err := c.link.do(ctx, cmd)
	if err != nil {
		return ReplayReply{}, err
	}
	done := r.GetReplayPayment()
	return ReplayReply{
		TransactionID:    done.GetTransactionId().GetValue(),
		DebitCustomerID:  done.GetDebitCustomerId().GetValue(),
		CreditCustomerID: done.GetCreditCustomerId().GetValue(),
	}, cmd.check(done, done != nil)
}
