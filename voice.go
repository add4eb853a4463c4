package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// CallStatus is where a call stands.
type CallStatus int32

// The statuses of a call. From [CallCompleted] on it is over.
const (
	CallQueued             CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_QUEUED)
	CallAnswered           CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_ANSWERED)
	CallRinging            CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_RINGING)
	CallActive             CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_ACTIVE)
	CallDialing            CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_DIALING)
	CallDialCompleted      CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_DIAL_COMPLETED)
	CallBridged            CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_BRIDGED)
	CallEnqueued           CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_ENQUEUED)
	CallDequeued           CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_DEQUEUED)
	CallTransferred        CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_TRANSFERRED)
	CallTransferCompleted  CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_TRANSFER_COMPLETED)
	CallCompleted          CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_COMPLETED)
	CallInsufficientCredit CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_INSUFFICIENT_CREDIT)
	CallNotAnswered        CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_NOT_ANSWERED)
	CallInvalidNumber      CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_INVALID_PHONE_NUMBER)
	CallNotSupported       CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_DESTINATION_NOT_SUPPORTED)
	CallDecommissioned     CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_DECOMMISSIONED_CUSTOMERID)
	CallExpired            CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_EXPIRED)
	CallInvalidChannel     CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_INVALID_CHANNEL_NUMBER)
	CallGatewayError       CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_GATEWAY_ERROR)
	CallApplicationError   CallStatus = CallStatus(pb.VoiceCallStatus_VOICE_CALL_STATUS_APPLICATION_ERROR)
)

// String gives the reference's name, such as "dial_completed".
func (s CallStatus) String() string {
	return enumName(pb.VoiceCallStatus_name, "VOICE_CALL_STATUS_", int32(s))
}

// Over tells whether the call has ended.
func (s CallStatus) Over() bool { return s >= CallCompleted }

// HangupCause is why a call, or a leg of one, ended.
type HangupCause int32

// The hang-up causes.
const (
	HangupUnallocatedNumber  HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_UNALLOCATED_NUMBER)
	HangupNormal             HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_NORMAL_CLEARING)
	HangupBusy               HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_USER_BUSY)
	HangupNoUserResponse     HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_NO_USER_RESPONSE)
	HangupNoAnswer           HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_NO_ANSWER)
	HangupSubscriberAbsent   HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_SUBSCRIBER_ABSENT)
	HangupRejected           HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_CALL_REJECTED)
	HangupUnspecified        HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_NORMAL_UNSPECIFIED)
	HangupTemporaryFailure   HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_NORMAL_TEMPORARY_FAILURE)
	HangupServiceUnavailable HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_SERVICE_UNAVAILABLE)
	HangupTimer              HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_RECOVERY_ON_TIMER_EXPIRE)
	HangupCancelled          HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_ORIGINATOR_CANCEL)
	HangupLostRace           HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_LOSE_RACE)
	HangupNotRegistered      HangupCause = HangupCause(pb.VoiceCallHangupCause_VOICE_CALL_HANGUP_CAUSE_USER_NOT_REGISTERED)
)

// String gives the reference's name, such as "user_busy".
func (c HangupCause) String() string {
	return enumName(pb.VoiceCallHangupCause_name, "VOICE_CALL_HANGUP_CAUSE_", int32(c))
}

// CallEvent is something that happened in a call.
type CallEvent struct {
	Notification
	MessageID string
	// SessionID is the same in all events of a call.
	SessionID string
	// Channel is the org's number.
	Channel MessagingChannelNumber
	// Outbound tells that the app called the customer.
	Outbound  bool
	Status    CallStatus
	StartedAt time.Time
	// HangupCause is set when the call is over, and in CallDialCompleted.
	HangupCause HangupCause
	// Digits are the keys that were pressed for a [GetDigits], empty where none were.
	Digits string
	// RecordingURL is where a recording can be fetched, for a day.
	RecordingURL string
	Dial         *DialResult
	Queue        *QueueResult
}

// DialResult tells of a [Dial].
type DialResult struct {
	Number    string
	StartedAt time.Time
	Duration  time.Duration // of the talk; 0 where nobody answered
}

// QueueResult tells of a call's time in a queue, and whom it was connected to.
type QueueResult struct {
	EnqueuedAt, DequeuedAt time.Time
	Duration               time.Duration
	ConnectedTo            string // the number of the other
	ConnectedToSession     string
}

// OnVoice sets the handler of calls, the reference's voiceCall. It is called for each event of a call with the
// app data of the customer, decoded into a T (see [OnUSSD]), and its plan is what happens next; nil hangs up.
// Events of one customer come strictly one after the other.
//
// A plan is asked for when a customer calls (CallRinging, or CallActive), with each result of [GetDigits]
// and [GetRecording] (CallActive), and when a plan ends with a [Dial] or a [Dequeue] that found nobody
// (CallDialCompleted, CallDequeued). It must be there within the server's time for it, 10 s by default. The
// other events tell what goes on: a plan returned for them is ignored, and nil does not hang up.
//
// When the handler returns an error or panics, that is logged and the call ends. All ends are told to
// [OnVoiceEnd].
func OnVoice[T any](c *Client, handler func(ctx context.Context, call *CallEvent, data *T) (Plan, error)) {
	c.handle(eventVoice, typed(func(ctx context.Context, n *notice, data *T) (Body, error) {
		plan, err := handler(ctx, n.callEvent(), data)
		if plan == nil {
			return nil, err
		}
		return plan, err
	}))
}

// OnVoiceEnd sets the handler of calls that are over: call.Status and call.HangupCause say how. It is
// called once for each call. The place to put *data back to its start, and to fetch what [RecordSession] has recorded.
func OnVoiceEnd[T any](c *Client, handler func(ctx context.Context, call *CallEvent, data *T) error) {
	c.handle(eventVoiceEnd, typed(func(ctx context.Context, n *notice, data *T) (Body, error) {
		return nil, handler(ctx, n.callEvent(), data)
	}))
}

// MakeVoiceCall calls the customer from one of the org's voice numbers. It returns when their phone
// rings, with [MessageSessionInitiated] and the SessionID of the call; the actions are carried out when
// they answer. Without actions [OnVoice] is asked then. Somebody who is in a call already is [ErrBusy].
func (c *Customer) MakeVoiceCall(ctx context.Context, from MessagingChannelNumber, actions ...CallAction) (MessageReply, error) {
	return c.SendMessage(ctx, from, Plan(actions))
}

func (n *notice) callEvent() *CallEvent {
	m := n.entry.GetReceivedMessage()
	v := voiceInput(m)
	e := &CallEvent{
		Notification: n.Notification,
		MessageID:    m.GetMessageId(),
		SessionID:    m.GetSessionId().GetValue(),
		Channel:      messagingChannelNumber(m.GetChannelNumber()),
		Outbound:     v.GetDirection() == pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND,
		Status:       CallStatus(v.GetStatus()),
		StartedAt:    moment(v.GetStartedAt()),
		HangupCause:  HangupCause(v.GetHangupCause()),
		Digits:       v.GetDtmfDigits().GetValue(),
		RecordingURL: v.GetRecordingUrl().GetValue(),
	}
	if d := v.GetDialData(); d != nil {
		e.Dial = &DialResult{d.GetDestinationNumber(), moment(d.GetStartedAt()), d.GetDuration().AsDuration()}
	}
	if q := v.GetQueueData(); q != nil {
		e.Queue = &QueueResult{moment(q.GetEnqueuedAt()), moment(q.GetDequeuedAt()), q.GetQueueDuration().AsDuration(),
			q.GetDequeuedToNumber().GetValue(), q.GetDequeuedToSessionId().GetValue()}
	}
	return e
}

func voiceInput(m *pb.ReceivedMessageNotification) *pb.VoiceCallInputMessageBody {
	for _, p := range m.GetParts() {
		if v := p.GetVoice(); v != nil {
			return v
		}
	}
	return nil
}

// CallInput is an event of a call as a message's part: what a phone does, or what an app was told.
type CallInput struct {
	Outbound     bool
	Status       CallStatus
	HangupCause  HangupCause
	Digits       string
	RecordingURL string
	// Dial tells what became of a leg of a [Dial]: CallBridged or CallDialCompleted.
	Dial *DialResult
}

func (v CallInput) inbound() *pb.InboundMessageBody {
	in := &pb.VoiceCallInputMessageBody{
		Direction: pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_INBOUND, Status: pb.VoiceCallStatus(v.Status),
		HangupCause: pb.VoiceCallHangupCause(v.HangupCause), DtmfDigits: optionalString(v.Digits), RecordingUrl: optionalString(v.RecordingURL),
	}
	if v.Outbound {
		in.Direction = pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND
	}
	if v.Dial != nil {
		in.DialData = &pb.VoiceCallDialInput{DestinationNumber: v.Dial.Number, Duration: optionalDuration(v.Dial.Duration)}
	}
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Voice{Voice: in}}
}

func callInput(v *pb.VoiceCallInputMessageBody) CallInput {
	in := CallInput{
		Outbound: v.GetDirection() == pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND, Status: CallStatus(v.GetStatus()),
		HangupCause: HangupCause(v.GetHangupCause()), Digits: v.GetDtmfDigits().GetValue(), RecordingURL: v.GetRecordingUrl().GetValue(),
	}
	if d := v.GetDialData(); d != nil {
		in.Dial = &DialResult{d.GetDestinationNumber(), moment(d.GetStartedAt()), d.GetDuration().AsDuration()}
	}
	return in
}
