package command

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// sessionTimer is the kind of the timer for a session's end by inactivity.
const sessionTimer = "session.end"

// enterSession starts or renews the session that a message from a customer belongs to, nil on
// channels without sessions. A phone that dials anew ends the session it had.
func (c *Commands) enterSession(tx *store.Tx, rec *store.Record, in *incoming) *messaging.Session {
	kind := in.channel.Number.Channel
	lifetime, ok := in.channel.Settings.SessionTime(kind)
	if !ok {
		return nil
	}
	rec.Channels = messaging.Engage(rec.Channels, in.number, in.channel.Number, tx.Now())
	state := messaging.State(rec.Channels, in.number, in.channel.Number)
	if s := state.Session; s != nil && !s.Live(tx.Now()) {
		c.endSession(tx, rec, state, messaging.Inactivity)
	}
	if s := state.Session; s != nil && kind.Interactive() && s.ProviderID != in.session {
		c.endSession(tx, rec, state, messaging.NormalClearing)
	}
	isNew := state.Session == nil
	if isNew {
		state.Session = &messaging.Session{
			ID: tx.NewSessionID(), ProviderID: in.session, StartedAt: tx.Now(), Secret: store.NewSecret(""),
		}
	}
	s := state.Session
	s.Join(in.channel.App)
	if lifetime > 0 {
		s.ExpiresAt = tx.Now().Add(lifetime)
	}
	switch {
	case isNew:
		sessionStarted(tx, rec, state, in.channel.App)
		if lifetime > 0 {
			tx.Schedule(store.Timer{DueAt: s.ExpiresAt, Kind: sessionTimer, Org: rec.Org, Customer: rec.ID, Ref: s.ID})
		}
	case !kind.Interactive(): // a hop or an event of a call tells of itself
		notify(tx, rec, in.channel.App, "messaging_session_renewed", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessagingSessionRenewed{
			MessagingSessionRenewed: &pb.MessagingSessionRenewedNotification{
				CustomerNumber: numberPB(in.number), ChannelNumber: channelPB(in.channel.Number), SessionId: s.ID, ExpiresAt: timePB(s.ExpiresAt)}}})
	}
	return s
}

// sessionStarted tells an app of a new session.
func sessionStarted(tx *store.Tx, rec *store.Record, state *messaging.ChannelState, app string) {
	s := state.Session
	tx.Record(rec, "session.started", state.Channel.String()+" "+s.ID)
	notify(tx, rec, app, "messaging_session_started", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessagingSessionStarted{
		MessagingSessionStarted: &pb.MessagingSessionStartedNotification{
			CustomerNumber: numberPB(state.Number), ChannelNumber: channelPB(state.Channel), SessionId: s.ID, ExpiresAt: timePB(s.ExpiresAt)}}})
}

// endSession ends a session and tells all its apps.
func (c *Commands) endSession(tx *store.Tx, rec *store.Record, state *messaging.ChannelState, reason messaging.EndReason) {
	ended := state.End(reason, tx.Now())
	if ended == nil {
		return
	}
	tx.AddSession(rec, ended)
	tx.Record(rec, "session.ended", state.Channel.String()+" "+ended.ID+" "+reason.String())
	for _, app := range ended.Apps {
		notify(tx, rec, app, "messaging_session_ended", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessagingSessionEnded{
			MessagingSessionEnded: &pb.MessagingSessionEndedNotification{
				CustomerNumber: numberPB(state.Number), ChannelNumber: channelPB(state.Channel), SessionId: ended.ID,
				Duration: durationpb.New(ended.Duration), Reason: pb.MessagingSessionEndReason(reason)}}})
	}
}

// sessionDue ends a session whose time is over; one that was renewed gets a new time.
func (c *Commands) sessionDue(tx *store.Tx, t *store.Timer) error {
	rec, err := tx.Customer(t.Org, customer.ByID(t.Customer))
	if err != nil {
		return err
	}
	state := sessionState(rec, t.Ref)
	switch {
	case state == nil:
	case state.Session.Live(tx.Now()):
		tx.Schedule(store.Timer{DueAt: state.Session.ExpiresAt, Kind: sessionTimer, Org: t.Org, Customer: t.Customer, Ref: t.Ref})
	default:
		c.endSession(tx, rec, state, messaging.Inactivity)
	}
	return nil
}

// sessionState finds the state that has a session, nil where it is over.
func sessionState(rec *store.Record, id string) *messaging.ChannelState {
	for i := range rec.Channels {
		if s := rec.Channels[i].Session; s != nil && s.ID == id {
			return &rec.Channels[i]
		}
	}
	return nil
}

func channelStatePB(s *messaging.ChannelState, now time.Time) *pb.MessagingChannelState {
	number, channel := numberPB(s.Number), channelPB(s.Channel)
	var token *pb.MessageReplyToken
	if s.Session.Live(now) && s.Session.Token != "" {
		token = &pb.MessageReplyToken{Token: s.Session.Token, ExpiresAt: timePB(s.Session.ExpiresAt)}
	}
	switch {
	case s.Blocked():
		return &pb.MessagingChannelState{State: &pb.MessagingChannelState_Blocked{Blocked: &pb.BlockedMessagingChannelState{
			CustomerNumber: number, ChannelNumber: channel, ReplyToken: token, BlockedAt: timePB(s.BlockedAt)}}}
	case s.Session.Live(now):
		return &pb.MessagingChannelState{State: &pb.MessagingChannelState_InSession{InSession: &pb.InSessionMessagingChannelState{
			CustomerNumber: number, ChannelNumber: channel, ReplyToken: token, AllowedAt: timePB(s.AllowedAt), SessionId: s.Session.ID,
			StartedAt: timePB(s.Session.StartedAt), ExpiresAt: timePB(s.Session.ExpiresAt), AppIds: s.Session.Apps, ProviderSessionId: optional(s.Session.ProviderID)}}}
	}
	return &pb.MessagingChannelState{State: &pb.MessagingChannelState_Active{Active: &pb.ActiveMessagingChannelState{
		CustomerNumber: number, ChannelNumber: channel, ReplyToken: token, AllowedAt: timePB(s.AllowedAt)}}}
}

func endedPB(e *messaging.Ended) *pb.CompleteMessagingSession {
	return &pb.CompleteMessagingSession{
		CustomerNumber: numberPB(e.State.Number), ChannelNumber: channelPB(e.State.Channel), SessionId: e.ID, StartedAt: timePB(e.StartedAt),
		Duration: durationpb.New(e.Duration), AppIds: e.Apps, EndReason: pb.MessagingSessionEndReason(e.Reason), Cost: cashPB(e.Cost),
		ProviderSessionId: optional(e.ProviderID),
	}
}
