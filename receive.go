package elarian

import "context"

// ReceivedMessage is what a customer sent on a channel other than USSD and voice.
type ReceivedMessage struct {
	Notification
	MessageID string
	// SessionID is that of the session, where the channel has sessions.
	SessionID string
	// InReplyTo is the id of the message that the customer answers, where the channel tells.
	InReplyTo string
	// Channel is the org's number that it was sent to.
	Channel MessagingChannelNumber
	// Text is the last text of Parts, empty where there is none.
	Text  string
	Parts []Part
}

func (n *notice) receivedMessage() *ReceivedMessage {
	m := n.entry.GetReceivedMessage()
	out := &ReceivedMessage{
		Notification: n.Notification,
		MessageID:    m.GetMessageId(),
		SessionID:    m.GetSessionId().GetValue(),
		InReplyTo:    m.GetInReplyTo().GetValue(),
		Channel:      messagingChannelNumber(m.GetChannelNumber()),
		Parts:        parts(m.GetParts()),
	}
	for _, p := range out.Parts {
		if t, ok := p.(Text); ok {
			out.Text = string(t)
		}
	}
	return out
}

// OnSMS sets the handler of text messages, the reference's receivedSms. It is called with the app
// data of the customer, decoded into a T (see [OnUSSD]; struct{} where the app keeps none). The body
// that it returns is sent as a reply; nil sends nothing. Body and changed data go in one step.
//
// When the handler returns an error or panics, that is logged, and the message comes again later:
// after 1 s, then doubling, for a day.
func OnSMS[T any](c *Client, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	onMessage(c, eventSMS, handler)
}

// OnWhatsApp sets the handler of WhatsApp messages, the reference's receivedWhatsapp. It works as [OnSMS].
func OnWhatsApp[T any](c *Client, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	onMessage(c, eventWhatsApp, handler)
}

// OnTelegram sets the handler of Telegram messages, the reference's receivedTelegram. It works as [OnSMS].
func OnTelegram[T any](c *Client, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	onMessage(c, eventTelegram, handler)
}

// OnMessenger sets the handler of Messenger messages, the reference's receivedFbMessenger. It works as [OnSMS].
func OnMessenger[T any](c *Client, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	onMessage(c, eventMessenger, handler)
}

// OnEmail sets the handler of e-mails, the reference's receivedEmail. It works as [OnSMS].
func OnEmail[T any](c *Client, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	onMessage(c, eventEmail, handler)
}

func onMessage[T any](c *Client, e event, handler func(ctx context.Context, m *ReceivedMessage, data *T) (Body, error)) {
	c.handle(e, typed(func(ctx context.Context, n *notice, data *T) (Body, error) {
		return handler(ctx, n.receivedMessage(), data)
	}))
}
