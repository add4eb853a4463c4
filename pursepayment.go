package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// PursePaymentNotice tells what became of a payment that this app has initiated, and that no customer
// is a party of.
type PursePaymentNotice struct {
	Purse Purse
	// CreatedAt is when it happened, by the server's clock.
	CreatedAt     time.Time
	OrgID, AppID  string
	TransactionID string
	Status        PaymentStatus
	Description   string
}

// OnPursePaymentStatus sets the handler of what becomes of payments without customers, from a purse to
// another purse or to a channel, the reference's paymentStatus with a purse id.
func (c *Client) OnPursePaymentStatus(handler func(ctx context.Context, p *PursePaymentNotice) error) {
	c.handle(eventPursePaymentStatus, func(ctx context.Context, n *notice) (Body, error) {
		s := n.purse.GetPaymentStatus()
		return nil, handler(ctx, &PursePaymentNotice{
			Purse: Purse(n.purse.GetPurseId()), CreatedAt: moment(n.purse.GetCreatedAt()), OrgID: n.purse.GetOrgId(), AppID: n.purse.GetAppId(),
			TransactionID: s.GetTransactionId(), Status: PaymentStatus(s.GetStatus()), Description: s.GetDescription().GetValue(),
		})
	})
}

// purseNotice is a notification that has no customer.
func purseNotice(entry *pb.ServerToAppPurseNotification) (event, *notice) {
	e := eventNone
	if entry.GetPaymentStatus() != nil {
		e = eventPursePaymentStatus
	}
	return e, &notice{Notification: Notification{answer: new(answer)}, purse: entry}
}
