package command

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// replyToMessage sends a message on the channel of another, to its number.
func (c *Commands) replyToMessage(r *appRequest, m *pb.ReplyToMessageCommand) {
	r.name = "reply_to_message"
	ref, err := customer.ByID(m.CustomerId).CheckID()
	if err != nil {
		c.reply(r.Request, marshal(sendReply(&pb.SendMessageReply{Status: pb.MessageDeliveryStatus(messaging.InvalidCustomerID),
			Description: refusal(err).Text})), "invalid_request")
		return
	}
	if m.MessageId == "" || strings.IndexByte(m.MessageId, 0) >= 0 {
		c.reply(r.Request, marshal(messageRefusal(noSuchMessage(m.MessageId))), "invalid_request")
		return
	}
	c.sendWith(r, ref, []string{m.MessageId}, func(tx *store.Tx, rec *store.Record) (*outgoing, error) {
		to, err := tx.Message(rec, m.MessageId)
		if err != nil {
			return nil, err
		}
		if to == nil {
			return nil, noSuchMessage(m.MessageId)
		}
		return &outgoing{org: r.Caller.Org, app: r.Caller.App, number: to.Number, channel: to.Channel, message: outboundOf(m.Message), inReplyTo: to.ID}, nil
	})
}

func noSuchMessage(id string) error {
	return &messaging.Refusal{Status: messaging.InvalidReplyToMessageID, Text: fmt.Sprintf("message_id: the customer has no message %q", id)}
}

// sendWith sends the message that make gives, in a unit of work about the customer.
func (c *Commands) sendWith(r *appRequest, ref customer.Ref, messages []string, make func(*store.Tx, *store.Record) (*outgoing, error)) {
	var handOver func()
	c.do(r, work{
		customers: []customer.Ref{ref}, messages: messages,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			handOver = nil
			rec, err := tx.Customer(r.Caller.Org, ref)
			if err != nil {
				return nil, err
			}
			out, err := make(tx, rec)
			var sent *messaging.Message
			if err == nil {
				sent, handOver, err = c.send(tx, rec, out)
			}
			if reply := messageRefusal(err); reply != nil {
				tx.Undo()
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
			return sendReply(&pb.SendMessageReply{
				Status: pb.MessageDeliveryStatus(sent.Status), Description: sent.Status.String(),
				MessageId: wrapperspb.String(sent.ID), CustomerId: wrapperspb.String(rec.ID), SessionId: optional(sent.Session),
			}), nil
		},
		committed: func() {
			if handOver != nil {
				handOver()
			}
		},
	})
}
