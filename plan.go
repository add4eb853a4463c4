package elarian

import (
	"math"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Plan is what happens in a call, one action after the other, the reference's array of VoiceAction:
//
//	elarian.Plan{
//		elarian.Say("Welcome to the clinic."),
//		elarian.GetDigits{Prompt: elarian.Say("Press 1 for an appointment."), Digits: 1},
//	}
//
// At the end of a plan the call is hung up. [GetDigits] and [GetRecording] end a plan: their result goes to
// [OnVoice], which says how the call goes on. A plan is a [Body], for voice channels.
type Plan []CallAction

// CallAction is one step of a [Plan]: [Say], [Play], [GetDigits], [GetRecording], [RecordSession], [Dial],
// [Enqueue], [Dequeue], [Reject] or [Redirect].
type CallAction interface {
	action() *pb.VoiceCallAction
}

// Prompt is what somebody hears before they press keys or speak: [Say] or [Play].
type Prompt interface {
	CallAction
	prompt() (*pb.SayCallAction, *pb.PlayCallAction)
}

func (p Plan) outbound() *pb.OutboundMessage {
	plan := &pb.VoiceCallDialplanMessageBody{}
	for _, a := range p {
		if a != nil {
			plan.Actions = append(plan.Actions, a.action())
		}
	}
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Voice{Voice: plan}}}
}

// TextVoice is who speaks a text.
type TextVoice int32

// The voices.
const (
	VoiceDefault TextVoice = TextVoice(pb.TextToSpeechVoice_TEXT_TO_SPEECH_VOICE_UNSPECIFIED)
	VoiceMale    TextVoice = TextVoice(pb.TextToSpeechVoice_TEXT_TO_SPEECH_VOICE_MALE)
	VoiceFemale  TextVoice = TextVoice(pb.TextToSpeechVoice_TEXT_TO_SPEECH_VOICE_FEMALE)
)

// SayAction speaks a text. Make one with [Say], or directly to choose the voice.
type SayAction struct {
	Text  string
	Voice TextVoice
	Beep  bool // after the text
}

// Say speaks a text. Arguments are for the text's verbs, as in [Ask].
func Say(text string, args ...any) SayAction { return SayAction{Text: format(text, args)} }

func (a SayAction) say() *pb.SayCallAction {
	return &pb.SayCallAction{Text: a.Text, Voice: pb.TextToSpeechVoice(a.Voice), PlayBeep: a.Beep}
}

func (a SayAction) prompt() (*pb.SayCallAction, *pb.PlayCallAction) { return a.say(), nil }

func (a SayAction) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Say{Say: a.say()}}
}

// PlayAction plays a sound. Make one with [Play].
type PlayAction struct{ URL string }

// Play plays the sound at a URL.
func Play(url string) PlayAction { return PlayAction{url} }

func (a PlayAction) prompt() (*pb.SayCallAction, *pb.PlayCallAction) {
	return nil, &pb.PlayCallAction{Url: a.URL}
}

func (a PlayAction) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Play{Play: &pb.PlayCallAction{Url: a.URL}}}
}

// GetDigits waits for keys to be pressed; the result is a [CallEvent] with Digits. The keys are complete
// with the number of Digits, or with the key FinishOnKey, which is not part of the result; where neither is
// set, with the first that are pressed. When Timeout is over (0 is 10 s), those pressed so far count, if any.
type GetDigits struct {
	Prompt      Prompt
	Digits      int
	FinishOnKey string
	Timeout     time.Duration
}

func (a GetDigits) action() *pb.VoiceCallAction {
	g := &pb.GetDigitsCallAction{Timeout: optionalDuration(a.Timeout), FinishOnKey: optionalString(a.FinishOnKey), NumDigits: optionalInt(a.Digits)}
	if a.Prompt != nil {
		if say, play := a.Prompt.prompt(); say != nil {
			g.Prompt = &pb.GetDigitsCallAction_Say{Say: say}
		} else {
			g.Prompt = &pb.GetDigitsCallAction_Play{Play: play}
		}
	}
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_GetDigits{GetDigits: g}}
}

// GetRecording records what is said; the result is a [CallEvent] with the RecordingURL, or without one where
// nobody spoke within Timeout (0 is 10 s). MaxLength 0 is a minute.
type GetRecording struct {
	Prompt      Prompt
	MaxLength   time.Duration
	FinishOnKey string
	Timeout     time.Duration
	Beep        bool
	TrimSilence bool
}

func (a GetRecording) action() *pb.VoiceCallAction {
	g := &pb.GetRecordingCallAction{
		Timeout: optionalDuration(a.Timeout), MaxLength: optionalDuration(a.MaxLength), FinishOnKey: optionalString(a.FinishOnKey),
		PlayBeep: a.Beep, TrimSilence: a.TrimSilence,
	}
	if a.Prompt != nil {
		if say, play := a.Prompt.prompt(); say != nil {
			g.Prompt = &pb.GetRecordingCallAction_Say{Say: say}
		} else {
			g.Prompt = &pb.GetRecordingCallAction_Play{Play: play}
		}
	}
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_GetRecording{GetRecording: g}}
}

// RecordSessionAction records the call from here to its end. Make one with [RecordSession].
type RecordSessionAction struct{}

// RecordSession records the call from here to its end; the RecordingURL is that of the event in [OnVoiceEnd].
func RecordSession() RecordSessionAction { return RecordSessionAction{} }

func (RecordSessionAction) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_RecordSession{RecordSession: &pb.RecordSessionCallAction{}}}
}

// Dial calls others and connects the first who answers; the plan goes on when they have talked, or when nobody
// has answered. Where nothing is left of it, [OnVoice] gets CallDialCompleted and says how the call goes on.
type Dial struct {
	// Numbers are called all at once, or with Sequential one after the other, 30 s each.
	Numbers    []CustomerNumber
	Sequential bool
	// Record gives the event CallDialCompleted a RecordingURL of the talk.
	Record       bool
	RingbackTone string
	// CallerID is the voice number of the org that they see; empty is that of the call.
	CallerID string
	// MaxDuration of the talk; 0 is 4 h.
	MaxDuration time.Duration
}

func (a Dial) action() *pb.VoiceCallAction {
	d := &pb.DialCallAction{
		Record: a.Record, Sequential: a.Sequential, RingbackTone: optionalString(a.RingbackTone),
		CallerId: optionalString(a.CallerID), MaxDuration: optionalInt(int(math.Ceil(a.MaxDuration.Seconds()))),
	}
	for _, n := range a.Numbers {
		d.CustomerNumbers = append(d.CustomerNumbers, n.proto())
	}
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Dial{Dial: d}}
}

// Enqueue has the call wait in a queue of its voice number until another call takes it out by [Dequeue], for an
// hour at most. After their talk, or the hour, the plan goes on.
type Enqueue struct {
	Queue     string
	HoldMusic string // a URL
}

func (a Enqueue) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Enqueue{Enqueue: &pb.EnqueueCallAction{
		QueueName: optionalString(a.Queue), HoldMusic: optionalString(a.HoldMusic)}}}
}

// Dequeue connects the call with the one that has waited longest in a queue. Both calls' apps are told,
// CallDequeued, and when they have talked the plan of each goes on. Where nobody waits it goes on at once;
// where nothing is left of it, [OnVoice] gets CallDequeued without Queue and says how the call goes on.
type Dequeue struct {
	Queue string
	// Channel is the voice number whose queue it is; zero is that of the call.
	Channel MessagingChannelNumber
	// Record gives the next event that has none of its own a RecordingURL of the talk.
	Record bool
}

func (a Dequeue) action() *pb.VoiceCallAction {
	d := &pb.DequeueCallAction{QueueName: optionalString(a.Queue), Record: a.Record}
	if a.Channel.Number != "" {
		d.ChannelNumber = a.Channel.proto()
	}
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Dequeue{Dequeue: d}}
}

// RejectAction turns a call down. Make one with [Reject].
type RejectAction struct{}

// Reject turns a call down that rings; one that was answered is hung up.
func Reject() RejectAction { return RejectAction{} }

func (RejectAction) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Reject{Reject: &pb.RejectCallAction{}}}
}

// RedirectAction hands the call over. Make one with [Redirect].
type RedirectAction struct{ URL string }

// Redirect hands the call over to whoever answers at the URL, and it is over for the app: CallTransferred, and
// then the end. In a sandbox the phone is shown the URL; nothing is fetched.
func Redirect(url string) RedirectAction { return RedirectAction{url} }

func (a RedirectAction) action() *pb.VoiceCallAction {
	return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Redirect{Redirect: &pb.RedirectCallAction{Url: a.URL}}}
}

func optionalString(s string) *wrapperspb.StringValue {
	if s == "" {
		return nil
	}
	return wrapperspb.String(s)
}

func optionalInt(n int) *wrapperspb.Int32Value {
	if n == 0 {
		return nil
	}
	return wrapperspb.Int32(int32(max(math.MinInt32, min(n, math.MaxInt32))))
}

func optionalDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// plan reads a dial plan as a phone hears it.
func plan(v *pb.VoiceCallDialplanMessageBody) Plan {
	out := make(Plan, 0, len(v.GetActions()))
	for _, a := range v.GetActions() {
		if action := callAction(a); action != nil {
			out = append(out, action)
		}
	}
	return out
}

func callAction(a *pb.VoiceCallAction) CallAction {
	switch e := a.GetEntry().(type) {
	case *pb.VoiceCallAction_Say:
		return sayAction(e.Say)
	case *pb.VoiceCallAction_Play:
		return Play(e.Play.GetUrl())
	case *pb.VoiceCallAction_GetDigits:
		g := e.GetDigits
		return GetDigits{promptOf(g.GetSay(), g.GetPlay()), int(g.GetNumDigits().GetValue()), g.GetFinishOnKey().GetValue(), g.GetTimeout().AsDuration()}
	case *pb.VoiceCallAction_GetRecording:
		g := e.GetRecording
		return GetRecording{promptOf(g.GetSay(), g.GetPlay()), g.GetMaxLength().AsDuration(), g.GetFinishOnKey().GetValue(), g.GetTimeout().AsDuration(), g.GetPlayBeep(), g.GetTrimSilence()}
	case *pb.VoiceCallAction_RecordSession:
		return RecordSession()
	case *pb.VoiceCallAction_Dial:
		d := e.Dial
		out := Dial{Sequential: d.GetSequential(), Record: d.GetRecord(), RingbackTone: d.GetRingbackTone().GetValue(),
			CallerID: d.GetCallerId().GetValue(), MaxDuration: time.Duration(d.GetMaxDuration().GetValue()) * time.Second}
		for _, n := range d.GetCustomerNumbers() {
			out.Numbers = append(out.Numbers, customerNumber(n))
		}
		return out
	case *pb.VoiceCallAction_Enqueue:
		return Enqueue{e.Enqueue.GetQueueName().GetValue(), e.Enqueue.GetHoldMusic().GetValue()}
	case *pb.VoiceCallAction_Dequeue:
		return Dequeue{e.Dequeue.GetQueueName().GetValue(), messagingChannelNumber(e.Dequeue.GetChannelNumber()), e.Dequeue.GetRecord()}
	case *pb.VoiceCallAction_Reject:
		return Reject()
	case *pb.VoiceCallAction_Redirect:
		return Redirect(e.Redirect.GetUrl())
	}
	return nil
}

func sayAction(s *pb.SayCallAction) SayAction {
	return SayAction{s.GetText(), TextVoice(s.GetVoice()), s.GetPlayBeep()}
}

func promptOf(say *pb.SayCallAction, play *pb.PlayCallAction) Prompt {
	switch {
	case say != nil:
		return sayAction(say)
	case play != nil:
		return Play(play.GetUrl())
	}
	return nil
}
