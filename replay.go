package elarian

import (
	"context"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Replays import what happened before, as in another system: they change the customer's state, and
// tell nobody. One that is sent again changes nothing: messages and sessions are known by the
// provider's id and the channel. What a replay names and is not there is [ErrNotFound].

// Replayed is what all replays say: whom it is about, on which of the org's channels, and when it was.
type Replayed struct {
	Customer CustomerNumber
	Channel  MessagingChannelNumber
	At       time.Time
}

// ReplayReceivedMessage imports a message that a customer sent.
func (c *Client) ReplayReceivedMessage(ctx context.Context, r Replayed, providerMessageID string, parts ...Part) error {
	cmd := &pb.ReplayReceivedMessageCommand{
		ProviderMessageId: providerMessageID, ReceivedAt: replayTime(r.At), CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(),
	}
	for _, p := range parts {
		cmd.Parts = append(cmd.Parts, p.inbound())
	}
	return c.replay(ctx, "ReplayReceivedMessage", fieldReplayReceivedMessage, r.Customer, cmd)
}

// ReplaySentMessage imports a message that was sent to a customer, with what became of it. inReplyTo
// is the id of the message that it answered, empty for none.
func (c *Client) ReplaySentMessage(ctx context.Context, r Replayed, providerMessageID string, body Body, status MessageStatus, inReplyTo string) error {
	cmd := &pb.ReplaySentMessageCommand{
		ProviderMessageId: providerMessageID, SentAt: replayTime(r.At), CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(),
		Message: outboundMessage(body), Status: pb.MessageDeliveryStatus(status),
	}
	if inReplyTo != "" {
		cmd.InReplyTo = wrapperspb.String(inReplyTo)
	}
	return c.replay(ctx, "ReplaySentMessage", fieldReplaySentMessage, r.Customer, cmd)
}

// ReplayMessageStatusUpdate imports what became of a message that was imported.
func (c *Client) ReplayMessageStatusUpdate(ctx context.Context, r Replayed, providerMessageID string, status MessageStatus) error {
	return c.replay(ctx, "ReplayMessageStatusUpdate", fieldReplayMessageStatusUpdate, r.Customer, &pb.ReplayMessageStatusUpdateCommand{
		ProviderMessageId: providerMessageID, UpdatedAt: replayTime(r.At), CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(),
		Status: pb.MessageDeliveryStatus(status),
	})
}

// ReplayMessageReactionUpdate imports what a customer did with a message that was imported.
func (c *Client) ReplayMessageReactionUpdate(ctx context.Context, r Replayed, providerMessageID string, reaction MessageReaction) error {
	return c.replay(ctx, "ReplayMessageReactionUpdate", fieldReplayMessageReactionUpdate, r.Customer, &pb.ReplayMessageReactionUpdateCommand{
		ProviderMessageId: providerMessageID, UpdatedAt: replayTime(r.At), CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(),
		Reaction: pb.MessageReaction(reaction),
	})
}

// ReplayMessagingSession imports a session that is over; it began at r.At.
func (c *Client) ReplayMessagingSession(ctx context.Context, r Replayed, providerSessionID string, duration time.Duration, reason SessionEndReason) error {
	return c.replay(ctx, "ReplayMessagingSession", fieldReplayMessagingSession, r.Customer, &pb.ReplayMessagingSessionCommand{
		ProviderSessionId: providerSessionID, CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(), StartedAt: replayTime(r.At),
		Duration: durationpb.New(duration), EndReason: pb.MessagingSessionEndReason(reason),
	})
}

// ReplayMessagingConsentUpdate imports that a customer allowed or blocked a channel. What the server
// knows to have been said later stands.
func (c *Client) ReplayMessagingConsentUpdate(ctx context.Context, r Replayed, consent Consent) error {
	return c.replay(ctx, "ReplayMessagingConsentUpdate", fieldReplayMessagingConsentUpdate, r.Customer, &pb.ReplayMessagingConsentUpdateCommand{
		CustomerNumber: r.Customer.proto(), ChannelNumber: r.Channel.proto(), UpdatedAt: replayTime(r.At), Update: pb.MessagingConsentUpdate(consent),
	})
}

func (c *Client) replay(ctx context.Context, name string, field protowire.Number, about CustomerNumber, fields proto.Message) error {
	_, err := c.link.update(ctx, &command{name: name, field: field, about: about, fields: fields})
	return err
}

// replayTime leaves the zero time away, which the server refuses by name.
func replayTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
