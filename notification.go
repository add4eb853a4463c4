package elarian

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

// Notification is what all notifications of a customer have in common.
type Notification struct {
	// Customer is who it is about.
	Customer *Customer
	// AppData is this app's data about the customer, as stored. Handlers with a data parameter have it decoded.
	AppData Value
	// CreatedAt is when it happened, by the server's clock.
	CreatedAt    time.Time
	OrgID, AppID string

	answer *answer
}

// answer is what goes back with the acknowledgement besides the message.
type answer struct {
	data Value
	err  error
}

// SetAppData stores new app data in the same step as the handler's answer; nothing is stored when
// the handler returns an error. Where the handler has a data parameter and changes that, that wins.
func (n Notification) SetAppData(data any) {
	n.answer.data, n.answer.err = n.Customer.client.config.Serializer.encode(data)
}

// event is a kind of notification that has a handler.
type event int

const (
	eventNone event = iota
	eventUSSD
	eventUSSDEnd
	eventSMS
	eventWhatsApp
	eventTelegram
	eventMessenger
	eventEmail
	eventVoice
	eventVoiceEnd
	eventMessageStatus
	eventCustomerActivity
	eventMessagingConsentUpdate
	eventMessagingSessionStarted
	eventMessagingSessionRenewed
	eventMessagingSessionEnded
	eventSentMessageReaction
	eventReminder
	eventReceivedPayment
	eventPaymentStatus
	eventPursePaymentStatus
	eventCount
)

var eventNames = [eventCount]string{
	"unknown", "ussdSession", "ussdSession", "receivedSms", "receivedWhatsapp", "receivedTelegram",
	"receivedFbMessenger", "receivedEmail", "voiceCall", "voiceCall", "messageStatus", "customerActivity",
	"messagingConsentUpdate", "messagingSessionStarted", "messagingSessionRenewed", "messagingSessionEnded", "sentMessageReaction",
	eventReminder: "reminder", eventReceivedPayment: "receivedPayment", eventPaymentStatus: "paymentStatus", eventPursePaymentStatus: "paymentStatus",
}

// notice is a notification on its way to a handler.
type notice struct {
	Notification
	entry *pb.ServerToAppCustomerNotification
	purse *pb.ServerToAppPurseNotification // in place of entry
}

// handler answers a notification with a message or none.
type handler func(ctx context.Context, n *notice) (Body, error)

// handle sets the handler of an event. What came before a handler was there would be acknowledged
// unseen, so handlers come first.
func (c *Client) handle(e event, h handler) {
	if c.link.isStarted() {
		panic("elarian: handlers must be set before Connect or Run")
	}
	c.handlers[e] = h
}

// typed makes a handler of one that has the app data as a parameter. Data that the handler did not
// change is not stored: it would overwrite what a command wrote meanwhile.
func typed[T any](h func(ctx context.Context, n *notice, data *T) (Body, error)) handler {
	return func(ctx context.Context, n *notice) (Body, error) {
		data := new(T)
		if err := n.AppData.Decode(data); err != nil {
			return nil, err
		}
		body, err := h(ctx, n, data)
		if err != nil {
			return nil, err
		}
		changed, err := change(&n.Customer.client.config.Serializer, n.AppData, data)
		if err != nil {
			return nil, err
		}
		if !changed.IsZero() {
			n.answer.data, n.answer.err = changed, nil
		}
		return body, nil
	}
}

// change gives data encoded, or the zero Value where that says the same as what is stored.
func change[T any](s *Serializer, stored Value, data *T) (Value, error) {
	if _, ignored := any(data).(*struct{}); ignored {
		return Value{}, nil
	}
	v, err := s.encode(data)
	if err != nil || v.equal(stored) {
		return Value{}, err
	}
	// Another program may have written the same data in other words.
	before := new(T)
	if err := stored.Decode(before); err != nil {
		return Value{}, err
	}
	same, err := s.encode(before)
	if err != nil || v.equal(same) {
		return Value{}, err
	}
	return v, nil
}

// receive gives one notification to its handler and makes the reply.
func (c *Client) receive(ctx context.Context, payload []byte) ([]byte, error) {
	var m pb.ServerToAppNotification
	if err := proto.Unmarshal(payload, &m); err != nil {
		return nil, fmt.Errorf("notification cannot be read: %w", err)
	}
	entry := m.GetCustomer()
	e := kind(entry)
	var n *notice
	if m.GetPurse() != nil {
		e, n = purseNotice(m.GetPurse())
	}
	h := c.handlers[e]
	if h == nil {
		if e == eventUSSD || e == eventVoice {
			c.config.Logger.Warn("elarian: a phone waits for an answer that this program has no handler for; does another run as the same app?",
				"event", eventNames[e], "customer", entry.GetCustomerId())
		}
		return nil, nil // acknowledged, as in the other SDKs
	}
	if n == nil {
		n = c.notice(entry)
	}
	var body Body
	about := slog.String("customer", entry.GetCustomerId())
	if m.GetPurse() != nil {
		about = slog.String("purse", m.GetPurse().GetPurseId())
	}
	err := c.config.guard(eventNames[e], about, func() (err error) {
		if body, err = h(ctx, n); err != nil {
			return err
		}
		return n.answer.err
	})
	if err != nil {
		return nil, err
	}
	return reply(body, n.answer.data)
}

// errHandler is all that the server is told: the reason is the app's business.
var errHandler = errors.New("handler failed")

// guard runs a handler and logs its failure, with whom it is about. A panic is an error too, not the end
// of the program.
func (c *Config) guard(event string, about slog.Attr, handle func() error) (err error) {
	log := c.Logger.With("event", event, about)
	defer func() {
		if p := recover(); p != nil {
			log.Error("elarian: handler panicked", "panic", p, "stack", string(debug.Stack()))
			err = errHandler
		}
	}()
	if err := handle(); err != nil {
		log.Error("elarian: handler failed", "error", err)
		return errHandler
	}
	return nil
}

func (c *Client) notice(entry *pb.ServerToAppCustomerNotification) *notice {
	customer := c.Customer(CustomerID(entry.GetCustomerId()))
	if number := entryNumber(entry); number != nil {
		customer = c.Customer(customerNumber(number))
		customer.learnID(entry.GetCustomerId())
	}
	return &notice{
		Notification: Notification{
			Customer:  customer,
			AppData:   c.config.Serializer.value(entry.GetAppData()),
			CreatedAt: moment(entry.GetCreatedAt()),
			OrgID:     entry.GetOrgId(),
			AppID:     entry.GetAppId(),
			answer:    new(answer),
		},
		entry: entry,
	}
}

func reply(body Body, data Value) ([]byte, error) {
	r := &pb.ServerToAppNotificationReply{}
	if body != nil {
		r.Message = body.outbound()
	}
	if !data.IsZero() {
		r.DataUpdate = &pb.AppDataUpdate{Data: data.proto()}
	}
	return proto.Marshal(r)
}

// kind finds the event of a notification.
func kind(n *pb.ServerToAppCustomerNotification) event {
	switch e := n.GetEntry().(type) {
	case *pb.ServerToAppCustomerNotification_ReceivedMessage:
		return messageKind(e.ReceivedMessage)
	case *pb.ServerToAppCustomerNotification_MessageStatus:
		return eventMessageStatus
	case *pb.ServerToAppCustomerNotification_CustomerActivity:
		return eventCustomerActivity
	case *pb.ServerToAppCustomerNotification_Reminder:
		return eventReminder
	case *pb.ServerToAppCustomerNotification_MessagingConsentUpdate:
		return eventMessagingConsentUpdate
	case *pb.ServerToAppCustomerNotification_MessagingSessionStarted:
		return eventMessagingSessionStarted
	case *pb.ServerToAppCustomerNotification_MessagingSessionRenewed:
		return eventMessagingSessionRenewed
	case *pb.ServerToAppCustomerNotification_MessagingSessionEnded:
		return eventMessagingSessionEnded
	case *pb.ServerToAppCustomerNotification_SentMessageReaction:
		return eventSentMessageReaction
	case *pb.ServerToAppCustomerNotification_ReceivedPayment:
		return eventReceivedPayment
	case *pb.ServerToAppCustomerNotification_PaymentStatus:
		return eventPaymentStatus
	}
	return eventNone
}

func messageKind(m *pb.ReceivedMessageNotification) event {
	switch MessagingChannel(m.GetChannelNumber().GetChannel()) {
	case ChannelUSSD:
		if s := USSDStatus(ussdInput(m).GetStatus()); s == USSDActive || s == 0 {
			return eventUSSD
		}
		return eventUSSDEnd
	case ChannelSMS:
		return eventSMS
	case ChannelWhatsApp:
		return eventWhatsApp
	case ChannelTelegram:
		return eventTelegram
	case ChannelMessenger:
		return eventMessenger
	case ChannelEmail:
		return eventEmail
	case ChannelVoice:
		if CallStatus(voiceInput(m).GetStatus()).Over() {
			return eventVoiceEnd
		}
		return eventVoice
	}
	return eventNone
}

// entryNumber is the customer's number, where the notification says it.
func entryNumber(n *pb.ServerToAppCustomerNotification) *pb.CustomerNumber {
	switch e := n.GetEntry().(type) {
	case *pb.ServerToAppCustomerNotification_ReceivedMessage:
		return e.ReceivedMessage.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_CustomerActivity:
		return e.CustomerActivity.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_MessagingConsentUpdate:
		return e.MessagingConsentUpdate.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_MessagingSessionStarted:
		return e.MessagingSessionStarted.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_MessagingSessionRenewed:
		return e.MessagingSessionRenewed.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_MessagingSessionEnded:
		return e.MessagingSessionEnded.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_SentMessageReaction:
		return e.SentMessageReaction.GetCustomerNumber()
	case *pb.ServerToAppCustomerNotification_ReceivedPayment:
		return e.ReceivedPayment.GetCustomerNumber()
	}
	return nil
}
