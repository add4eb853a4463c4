package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// MessageStatus is what became of a message. From 300 on it is final but for [MessageRead] after
// [MessageDelivered], from 400 on it failed.
type MessageStatus int32

// The statuses of messages.
const (
	MessageQueued                  MessageStatus = 100
	MessageSent                    MessageStatus = 101
	MessageDelivered               MessageStatus = 300
	MessageRead                    MessageStatus = 301
	MessageReceived                MessageStatus = 302
	MessageSessionInitiated        MessageStatus = 303
	MessageFailed                  MessageStatus = 400
	MessageNoConsent               MessageStatus = 401
	MessageNoCapability            MessageStatus = 402
	MessageExpired                 MessageStatus = 403
	MessageNoSession               MessageStatus = 404
	MessageOtherSession            MessageStatus = 405
	MessageInvalidReplyToken       MessageStatus = 406
	MessageInvalidChannelNumber    MessageStatus = 407
	MessageNotSupported            MessageStatus = 408
	MessageInvalidReplyToMessageID MessageStatus = 409
	MessageInvalidCustomerID       MessageStatus = 410
	MessageDuplicateRequest        MessageStatus = 411
	MessageTagNotFound             MessageStatus = 412
	MessageCustomerNumberNotFound  MessageStatus = 413
	MessageDecommissionedCustomer  MessageStatus = 414
	MessageRejected                MessageStatus = 415
	MessageInvalidRequest          MessageStatus = 416
	MessageInsufficientCredits     MessageStatus = 417
	MessageGatewayError            MessageStatus = 418
	MessageApplicationError        MessageStatus = 501
)

// String gives the reference's name, such as "no_consent".
func (s MessageStatus) String() string {
	return enumName(pb.MessageDeliveryStatus_name, "MESSAGE_DELIVERY_STATUS_", int32(s))
}

// Failed tells whether the message did not and will not arrive.
func (s MessageStatus) Failed() bool { return s >= 400 }

// MessageReply is what is known of a message once it was sent.
type MessageReply struct {
	Status      MessageStatus
	Description string
	// MessageID is what [MessageStatusNotice] names the message by.
	MessageID string
	// SessionID is that of the session the message belongs to, where the channel has sessions.
	SessionID  string
	CustomerID string
}

// SendMessage sends a body to the customer from one of the org's channel numbers, and returns when
// the server has it: with [MessageSent] or [MessageQueued], or [MessageSessionInitiated] on voice.
// What becomes of it is told to [Client.OnMessageStatus].
//
// A status of 400 and more is also an error, for [errors.Is]: [ErrNoConsent] when the customer has
// blocked the channel, [ErrNoSession], [ErrInvalidChannel], [ErrNotSupported], [ErrInvalidRequest]
// and so on. A customer named by id or secondary id is looked up first, for a number on the channel.
func (c *Customer) SendMessage(ctx context.Context, from MessagingChannelNumber, body Body) (MessageReply, error) {
	cmd := &command{name: "SendMessage", field: fieldSendMessage, about: c}
	number, err := c.numberFor(ctx, from.Channel.provider())
	if err != nil {
		return MessageReply{}, cmd.failed(err)
	}
	cmd.fields = &pb.SendMessageCommand{
		CustomerNumber: number.proto(),
		ChannelNumber:  from.proto(),
		Message:        outboundMessage(body),
	}
	return c.send(ctx, cmd)
}

func (c *Customer) send(ctx context.Context, cmd *command) (MessageReply, error) {
	r, err := c.client.link.do(ctx, cmd)
	if err != nil {
		return MessageReply{}, err
	}
	sent := r.GetSendMessage()
	if sent == nil {
		if refused := r.GetUpdateCustomerState(); refused != nil && !refused.GetStatus() {
			return MessageReply{}, cmd.check(refused, true)
		}
		return MessageReply{}, cmd.check(nil, false)
	}
	c.learnID(sent.GetCustomerId().GetValue())
	out := MessageReply{
		Status:      MessageStatus(sent.GetStatus()),
		Description: sent.GetDescription(),
		MessageID:   sent.GetMessageId().GetValue(),
		SessionID:   sent.GetSessionId().GetValue(),
		CustomerID:  sent.GetCustomerId().GetValue(),
	}
	if out.Status.Failed() {
		return out, cmd.refused(out.Status.String(), out.Description)
	}
	return out, nil
}

// MessageStatusNotice tells what became of a message.
type MessageStatusNotice struct {
	Notification
	MessageID   string
	Status      MessageStatus
	Description string
}

// OnMessageStatus sets the handler of what becomes of messages, the reference's messageStatus.
func (c *Client) OnMessageStatus(handler func(ctx context.Context, s *MessageStatusNotice) error) {
	c.handle(eventMessageStatus, func(ctx context.Context, n *notice) (Body, error) {
		s := n.entry.GetMessageStatus()
		return nil, handler(ctx, &MessageStatusNotice{
			Notification: n.Notification,
			MessageID:    s.GetMessageId(),
			Status:       MessageStatus(s.GetStatus()),
			Description:  s.GetDescription().GetValue(),
		})
	})
}
