package elarian

import "context"

// ReceivedPayment is money that a customer has paid to one of the org's payment channels, unasked. It
// is in the channel's purse where Status is [PaymentSuccess]. What becomes of it later, when it was pending
// or is reversed, is told to [Client.OnPaymentStatus].
type ReceivedPayment struct {
	Notification
	Purse         Purse
	TransactionID string
	// Channel is the org's number that it was paid to.
	Channel PaymentChannelNumber
	Value   Cash
	Status  PaymentStatus
}

// OnReceivedPayment sets the handler of payments that nobody has asked for, the reference's
// receivedPayment. A handler that returns an error is told again later: after 1 s, then doubling, for a
// day. The money stays received.
func (c *Client) OnReceivedPayment(handler func(ctx context.Context, p *ReceivedPayment) error) {
	c.handle(eventReceivedPayment, func(ctx context.Context, n *notice) (Body, error) {
		p := n.entry.GetReceivedPayment()
		return nil, handler(ctx, &ReceivedPayment{
			n.Notification, Purse(p.GetPurseId()), p.GetTransactionId(), paymentChannelNumber(p.GetChannelNumber()), fromCash(p.GetValue()), PaymentStatus(p.GetStatus()),
		})
	})
}
