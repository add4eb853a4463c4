package elarian

import (
	"context"
	"time"
)

// SessionNotice tells that a conversation on WhatsApp, Telegram, Messenger, USSD or voice has started,
// or that a message of the customer has renewed it.
type SessionNotice struct {
	Notification
	Channel   MessagingChannelNumber
	SessionID string
	// ExpiresAt is when the session ends unless the customer writes again; zero for a call.
	ExpiresAt time.Time
}

// OnMessagingSessionStarted sets the handler of new sessions, the reference's messagingSessionStarted.
func (c *Client) OnMessagingSessionStarted(handler func(ctx context.Context, s *SessionNotice) error) {
	c.handle(eventMessagingSessionStarted, func(ctx context.Context, n *notice) (Body, error) {
		s := n.entry.GetMessagingSessionStarted()
		return nil, handler(ctx, &SessionNotice{n.Notification, messagingChannelNumber(s.GetChannelNumber()), s.GetSessionId(), moment(s.GetExpiresAt())})
	})
}

// OnMessagingSessionRenewed sets the handler of renewed sessions, the reference's messagingSessionRenewed.
func (c *Client) OnMessagingSessionRenewed(handler func(ctx context.Context, s *SessionNotice) error) {
	c.handle(eventMessagingSessionRenewed, func(ctx context.Context, n *notice) (Body, error) {
		s := n.entry.GetMessagingSessionRenewed()
		return nil, handler(ctx, &SessionNotice{n.Notification, messagingChannelNumber(s.GetChannelNumber()), s.GetSessionId(), moment(s.GetExpiresAt())})
	})
}

// SessionEndNotice tells that a session is over.
type SessionEndNotice struct {
	Notification
	Channel   MessagingChannelNumber
	SessionID string
	Duration  time.Duration
	Reason    SessionEndReason
}

// OnMessagingSessionEnded sets the handler of ended sessions, the reference's messagingSessionEnded.
func (c *Client) OnMessagingSessionEnded(handler func(ctx context.Context, s *SessionEndNotice) error) {
	c.handle(eventMessagingSessionEnded, func(ctx context.Context, n *notice) (Body, error) {
		s := n.entry.GetMessagingSessionEnded()
		return nil, handler(ctx, &SessionEndNotice{n.Notification, messagingChannelNumber(s.GetChannelNumber()), s.GetSessionId(),
			s.GetDuration().AsDuration(), SessionEndReason(s.GetReason())})
	})
}
