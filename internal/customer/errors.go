package customer

import "fmt"

// Code says what went wrong in a way that programs can tell apart; it goes onto the wire as
// error_code.
type Code string

// The codes of a refusal.
const (
	NotFound          Code = "not_found"
	Decommissioned    Code = "decommissioned"
	LimitReached      Code = "limit"
	InvalidRequest    Code = "invalid_request"
	SecondaryIDTaken  Code = "secondary_id_taken"
	SameCustomer      Code = "same_customer"
	LeaseInside       Code = "lease_inside_notification"
	Unauthorized      Code = "unauthorized"
	IdempotencyReused Code = "idempotency_key_reused"
	Contradicts       Code = "contradicts" // what was said of a payment before
)

// Refusal is a command that the rules turn down: nothing was changed, and trying the same again
// gives the same. Its text is for the user who wrote the command.
type Refusal struct {
	Code Code
	Text string
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a Refusal with a formatted text.
func Refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}
