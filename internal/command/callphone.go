package command

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// receiveCall is what a phone does in a call, or the beginning of one. The reply is what the phone
// hears next; where that is the app's to say, it waits.
func (c *Commands) receiveCall(r *Request, in *incoming) {
	err := c.store.Submit(&store.Unit{
		Route: route(in.org, customer.ByNumber(in.number)),
		Needs: store.Needs{Org: in.org, Customers: []customer.Ref{customer.ByNumber(in.number)}},
		Run: func(tx *store.Tx) error {
			tx.Actor = customer.Actor{Kind: "phone", ID: in.number.Number}
			w := c.callWork(tx, in.org)
			w.request = r
			return w.fromPhone(in)
		},
		Done: func(err error) {
			switch {
			case refusal(err) != nil:
				c.refuseSimulator(r, refusal(err))
			case err != nil:
				c.failed(r, err)
			}
		},
	})
	if err != nil {
		c.failed(r, err)
	}
}

// fromPhone finds the call that a phone means. A phone has one line: a call that it begins ends the one
// that it had on the channel.
func (w *callWork) fromPhone(in *incoming) error {
	rec, err := w.tx.Customer(w.org, customer.ByNumber(in.number))
	if err != nil {
		return err
	}
	v := in.parts[0].Voice
	state := messaging.State(rec.Channels, in.number, in.channel.Number)
	if state != nil && state.Session != nil && state.Session.Call != nil {
		s := state.Session
		if s.ProviderID == "" && in.session != s.ID && ofOurs(s.Call, v) {
			s.ProviderID = in.session
		}
		mine := in.session == "" || in.session == s.ID || in.session == s.ProviderID
		again := in.session == "" && v.Status == messaging.CallRinging && !s.Call.Outbound
		switch {
		case mine && !again:
			w.session = s.ID
			return w.inCall(rec, s.ID, in)
		case !begins(v):
			return customer.Refuse(customer.NotFound, "session_id: %s is in no call %s", in.number, in.session)
		}
		cause := messaging.CauseNormal
		if s.Call.Wait == messaging.WaitsForAnswer {
			cause = messaging.CauseBusy
		}
		if err := w.onCall(rec, s.ID, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn { return call.HangUp(env, cause) }); err != nil {
			return err
		}
	}
	if !begins(v) {
		return customer.Refuse(customer.NotFound, "session_id: %s is in no call on %s", in.number, in.channel.Number)
	}
	return w.incomingCall(rec, in)
}

// begins says whether a phone can begin a call so.
func begins(v *messaging.VoiceInput) bool {
	return !v.Status.Final() && v.Status <= messaging.CallActive && v.HangupCause == 0 && v.Digits == nil && v.RecordingURL == nil && v.Dial == nil
}

func (w *callWork) incomingCall(rec *store.Record, in *incoming) error {
	rec.Channels = messaging.Engage(rec.Channels, in.number, in.channel.Number, w.tx.Now())
	ringing := in.parts[0].Voice.Status == messaging.CallRinging || in.parts[0].Voice.Status == messaging.CallQueued
	call, turn := messaging.IncomingCall(in.channel.App, ringing, w.env(rec))
	w.session = w.begin(rec, messaging.State(rec.Channels, in.number, in.channel.Number), call, in.session)
	return w.follow(rec, w.session, turn)
}

// inCall is what a phone does in its running call.
func (w *callWork) inCall(rec *store.Record, session string, in *incoming) error {
	v := in.parts[0].Voice
	call := sessionState(rec, session).Session.Call
	env := w.env(rec)
	var turn messaging.CallTurn
	var err error
	switch {
	case hangsUp(v):
		turn = call.HangUp(env, v.HangupCause)
	case v.Dial != nil:
		return w.legByNumber(rec, session, v)
	case v.Digits != nil:
		turn, err = call.Press(env, *v.Digits)
	case v.RecordingURL != nil:
		turn, err = call.Speak(env, in.spoken())
	case call.Wait == messaging.WaitsForAnswer && (v.Status == messaging.CallAnswered || v.Status == messaging.CallActive || v.Status == 0):
		turn = call.Answer(env)
	case call.Wait == messaging.WaitsForPlan:
		err = customer.Refuse(customer.InvalidRequest, "parts.voice: the app has not said yet how the call goes on")
	case v.Status == messaging.CallActive || v.Status == 0:
		turn = call.Silent(env)
	}
	if err != nil {
		return err
	}
	return w.follow(rec, session, turn)
}

// hangsUp says whether a phone hangs up. The published JavaScript client sends dial_completed where its user says
// completed: it takes the first status whose name ends so.
func hangsUp(v *messaging.VoiceInput) bool {
	return v.Status.Final() || v.HangupCause != 0 || v.Status == messaging.CallDialCompleted && v.Dial == nil
}

// spoken is how long somebody spoke.
func (in *incoming) spoken() time.Duration {
	if in.duration == 0 {
		return time.Second // of clients that cannot say
	}
	return in.duration
}

// legByNumber is a phone that tells what became of a leg of its dial, for simulators that do not play the
// other phone themselves.
func (w *callWork) legByNumber(rec *store.Record, session string, v *messaging.VoiceInput) error {
	call := sessionState(rec, session).Session.Call
	number, err := customer.Number{Provider: customer.Cellular, Number: v.Dial.Number}.Normalize()
	if err != nil {
		return err
	}
	legs := make([]messaging.Peer, 0, 1)
	if call.Dial != nil {
		legs = append(legs, call.Dial.Legs...)
	}
	if call.Peer != nil {
		legs = append(legs, *call.Peer)
	}
	for _, leg := range legs {
		if leg.Number.Number != number.Number {
			continue
		}
		other, err := w.customer(leg.Customer)
		if err != nil || other == nil {
			return err
		}
		return w.onCall(other, leg.Session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn {
			if v.Status == messaging.CallBridged || v.Status == messaging.CallActive {
				return call.Answer(env)
			}
			return call.HangUp(env, 0)
		})
	}
	return customer.Refuse(customer.NotFound, "parts.voice.dial_data: the call has no leg to %s", number)
}
