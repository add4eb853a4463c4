package command

import (
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// reaction is what a customer does with a message.
type reaction struct {
	channel store.MessagingChannel
	number  customer.Number
	message string
	kind    messaging.ReactionKind
}

// updateMessageReaction is a reaction on a simulated phone.
func (c *Commands) updateMessageReaction(r *Request, m *pb.UpdateMessageReactionSimulatorCommand) {
	r.name = "update_message_reaction"
	channel, number, refused := c.phoneOn(r.Caller.Org, m.ChannelNumber, m.CustomerNumber)
	re := &reaction{channel, number, m.MessageId, messaging.ReactionKind(m.Reaction)}
	switch {
	case refused != nil:
	case re.message == "" || strings.IndexByte(re.message, 0) >= 0:
		refused = customer.Refuse(customer.InvalidRequest, "message_id: empty, or with a zero byte")
	case !re.kind.Known():
		refused = customer.Refuse(customer.InvalidRequest, "reaction: %d is no reaction", m.Reaction)
	}
	if refused != nil {
		c.refuseSimulator(r, refused)
		return
	}
	c.doOnPhone(r, number, func(tx *store.Tx) error { return react(tx, re) })
}

// react stores a reaction and notifies the message's app, and the channel's where the customer wants no more.
func react(tx *store.Tx, re *reaction) error {
	tx.Actor = customer.Actor{Kind: "phone", ID: re.number.Number}
	rec, err := tx.Customer(re.channel.Org, customer.ByNumber(re.number))
	if err != nil {
		return err
	}
	m, err := tx.Message(rec, re.message)
	switch {
	case err != nil:
		return err
	case m == nil || m.Number != re.number || m.Channel != re.channel.Number:
		return customer.Refuse(customer.NotFound, "message_id: %s has no message %q on %s", re.number.Number, re.message, re.channel.Number)
	case m.Inbound:
		return customer.Refuse(customer.InvalidRequest, "message_id: %s was sent by the phone itself", m.ID)
	}
	m.React(messaging.Reaction{Kind: re.kind, At: tx.Now()})
	tx.Record(rec, "message.reaction", m.ID+" "+re.kind.String())
	notify(tx, rec, m.App, "sent_message_reaction", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_SentMessageReaction{
		SentMessageReaction: &pb.SentMessageReactionNotification{
			MessageId: m.ID, CustomerNumber: numberPB(m.Number), ChannelNumber: channelPB(m.Channel), Reaction: pb.MessageReaction(re.kind),
		}}})
	if re.kind.Blocks() {
		setConsent(tx, rec, re.number, re.channel, false, "")
	}
	return nil
}
