package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// MessageReaction is what a customer did with a message. Unsubscribed and complained block the channel.
type MessageReaction int32

// The reactions.
const (
	ReactionClicked      MessageReaction = MessageReaction(pb.MessageReaction_MESSAGE_REACTION_CLICKED)
	ReactionUnsubscribed MessageReaction = MessageReaction(pb.MessageReaction_MESSAGE_REACTION_UNSUBSCRIBED)
	ReactionComplained   MessageReaction = MessageReaction(pb.MessageReaction_MESSAGE_REACTION_COMPLAINED)
)

// String gives the reference's name, such as "clicked".
func (r MessageReaction) String() string {
	return enumName(pb.MessageReaction_name, "MESSAGE_REACTION_", int32(r))
}

// ReactionNotice tells what a customer did with a message.
type ReactionNotice struct {
	Notification
	MessageID string
	Channel   MessagingChannelNumber
	Reaction  MessageReaction
}

// OnSentMessageReaction sets the handler of reactions, the reference's sentMessageReaction. In a sandbox they come
// from [Simulator.UpdateMessageReaction].
func (c *Client) OnSentMessageReaction(handler func(ctx context.Context, r *ReactionNotice) error) {
	c.handle(eventSentMessageReaction, func(ctx context.Context, n *notice) (Body, error) {
		r := n.entry.GetSentMessageReaction()
		return nil, handler(ctx, &ReactionNotice{n.Notification, r.GetMessageId(), messagingChannelNumber(r.GetChannelNumber()), MessageReaction(r.GetReaction())})
	})
}

// SimulatedReaction is what somebody does with a message on their phone.
type SimulatedReaction struct {
	// MessageID is that of a [SimulatedDelivery], or of the [MessageReply].
	MessageID string
	// From is the phone's number, or the id or address that the channel has for the person.
	From string
	// To is the org's channel that the message came from.
	To       MessagingChannelNumber
	Reaction MessageReaction
}

// UpdateMessageReaction has a phone react to a message that an app has sent to it. It returns when that is
// stored: the message's app is told by [Client.OnSentMessageReaction], and where the reaction blocks the channel its
// app by [Client.OnMessagingConsentUpdate]. A message that the phone has not got from there is [ErrNotFound]; one
// that it has sent itself, and what is no reaction, are [ErrInvalidRequest].
func (s *Simulator) UpdateMessageReaction(ctx context.Context, r SimulatedReaction) error {
	_, err := s.do(ctx, &command{name: "UpdateMessageReaction", about: phone(r.From)}, &pb.SimulatorToServerCommand{
		Entry: &pb.SimulatorToServerCommand_UpdateMessageReaction{UpdateMessageReaction: &pb.UpdateMessageReactionSimulatorCommand{
			CustomerNumber: r.From, ChannelNumber: r.To.proto(), MessageId: r.MessageID, Reaction: pb.MessageReaction(r.Reaction),
		}},
	}, nil)
	return err
}
