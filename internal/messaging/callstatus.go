package messaging

// CallStatus is where a call stands; the values are the wire's VoiceCallStatus.
type CallStatus int32

// The statuses of a call.
const (
	CallQueued             CallStatus = 100
	CallAnswered           CallStatus = 101
	CallRinging            CallStatus = 102
	CallActive             CallStatus = 200
	CallDialing            CallStatus = 201
	CallDialCompleted      CallStatus = 202
	CallBridged            CallStatus = 203
	CallEnqueued           CallStatus = 204
	CallDequeued           CallStatus = 205
	CallTransferred        CallStatus = 206
	CallTransferCompleted  CallStatus = 207
	CallCompleted          CallStatus = 300
	CallInsufficientCredit CallStatus = 400
	CallNotAnswered        CallStatus = 401
	CallInvalidNumber      CallStatus = 402
	CallGatewayError       CallStatus = 407
	CallApplicationError   CallStatus = 501
)

// Final says whether nothing follows.
func (s CallStatus) Final() bool { return s >= CallCompleted }

// Known says whether there is such a status.
func (s CallStatus) Known() bool {
	return s >= CallQueued && s <= CallRinging || s >= CallActive && s <= CallTransferCompleted || s == CallCompleted ||
		s >= CallInsufficientCredit && s <= CallGatewayError || s == CallApplicationError
}

// HangupCause is why a call, or a leg of one, ended; the values are the wire's.
type HangupCause int32

// The causes that we give ourselves; phones may give any of the wire's.
const (
	CauseUnallocated      HangupCause = 1
	CauseNormal           HangupCause = 16
	CauseBusy             HangupCause = 17
	CauseNoAnswer         HangupCause = 19
	CauseRejected         HangupCause = 21
	CauseTemporaryFailure HangupCause = 41
	CauseTimer            HangupCause = 102
	CauseCancel           HangupCause = 487
	CauseLoseRace         HangupCause = 502
)
