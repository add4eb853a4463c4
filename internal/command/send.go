package command

import (
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// deliveryTime is how long the simulator takes to deliver a message.
const deliveryTime = 500 * time.Millisecond

// deliveredTimer is the kind of the timer for it.
const deliveredTimer = "simulator.delivered"

// outgoing is a message on its way out.
type outgoing struct {
	org, app           string
	number             customer.Number
	channel            messaging.ChannelNumber
	message            *messaging.Outbound
	inReplyTo, session string
}

func (c *Commands) sendMessage(r *appRequest, m *pb.SendMessageCommand) {
	r.name = "send_message"
	ref, err := customerOf(byNumber{m.CustomerNumber})
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	out := outgoing{org: r.Caller.Org, app: r.Caller.App, number: ref.Number, channel: channelOf(m.ChannelNumber), message: outboundOf(m.Message)}
	var send func()
	c.do(r, work{
		customers: []customer.Ref{ref},
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			send = nil
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return nil, err
			}
			message, after, err := c.send(tx, rec, &out)
			if reply := messageRefusal(err); reply != nil {
				tx.Undo()
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
			send = after
			return sendReply(&pb.SendMessageReply{
				Status: pb.MessageDeliveryStatus(message.Status), Description: "sent",
				MessageId: wrapperspb.String(message.ID), CustomerId: wrapperspb.String(rec.ID), SessionId: optional(message.Session),
			}), nil
		},
		committed: func() {
			if send != nil {
				send()
			}
		},
	})
}

// send stores a message and gives what hands it to the provider, to be called after the commit. A
// message that is turned down is a *messaging.Refusal.
func (c *Commands) send(tx *store.Tx, rec *store.Record, o *outgoing) (m *messaging.Message, handOver func(), err error) {
	if _, ok := c.Directory().MessagingChannel(o.org, o.channel); !ok {
		return nil, nil, &messaging.Refusal{Status: messaging.InvalidChannelNumber, Text: "channel_number: " + o.channel.String() + " is not a channel of this org"}
	}
	if err := o.message.CheckBody(o.channel.Channel); err != nil {
		return nil, nil, err
	}
	switch o.channel.Channel {
	case messaging.SMS:
	case messaging.USSD:
		return nil, nil, &messaging.Refusal{Status: messaging.NoSessionInProgress, Text: "channel_number: a USSD session cannot be opened by the app: the customer dials"}
	default:
		return nil, nil, &messaging.Refusal{Status: messaging.ApplicationError, Text: "channel_number: " + o.channel.Channel.String() + " is not available yet"}
	}
	m = &messaging.Message{
		ID: tx.NewMessageID(), Number: o.number, Channel: o.channel, App: o.app, Session: o.session, InReplyTo: o.inReplyTo,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Out: o.message, Status: messaging.Sent,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.sent", o.channel.String()+" "+m.ID)
	tx.Schedule(store.Timer{DueAt: tx.Now().Add(deliveryTime), Kind: deliveredTimer, Org: o.org, Customer: rec.ID, Ref: m.ID})
	org, id := o.org, rec.ID
	return m, func() {
		c.Simulate(org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{
			SendMessage: &pb.SendMessageSimulatorNotification{
				OrgId: org, CustomerId: id, MessageId: m.ID, CustomerNumber: simulatorNumber(m.Number), ChannelNumber: channelPB(m.Channel), Message: outboundPB(m.Out),
			}}})
	}, nil
}

// simulatorNumber always has its partition set: some simulators read it unchecked.
func simulatorNumber(n customer.Number) *pb.CustomerNumber {
	p := numberPB(n)
	p.Partition = wrapperspb.String(n.Partition)
	return p
}

// TimerDue does what a timer waited for.
func (c *Commands) TimerDue(t store.Timer) {
	if t.Kind != deliveredTimer {
		c.log.Error("a timer of an unknown kind", "kind", t.Kind)
		return
	}
	ref := customer.ByID(t.Customer)
	err := c.store.Submit(&store.Unit{
		Route: t.Customer,
		Needs: store.Needs{Org: t.Org, Customers: []customer.Ref{ref}, Messages: []string{t.Ref}},
		Run: func(tx *store.Tx) error {
			there, err := tx.TakeTimer(&t)
			if err != nil || !there {
				return err
			}
			rec, err := tx.Customer(t.Org, ref)
			if refusal(err) != nil {
				return nil // deleted meanwhile
			}
			if err != nil {
				return err
			}
			return setStatus(tx, rec, t.Ref, messaging.Delivered, "")
		},
		Done: func(err error) {
			if err != nil {
				c.log.Error("a timer failed", "kind", t.Kind, "error", err)
			}
		},
	})
	if err != nil {
		c.clock.After(time.Second, func() { c.TimerDue(t) })
	}
}

// setStatus moves a message on and tells its app.
func setStatus(tx *store.Tx, rec *store.Record, id string, status messaging.Status, description string) error {
	m, err := tx.Message(rec, id)
	if err != nil || m == nil || !m.SetStatus(status, description, tx.Now()) {
		return err
	}
	tx.Record(rec, "message.status", id+" "+status.String())
	notify(tx, rec, m.App, "message_status", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessageStatus{
		MessageStatus: &pb.MessageStatusNotification{MessageId: m.ID, Status: pb.MessageDeliveryStatus(status), Description: optional(description)},
	}})
	return nil
}
