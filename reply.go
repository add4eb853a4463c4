package elarian

import (
	"context"

	"github.com/elarian-go/elarian/internal/pb"
)

// ReplyToMessage sends a body to the customer in reply to one of their messages, on its channel and to
// its number. The errors are those of [Customer.SendMessage], and [ErrNotFound] for a message that
// the customer does not have. A customer named by number or secondary id is looked up first.
func (c *Customer) ReplyToMessage(ctx context.Context, messageID string, body Body) (MessageReply, error) {
	return byCurrentIDs(func() (MessageReply, error) { return c.replyToMessage(ctx, messageID, body) }, c)
}

func (c *Customer) replyToMessage(ctx context.Context, messageID string, body Body) (MessageReply, error) {
	cmd := &command{name: "ReplyToMessage", field: fieldReplyToMessage, about: c}
	id, err := c.knownID(ctx)
	if err != nil {
		return MessageReply{}, err
	}
	cmd.fields = &pb.ReplyToMessageCommand{CustomerId: id, MessageId: messageID, Message: outboundMessage(body)}
	return c.send(ctx, cmd)
}
