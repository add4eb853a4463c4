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

// OnSentMessageReaction sets the handler of reactions, the reference's sentMessageReaction.
func (c *Client) OnSentMessageReaction(handler func(ctx context.Context, r *ReactionNotice) error) {
	c.handle(eventSentMessageReaction, func(ctx context.Context, n *notice) (Body, error) {
		r := n.entry.GetSentMessageReaction()
		return nil, handler(ctx, &ReactionNotice{n.Notification, r.GetMessageId(), messagingChannelNumber(r.GetChannelNumber()), MessageReaction(r.GetReaction())})
	})
}
