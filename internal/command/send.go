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
	c.sendWith(r, ref, nil, func(*store.Tx, *store.Record) (*outgoing, error) {
		return &outgoing{org: r.Caller.Org, app: r.Caller.App, number: ref.Number, channel: channelOf(m.ChannelNumber), message: outboundOf(m.Message)}, nil
	})
}

// send stores a message and gives what hands it to the provider, to be called after the commit. A
// message that is turned down is a *messaging.Refusal.
func (c *Commands) send(tx *store.Tx, rec *store.Record, o *outgoing) (m *messaging.Message, handOver func(), err error) {
	if _, refused := c.channel(o.org, o.channel); refused != nil {
		return nil, nil, &messaging.Refusal{Status: messaging.InvalidChannelNumber, Text: refused.Text}
	}
	state := messaging.State(rec.Channels, o.number, o.channel)
	if err := o.message.Check(o.channel, state, tx.Now()); err != nil {
		return nil, nil, err
	}
	text, err := c.rendered(o)
	if err != nil {
		return nil, nil, err
	}
	if o.channel.Channel == messaging.Voice {
		return c.placeCall(tx, rec, o)
	}
	if state != nil && state.Session.Live(tx.Now()) {
		o.session = state.Session.ID
		state.Session.Join(o.app)
	}
	m = &messaging.Message{
		ID: tx.NewMessageID(), Number: o.number, Channel: o.channel, App: o.app, Session: o.session, InReplyTo: o.inReplyTo,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Out: o.message, Status: messaging.Sent,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.sent", o.channel.String()+" "+m.ID)
	tx.Schedule(store.Timer{DueAt: tx.Now().Add(deliveryTime), Kind: deliveredTimer, Org: o.org, Customer: rec.ID, Ref: m.ID})
	org, id, shown := o.org, rec.ID, *m.Out
	if text != "" {
		shown.Body = messaging.Body{Text: text}
	}
	return m, func() {
		c.Simulate(org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{
			SendMessage: &pb.SendMessageSimulatorNotification{
				OrgId: org, CustomerId: id, MessageId: m.ID, CustomerNumber: simulatorNumber(m.Number), ChannelNumber: channelPB(m.Channel), Message: outboundPB(&shown),
			}}})
	}, nil
}

// rendered is the text that a template stands for, "" for other bodies.
func (c *Commands) rendered(o *outgoing) (string, error) {
	t := o.message.Body.Template
	if t == nil {
		return "", nil
	}
	stored, found := c.Directory().Template(o.org, t.ID)
	if !found {
		return "", &messaging.Refusal{Status: messaging.InvalidRequest, Text: "message.body.template.id: this org has no template " + t.ID}
	}
	return t.Render(stored.Body)
}

// simulatorNumber always has its partition set: some simulators read it unchecked.
func simulatorNumber(n customer.Number) *pb.CustomerNumber {
	p := numberPB(n)
	p.Partition = wrapperspb.String(n.Partition)
	return p
}

// setStatus moves a message on and tells its app.
func setStatus(tx *store.Tx, rec *store.Record, id string, status messaging.Status, description string) error {
	m, err := tx.Message(rec, id)
	if err != nil || m == nil || !m.SetStatus(status, description, tx.Now()) {
		return err
	}
	tx.Record(rec, "message.status", id+" "+status.String())
	notifyStatus(tx, rec, m.App, m.ID, status, description)
	return nil
}

func notifyStatus(tx *store.Tx, rec *store.Record, app, id string, status messaging.Status, description string) {
	notify(tx, rec, app, "message_status", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessageStatus{
		MessageStatus: &pb.MessageStatusNotification{MessageId: id, Status: pb.MessageDeliveryStatus(status), Description: optional(description)},
	}})
}
