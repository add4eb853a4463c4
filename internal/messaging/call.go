package messaging

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// How long a call waits where the plan does not say.
const (
	RingTime    = time.Minute      // for a phone that we call
	LegTime     = 30 * time.Second // for one that a dial calls
	InputTime   = 10 * time.Second // for keys, or for somebody to speak
	SpeechTime  = time.Minute      // the longest recording
	TalkTime    = 4 * time.Hour    // of two who are connected
	QueueTime   = time.Hour        // in a queue
	maxPressed  = 128              // keys
	minuteLimit = 24 * 60          // of any wait that a plan sets
)

// CallWait is what a call waits for.
type CallWait int8

// What a call waits for.
const (
	CallOver       CallWait = iota // nothing
	WaitsForPlan                   // of the app
	WaitsForAnswer                 // of the phone that rings
	WaitsForDigits
	WaitsForSpeech
	WaitsForLeg // that rings
	WaitsInQueue
	Talks // with the peer
)

// Call is a call that runs. Its methods take what happens and give what follows: they are the rules,
// and do nothing themselves.
type Call struct {
	App        string      `cbor:"1,keyasint"`
	Outbound   bool        `cbor:"2,keyasint,omitempty"`
	StartedAt  time.Time   `cbor:"3,keyasint"`
	AnsweredAt time.Time   `cbor:"4,keyasint,omitzero"`
	Status     CallStatus  `cbor:"5,keyasint,omitempty"` // the latest that was told
	Cause      HangupCause `cbor:"6,keyasint,omitempty"` // of a call that is over

	Plan  []VoiceAction `cbor:"7,keyasint,omitempty"` // what is left of it
	Wait  CallWait      `cbor:"8,keyasint,omitempty"`
	Since time.Time     `cbor:"9,keyasint,omitzero"`
	Until time.Time     `cbor:"10,keyasint,omitzero"` // when the wait ends by itself; zero: never
	Turn  int           `cbor:"11,keyasint,omitempty"`
	Asked string        `cbor:"12,keyasint,omitempty"` // the message whose answer is the plan that it waits for

	Digits     *GetDigits    `cbor:"13,keyasint,omitempty"`
	Pressed    string        `cbor:"14,keyasint,omitempty"`
	Speech     *GetRecording `cbor:"15,keyasint,omitempty"`
	RecordFrom time.Time     `cbor:"16,keyasint,omitzero"`  // the session is recorded
	Recorded   *string       `cbor:"17,keyasint,omitempty"` // a recording that no event has told of yet
	Dial       *Dialing      `cbor:"18,keyasint,omitempty"` // that is going on
	Queued     *QueuePlace   `cbor:"19,keyasint,omitempty"` // where it waits
	Peer       *Peer         `cbor:"20,keyasint,omitempty"` // whom it talks with
	RecordTalk bool          `cbor:"21,keyasint,omitempty"` // what they say
	LegOf      *Peer         `cbor:"22,keyasint,omitempty"` // the call whose leg this one is
	Number     string        `cbor:"23,keyasint,omitempty"` // of the phone
}

// Peer is a call of somebody else.
type Peer struct {
	Customer string          `cbor:"1,keyasint"`
	Session  string          `cbor:"2,keyasint"`
	Number   customer.Number `cbor:"3,keyasint"`
}

// Dialing is a dial that is going on.
type Dialing struct {
	Left       []customer.Number `cbor:"1,keyasint,omitempty"` // not called yet
	Legs       []Peer            `cbor:"2,keyasint,omitempty"` // that ring
	Sequential bool              `cbor:"3,keyasint,omitempty"`
	Record     bool              `cbor:"4,keyasint,omitempty"`
	MaxTime    time.Duration     `cbor:"5,keyasint,omitempty"`
	CallerID   string            `cbor:"6,keyasint,omitempty"`
	StartedAt  time.Time         `cbor:"7,keyasint,omitzero"` // dialled, or connected
	Last       string            `cbor:"8,keyasint,omitempty"`
	Cause      HangupCause       `cbor:"9,keyasint,omitempty"` // of the last leg that failed
}

// QueuePlace is a place in a queue.
type QueuePlace struct {
	Channel ChannelNumber `cbor:"1,keyasint"`
	Name    string        `cbor:"2,keyasint,omitempty"`
	At      time.Time     `cbor:"3,keyasint"`
}

// CallEnv is what the rules of a call ask the world for.
type CallEnv struct {
	Now time.Time
	// PlanTime is how long the call waits for a plan where nobody tells it that the app has failed: the
	// server was killed meanwhile.
	PlanTime time.Duration
	// Record makes a recording of that length and gives its address.
	Record func(d time.Duration) (url string)
}

// CallTurn is what follows from something that happened to a call, in the order of the fields.
type CallTurn struct {
	Heard  []VoiceAction // by the phone
	Events []VoiceInput  // for the app
	Asks   bool          // the last of the events waits for the app's plan
	Leave  *QueuePlace   // the queue that it was in
	Tell   []PeerNews    // other calls
	Over   bool          // the last of the events, if it has any, is the final one
	Reason EndReason

	// At most one of these, and the method of the same name goes on with what came of it.
	Ring    []customer.Number // Ringing
	Enqueue *QueuePlace       // nothing
	Dequeue *QueuePlace       // Dequeued
}

// PeerNews is what one call tells another.
type PeerNews struct {
	To       Peer
	Answered bool
	Cause    HangupCause // of a peer that is gone
}

// IncomingCall is a call of a phone.
func IncomingCall(app string, ringing bool, env *CallEnv) (*Call, CallTurn) {
	c := &Call{App: app, StartedAt: env.Now}
	var t CallTurn
	status := CallActive
	if ringing {
		status = CallRinging
	} else {
		c.AnsweredAt = env.Now
	}
	c.event(&t, status)
	c.ask(env, &t)
	return c, t
}

// OutgoingCall is a call to a phone; the plan runs when it is answered.
func OutgoingCall(app string, plan []VoiceAction, env *CallEnv) (*Call, CallTurn) {
	c := &Call{App: app, Outbound: true, StartedAt: env.Now, Plan: plan}
	var t CallTurn
	c.event(&t, CallQueued)
	c.event(&t, CallRinging)
	c.wait(env, WaitsForAnswer, RingTime)
	return c, t
}

// Leg is a call to a phone that a dial of another call makes.
func Leg(app string, of Peer, env *CallEnv) *Call {
	c := &Call{App: app, Outbound: true, StartedAt: env.Now, LegOf: &of, Status: CallRinging}
	c.wait(env, WaitsForAnswer, 0) // the dial has the time
	return c
}

// clone gives a copy that shares nothing that a method changes.
func (c *Call) clone() *Call {
	d := *c
	if c.Dial != nil {
		dial := *c.Dial
		dial.Legs = slices.Clone(dial.Legs)
		d.Dial = &dial
	}
	return &d
}

func (c *Call) wait(env *CallEnv, w CallWait, d time.Duration) {
	c.Wait, c.Since, c.Until = w, env.Now, time.Time{}
	c.Turn++
	if d > 0 {
		c.Until = env.Now.Add(d)
	}
}

// event adds an event for the app. A leg has none: its call tells of it.
func (c *Call) event(t *CallTurn, status CallStatus) *VoiceInput {
	c.Status = status
	if c.LegOf != nil {
		return &VoiceInput{}
	}
	in := VoiceInput{Direction: 1, Status: status, StartedAt: c.StartedAt}
	if c.Outbound {
		in.Direction = 2
	}
	t.Events = append(t.Events, in)
	return &t.Events[len(t.Events)-1]
}

// ask has the last event wait for a plan.
func (c *Call) ask(env *CallEnv, t *CallTurn) {
	t.Asks = true
	c.Plan = nil
	c.wait(env, WaitsForPlan, env.PlanTime)
}

// Answer is the phone that rang being picked up.
func (c *Call) Answer(env *CallEnv) (t CallTurn) {
	if c.Wait != WaitsForAnswer {
		return t
	}
	c.AnsweredAt = env.Now
	c.event(&t, CallAnswered)
	switch {
	case c.LegOf != nil:
		c.Peer = c.LegOf
		c.Status = CallBridged
		c.wait(env, Talks, 0) // the dial has the time
		t.Tell = []PeerNews{{To: *c.LegOf, Answered: true}}
	case len(c.Plan) == 0:
		c.ask(env, &t)
	default:
		c.run(env, &t)
	}
	return t
}

// Next is the plan that the app answers with. No plan hangs up.
func (c *Call) Next(env *CallEnv, plan []VoiceAction) (t CallTurn) {
	if c.Wait != WaitsForPlan {
		return t
	}
	c.Asked, c.Plan = "", plan
	if c.AnsweredAt.IsZero() {
		if len(plan) == 0 {
			c.end(env, &t, CallCompleted, CauseRejected)
			return t
		}
		if !plan[0].Reject {
			c.AnsweredAt, c.Status = env.Now, CallActive
		}
	}
	c.run(env, &t)
	return t
}

// run carries out the plan until something has to be waited for.
func (c *Call) run(env *CallEnv, t *CallTurn) {
	for len(c.Plan) > 0 {
		a := c.Plan[0]
		c.Plan = c.Plan[1:]
		t.Heard = append(t.Heard, a)
		switch {
		case a.RecordSession:
			if c.RecordFrom.IsZero() {
				c.RecordFrom = env.Now
			}
		case a.GetDigits != nil:
			c.Digits, c.Pressed = a.GetDigits, ""
			c.wait(env, WaitsForDigits, orElse(a.GetDigits.Timeout, InputTime))
			return
		case a.GetRecording != nil:
			c.Speech = a.GetRecording
			c.wait(env, WaitsForSpeech, orElse(a.GetRecording.Timeout, InputTime))
			return
		case a.Dial != nil:
			c.dial(env, t, a.Dial)
			return
		case a.Enqueue != nil:
			c.Queued = &QueuePlace{Name: deref(a.Enqueue.Queue), At: env.Now}
			c.event(t, CallEnqueued).Queue = &Queue{EnqueuedAt: env.Now}
			t.Enqueue = c.Queued
			c.wait(env, WaitsInQueue, QueueTime)
			return
		case a.Dequeue != nil:
			c.RecordTalk = a.Dequeue.Record
			t.Dequeue = &QueuePlace{Channel: a.Dequeue.Channel, Name: deref(a.Dequeue.Queue)}
			c.wait(env, WaitsInQueue, 0)
			return
		case a.Reject:
			c.end(env, t, CallCompleted, CauseRejected)
			return
		case a.Redirect != nil:
			c.event(t, CallTransferred)
			c.end(env, t, CallCompleted, CauseNormal)
			return
		}
	}
	c.end(env, t, CallCompleted, CauseNormal)
}

// goOn runs what is left of the plan; where nothing is left, the last event asks.
func (c *Call) goOn(env *CallEnv, t *CallTurn) {
	if len(c.Plan) > 0 {
		c.run(env, t)
	} else {
		c.ask(env, t)
	}
}

// Due is the end of the time that the call waits.
func (c *Call) Due(env *CallEnv) (t CallTurn) {
	switch c.Wait {
	case WaitsForPlan:
		return c.Fail(env)
	case WaitsForAnswer:
		c.end(env, &t, CallNotAnswered, CauseNoAnswer)
	case WaitsForDigits, WaitsForSpeech:
		return c.Silent(env)
	case WaitsForLeg:
		c.cancelLegs(&t, CauseNoAnswer)
		c.Dial.Cause = CauseNoAnswer
		c.nextLeg(env, &t)
	case WaitsInQueue:
		t.Leave, c.Queued = c.Queued, nil
		c.run(env, &t)
	case Talks:
		t.Tell = append(t.Tell, PeerNews{To: *c.Peer, Cause: CauseTimer})
		c.talked(env, &t, CauseTimer)
	}
	return t
}

// HangUp is the phone that hangs up, with a cause or 0.
func (c *Call) HangUp(env *CallEnv, cause HangupCause) (t CallTurn) {
	switch {
	case c.Wait == CallOver:
	case c.Wait == WaitsForAnswer && cause == CauseUnallocated:
		c.end(env, &t, CallInvalidNumber, cause)
	case c.Wait == WaitsForAnswer:
		c.end(env, &t, CallNotAnswered, orElse(cause, CauseRejected))
	case c.AnsweredAt.IsZero():
		c.end(env, &t, CallCompleted, orElse(cause, CauseCancel))
	default:
		c.end(env, &t, CallCompleted, orElse(cause, CauseNormal))
	}
	return t
}

// Fail is an app that gave no plan, or one that cannot be carried out.
func (c *Call) Fail(env *CallEnv) (t CallTurn) {
	c.end(env, &t, CallApplicationError, CauseTemporaryFailure)
	return t
}

// end ends the call and all that hangs on it.
func (c *Call) end(env *CallEnv, t *CallTurn, status CallStatus, cause HangupCause) {
	if c.Wait == CallOver && c.Status.Final() {
		return
	}
	switch {
	case c.LegOf != nil:
		t.Tell = append(t.Tell, PeerNews{To: *c.LegOf, Cause: cause})
	case c.Dial != nil && c.Peer != nil:
		t.Tell = append(t.Tell, PeerNews{To: *c.Peer, Cause: cause})
		c.dialled(env, t, cause)
	case c.Dial != nil:
		c.cancelLegs(t, CauseCancel)
		c.dialled(env, t, CauseCancel)
	case c.Peer != nil:
		t.Tell = append(t.Tell, PeerNews{To: *c.Peer, Cause: cause})
		c.recordTalk(env)
	}
	t.Leave, c.Queued, c.Peer = c.Queued, nil, nil
	in := c.event(t, status)
	in.HangupCause = cause
	if in.RecordingURL = c.Recorded; !c.RecordFrom.IsZero() && env.Now.After(c.RecordFrom) {
		url := env.Record(env.Now.Sub(c.RecordFrom))
		in.RecordingURL = &url
	}
	c.Wait, c.Cause, c.Plan, c.Until, c.Asked, c.Recorded = CallOver, cause, nil, time.Time{}, "", nil
	t.Over, t.Asks, t.Reason = true, false, NormalClearing
	t.Ring, t.Enqueue, t.Dequeue = nil, nil, nil
	if status != CallCompleted {
		t.Reason = SessionFailure
	}
}

func orElse[T comparable](v, def T) T {
	var none T
	if v == none {
		return def
	}
	return v
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
