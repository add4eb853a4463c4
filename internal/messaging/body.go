package messaging

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Body is what a message to a customer carries: exactly one field is set.
type Body struct {
	Text     string        `cbor:"1,keyasint,omitempty" json:"text,omitempty"`
	Media    *Media        `cbor:"2,keyasint,omitempty" json:"media,omitempty"`
	Location *Location     `cbor:"3,keyasint,omitempty" json:"location,omitempty"`
	Email    *EmailBody    `cbor:"4,keyasint,omitempty" json:"email,omitempty"`
	Template *Template     `cbor:"5,keyasint,omitempty" json:"template,omitempty"`
	URL      string        `cbor:"6,keyasint,omitempty" json:"url,omitempty"`
	Voice    []VoiceAction `cbor:"7,keyasint,omitempty" json:"voice,omitempty"`
	Dialplan bool          `cbor:"8,keyasint,omitempty" json:"dialplan,omitempty"` // Voice is set, though maybe empty
	USSD     *Menu         `cbor:"9,keyasint,omitempty" json:"ussd,omitempty"`
}

// Part is a piece of a message from a customer: exactly one field is set.
type Part struct {
	Text     string      `cbor:"1,keyasint,omitempty" json:"text,omitempty"`
	Media    *Media      `cbor:"2,keyasint,omitempty" json:"media,omitempty"`
	Location *Location   `cbor:"3,keyasint,omitempty" json:"location,omitempty"`
	Email    *EmailBody  `cbor:"4,keyasint,omitempty" json:"email,omitempty"`
	Voice    *VoiceInput `cbor:"5,keyasint,omitempty" json:"voice,omitempty"`
	USSD     *USSDInput  `cbor:"6,keyasint,omitempty" json:"ussd,omitempty"`
}

// Media is a file at a URL; Kind is the wire's MediaType.
type Media struct {
	URL  string `cbor:"1,keyasint" json:"url,omitempty"`
	Kind int32  `cbor:"2,keyasint,omitempty" json:"kind,omitempty"`
}

// Location is a point on the earth, in degrees.
type Location struct {
	Latitude  float64 `cbor:"1,keyasint" json:"latitude,omitempty"`
	Longitude float64 `cbor:"2,keyasint" json:"longitude,omitempty"`
	Label     *string `cbor:"3,keyasint,omitempty" json:"label,omitempty"`
	Address   *string `cbor:"4,keyasint,omitempty" json:"address,omitempty"`
}

// EmailBody is an e-mail; at least one of the two bodies is set.
type EmailBody struct {
	Subject string   `cbor:"1,keyasint,omitempty" json:"subject,omitempty"`
	Plain   string   `cbor:"2,keyasint,omitempty" json:"plain,omitempty"`
	HTML    string   `cbor:"3,keyasint,omitempty" json:"html,omitempty"`
	CC      []string `cbor:"4,keyasint,omitempty" json:"cc,omitempty"`
	BCC     []string `cbor:"5,keyasint,omitempty" json:"bcc,omitempty"`
}

// Template names a stored text and the values for its places.
type Template struct {
	ID     string            `cbor:"1,keyasint" json:"id,omitempty"`
	Params map[string]string `cbor:"2,keyasint,omitempty" json:"params,omitempty"`
}

// Menu is what a phone shows in a USSD session; a terminal one ends it.
type Menu struct {
	Text     string `cbor:"1,keyasint" json:"text,omitempty"`
	Terminal bool   `cbor:"2,keyasint,omitempty" json:"terminal,omitempty"`
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

// Known says whether there is such a status.
func (s USSDStatus) Known() bool {
	return s == USSDActive || s == USSDIncomplete || s == USSDCompleted || s == USSDAppError
}

// USSDInput is one hop: the latest input only, empty on the first hop.
type USSDInput struct {
	Status USSDStatus `cbor:"1,keyasint" json:"status,omitempty"`
	Text   string     `cbor:"2,keyasint,omitempty" json:"text,omitempty"`
}

// Prompt is the kind of the answer that a message asks for, with buttons to choose from.
type Prompt struct {
	Action int32        `cbor:"1,keyasint,omitempty" json:"action,omitempty"` // the wire's PromptMessageReplyAction
	Menu   []PromptItem `cbor:"2,keyasint,omitempty" json:"menu,omitempty"`
}

// PromptItem is one button.
type PromptItem struct {
	Text  string `cbor:"1,keyasint,omitempty" json:"text,omitempty"`
	Media *Media `cbor:"2,keyasint,omitempty" json:"media,omitempty"`
}

// Outbound is a message as an app sends it.
type Outbound struct {
	Body        Body     `cbor:"1,keyasint" json:"body,omitempty"`
	Labels      []string `cbor:"2,keyasint,omitempty" json:"labels,omitempty"`
	ProviderTag *string  `cbor:"3,keyasint,omitempty" json:"provider_tag,omitempty"`
	ReplyToken  *string  `cbor:"4,keyasint,omitempty" json:"reply_token,omitempty"`
	Prompt      *Prompt  `cbor:"5,keyasint,omitempty" json:"prompt,omitempty"`
}

// Cash is a cost as a provider names it; it is information, never a movement of money.
type Cash struct {
	Currency string  `cbor:"1,keyasint" json:"currency,omitempty"`
	Amount   float64 `cbor:"2,keyasint" json:"amount,omitempty"`
}

// VoiceAction is one step of a dial plan: exactly one field is set.
type VoiceAction struct {
	Say           *Say          `cbor:"1,keyasint,omitempty" json:"say,omitempty"`
	Play          *Play         `cbor:"2,keyasint,omitempty" json:"play,omitempty"`
	GetDigits     *GetDigits    `cbor:"3,keyasint,omitempty" json:"get_digits,omitempty"`
	Dial          *Dial         `cbor:"4,keyasint,omitempty" json:"dial,omitempty"`
	RecordSession bool          `cbor:"5,keyasint,omitempty" json:"record_session,omitempty"`
	GetRecording  *GetRecording `cbor:"6,keyasint,omitempty" json:"get_recording,omitempty"`
	Enqueue       *Enqueue      `cbor:"7,keyasint,omitempty" json:"enqueue,omitempty"`
	Dequeue       *Dequeue      `cbor:"8,keyasint,omitempty" json:"dequeue,omitempty"`
	Reject        bool          `cbor:"9,keyasint,omitempty" json:"reject,omitempty"`
	Redirect      *Play         `cbor:"10,keyasint,omitempty" json:"redirect,omitempty"`
}

// Say speaks a text; Voice is the wire's TextToSpeechVoice.
type Say struct {
	Text  string `cbor:"1,keyasint" json:"text,omitempty"`
	Voice int32  `cbor:"2,keyasint,omitempty" json:"voice,omitempty"`
	Beep  bool   `cbor:"3,keyasint,omitempty" json:"beep,omitempty"`
}

// Play plays the sound at a URL.
type Play struct {
	URL string `cbor:"1,keyasint" json:"url,omitempty"`
}

// GetDigits asks for keys to be pressed.
type GetDigits struct {
	Say         *Say          `cbor:"1,keyasint,omitempty" json:"say,omitempty"`
	Play        *Play         `cbor:"2,keyasint,omitempty" json:"play,omitempty"`
	Timeout     time.Duration `cbor:"3,keyasint,omitempty" json:"timeout,omitempty"`
	FinishOnKey *string       `cbor:"4,keyasint,omitempty" json:"finish_on_key,omitempty"`
	Digits      *int32        `cbor:"5,keyasint,omitempty" json:"digits,omitempty"`
}

// GetRecording records what the customer says.
type GetRecording struct {
	Say         *Say          `cbor:"1,keyasint,omitempty" json:"say,omitempty"`
	Play        *Play         `cbor:"2,keyasint,omitempty" json:"play,omitempty"`
	Timeout     time.Duration `cbor:"3,keyasint,omitempty" json:"timeout,omitempty"`
	MaxLength   time.Duration `cbor:"4,keyasint,omitempty" json:"max_length,omitempty"`
	FinishOnKey *string       `cbor:"5,keyasint,omitempty" json:"finish_on_key,omitempty"`
	Beep        bool          `cbor:"6,keyasint,omitempty" json:"beep,omitempty"`
	TrimSilence bool          `cbor:"7,keyasint,omitempty" json:"trim_silence,omitempty"`
}

// Dial calls others and connects the one who answers.
type Dial struct {
	Numbers      []customer.Number `cbor:"1,keyasint,omitempty" json:"numbers,omitempty"`
	Record       bool              `cbor:"2,keyasint,omitempty" json:"record,omitempty"`
	Sequential   bool              `cbor:"3,keyasint,omitempty" json:"sequential,omitempty"`
	RingbackTone *string           `cbor:"4,keyasint,omitempty" json:"ringback_tone,omitempty"`
	CallerID     *string           `cbor:"5,keyasint,omitempty" json:"caller_id,omitempty"`
	MaxSeconds   *int32            `cbor:"6,keyasint,omitempty" json:"max_seconds,omitempty"`
}

// Enqueue puts the call into a queue.
type Enqueue struct {
	HoldMusic *string `cbor:"1,keyasint,omitempty" json:"hold_music,omitempty"`
	Queue     *string `cbor:"2,keyasint,omitempty" json:"queue,omitempty"`
}

// Dequeue takes a call out of a queue.
type Dequeue struct {
	Channel ChannelNumber `cbor:"1,keyasint" json:"channel,omitempty"`
	Record  bool          `cbor:"2,keyasint,omitempty" json:"record,omitempty"`
	Queue   *string       `cbor:"3,keyasint,omitempty" json:"queue,omitempty"`
}

// VoiceInput is one event of a call; Direction is the wire's number.
type VoiceInput struct {
	Direction    int32       `cbor:"1,keyasint,omitempty" json:"direction,omitempty"`
	Status       CallStatus  `cbor:"2,keyasint,omitempty" json:"status,omitempty"`
	StartedAt    time.Time   `cbor:"3,keyasint,omitzero" json:"started_at,omitzero"`
	HangupCause  HangupCause `cbor:"4,keyasint,omitempty" json:"hangup_cause,omitempty"`
	Digits       *string     `cbor:"5,keyasint,omitempty" json:"digits,omitempty"`
	RecordingURL *string     `cbor:"6,keyasint,omitempty" json:"recording_url,omitempty"`
	Dial         *DialInput  `cbor:"7,keyasint,omitempty" json:"dial,omitempty"`
	Queue        *Queue      `cbor:"8,keyasint,omitempty" json:"queue,omitempty"`
}

// DialInput tells of a leg that a Dial made.
type DialInput struct {
	Number    string        `cbor:"1,keyasint" json:"number,omitempty"`
	StartedAt time.Time     `cbor:"2,keyasint,omitzero" json:"started_at,omitzero"`
	Duration  time.Duration `cbor:"3,keyasint,omitempty" json:"duration,omitempty"`
}

// Queue tells of a call's time in a queue.
type Queue struct {
	EnqueuedAt        time.Time     `cbor:"1,keyasint,omitzero" json:"enqueued_at,omitzero"`
	DequeuedAt        time.Time     `cbor:"2,keyasint,omitzero" json:"dequeued_at,omitzero"`
	DequeuedTo        *string       `cbor:"3,keyasint,omitempty" json:"dequeued_to,omitempty"`
	DequeuedToSession *string       `cbor:"4,keyasint,omitempty" json:"dequeued_to_session,omitempty"`
	Duration          time.Duration `cbor:"5,keyasint,omitempty" json:"duration,omitempty"`
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
