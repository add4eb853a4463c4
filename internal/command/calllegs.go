package command

import (
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Calls that we make, and calls that have to do with each other.

// placeCall calls a customer; the plan runs when they answer.
func (c *Commands) placeCall(tx *store.Tx, rec *store.Record, o *outgoing) (*messaging.Message, func(), error) {
	if busy(rec, o.number) {
		return nil, nil, &messaging.Refusal{Status: messaging.OtherSessionInProgress, Text: "customer_number: " + o.number.String() + " is in a call"}
	}
	w := c.callWork(tx, o.org)
	rec.Channels = messaging.Engage(rec.Channels, o.number, o.channel, tx.Now())
	state := messaging.State(rec.Channels, o.number, o.channel)
	call, turn := messaging.OutgoingCall(o.app, o.message.Body.Voice, w.env(rec))
	session := w.begin(rec, state, call, "")
	m := &messaging.Message{
		ID: tx.NewMessageID(), Number: o.number, Channel: o.channel, App: o.app, Session: session, InReplyTo: o.inReplyTo,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Out: o.message, Status: messaging.SessionInitiated,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.sent", o.channel.String()+" "+m.ID)
	w.rings = append(w.rings, makeCallPB(rec, o.number, o.channel, session))
	if err := w.follow(rec, session, turn); err != nil {
		return nil, nil, err
	}
	w.hearings = nil // the phone rings, which it is told by rings
	return m, func() {}, nil
}

func makeCallPB(rec *store.Record, n customer.Number, channel messaging.ChannelNumber, session string) *pb.MakeVoiceCallSimulatorNotification {
	return &pb.MakeVoiceCallSimulatorNotification{
		OrgId: rec.Org, CustomerId: rec.ID, SessionId: session, CustomerNumber: simulatorNumber(n), ChannelNumber: channelPB(channel)}
}

// busy says whether a phone is in a call, on any channel: it has one line.
func busy(rec *store.Record, n customer.Number) bool {
	for i := range rec.Channels {
		if s := &rec.Channels[i]; s.Number == n && s.Channel.Channel == messaging.Voice && s.Session != nil {
			return true
		}
	}
	return false
}

// ring calls the legs of a dial.
func (w *callWork) ring(rec *store.Record, me messaging.Peer, channel messaging.ChannelNumber, numbers []customer.Number) error {
	call := sessionState(rec, me.Session).Session.Call
	if id := call.Dial.CallerID; id != "" {
		as, err := messaging.ChannelNumber{Channel: messaging.Voice, Number: id}.Normalize()
		if _, ours := w.c.Directory().MessagingChannel(w.org, as); err == nil && ours {
			channel = as
		}
	}
	var legs []messaging.Peer
	cause := messaging.CauseNoAnswer
	for _, n := range numbers {
		leg, why, err := w.leg(me, call.App, channel, n)
		if err != nil {
			return err
		}
		if leg == nil {
			cause = why
		} else {
			legs = append(legs, *leg)
		}
	}
	return w.onCall(rec, me.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn {
		return call.Ringing(env, legs, cause)
	})
}

// leg calls one number for a dial; nil and a cause where it cannot ring.
func (w *callWork) leg(of messaging.Peer, app string, channel messaging.ChannelNumber, n customer.Number) (*messaging.Peer, messaging.HangupCause, error) {
	if n.Provider == customer.ProviderUnspecified {
		n.Provider = customer.Cellular
	}
	n, err := n.Normalize()
	if err != nil || n.Provider != customer.Cellular {
		return nil, messaging.CauseUnallocated, nil
	}
	rec, err := w.tx.Customer(w.org, customer.ByNumber(n))
	if err != nil {
		return nil, 0, err
	}
	rec.Channels = messaging.Engage(rec.Channels, n, channel, w.tx.Now())
	state := messaging.State(rec.Channels, n, channel)
	switch {
	case busy(rec, n):
		return nil, messaging.CauseBusy, nil
	case state.Blocked():
		return nil, messaging.CauseRejected, nil
	}
	session := w.begin(rec, state, messaging.Leg(app, of, w.env(rec)), "")
	w.rings = append(w.rings, makeCallPB(rec, n, channel, session))
	return &messaging.Peer{Customer: rec.ID, Session: session, Number: n}, 0, nil
}

// news tells another call what became of this one.
func (w *callWork) news(from messaging.Peer, n messaging.PeerNews) error {
	rec, err := w.customer(n.To.Customer)
	if err != nil || rec == nil {
		return err
	}
	return w.onCall(rec, n.To.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn {
		if n.Answered {
			return call.PeerAnswered(env, from)
		}
		return call.PeerGone(env, from, n.Cause)
	})
}

func (w *callWork) enqueue(rec *store.Record, me messaging.Peer, channel messaging.ChannelNumber) error {
	place := sessionState(rec, me.Session).Session.Call.Queued
	place.Channel = channel
	return w.tx.CallQueue(w.org, *place, func(q *messaging.CallQueue) { q.Add(me, place.At) })
}

func (w *callWork) leave(place *messaging.QueuePlace, session string) error {
	return w.tx.CallQueue(w.org, *place, func(q *messaging.CallQueue) { q.Remove(session) })
}

// dequeue connects a call with the first that waits in a queue.
func (w *callWork) dequeue(rec *store.Record, me messaging.Peer, channel messaging.ChannelNumber, place *messaging.QueuePlace) error {
	from := *place
	if from.Channel.Channel == messaging.ChannelUnspecified {
		from.Channel.Channel = messaging.Voice
	}
	if from.Channel.Number == "" {
		from.Channel = channel
	} else if normal, err := from.Channel.Normalize(); err == nil {
		from.Channel = normal
	}
	for {
		var first *messaging.QueuedCall
		if err := w.tx.CallQueue(w.org, from, func(q *messaging.CallQueue) { first = q.Take() }); err != nil {
			return err
		}
		if first == nil {
			return w.onCall(rec, me.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn {
				return call.Dequeued(env, nil, w.tx.Now())
			})
		}
		other, err := w.customer(first.Customer)
		if err != nil {
			return err
		}
		if other == nil {
			continue // deleted while waiting
		}
		state := sessionState(other, first.Session)
		if state == nil || state.Session.Call == nil || state.Session.Call.Queued == nil {
			continue
		}
		err = w.onCall(other, first.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn { return call.TakenFrom(env, me) })
		if err != nil {
			return err
		}
		return w.onCall(rec, me.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn {
			return call.Dequeued(env, &first.Peer, first.At)
		})
	}
}
