package payment

import "fmt"

// Status is where a payment stands; the values are the wire's PaymentStatus.
type Status int32

// The statuses of a payment.
const (
	Unspecified              Status = 0
	Queued                   Status = 100
	PendingConfirmation      Status = 101
	PendingValidation        Status = 102
	Validated                Status = 103
	InvalidRequest           Status = 200
	NotSupported             Status = 201
	InsufficientFunds        Status = 202
	ApplicationError         Status = 203
	NotAllowed               Status = 204
	DuplicateRequest         Status = 205
	InvalidPurse             Status = 206
	InvalidCounterParty      Status = 207
	InvalidChannelNumber     Status = 208
	GatewayError             Status = 209
	DecommissionedCustomerID Status = 299
	Success                  Status = 300
	Failed                   Status = 400
	Throttled                Status = 401
	Expired                  Status = 402
	Rejected                 Status = 403
	Reversed                 Status = 500
)

var statusNames = map[Status]string{
	Queued: "queued", PendingConfirmation: "pending_confirmation", PendingValidation: "pending_validation", Validated: "validated",
	InvalidRequest: "invalid_request", NotSupported: "not_supported", InsufficientFunds: "insufficient_funds",
	ApplicationError: "application_error", NotAllowed: "not_allowed", DuplicateRequest: "duplicate_request", InvalidPurse: "invalid_purse",
	InvalidCounterParty: "invalid_counter_party", InvalidChannelNumber: "invalid_channel_number", GatewayError: "gateway_error",
	DecommissionedCustomerID: "decommissioned_customer_id", Success: "success", Failed: "failed", Throttled: "throttled", Expired: "expired",
	Rejected: "rejected", Reversed: "reversed",
}

func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("status %d", int32(s))
}

// Known says whether the wire has such a status, the unspecified one apart.
func (s Status) Known() bool { _, ok := statusNames[s]; return ok }

// StatusNamed gives the status of a name, as "success".
func StatusNamed(name string) (Status, bool) {
	for s, n := range statusNames {
		if n == name {
			return s, true
		}
	}
	return Unspecified, false
}

// Pending says whether the payment still waits for its provider.
func (s Status) Pending() bool { return s.phase() == pending }

// phase is what statuses have in common as far as the money goes.
type phase int

const (
	none     phase = iota // no payment yet
	pending               // 1xx
	success               // the money has moved
	failed                // 2xx and 4xx: it will not
	reversed              // it has moved back
)

func (s Status) phase() phase {
	switch {
	case s == Success:
		return success
	case s == Reversed:
		return reversed
	case s >= 100 && s < 200:
		return pending
	case s >= 200:
		return failed
	}
	return none
}
