package messaging

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Status is where a message stands.
type Status int32

// The statuses of a message.
const (
	StatusUnspecified        Status = 0
	Queued                   Status = 100
	Sent                     Status = 101
	Delivered                Status = 300
	Read                     Status = 301
	Received                 Status = 302
	SessionInitiated         Status = 303
	Failed                   Status = 400
	NoConsent                Status = 401
	NoCapability             Status = 402
	Expired                  Status = 403
	NoSessionInProgress      Status = 404
	OtherSessionInProgress   Status = 405
	InvalidReplyToken        Status = 406
	InvalidChannelNumber     Status = 407
	NotSupported             Status = 408
	InvalidReplyToMessageID  Status = 409
	InvalidCustomerID        Status = 410
	DuplicateRequest         Status = 411
	TagNotFound              Status = 412
	CustomerNumberNotFound   Status = 413
	DecommissionedCustomerID Status = 414
	Rejected                 Status = 415
	InvalidRequest           Status = 416
	InsufficientCredits      Status = 417
	GatewayError             Status = 418
	ApplicationError         Status = 501
)

// Final says whether no other status follows, but for delivered, which read may follow.
func (s Status) Final() bool { return s >= 300 }

// follows says whether s may come after old: statuses only move forward, 1xx to 3xx or 4xx,
// delivered to read.
func (s Status) follows(old Status) bool {
	if old == Delivered {
		return s == Read
	}
	return !old.Final() && s > old
}

// Message is one message of a customer, in either direction.
type Message struct {
	ID        string          `cbor:"-"`
	Inbound   bool            `cbor:"1,keyasint,omitempty"`
	Number    customer.Number `cbor:"2,keyasint"`
	Channel   ChannelNumber   `cbor:"3,keyasint"`
	App       string          `cbor:"4,keyasint,omitempty"`
	Session   string          `cbor:"5,keyasint,omitempty"`
	InReplyTo string          `cbor:"6,keyasint,omitempty"`
	CreatedAt time.Time       `cbor:"7,keyasint"`
	UpdatedAt time.Time       `cbor:"8,keyasint,omitzero"`

	Parts []Part    `cbor:"9,keyasint,omitempty"`  // of an inbound one
	Out   *Outbound `cbor:"10,keyasint,omitempty"` // of an outbound one

	Status            Status     `cbor:"11,keyasint,omitempty"`
	Description       string     `cbor:"12,keyasint,omitempty"`
	Provider          int32      `cbor:"13,keyasint,omitempty"` // the wire's ChannelNumberProvider, 0 the simulator
	ProviderMessageID string     `cbor:"14,keyasint,omitempty"`
	Cost              *Cash      `cbor:"15,keyasint,omitempty"`
	Reactions         []Reaction `cbor:"16,keyasint,omitempty"`
	Replayed          bool       `cbor:"17,keyasint,omitempty"` // imported, not sent or received by us
}

// Known says whether the wire has such a status.
func (s Status) Known() bool { _, ok := statusNames[s]; return ok }

// SetStatus moves the message on; it says whether the status is news. One that would go back
// changes nothing.
func (m *Message) SetStatus(s Status, description string, now time.Time) bool {
	if !s.follows(m.Status) {
		return false
	}
	m.Status, m.Description, m.UpdatedAt = s, description, now
	return true
}

// Refusal is a message that is turned down: nothing was stored or sent.
type Refusal struct {
	Status Status
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Check refuses a message that may not be sent: for its body, the customer's consent, or the
// session that is missing. state is nil where the customer and the channel have not met.
func (o *Outbound) Check(ch ChannelNumber, state *ChannelState, now time.Time) error {
	if state != nil && state.Blocked() {
		return &Refusal{NoConsent, "customer_number: the customer has blocked messages from " + ch.String()}
	}
	if err := o.CheckBody(ch.Channel); err != nil {
		return err
	}
	var session *Session
	if state != nil && state.Session.Live(now) {
		session = state.Session
	}
	switch {
	case ch.Channel == USSD:
		return &Refusal{NoSessionInProgress, "channel_number: a USSD session cannot be opened by the app: the customer dials"}
	case o.ReplyToken != nil && (session == nil || !session.ValidToken(*o.ReplyToken)):
		return &Refusal{InvalidReplyToken, "message.reply_token: wrong or expired"}
	case session == nil && ch.Channel.NeedsSession() && o.Body.Template == nil:
		return &Refusal{NoSessionInProgress, "channel_number: there is no session on " + ch.String() + ": only a template may be sent until the customer writes"}
	}
	return nil
}

// carries says which kinds of body a channel can carry.
func carries(ch Channel, kind string) bool {
	switch ch {
	case SMS:
		return kind == "text" || kind == "template" || kind == "url"
	case USSD:
		return kind == "ussd"
	case Voice:
		return kind == "voice"
	case Email:
		return kind == "email" || kind == "text" || kind == "template"
	}
	return kind != "voice" && kind != "ussd" && kind != "email"
}

var statusNames = map[Status]string{
	Queued: "queued", Sent: "sent", Delivered: "delivered", Read: "read", Received: "received", SessionInitiated: "session_initiated",
	Failed: "failed", NoConsent: "no_consent", NoCapability: "no_capability", Expired: "expired", NoSessionInProgress: "no_session_in_progress",
	OtherSessionInProgress: "other_session_in_progress", InvalidReplyToken: "invalid_reply_token", InvalidChannelNumber: "invalid_channel_number",
	NotSupported: "not_supported", InvalidReplyToMessageID: "invalid_reply_to_message_id", InvalidCustomerID: "invalid_customer_id",
	DuplicateRequest: "duplicate_request", TagNotFound: "tag_not_found", CustomerNumberNotFound: "customer_number_not_found",
	DecommissionedCustomerID: "decommissioned_customer_id", Rejected: "rejected", InvalidRequest: "invalid_request",
	InsufficientCredits: "insufficient_credits", GatewayError: "gateway_error", ApplicationError: "application_error",
}

// String is the status as the published clients name it.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return "unspecified"
}
