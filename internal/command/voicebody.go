package command

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
)

// Dial plans and events of calls, between the wire and the rules' types.

func actionOf(a *pb.VoiceCallAction) messaging.VoiceAction {
	var action messaging.VoiceAction
	switch e := a.GetEntry().(type) {
	case *pb.VoiceCallAction_Say:
		action.Say = sayOf(e.Say)
	case *pb.VoiceCallAction_Play:
		action.Play = playOf(e.Play)
	case *pb.VoiceCallAction_GetDigits:
		d := e.GetDigits
		action.GetDigits = &messaging.GetDigits{Timeout: durationOf(d.GetTimeout()), FinishOnKey: pointed(d.GetFinishOnKey()), Digits: int32Of(d.GetNumDigits())}
		if d.GetSay() != nil {
			action.GetDigits.Say = sayOf(d.GetSay())
		}
		if d.GetPlay() != nil {
			action.GetDigits.Play = playOf(d.GetPlay())
		}
	case *pb.VoiceCallAction_Dial:
		d := e.Dial
		dial := &messaging.Dial{Record: d.GetRecord(), Sequential: d.GetSequential(), RingbackTone: pointed(d.GetRingbackTone()),
			CallerID: pointed(d.GetCallerId()), MaxSeconds: int32Of(d.GetMaxDuration())}
		for _, n := range d.GetCustomerNumbers() {
			dial.Numbers = append(dial.Numbers, numberOf(n))
		}
		action.Dial = dial
	case *pb.VoiceCallAction_RecordSession:
		action.RecordSession = true
	case *pb.VoiceCallAction_GetRecording:
		g := e.GetRecording
		action.GetRecording = &messaging.GetRecording{Timeout: durationOf(g.GetTimeout()), MaxLength: durationOf(g.GetMaxLength()),
			FinishOnKey: pointed(g.GetFinishOnKey()), Beep: g.GetPlayBeep(), TrimSilence: g.GetTrimSilence()}
		if g.GetSay() != nil {
			action.GetRecording.Say = sayOf(g.GetSay())
		}
		if g.GetPlay() != nil {
			action.GetRecording.Play = playOf(g.GetPlay())
		}
	case *pb.VoiceCallAction_Enqueue:
		action.Enqueue = &messaging.Enqueue{HoldMusic: pointed(e.Enqueue.GetHoldMusic()), Queue: pointed(e.Enqueue.GetQueueName())}
	case *pb.VoiceCallAction_Dequeue:
		action.Dequeue = &messaging.Dequeue{Channel: channelOf(e.Dequeue.GetChannelNumber()), Record: e.Dequeue.GetRecord(), Queue: pointed(e.Dequeue.GetQueueName())}
	case *pb.VoiceCallAction_Reject:
		action.Reject = true
	case *pb.VoiceCallAction_Redirect:
		action.Redirect = &messaging.Play{URL: e.Redirect.GetUrl()}
	}
	return action
}

func actionPB(a *messaging.VoiceAction) *pb.VoiceCallAction {
	switch {
	case a.Say != nil:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Say{Say: sayPB(a.Say)}}
	case a.Play != nil:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Play{Play: playPB(a.Play)}}
	case a.GetDigits != nil:
		g := &pb.GetDigitsCallAction{Timeout: durationPB(a.GetDigits.Timeout), FinishOnKey: pointedPB(a.GetDigits.FinishOnKey), NumDigits: int32PB(a.GetDigits.Digits)}
		switch {
		case a.GetDigits.Say != nil:
			g.Prompt = &pb.GetDigitsCallAction_Say{Say: sayPB(a.GetDigits.Say)}
		case a.GetDigits.Play != nil:
			g.Prompt = &pb.GetDigitsCallAction_Play{Play: playPB(a.GetDigits.Play)}
		}
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_GetDigits{GetDigits: g}}
	case a.Dial != nil:
		d := &pb.DialCallAction{Record: a.Dial.Record, Sequential: a.Dial.Sequential, RingbackTone: pointedPB(a.Dial.RingbackTone),
			CallerId: pointedPB(a.Dial.CallerID), MaxDuration: int32PB(a.Dial.MaxSeconds)}
		for _, n := range a.Dial.Numbers {
			d.CustomerNumbers = append(d.CustomerNumbers, numberPB(n))
		}
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Dial{Dial: d}}
	case a.RecordSession:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_RecordSession{RecordSession: &pb.RecordSessionCallAction{}}}
	case a.GetRecording != nil:
		g := &pb.GetRecordingCallAction{Timeout: durationPB(a.GetRecording.Timeout), MaxLength: durationPB(a.GetRecording.MaxLength),
			FinishOnKey: pointedPB(a.GetRecording.FinishOnKey), PlayBeep: a.GetRecording.Beep, TrimSilence: a.GetRecording.TrimSilence}
		switch {
		case a.GetRecording.Say != nil:
			g.Prompt = &pb.GetRecordingCallAction_Say{Say: sayPB(a.GetRecording.Say)}
		case a.GetRecording.Play != nil:
			g.Prompt = &pb.GetRecordingCallAction_Play{Play: playPB(a.GetRecording.Play)}
		}
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_GetRecording{GetRecording: g}}
	case a.Enqueue != nil:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Enqueue{Enqueue: &pb.EnqueueCallAction{HoldMusic: pointedPB(a.Enqueue.HoldMusic), QueueName: pointedPB(a.Enqueue.Queue)}}}
	case a.Dequeue != nil:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Dequeue{Dequeue: &pb.DequeueCallAction{
			ChannelNumber: channelPB(a.Dequeue.Channel), Record: a.Dequeue.Record, QueueName: pointedPB(a.Dequeue.Queue)}}}
	case a.Reject:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Reject{Reject: &pb.RejectCallAction{}}}
	case a.Redirect != nil:
		return &pb.VoiceCallAction{Entry: &pb.VoiceCallAction_Redirect{Redirect: &pb.RedirectCallAction{Url: a.Redirect.URL}}}
	}
	return &pb.VoiceCallAction{}
}

func sayOf(s *pb.SayCallAction) *messaging.Say {
	return &messaging.Say{Text: s.GetText(), Voice: int32(s.GetVoice()), Beep: s.GetPlayBeep()}
}

func sayPB(s *messaging.Say) *pb.SayCallAction {
	return &pb.SayCallAction{Text: s.Text, Voice: pb.TextToSpeechVoice(s.Voice), PlayBeep: s.Beep}
}

func playOf(p *pb.PlayCallAction) *messaging.Play { return &messaging.Play{URL: p.GetUrl()} }

func playPB(p *messaging.Play) *pb.PlayCallAction { return &pb.PlayCallAction{Url: p.URL} }

func int32Of(v *wrapperspb.Int32Value) *int32 {
	if v == nil {
		return nil
	}
	return &v.Value
}

func int32PB(v *int32) *wrapperspb.Int32Value {
	if v == nil {
		return nil
	}
	return wrapperspb.Int32(*v)
}

func voiceOf(v *pb.VoiceCallInputMessageBody) *messaging.VoiceInput {
	in := &messaging.VoiceInput{
		Direction: int32(v.GetDirection()), Status: messaging.CallStatus(v.GetStatus()), StartedAt: timeOf(v.GetStartedAt()),
		HangupCause: messaging.HangupCause(v.GetHangupCause()), Digits: pointed(v.GetDtmfDigits()), RecordingURL: pointed(v.GetRecordingUrl()),
	}
	if d := v.GetDialData(); d != nil {
		in.Dial = &messaging.DialInput{Number: d.DestinationNumber, StartedAt: timeOf(d.StartedAt), Duration: durationOf(d.Duration)}
	}
	if q := v.GetQueueData(); q != nil {
		in.Queue = &messaging.Queue{EnqueuedAt: timeOf(q.EnqueuedAt), DequeuedAt: timeOf(q.DequeuedAt), DequeuedTo: pointed(q.DequeuedToNumber),
			DequeuedToSession: pointed(q.DequeuedToSessionId), Duration: durationOf(q.QueueDuration)}
	}
	return in
}

func voicePB(v *messaging.VoiceInput) *pb.VoiceCallInputMessageBody {
	p := &pb.VoiceCallInputMessageBody{
		Direction: pb.CustomerEventDirection(v.Direction), Status: pb.VoiceCallStatus(v.Status), StartedAt: optionalTime(v.StartedAt),
		HangupCause: pb.VoiceCallHangupCause(v.HangupCause), DtmfDigits: pointedPB(v.Digits), RecordingUrl: pointedPB(v.RecordingURL),
	}
	if d := v.Dial; d != nil {
		p.DialData = &pb.VoiceCallDialInput{DestinationNumber: d.Number, StartedAt: optionalTime(d.StartedAt), Duration: durationPB(d.Duration)}
	}
	if q := v.Queue; q != nil {
		p.QueueData = &pb.VoiceCallQueueInput{EnqueuedAt: optionalTime(q.EnqueuedAt), DequeuedAt: optionalTime(q.DequeuedAt), DequeuedToNumber: pointedPB(q.DequeuedTo),
			DequeuedToSessionId: pointedPB(q.DequeuedToSession), QueueDuration: durationPB(q.Duration)}
	}
	return p
}

// optionalTime is absent where there is none.
func optionalTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
