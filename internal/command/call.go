package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// callKind is the kind of a notification of an event of a call, and callTimer that of the timer for the
// end of what a call waits for.
const (
	callKind  = "received_call"
	callTimer = "call.due"
)

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
	w.tx.Record(rec, "call.event", fmt.Sprintf("%s %s %s", state.Channel, s.ID, strings.ToLower(strings.TrimPrefix(pb.VoiceCallStatus(in.Status).String(), "VOICE_CALL_STATUS_"))))
	kind := callKind
	if final {
		kind = closingKind // the next call must not get ahead of it
	}
	notify(w.tx, rec, s.Call.App, kind, receivedPB(m))
	if asks {
		s.Call.Asked = m.ID
	}
}

// ofOurs says whether an event is said to be of a call of ours, which alone are answered, and the phone is in one. The
// first such event tells the provider's name for the call; the published JavaScript client gives its simulators
// no name that they could use.
func ofOurs(call *messaging.Call, v *messaging.VoiceInput) bool {
	outbound := pb.CustomerEventDirection(v.Direction) == pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND
	return call.Outbound && (outbound || v.Status == messaging.CallAnswered)
}

// begin gives the state a session with the call.
func (w *callWork) begin(rec *store.Record, state *messaging.ChannelState, call *messaging.Call, providerID string) string {
	state.Session = &messaging.Session{ID: w.tx.NewSessionID(), ProviderID: providerID, StartedAt: w.tx.Now(), Secret: store.NewSecret(""), Call: call}
	state.Session.Join(call.App)
	sessionStarted(w.tx, rec, state, call.App)
	return state.Session.ID
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
