package elarian

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Call is a call of a simulated phone: made by [Simulator.Call], or given to [Simulator.OnCall].
//
//	call, err := simulator.Call(ctx, "+254710000001", elarian.Voice("+254711621711"))
//	err = call.Press(ctx, "1")
//	err = call.Speak(ctx, 5*time.Second)
//	err = call.HangUp(ctx)
//
// What a method does, it has done when it returns, and [Call.Heard] has what the app answered. What others
// do, such as the one it is connected with, comes at any time: [Call.Changed] tells.
type Call struct {
	// Number is the phone's.
	Number string
	// Channel is the org's number.
	Channel MessagingChannelNumber

	simulator *Simulator

	mu        sync.Mutex // guards what follows
	session   string
	heard     Plan
	status    CallStatus
	cause     HangupCause
	connected string
	changed   chan struct{} // closed with each change, then replaced
}

// callLine is a phone and the number that it talks with: there is one call at a time.
type callLine struct {
	number  string
	channel MessagingChannelNumber
}

// lines are the calls that a simulator plays.
type lines struct {
	mu    sync.Mutex // guards calls
	calls map[callLine]*Call
}

func (l *lines) put(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = make(map[callLine]*Call)
	}
	l.calls[callLine{c.Number, c.Channel}] = c
}

func (l *lines) get(n callLine) *Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[n]
}

// remove forgets a call that is over.
func (l *lines) remove(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := (callLine{c.Number, c.Channel}); l.calls[n] == c {
		delete(l.calls, n)
	}
}

// Call has a phone call one of the org's voice numbers, and returns when the app has said what happens in
// the call, or has rejected it: see [Call.Over]. When there is no app, no answer or no such channel, the error says so.
func (s *Simulator) Call(ctx context.Context, from string, to MessagingChannelNumber) (*Call, error) {
	c := &Call{Number: phoneNumber(from), Channel: to, simulator: s, status: CallRinging, changed: make(chan struct{})}
	s.lines.put(c)
	err := c.do(ctx, CallInput{Status: CallRinging}, 0)
	if err != nil {
		s.lines.remove(c)
	}
	return c, err
}

// phoneNumber leaves out what people put into numbers for their eyes, as the server does.
func phoneNumber(s string) string { return strings.NewReplacer(" ", "", "-", "").Replace(s) }

// OnCall sets the handler of phones that ring, the reference's makeVoiceCall: because an app called the number, or
// a call dialled it. The handler answers, rejects, or does neither, and the phone rings on. Every
// simulator of the org is told of every call; look at call.Number.
func (s *Simulator) OnCall(handler func(ctx context.Context, call *Call) error) {
	if s.link.isStarted() {
		panic("elarian: handlers must be set before Connect or Run")
	}
	s.makeVoiceCall = handler
}

func (s *Simulator) ring(m *pb.MakeVoiceCallSimulatorNotification) (line string, handle func(ctx context.Context) error) {
	c := &Call{
		Number: m.GetCustomerNumber().GetNumber(), Channel: messagingChannelNumber(m.GetChannelNumber()), simulator: s,
		session: m.GetSessionId(), status: CallRinging, changed: make(chan struct{}),
	}
	s.lines.put(c)
	if s.makeVoiceCall == nil {
		return "", nil
	}
	return between(c.Channel, c.Number), func(ctx context.Context) error { return s.makeVoiceCall(ctx, c) }
}

// Answer picks up the phone that rings.
func (c *Call) Answer(ctx context.Context) error {
	return c.do(ctx, CallInput{Status: CallAnswered}, 0)
}

// Reject turns the call down that rings, with a cause or 0.
func (c *Call) Reject(ctx context.Context, cause HangupCause) error {
	return c.do(ctx, CallInput{Status: CallNotAnswered, HangupCause: cause}, 0)
}

// Press presses keys: 0 to 9, *, # and A to D. Where more are needed than these, it returns at once.
func (c *Call) Press(ctx context.Context, keys string) error {
	return c.do(ctx, CallInput{Status: CallActive, Digits: keys}, 0)
}

// Speak speaks into a [GetRecording] for a while. No time passes.
func (c *Call) Speak(ctx context.Context, d time.Duration) error {
	return c.do(ctx, CallInput{Status: CallActive, RecordingURL: "spoken"}, d)
}

// Stay presses nothing and says nothing until the call does not wait for it any more.
func (c *Call) Stay(ctx context.Context) error { return c.do(ctx, CallInput{Status: CallActive}, 0) }

// HangUp ends the call from the phone's side. One that is over already stays so.
func (c *Call) HangUp(ctx context.Context) error {
	if c.Over() {
		return nil
	}
	return c.do(ctx, CallInput{Status: CallCompleted, HangupCause: HangupNormal}, 0)
}

func (c *Call) do(ctx context.Context, in CallInput, spoken time.Duration) error {
	cmd := &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: c.Number, ChannelNumber: c.Channel.proto(), Parts: []*pb.InboundMessageBody{in.inbound()}, Duration: optionalDuration(spoken),
	}
	if session := c.SessionID(); session != "" {
		cmd.SessionId = wrapperspb.String(session)
	}
	_, err := c.simulator.do(ctx, &command{name: "Call", about: phone(c.Number)}, &pb.SimulatorToServerCommand{
		Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: cmd},
	}, func(r *pb.SimulatorToServerCommandReply) { c.update(r.GetCall(), r.GetMessage(), true) })
	return err
}

// update takes what the phone is told, in a reply to itself or not; false says that it is about another call.
func (c *Call) update(now *pb.SimulatedCall, m *pb.OutboundMessage, reply bool) bool {
	if now == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == "" && (reply || now.GetStatus() < pb.VoiceCallStatus_VOICE_CALL_STATUS_COMPLETED) { // otherwise it is of the call before
		c.session = now.GetSessionId()
	}
	if c.session != now.GetSessionId() {
		return false
	}
	c.heard = append(c.heard, plan(m.GetBody().GetVoice())...)
	if !c.status.Over() {
		c.status, c.cause, c.connected = CallStatus(now.GetStatus()), HangupCause(now.GetHangupCause()), now.GetConnectedTo()
	}
	close(c.changed)
	c.changed = make(chan struct{})
	if c.status.Over() {
		c.simulator.lines.remove(c)
	}
	return true
}

// SessionID is the session of the call.
func (c *Call) SessionID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Heard is all that the phone has heard so far. The last may be what the call waits for: [GetDigits],
// [GetRecording], [Dial], [Enqueue] or [Dequeue].
func (c *Call) Heard() Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard)
}

// Status is where the call stands.
func (c *Call) Status() CallStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Over tells whether the call has ended, and why.
func (c *Call) Over() bool { return c.Status().Over() }

// HangupCause is why the call ended.
func (c *Call) HangupCause() HangupCause {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// ConnectedTo is the number that it talks with, by a [Dial] or out of a queue; empty for none.
func (c *Call) ConnectedTo() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected
}

// Changed is closed when the phone hears more, or the call stands elsewhere, after this call of Changed.
func (c *Call) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
