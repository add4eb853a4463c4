package messaging

import (
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Body is what a message to a customer carries: exactly one field is set.
type Body struct {
	Text     string        `cbor:"1,keyasint,omitempty"`
	Media    *Media        `cbor:"2,keyasint,omitempty"`
	Location *Location     `cbor:"3,keyasint,omitempty"`
	Email    *EmailBody    `cbor:"4,keyasint,omitempty"`
	Template *Template     `cbor:"5,keyasint,omitempty"`
	URL      string        `cbor:"6,keyasint,omitempty"`
	Voice    []VoiceAction `cbor:"7,keyasint,omitempty"`
	Dialplan bool          `cbor:"8,keyasint,omitempty"` // Voice is set, though maybe empty
	USSD     *Menu         `cbor:"9,keyasint,omitempty"`
}

// Part is a piece of a message from a customer: exactly one field is set.
type Part struct {
	Text     string      `cbor:"1,keyasint,omitempty"`
	Media    *Media      `cbor:"2,keyasint,omitempty"`
	Location *Location   `cbor:"3,keyasint,omitempty"`
	Email    *EmailBody  `cbor:"4,keyasint,omitempty"`
	Voice    *VoiceInput `cbor:"5,keyasint,omitempty"`
	USSD     *USSDInput  `cbor:"6,keyasint,omitempty"`
}

// Media is a file at a URL; Kind is the wire's MediaType.
type Media struct {
	URL  string `cbor:"1,keyasint"`
	Kind int32  `cbor:"2,keyasint,omitempty"`
}

// Location is a point on the earth, in degrees.
type Location struct {
	Latitude  float64 `cbor:"1,keyasint"`
	Longitude float64 `cbor:"2,keyasint"`
	Label     *string `cbor:"3,keyasint,omitempty"`
	Address   *string `cbor:"4,keyasint,omitempty"`
}

// EmailBody is an e-mail; at least one of the two bodies is set.
type EmailBody struct {
	Subject string   `cbor:"1,keyasint,omitempty"`
	Plain   string   `cbor:"2,keyasint,omitempty"`
	HTML    string   `cbor:"3,keyasint,omitempty"`
	CC      []string `cbor:"4,keyasint,omitempty"`
	BCC     []string `cbor:"5,keyasint,omitempty"`
}

// Template names a stored text and the values for its places.
type Template struct {
	ID     string            `cbor:"1,keyasint"`
	Params map[string]string `cbor:"2,keyasint,omitempty"`
}

// Menu is what a phone shows in a USSD session; a terminal one ends it.
type Menu struct {
	Text     string `cbor:"1,keyasint"`
	Terminal bool   `cbor:"2,keyasint,omitempty"`
}

// USSDStatus is where a USSD session stands.
type USSDStatus int32

// The statuses of a USSD session.
const (
	USSDActive     USSDStatus = 100
	USSDIncomplete USSDStatus = 200
	USSDCompleted  USSDStatus = 201
	USSDAppError   USSDStatus = 300
)

// USSDInput is one hop: the latest input only, empty on the first hop.
type USSDInput struct {
	Status USSDStatus `cbor:"1,keyasint"`
	Text   string     `cbor:"2,keyasint,omitempty"`
}

// Prompt is the kind of the answer that a message asks for, with buttons to choose from.
type Prompt struct {
	Action int32        `cbor:"1,keyasint,omitempty"` // the wire's PromptMessageReplyAction
	Menu   []PromptItem `cbor:"2,keyasint,omitempty"`
}

// PromptItem is one button.
type PromptItem struct {
	Text  string `cbor:"1,keyasint,omitempty"`
	Media *Media `cbor:"2,keyasint,omitempty"`
}

// Outbound is a message as an app sends it.
type Outbound struct {
	Body        Body     `cbor:"1,keyasint"`
	Labels      []string `cbor:"2,keyasint,omitempty"`
	ProviderTag *string  `cbor:"3,keyasint,omitempty"`
	ReplyToken  *string  `cbor:"4,keyasint,omitempty"`
	Prompt      *Prompt  `cbor:"5,keyasint,omitempty"`
}

// Cash is a cost as a provider names it; it is information, never a movement of money.
type Cash struct {
	Currency string  `cbor:"1,keyasint"`
	Amount   float64 `cbor:"2,keyasint"`
}

// VoiceAction is one step of a dial plan: exactly one field is set.
type VoiceAction struct {
	Say           *Say          `cbor:"1,keyasint,omitempty"`
	Play          *Play         `cbor:"2,keyasint,omitempty"`
	GetDigits     *GetDigits    `cbor:"3,keyasint,omitempty"`
	Dial          *Dial         `cbor:"4,keyasint,omitempty"`
	RecordSession bool          `cbor:"5,keyasint,omitempty"`
	GetRecording  *GetRecording `cbor:"6,keyasint,omitempty"`
	Enqueue       *Enqueue      `cbor:"7,keyasint,omitempty"`
	Dequeue       *Dequeue      `cbor:"8,keyasint,omitempty"`
	Reject        bool          `cbor:"9,keyasint,omitempty"`
	Redirect      *Play         `cbor:"10,keyasint,omitempty"`
}

// Say speaks a text; Voice is the wire's TextToSpeechVoice.
type Say struct {
	Text  string `cbor:"1,keyasint"`
	Voice int32  `cbor:"2,keyasint,omitempty"`
	Beep  bool   `cbor:"3,keyasint,omitempty"`
}

// Play plays the sound at a URL.
type Play struct {
	URL string `cbor:"1,keyasint"`
}

// GetDigits asks for keys to be pressed.
type GetDigits struct {
	Say         *Say          `cbor:"1,keyasint,omitempty"`
	Play        *Play         `cbor:"2,keyasint,omitempty"`
	Timeout     time.Duration `cbor:"3,keyasint,omitempty"`
	FinishOnKey *string       `cbor:"4,keyasint,omitempty"`
	Digits      *int32        `cbor:"5,keyasint,omitempty"`
}

// GetRecording records what the customer says.
type GetRecording struct {
	Say         *Say          `cbor:"1,keyasint,omitempty"`
	Play        *Play         `cbor:"2,keyasint,omitempty"`
	Timeout     time.Duration `cbor:"3,keyasint,omitempty"`
	MaxLength   time.Duration `cbor:"4,keyasint,omitempty"`
	FinishOnKey *string       `cbor:"5,keyasint,omitempty"`
	Beep        bool          `cbor:"6,keyasint,omitempty"`
	TrimSilence bool          `cbor:"7,keyasint,omitempty"`
}

// Dial calls others and connects the one who answers.
type Dial struct {
	Numbers      []customer.Number `cbor:"1,keyasint,omitempty"`
	Record       bool              `cbor:"2,keyasint,omitempty"`
	Sequential   bool              `cbor:"3,keyasint,omitempty"`
	RingbackTone *string           `cbor:"4,keyasint,omitempty"`
	CallerID     *string           `cbor:"5,keyasint,omitempty"`
	MaxSeconds   *int32            `cbor:"6,keyasint,omitempty"`
}

// Enqueue puts the call into a queue.
type Enqueue struct {
	HoldMusic *string `cbor:"1,keyasint,omitempty"`
	Queue     *string `cbor:"2,keyasint,omitempty"`
}

// Dequeue takes a call out of a queue.
type Dequeue struct {
	Channel ChannelNumber `cbor:"1,keyasint"`
	Record  bool          `cbor:"2,keyasint,omitempty"`
	Queue   *string       `cbor:"3,keyasint,omitempty"`
}

// VoiceInput is one event of a call; Direction, Status and HangupCause are the wire's numbers.
type VoiceInput struct {
	Direction    int32      `cbor:"1,keyasint,omitempty"`
	Status       int32      `cbor:"2,keyasint,omitempty"`
	StartedAt    time.Time  `cbor:"3,keyasint,omitzero"`
	HangupCause  int32      `cbor:"4,keyasint,omitempty"`
	Digits       *string    `cbor:"5,keyasint,omitempty"`
	RecordingURL *string    `cbor:"6,keyasint,omitempty"`
	Dial         *DialInput `cbor:"7,keyasint,omitempty"`
	Queue        *Queue     `cbor:"8,keyasint,omitempty"`
}

// DialInput tells of a leg that a Dial made.
type DialInput struct {
	Number    string        `cbor:"1,keyasint"`
	StartedAt time.Time     `cbor:"2,keyasint,omitzero"`
	Duration  time.Duration `cbor:"3,keyasint,omitempty"`
}

// Queue tells of a call's time in a queue.
type Queue struct {
	EnqueuedAt        time.Time     `cbor:"1,keyasint,omitzero"`
	DequeuedAt        time.Time     `cbor:"2,keyasint,omitzero"`
	DequeuedTo        *string       `cbor:"3,keyasint,omitempty"`
	DequeuedToSession *string       `cbor:"4,keyasint,omitempty"`
	Duration          time.Duration `cbor:"5,keyasint,omitempty"`
}

// kind names the field of b that is set, "" for none.
func (b Body) kind() string {
	switch {
	case b.Text != "":
		return "text"
	case b.Media != nil:
		return "media"
	case b.Location != nil:
		return "location"
	case b.Email != nil:
		return "email"
	case b.Template != nil:
		return "template"
	case b.URL != "":
		return "url"
	case b.Dialplan:
		return "voice"
	case b.USSD != nil:
		return "ussd"
	}
	return ""
}

// empty says whether the body has nothing to show.
func (b Body) empty() bool {
	switch b.kind() {
	case "":
		return true
	case "text":
		return strings.TrimSpace(b.Text) == ""
	case "media":
		return b.Media.URL == ""
	case "email":
		return b.Email.Plain == "" && b.Email.HTML == "" && b.Email.Subject == ""
	case "template":
		return b.Template.ID == ""
	}
	return false
}
