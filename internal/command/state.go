package command

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// getCustomerState reads; only an unknown number makes it a change.
func (c *Commands) getCustomerState(r *appRequest, m *pb.GetCustomerStateCommand) {
	r.name = "get_customer_state"
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.readState(r, ref)
}

func (c *Commands) readState(r *appRequest, ref customer.Ref) {
	var cached []byte
	err := c.store.Read(&store.Read{
		Org: r.Caller.Org, Ref: ref,
		Known: func(org, id string, version int64) bool {
			cached = c.states.get(stateKey{org, id}, version, c.clock)
			return cached != nil
		},
		State: func(*store.Record) bool { return cached == nil },
		Done: func(v store.View, err error) {
			switch {
			case err != nil:
				c.failed(r.Request, err)
			case v.Record == nil && ref.Number == customer.Number{}:
				c.refuse(r, ref.NotFound())
			case v.Record == nil:
				c.create(r, ref, func(id string) { c.readState(r, customer.ByID(id)) })
			case v.Record.Check() != nil:
				c.refuse(r, refusal(v.Record.Check()))
			case cached != nil:
				c.reply(r.Request, cached, "ok")
			default:
				payload := c.stateReply(&v)
				c.states.put(v.Record, payload)
				c.reply(r.Request, payload, "ok")
			}
		},
	})
	if err != nil {
		c.failed(r.Request, err)
	}
}

func (c *Commands) stateReply(v *store.View) []byte {
	data := statePB(v, c.clock.Now())
	fit(data, c.options.MaxReply)
	return marshal(&pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GetCustomerState{
		GetCustomerState: &pb.GetCustomerStateReply{Status: true, Description: "done", Data: data}}})
}

// fit leaves out what is oldest of a state that is too large for a reply: messages, then payments that
// are final, then sessions of activities. What is left after that has limits of its own.
func fit(data *pb.CustomerStateReplyData, most int) {
	over := proto.Size(data) + replyMargin - most
	data.MessagingState.Messages = shed(data.MessagingState.Messages, &over)
	data.PaymentState.TransactionLog = shed(data.PaymentState.TransactionLog, &over)
	data.ActivityState.Sessions = shed(data.ActivityState.Sessions, &over)
}

// shed leaves out the first of the items until there are over bytes less.
func shed[M proto.Message](items []M, over *int) []M {
	for *over > 0 && len(items) > 0 {
		*over -= proto.Size(items[0])
		items = items[1:]
	}
	return items
}

// replyMargin is for what is around the state.
const replyMargin = 256

func statePB(v *store.View, now time.Time) *pb.CustomerStateReplyData {
	return &pb.CustomerStateReplyData{
		CustomerId:     v.Record.ID,
		IdentityState:  identityPB(&v.Record.Customer, now),
		MessagingState: messagingPB(v, now),
		PaymentState:   paymentStatePB(v),
		ActivityState:  activityStatePB(v),
	}
}

func identityPB(rec *customer.Customer, now time.Time) *pb.IdentityState {
	s := &pb.IdentityState{Metadata: make(map[string]*pb.DataMapValue, len(rec.Metadata))}
	for _, t := range customer.LiveTags(rec.Tags, now) {
		s.Tags = append(s.Tags, indexPB(t.Key, t.Value, t.ExpiresAt))
	}
	for _, id := range customer.LiveSecondaryIDs(rec.SecondaryIDs, now) {
		s.SecondaryIds = append(s.SecondaryIds, indexPB(id.Key, id.Value, id.ExpiresAt))
	}
	for k, v := range rec.Metadata {
		s.Metadata[k] = valuePB(v)
	}
	return s
}

func messagingPB(v *store.View, now time.Time) *pb.MessagingState {
	s := &pb.MessagingState{}
	for i := range v.Record.Channels {
		s.Channels = append(s.Channels, channelStatePB(&v.Record.Channels[i], now))
	}
	for _, e := range v.Sessions {
		s.Sessions = append(s.Sessions, endedPB(e))
	}
	for _, m := range v.Messages {
		s.Messages = append(s.Messages, messagePB(m))
	}
	return s
}

func messagePB(m *messaging.Message) *pb.ChannelMessage {
	if m.Inbound {
		return &pb.ChannelMessage{Entry: &pb.ChannelMessage_Received{Received: &pb.ReceivedMessage{
			CustomerNumber: numberPB(m.Number), ChannelNumber: channelPB(m.Channel), MessageId: m.ID, CreatedAt: timestamppb.New(m.CreatedAt),
			SessionId: optional(m.Session), InReplyTo: optional(m.InReplyTo), Provider: pb.ChannelNumberProvider(m.Provider), AppId: optional(m.App),
			Parts: partsPB(m.Parts), Cost: cashPB(m.Cost), ProviderMessageId: optional(m.ProviderMessageID),
		}}}
	}
	sent := &pb.SentMessage{
		CustomerNumber: numberPB(m.Number), ChannelNumber: channelPB(m.Channel), MessageId: m.ID, CreatedAt: timestamppb.New(m.CreatedAt),
		SessionId: optional(m.Session), InReplyTo: optional(m.InReplyTo), Provider: pb.ChannelNumberProvider(m.Provider), AppId: optional(m.App),
		UpdatedAt: timePB(m.UpdatedAt), Status: pb.MessageDeliveryStatus(m.Status), Message: outboundPB(m.Out), Cost: cashPB(m.Cost),
		ProviderMessageId: optional(m.ProviderMessageID), Description: optional(m.Description),
	}
	for _, r := range m.Reactions {
		sent.Reactions = append(sent.Reactions, &pb.MessageReactionState{CreatedAt: timestamppb.New(r.At), Reaction: pb.MessageReaction(r.Kind)})
	}
	return &pb.ChannelMessage{Entry: &pb.ChannelMessage_Sent{Sent: sent}}
}

// activityStatePB shows all numbers of the customer: clients find them there.
func activityStatePB(v *store.View) *pb.ActivityState {
	s := &pb.ActivityState{}
	for _, n := range v.Record.Numbers {
		s.CustomerNumbers = append(s.CustomerNumbers, numberPB(n))
	}
	for _, session := range v.Activities {
		p := &pb.ActivitySessionState{
			CustomerNumber: numberPB(session.Number), Source: session.Source, SessionId: session.Session, AppId: session.App,
			CreatedAt: timestamppb.New(session.CreatedAt), UpdatedAt: timestamppb.New(session.UpdatedAt),
		}
		for _, a := range session.Activities {
			p.Activities = append(p.Activities, activityPB(a))
		}
		s.Sessions = append(s.Sessions, p)
	}
	return s
}

func cashPB(c *messaging.Cash) *pb.Cash {
	if c == nil {
		return nil
	}
	return &pb.Cash{CurrencyCode: c.Currency, Amount: c.Amount}
}

// checkCost refuses a cost that is no amount of money; none is none.
func checkCost(c *pb.Cash) *customer.Refusal {
	switch {
	case cashOf(c) == nil:
		return nil
	case len(c.CurrencyCode) != 3 || strings.Trim(c.CurrencyCode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return customer.Refuse(customer.InvalidRequest, "cost.currency_code: %.20q is no currency: use the three letters of ISO 4217, as KES", c.CurrencyCode)
	case c.Amount < 0:
		return customer.Refuse(customer.InvalidRequest, "cost.amount: %v is negative", c.Amount)
	}
	return nil
}

func cashOf(c *pb.Cash) *messaging.Cash {
	if c == nil || c.CurrencyCode == "" && c.Amount == 0 {
		return nil
	}
	return &messaging.Cash{Currency: c.CurrencyCode, Amount: c.Amount}
}
