package command

import (
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Replays import history: they change the state only, and tell nobody. One that comes again changes
// nothing.

const maxProviderID = 256

// replay is what all replays have.
type replay struct {
	number  customer.Number
	channel messaging.ChannelNumber
	id      store.ProviderID // no ID: by nature the same each time
	at      time.Time
}

// replayCommand is what the commands of all replays have.
type replayCommand interface {
	GetCustomerNumber() *pb.CustomerNumber
	GetChannelNumber() *pb.MessagingChannelNumber
}

// replayed checks what all replays have, and does the work in a unit about the customer.
func (c *Commands) replayed(r *appRequest, m replayCommand, kind, field, id, timeField string, at time.Time,
	apply func(tx *store.Tx, rec *store.Record, p *replay) error) {
	ref, err := customerOf(byNumber{m.GetCustomerNumber()})
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	p := &replay{number: ref.Number, channel: channelOf(m.GetChannelNumber()), at: at}
	p.id = store.ProviderID{Org: r.Caller.Org, Kind: kind, Channel: p.channel, ID: id}
	refused := c.checkReplay(p, field, timeField)
	if costs, ok := m.(interface{ GetCost() *pb.Cash }); ok && refused == nil {
		refused = checkCost(costs.GetCost())
	}
	if refused != nil {
		c.refuse(r, refused)
		return
	}
	c.do(r, work{customers: []customer.Ref{ref}, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		rec, err := tx.Customer(r.Caller.Org, ref)
		if err != nil {
			return nil, err
		}
		if err := apply(tx, rec, p); err != nil {
			return nil, err
		}
		return updated(rec.ID, "done"), nil
	}})
}

func (c *Commands) checkReplay(p *replay, field, timeField string) *customer.Refusal {
	switch {
	case field != "" && p.id.ID == "":
		return customer.Refuse(customer.InvalidRequest, "%s: empty", field)
	case len(p.id.ID) > maxProviderID:
		return customer.Refuse(customer.LimitReached, "%s: %d bytes are over the limit of %d", field, len(p.id.ID), maxProviderID)
	case strings.IndexByte(p.id.ID, 0) >= 0:
		return customer.Refuse(customer.InvalidRequest, "%s: has a zero byte", field)
	}
	if err := c.checkPast(timeField, p.at); err != nil {
		return refusal(err)
	}
	_, refused := c.channel(p.id.Org, p.channel)
	return refused
}

// checkPast refuses a time at which nothing can have happened.
func (c *Commands) checkPast(field string, at time.Time) error {
	switch {
	case at.IsZero():
		return customer.Refuse(customer.InvalidRequest, "%s: missing", field)
	case at.Year() < 1990:
		return customer.Refuse(customer.InvalidRequest, "%s: %s is before there were messages", field, at.Format(time.RFC3339))
	case at.After(c.clock.Now().Add(time.Hour)):
		return customer.Refuse(customer.InvalidRequest, "%s: %s is in the future: a replay tells what has happened", field, at.Format(time.RFC3339))
	}
	return nil
}

func (c *Commands) replayReceivedMessage(r *appRequest, m *pb.ReplayReceivedMessageCommand) {
	r.name = "replay_received_message"
	parts := partsOf(m.Parts)
	if err := messaging.CheckParts(messaging.Channel(m.ChannelNumber.GetChannel()), parts); err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.replayed(r, m, "message", "provider_message_id", m.ProviderMessageId, "received_at", timeOf(m.ReceivedAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			return addReplayed(tx, rec, p, &messaging.Message{
				Inbound: true, App: r.Caller.App, Session: m.ProviderSessionId.GetValue(), InReplyTo: m.InReplyTo.GetValue(), Parts: parts,
				Status: messaging.Received, Provider: int32(m.Provider), Cost: cashOf(m.Cost),
			})
		})
}

func (c *Commands) replaySentMessage(r *appRequest, m *pb.ReplaySentMessageCommand) {
	r.name = "replay_sent_message"
	status, out := messaging.Status(m.Status), outboundOf(m.Message)
	if !status.Known() {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "status: %d is no status of a message", m.Status))
		return
	}
	if err := out.CheckBody(messaging.Channel(m.ChannelNumber.GetChannel())); err != nil {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "%s", err.Error()))
		return
	}
	c.replayed(r, m, "message", "provider_message_id", m.ProviderMessageId, "sent_at", timeOf(m.SentAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			return addReplayed(tx, rec, p, &messaging.Message{
				App: r.Caller.App, Session: m.ProviderSessionId.GetValue(), InReplyTo: m.InReplyTo.GetValue(), Out: out, UpdatedAt: p.at,
				Status: status, Provider: int32(m.Provider), Cost: cashOf(m.Cost),
			})
		})
}

// addReplayed stores an imported message, once for its provider's id.
func addReplayed(tx *store.Tx, rec *store.Record, p *replay, m *messaging.Message) error {
	known, err := tx.Named(p.id)
	if err != nil || known != nil {
		return err
	}
	m.ID, m.CreatedAt, m.Number, m.Channel = tx.NewMessageIDAt(p.at), p.at, p.number, p.channel
	m.ProviderMessageID, m.Replayed = p.id.ID, true
	met(rec, p)
	tx.AddMessage(rec, m)
	tx.Name(p.id, rec, m.ID)
	tx.Record(rec, "message.replayed", p.channel.String()+" "+m.ID)
	return nil
}

// met notes that the number and the channel have met. That is no consent, and so has no time: what the
// customer wanted may be imported after it, from before it.
func met(rec *store.Record, p *replay) {
	rec.Channels = messaging.Engage(rec.Channels, p.number, p.channel, time.Time{})
}

// replayedMessage finds the message that a provider's id names.
func replayedMessage(tx *store.Tx, rec *store.Record, p *replay) (*messaging.Message, error) {
	named, err := tx.Named(p.id)
	if err != nil {
		return nil, err
	}
	var m *messaging.Message
	if named != nil && named.Customer == rec.ID {
		if m, err = tx.Message(rec, named.ID); err != nil {
			return nil, err
		}
	}
	if m == nil {
		return nil, customer.Refuse(customer.NotFound, "provider_message_id: the customer has no message %q on %s", p.id.ID, p.channel)
	}
	return m, nil
}

func (c *Commands) replayMessageStatusUpdate(r *appRequest, m *pb.ReplayMessageStatusUpdateCommand) {
	r.name = "replay_message_status_update"
	status := messaging.Status(m.Status)
	if !status.Known() {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "status: %d is no status of a message", m.Status))
		return
	}
	c.replayed(r, m, "message", "provider_message_id", m.ProviderMessageId, "updated_at", timeOf(m.UpdatedAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			message, err := replayedMessage(tx, rec, p)
			if err != nil {
				return err
			}
			if message.SetStatus(status, "", p.at) {
				if m.Cost != nil {
					message.Cost = cashOf(m.Cost)
				}
				tx.Record(rec, "message.status.replayed", message.ID+" "+status.String())
			}
			return nil
		})
}

func (c *Commands) replayMessageReactionUpdate(r *appRequest, m *pb.ReplayMessageReactionUpdateCommand) {
	r.name = "replay_message_reaction_update"
	reaction := messaging.ReactionKind(m.Reaction)
	if !reaction.Known() {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "reaction: %d is no reaction", m.Reaction))
		return
	}
	c.replayed(r, m, "message", "provider_message_id", m.ProviderMessageId, "updated_at", timeOf(m.UpdatedAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			message, err := replayedMessage(tx, rec, p)
			if err != nil {
				return err
			}
			if !message.ReactOnce(messaging.Reaction{Kind: reaction, At: p.at}) {
				return nil
			}
			if state := messaging.State(rec.Channels, p.number, p.channel); reaction.Blocks() && state != nil {
				state.ImportConsent(false, p.at)
			}
			tx.Record(rec, "message.reaction.replayed", message.ID)
			return nil
		})
}

func (c *Commands) replayMessagingSession(r *appRequest, m *pb.ReplayMessagingSessionCommand) {
	r.name = "replay_messaging_session"
	reason := messaging.EndReason(m.EndReason)
	if reason.String() == "unspecified" {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "end_reason: %d is no reason for a session's end", m.EndReason))
		return
	}
	if m.Duration == nil || m.Duration.CheckValid() != nil || m.Duration.AsDuration() < 0 {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "duration: missing or negative"))
		return
	}
	c.replayed(r, m, "session", "provider_session_id", m.ProviderSessionId, "started_at", timeOf(m.StartedAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			known, err := tx.Named(p.id)
			if err != nil || known != nil {
				return err
			}
			met(rec, p)
			ended := &messaging.Ended{
				Session:  messaging.Session{ID: tx.NewSessionIDAt(p.at), ProviderID: p.id.ID, StartedAt: p.at, Apps: []string{r.Caller.App}},
				State:    messaging.ChannelState{Number: p.number, Channel: p.channel},
				Duration: m.Duration.AsDuration(), Reason: reason, Cost: cashOf(m.Cost), Replayed: true,
			}
			tx.AddSession(rec, ended)
			tx.Name(p.id, rec, ended.ID)
			tx.Record(rec, "session.replayed", p.channel.String()+" "+ended.ID)
			return nil
		})
}

func (c *Commands) replayMessagingConsentUpdate(r *appRequest, m *pb.ReplayMessagingConsentUpdateCommand) {
	r.name = "replay_messaging_consent_update"
	allow := m.Update == pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW
	if !allow && m.Update != pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "update: %d is neither allow nor block", m.Update))
		return
	}
	c.replayed(r, m, "consent", "", "", "updated_at", timeOf(m.UpdatedAt),
		func(tx *store.Tx, rec *store.Record, p *replay) error {
			met(rec, p)
			if messaging.State(rec.Channels, p.number, p.channel).ImportConsent(allow, p.at) {
				tx.Record(rec, "consent.replayed", p.channel.String())
			}
			return nil
		})
}
