package command

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// callKind is the kind of a notification of an event of a call, and callTimer that of the timer for the
// end of what a call waits for.
const (
	callKind  = "received_call"
	callTimer = "call.due"
)

// sorry is what a phone hears when the app has failed.
const sorry = "Sorry, this service is not available right now. Please call again later."

// phones are those in a call that wait for what they hear next, by session.
type phones struct {
	mu      sync.Mutex // guards waiting
	waiting map[string]*Request
}

func (p *phones) put(session string, r *Request) (before *Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before = p.waiting[session]
	p.waiting[session] = r
	return before
}

func (p *phones) take(session string) *Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.waiting[session]
	delete(p.waiting, session)
	return r
}

// hearing is what one phone hears, and where its call then stands.
type hearing struct {
	session, customer string
	number            customer.Number
	channel           messaging.ChannelNumber
	heard             []messaging.VoiceAction
	call              *pb.SimulatedCall
	waits             bool   // for the app's plan: the phone is told later
	failure           string // why the app gave none
}

// callWork is what one unit of work does to calls. One thing leads to another, over the calls of
// several customers; the phones are told after the commit.
type callWork struct {
	c   *Commands
	tx  *store.Tx
	org string

	session  string   // of the phone that asked
	request  *Request // its request, nil where it was no phone
	hearings []*hearing
	rings    []*pb.MakeVoiceCallSimulatorNotification
}

// callWork begins the work of a unit.
func (c *Commands) callWork(tx *store.Tx, org string) *callWork {
	w := &callWork{c: c, tx: tx, org: org}
	tx.After(w.tell)
	return w
}

// onCall does something to a running call, and all that follows.
func (w *callWork) onCall(rec *store.Record, session string, do func(*messaging.Call, *messaging.CallEnv) messaging.CallTurn) error {
	state := sessionState(rec, session)
	if state == nil || state.Session.Call == nil {
		return nil
	}
	return w.follow(rec, session, do(state.Session.Call, w.env(rec)))
}

func (w *callWork) env(rec *store.Record) *messaging.CallEnv {
	return &messaging.CallEnv{Now: w.tx.Now(), PlanTime: w.c.outbox.Forsaken(), Record: func(d time.Duration) string { return w.record(rec, d) }}
}

// recordingTime is how long a recording can be fetched.
const recordingTime = 24 * time.Hour

func (w *callWork) record(rec *store.Record, d time.Duration) string {
	token := store.NewSecret("")
	sound, size := spoken(d)
	w.tx.AddRecording(store.Recording{Token: token, Org: rec.Org, Customer: rec.ID, Sound: sound, Size: size, ExpiresAt: w.tx.Now().Add(recordingTime)})
	w.tx.Record(rec, "call.recorded", d.String())
	return w.c.RecordingURL(token)
}

// follow carries out what follows for a call.
func (w *callWork) follow(rec *store.Record, session string, turn messaging.CallTurn) error {
	state := sessionState(rec, session)
	call := state.Session.Call
	h := w.hearing(rec, state)
	h.heard = append(h.heard, turn.Heard...)
	for i := range turn.Events {
		last := i == len(turn.Events)-1
		w.event(rec, state, &turn.Events[i], last && turn.Asks, last && turn.Over)
	}
	h.now(call)
	if turn.Over {
		w.c.endSession(w.tx, rec, state, turn.Reason)
	} else if !call.Until.IsZero() && call.Since.Equal(w.tx.Now()) {
		w.tx.Schedule(store.Timer{DueAt: call.Until, Kind: callTimer, Org: w.org, Customer: rec.ID, Ref: timerRef(session, call.Turn)})
	}
	me := messaging.Peer{Customer: rec.ID, Session: session, Number: state.Number}
	channel := state.Channel
	if turn.Leave != nil {
		if err := w.leave(turn.Leave, session); err != nil {
			return err
		}
	}
	for _, news := range turn.Tell {
		if err := w.news(me, news); err != nil {
			return err
		}
	}
	switch {
	case len(turn.Ring) > 0:
		return w.ring(rec, me, channel, turn.Ring)
	case turn.Enqueue != nil:
		return w.enqueue(rec, me, channel)
	case turn.Dequeue != nil:
		return w.dequeue(rec, me, channel, turn.Dequeue)
	}
	return nil
}

func timerRef(session string, turn int) string { return session + " " + strconv.Itoa(turn) }

// event stores an event as a message of the customer and notifies the call's app.
func (w *callWork) event(rec *store.Record, state *messaging.ChannelState, in *messaging.VoiceInput, asks, final bool) {
	s := state.Session
	m := &messaging.Message{
		ID: w.tx.NewMessageID(), Inbound: true, Number: state.Number, Channel: state.Channel, App: s.Call.App, Session: s.ID,
		CreatedAt: w.tx.Now(), Parts: []messaging.Part{{Voice: in}}, Status: messaging.Received,
	}
	w.tx.AddMessage(rec, m)
	w.tx.Record(rec, "call.event", fmt.Sprintf("%s %s %s", state.Channel, s.ID, pb.VoiceCallStatus(in.Status)))
	kind := callKind
	if final {
		kind = closingKind // the next call must not get ahead of it
	}
	notify(w.tx, rec, s.Call.App, kind, receivedPB(m))
	if asks {
		s.Call.Asked = m.ID
	}
}

// hearing gives what the phone of a session hears in this unit.
func (w *callWork) hearing(rec *store.Record, state *messaging.ChannelState) *hearing {
	for _, h := range w.hearings {
		if h.session == state.Session.ID {
			return h
		}
	}
	h := &hearing{session: state.Session.ID, customer: rec.ID, number: state.Number, channel: state.Channel}
	w.hearings = append(w.hearings, h)
	return h
}

// now notes where the call stands.
func (h *hearing) now(call *messaging.Call) {
	h.waits = call.Wait == messaging.WaitsForPlan
	h.call = &pb.SimulatedCall{SessionId: h.session, Status: pb.VoiceCallStatus(call.Status), HangupCause: pb.VoiceCallHangupCause(call.Cause)}
	if call.Peer != nil {
		h.call.ConnectedTo = call.Peer.Number.Number
	}
}

func (h *hearing) message() *pb.OutboundMessage {
	return outboundPB(&messaging.Outbound{Body: messaging.Body{Dialplan: true, Voice: h.heard}})
}

// tell tells the phones: by the reply where one waits, otherwise by a notification. It runs after
// the commit.
func (w *callWork) tell() {
	for _, ring := range w.rings {
		w.c.Simulate(w.org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_MakeVoiceCall{MakeVoiceCall: ring}})
	}
	for _, h := range w.hearings {
		var mine *Request
		if h.session == w.session {
			mine, w.request = w.request, nil
		}
		w.tellOne(h, mine)
	}
	if w.request != nil { // nothing came of it
		w.c.reply(w.request, marshal(simulatorReply(nil)), "ok")
	}
}

// tellOne tells one phone; mine is its request that this unit came from, or nil.
func (w *callWork) tellOne(h *hearing, mine *Request) {
	if h.waits {
		if mine != nil {
			if before := w.c.phones.put(h.session, mine); before != nil {
				w.c.reply(before, marshal(simulatorReply(nil)), "ok")
			}
		}
		return
	}
	told := false
	for _, r := range []*Request{w.c.phones.take(h.session), mine} {
		if r != nil {
			w.c.reply(r, marshal(h.reply()), "ok")
			told = true
		}
	}
	if !told {
		w.c.Simulate(w.org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{
			SendMessage: &pb.SendMessageSimulatorNotification{
				OrgId: w.org, CustomerId: h.customer, CustomerNumber: simulatorNumber(h.number), ChannelNumber: channelPB(h.channel),
				Message: h.message(), Call: h.call}}})
	}
}

func (h *hearing) reply() *pb.SimulatorToServerCommandReply {
	reply := simulatorReply(h.message())
	reply.Call = h.call
	if h.failure != "" {
		reply.Status, reply.Description, reply.ErrorCode = false, h.failure, "app_error"
	}
	return reply
}

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

// ofOurs says whether an event is said to be of a call of ours, and the phone is in one. The first such event tells
// the provider's name for the call; the published JavaScript client gives its simulators no name that they could use.
func ofOurs(call *messaging.Call, v *messaging.VoiceInput) bool {
	return call.Outbound && pb.CustomerEventDirection(v.Direction) == pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND
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

// begin gives the state a session with the call.
func (w *callWork) begin(rec *store.Record, state *messaging.ChannelState, call *messaging.Call, providerID string) string {
	state.Session = &messaging.Session{ID: w.tx.NewSessionID(), ProviderID: providerID, StartedAt: w.tx.Now(), Secret: store.NewSecret(""), Call: call}
	state.Session.Join(call.App)
	sessionStarted(w.tx, rec, state, call.App)
	return state.Session.ID
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

// callAnswered carries out the plan of an app's answer to an event of a call, where the call waits for it.
func (c *Commands) callAnswered(a outbox.Answer, reply *pb.ServerToAppNotificationReply, finish func(error)) {
	n := a.Notification
	received, err := receivedOf(n)
	if err != nil {
		c.callGaveUp(n, err.Error())
		finish(err)
		return
	}
	var stored bool
	err = c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			stored = false
			tx.Actor = customer.Actor{Kind: "app", ID: n.App}
			tx.Answered(n)
			w := c.callWork(tx, n.Org)
			rec, err := w.customer(n.Subject)
			if err != nil || rec == nil {
				return err
			}
			if stored, err = c.storeAnswer(tx, rec, &a, reply); err != nil {
				return err
			}
			return w.planned(rec, n.App, received, reply.GetMessage())
		},
		Done: func(err error) {
			if err == nil && stored {
				c.outbox.Free(n.Org, n.App, n.Subject)
			}
			finish(err)
		},
	})
	if err != nil {
		c.callGaveUp(n, err.Error())
		finish(err)
	}
}

// planned stores the plan as a message of the customer and carries it out.
func (w *callWork) planned(rec *store.Record, app string, received *pb.ReceivedMessageNotification, m *pb.OutboundMessage) error {
	state := sessionState(rec, received.SessionId.GetValue())
	if state == nil || state.Session.Call == nil || state.Session.Call.Asked != received.MessageId {
		return nil // the call goes its own way, or is over
	}
	session := state.Session.ID
	var plan []messaging.VoiceAction
	if m.GetBody() != nil {
		out := outboundOf(m)
		err := out.CheckBody(messaging.Voice)
		if err != nil {
			return w.fail(rec, session, err.Error())
		}
		plan = out.Body.Voice
		w.tx.AddMessage(rec, &messaging.Message{
			ID: w.tx.NewMessageID(), Number: state.Number, Channel: state.Channel, App: app, Session: session,
			InReplyTo: received.MessageId, CreatedAt: w.tx.Now(), UpdatedAt: w.tx.Now(), Out: out, Status: messaging.Delivered,
		})
		w.tx.Record(rec, "message.sent", state.Channel.String())
	}
	return w.onCall(rec, session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn { return call.Next(env, plan) })
}

// fail ends a call whose app gave no plan that can be carried out.
func (w *callWork) fail(rec *store.Record, session, reason string) error {
	w.c.log.Warn("a call ends: no plan", "org", w.org, "customer", rec.ID, "session", session, "reason", reason)
	w.tx.Record(rec, "call.failed", detail([]string{reason}))
	if state := sessionState(rec, session); state != nil {
		h := w.hearing(rec, state)
		h.failure = reason
		h.heard = append(h.heard, messaging.VoiceAction{Say: &messaging.Say{Text: sorry}})
	}
	return w.onCall(rec, session, (*messaging.Call).Fail)
}

// callGaveUp is an event of a call that the app did not answer: it comes again, and nobody waits for its answer.
// Where the call waits for the answer, it ends.
func (c *Commands) callGaveUp(n *store.Notification, reason string) {
	again := *n
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}},
		Run: func(tx *store.Tx) error {
			waiting, err := tx.Waiting(n)
			if err != nil || !waiting {
				return err
			}
			again.Kind = closingKind // before what follows from it here
			w := c.callWork(tx, n.Org)
			rec, err := w.customer(n.Subject)
			if err != nil {
				return err
			}
			if rec == nil {
				tx.Answered(n)
				return nil
			}
			received, err := receivedOf(n)
			if err != nil {
				return err
			}
			tx.Renotify(&again)
			state := sessionState(rec, received.SessionId.GetValue())
			if state == nil || state.Session.Call == nil || state.Session.Call.Asked != received.MessageId {
				return nil
			}
			return w.fail(rec, state.Session.ID, reason)
		},
		Done: func(err error) {
			if err != nil {
				c.log.Error("ending a call failed", "org", n.Org, "customer", n.Subject, "error", err)
			}
		},
	})
	if err != nil {
		c.log.Error("ending a call failed", "org", n.Org, "customer", n.Subject, "error", err)
	}
}

// callDue is the end of the time that a call waits.
func (c *Commands) callDue(tx *store.Tx, t *store.Timer) error {
	w := c.callWork(tx, t.Org)
	rec, err := w.customer(t.Customer)
	if err != nil || rec == nil {
		return err
	}
	session, turn, _ := strings.Cut(t.Ref, " ")
	state := sessionState(rec, session)
	switch {
	case state == nil || state.Session.Call == nil || strconv.Itoa(state.Session.Call.Turn) != turn:
		return nil // the call has gone on
	case state.Session.Call.Wait == messaging.WaitsForPlan:
		return w.fail(rec, session, "the app did not answer in time")
	}
	return w.onCall(rec, session, (*messaging.Call).Due)
}

// customer finds somebody by an id that may be decommissioned by now, nil where they are no more.
func (w *callWork) customer(id string) (*store.Record, error) {
	for {
		found, err := w.tx.Find(w.org, customer.ByID(id))
		if err != nil || found == nil {
			return nil, err
		}
		if found.AdoptedBy == "" {
			return w.tx.Customer(w.org, customer.ByID(id))
		}
		id = found.AdoptedBy
	}
}
