package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// Consent is what a customer said about messages from a channel number.
type Consent int32

// The consents. A customer who was never asked allows.
const (
	Allow Consent = Consent(pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW)
	Block Consent = Consent(pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK)
)

// String gives the reference's name, "allow" or "block".
func (c Consent) String() string {
	return enumName(pb.MessagingConsentUpdate_name, "MESSAGING_CONSENT_UPDATE_", int32(c))
}

// UpdateMessagingConsent allows or blocks messages to the customer from one of the org's channel
// numbers. Sending to a customer who blocks is refused with [ErrNoConsent]; they can still write.
// A customer named by id or secondary id is looked up first, for a number on the channel.
func (c *Customer) UpdateMessagingConsent(ctx context.Context, channel MessagingChannelNumber, consent Consent) error {
	cmd := &command{name: "UpdateMessagingConsent", field: fieldUpdateMessagingConsent, about: c}
	number, err := c.numberFor(ctx, channel.Channel.provider())
	if err != nil {
		return cmd.failed(err)
	}
	cmd.fields = &pb.UpdateMessagingConsentCommand{
		CustomerNumber: number.proto(), ChannelNumber: channel.proto(), Update: pb.MessagingConsentUpdate(consent),
	}
	r, err := c.client.link.do(ctx, cmd)
	if err != nil {
		return err
	}
	reply := r.GetUpdateMessagingConsent()
	if reply == nil {
		return cmd.check(nil, false)
	}
	c.learnID(reply.GetCustomerId().GetValue())
	if s := reply.GetStatus(); s > pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_COMPLETED {
		return cmd.refused(enumName(pb.MessagingConsentUpdateStatus_name, "MESSAGING_CONSENT_UPDATE_STATUS_", int32(s)), reply.GetDescription())
	}
	return nil
}

// ConsentNotice tells that a customer allowed or blocked a channel: by a command, or by a keyword
// such as STOP.
type ConsentNotice struct {
	Notification
	Channel MessagingChannelNumber
	Consent Consent
}

// OnMessagingConsentUpdate sets the handler of consents, the reference's messagingConsentUpdate.
func (c *Client) OnMessagingConsentUpdate(handler func(ctx context.Context, n *ConsentNotice) error) {
	c.handle(eventMessagingConsentUpdate, func(ctx context.Context, n *notice) (Body, error) {
		u := n.entry.GetMessagingConsentUpdate()
		return nil, handler(ctx, &ConsentNotice{n.Notification, messagingChannelNumber(u.GetChannelNumber()), Consent(u.GetUpdate())})
	})
}
