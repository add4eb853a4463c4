package elarian

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// CustomerState is everything that the org knows about a customer, at one moment.
type CustomerState struct {
	CustomerID string
	Identity   IdentityState
	Messaging  MessagingState
	Payment    PaymentState
	Activity   ActivityState
}

// IdentityState is how a customer can be found, and what was noted about them. Nothing that has
// expired is in it.
type IdentityState struct {
	Tags         []Tag
	Metadata     map[string]Value
	SecondaryIDs []SecondaryID
}

// MessagingState is a customer's messages and sessions.
type MessagingState struct {
	Channels []ChannelState
	// Messages are the latest 100, newest last.
	Messages []StoredMessage
	// Sessions are the latest 100 that have ended, newest last.
	Sessions []StoredSession
}

// ActivityState is a customer's activities, by session.
type ActivityState struct {
	Sessions []ActivitySession
	Numbers  []CustomerNumber
}

// ActivitySession is the activities of one session.
type ActivitySession struct {
	Number               CustomerNumber
	Source, SessionID    string
	AppID                string
	Activities           []Activity
	CreatedAt, UpdatedAt time.Time
}

// ChannelState is how one number of the customer stands with one of the org's channels.
type ChannelState struct {
	Number  CustomerNumber
	Channel MessagingChannelNumber
	Status  ChannelStatus
	// Since is when it was blocked or allowed.
	Since time.Time
	// ReplyToken, with its end, is the token of the running session.
	ReplyToken        string
	ReplyTokenExpires time.Time
	// Session is set while Status is [ChannelInSession].
	Session *OpenSession
}

// ChannelStatus is one of blocked, active and in session.
type ChannelStatus int

// The statuses of a channel with a customer.
const (
	// ChannelBlocked: the customer takes no messages.
	ChannelBlocked ChannelStatus = iota + 1
	// ChannelActive: the customer takes messages.
	ChannelActive
	// ChannelInSession: the customer takes messages, and a session runs.
	ChannelInSession
)

// String gives "blocked", "active" or "in_session".
func (s ChannelStatus) String() string {
	switch s {
	case ChannelBlocked:
		return "blocked"
	case ChannelActive:
		return "active"
	case ChannelInSession:
		return "in_session"
	}
	return fmt.Sprint(int(s))
}

// OpenSession is a messaging session that runs.
type OpenSession struct {
	ID                   string
	StartedAt, ExpiresAt time.Time
	AppIDs               []string
}

// SessionEndReason is why a messaging session ended.
type SessionEndReason int32

// The reasons for a session's end.
const (
	SessionNormalClearing SessionEndReason = SessionEndReason(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_NORMAL_CLEARING)
	SessionInactivity     SessionEndReason = SessionEndReason(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_INACTIVITY)
	SessionFailure        SessionEndReason = SessionEndReason(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_FAILURE)
)

// String gives the reference's name, such as "normal_clearing".
func (r SessionEndReason) String() string {
	return enumName(pb.MessagingSessionEndReason_name, "MESSAGING_SESSION_END_REASON_", int32(r))
}

// StoredSession is a messaging session that has ended.
type StoredSession struct {
	ID        string
	Number    CustomerNumber
	Channel   MessagingChannelNumber
	StartedAt time.Time
	Duration  time.Duration
	EndReason SessionEndReason
	AppIDs    []string
}

// StoredMessage is a message of the past: received where Parts is set, sent where Message is.
type StoredMessage struct {
	ID        string
	Number    CustomerNumber
	Channel   MessagingChannelNumber
	CreatedAt time.Time
	SessionID string
	InReplyTo string
	AppID     string

	Parts []Part

	Message *Message
	// Status, UpdatedAt and Description are of sent messages.
	Status      MessageStatus
	UpdatedAt   time.Time
	Description string
}

// GetState fetches the customer's state. A number that is unknown makes a new customer, whose state is empty.
func (c *Customer) GetState(ctx context.Context) (*CustomerState, error) {
	cmd := &command{name: "GetState", field: fieldGetCustomerState, customer: c.field, about: c, reads: true}
	data, err := c.client.link.exchange(ctx, cmd)
	if err != nil {
		return nil, err
	}
	reply, err := c.client.config.Serializer.readState(data)
	if err != nil {
		return nil, cmd.failed(err)
	}
	if err := cmd.check(&reply, reply.found); err != nil {
		return nil, err
	}
	state := &reply.state
	c.learnID(state.CustomerID)
	if c.number.Load() == nil {
		if numbers := state.Numbers(); len(numbers) > 0 {
			c.number.Store(&numbers[0])
		}
	}
	return state, nil
}

// Tags gives the customer's tags as a map.
func (s *CustomerState) Tags() map[string]string {
	out := make(map[string]string, len(s.Identity.Tags))
	for _, t := range s.Identity.Tags {
		out[t.Key] = t.Value
	}
	return out
}

// Numbers gives the customer's numbers, each once, in the order of the state's channels,
// payments and activities.
func (s *CustomerState) Numbers() []CustomerNumber {
	var out []CustomerNumber
	add := func(n CustomerNumber) {
		if !n.IsZero() && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	for i := range s.Messaging.Channels {
		add(s.Messaging.Channels[i].Number)
	}
	for _, n := range s.Payment.Numbers {
		add(n)
	}
	for _, n := range s.Activity.Numbers {
		add(n)
	}
	return out
}
