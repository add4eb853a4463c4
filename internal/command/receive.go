package command

import (
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// receivedKind is the kind of a notification of a message that nobody waits for; hopKind of one where
// the provider waits for the answer.
const (
	receivedKind = "received_message"
	hopKind      = "received_hop"
	closingKind  = outbox.ClosingKind
)

const maxSessionID = 256

// incoming is a message from a customer.
type incoming struct {
	org     string
	channel store.MessagingChannel
	number  customer.Number
	session string
	parts   []messaging.Part
	cost    *messaging.Cash

	duration time.Duration // of what is said in a call
}

// receiveMessage is a message that a simulated phone sends.
func (c *Commands) receiveMessage(r *Request, m *pb.ReceiveMessageSimulatorCommand) {
	r.name = "receive_message"
	in, refused := c.incomingOf(r.Caller, m)
	if refused != nil {
		c.refuseSimulator(r, refused)
		return
	}
	if in.channel.Number.Channel == messaging.USSD {
		c.receiveHop(r, in)
		return
	}
	if in.channel.Number.Channel == messaging.Voice {
		c.receiveCall(r, in)
		return
	}
	c.doOnPhone(r, in.number, func(tx *store.Tx) error {
		_, _, err := c.receive(tx, in, receivedKind)
		return err
	})
}

// doOnPhone runs what somebody does on a simulated phone, and says whether it was done.
func (c *Commands) doOnPhone(r *Request, number customer.Number, run func(*store.Tx) error) {
	ref := customer.ByNumber(number)
	err := c.store.Submit(&store.Unit{
		Route: route(r.Caller.Org, ref),
		Needs: store.Needs{Org: r.Caller.Org, Customers: []customer.Ref{ref}},
		Run:   run,
		Done: func(err error) {
			switch {
			case refusal(err) != nil:
				c.refuseSimulator(r, refusal(err))
			case err != nil:
				c.failed(r, err)
			default:
				c.reply(r, marshal(simulatorReply(nil)), "ok")
			}
		},
	})
	if err != nil {
		c.failed(r, err)
	}
}

// phoneOn gives the channel that a simulator names, and the phone's number as that channel knows it.
func (c *Commands) phoneOn(org string, n *pb.MessagingChannelNumber, phone string) (store.MessagingChannel, customer.Number, *customer.Refusal) {
	channel, refused := c.channel(org, channelOf(n))
	if refused != nil {
		return channel, customer.Number{}, refused
	}
	number, err := customer.Number{Provider: channel.Number.Channel.Provider(), Number: phone, Partition: channel.DefaultPartition}.Normalize()
	return channel, number, refusal(err)
}

// incomingOf checks what a simulator says.
func (c *Commands) incomingOf(caller *Caller, m *pb.ReceiveMessageSimulatorCommand) (*incoming, *customer.Refusal) {
	channel, number, refused := c.phoneOn(caller.Org, m.ChannelNumber, m.CustomerNumber)
	if refused != nil {
		return nil, refused
	}
	kind := channel.Number.Channel
	session := m.SessionId.GetValue()
	if len(session) > maxSessionID || strings.IndexByte(session, 0) >= 0 {
		return nil, customer.Refuse(customer.InvalidRequest, "session_id: longer than %d bytes, or with a zero byte", maxSessionID)
	}
	parts := partsOf(m.Parts)
	if err := messaging.CheckParts(kind, parts); err != nil {
		return nil, refusal(err)
	}
	if kind == messaging.USSD && parts[0].USSD.Status == 0 {
		parts[0].USSD.Status = messaging.USSDActive
	}
	if refused := checkCost(m.Cost); refused != nil {
		return nil, refused
	}
	return &incoming{org: caller.Org, channel: channel, number: number, session: session, parts: parts, cost: cashOf(m.Cost), duration: durationOf(m.Duration)}, nil
}

// receive stores a message and notifies the channel's app.
func (c *Commands) receive(tx *store.Tx, in *incoming, kind string) (store.Notification, *store.Record, error) {
	tx.Actor = customer.Actor{Kind: "phone", ID: in.number.Number}
	rec, err := tx.Customer(in.org, customer.ByNumber(in.number))
	if err != nil {
		return store.Notification{}, nil, err
	}
	id, session := tx.NewMessageID(), ""
	if s := c.enterSession(tx, rec, in); s != nil {
		session = s.ID
		if !in.channel.Number.Channel.Interactive() {
			s.IssueToken(id)
		}
	}
	m := &messaging.Message{
		ID: id, Inbound: true, Number: in.number, Channel: in.channel.Number, App: in.channel.App, Session: session,
		CreatedAt: tx.Now(), Parts: in.parts, Status: messaging.Received, Cost: in.cost,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.received", in.channel.Number.String()+" "+m.ID)
	n := notify(tx, rec, in.channel.App, kind, receivedPB(m))
	keyword(tx, rec, in)
	return n, rec, nil
}

func receivedPB(m *messaging.Message) *pb.ServerToAppCustomerNotification {
	return &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_ReceivedMessage{ReceivedMessage: &pb.ReceivedMessageNotification{
		MessageId: m.ID, CustomerNumber: numberPB(m.Number), ChannelNumber: channelPB(m.Channel), Parts: partsPB(m.Parts),
		SessionId: optional(m.Session), InReplyTo: optional(m.InReplyTo),
	}}}
}
