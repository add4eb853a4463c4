package messaging

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Session is a conversation that runs.
type Session struct {
	ID         string    `cbor:"1,keyasint"`
	ProviderID string    `cbor:"2,keyasint,omitempty"` // the provider's name for it
	StartedAt  time.Time `cbor:"3,keyasint"`
	ExpiresAt  time.Time `cbor:"4,keyasint,omitzero"` // zero: not by inactivity
	Apps       []string  `cbor:"5,keyasint,omitempty"`

	// Secret makes the session's reply tokens.
	Secret string `cbor:"6,keyasint,omitempty"`
	Token  string `cbor:"7,keyasint,omitempty"` // the latest

	// Pages is what is left of a USSD menu that was too long, More the input that asks for it, and
	// Terminal that the session ends with the last of it.
	Pages    []string `cbor:"8,keyasint,omitempty"`
	More     string   `cbor:"9,keyasint,omitempty"`
	Terminal bool     `cbor:"10,keyasint,omitempty"`

	Call *Call `cbor:"11,keyasint,omitempty"` // on voice
}

// EndReason is why a session ended; the values are the wire's.
type EndReason int32

// The reasons.
const (
	NormalClearing EndReason = 100
	Inactivity     EndReason = 200
	SessionFailure EndReason = 300
)

func (r EndReason) String() string {
	switch r {
	case NormalClearing:
		return "normal_clearing"
	case Inactivity:
		return "inactivity"
	case SessionFailure:
		return "failure"
	}
	return "unspecified"
}

// SessionTime is how long a session of the channel lives without a message, unless the channel is
// set up otherwise; ok is false for channels without sessions. A call ends when it ends.
func (c Channel) SessionTime() (d time.Duration, ok bool) {
	switch c {
	case WhatsApp, Telegram, Messenger:
		return 24 * time.Hour, true
	case USSD:
		return 3 * time.Minute, true
	case Voice:
		return 0, true
	}
	return 0, false
}

// NeedsSession says whether only a template may be sent outside of a session.
func (c Channel) NeedsSession() bool { return c == WhatsApp || c == Messenger }

// Live says whether the session has not run out.
func (s *Session) Live(now time.Time) bool {
	return s != nil && (s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt))
}

// Join notes that an app takes part.
func (s *Session) Join(app string) {
	if app != "" && !slices.Contains(s.Apps, app) {
		s.Apps = append(s.Apps, app)
	}
}

// IssueToken makes the reply token of a message, which is good until the session ends.
func (s *Session) IssueToken(messageID string) {
	_, id, _ := strings.Cut(messageID, "el_msg_")
	s.Token = "el_rpl_" + id + s.mac(id)
}

// ValidToken says whether the token was issued in this session.
func (s *Session) ValidToken(token string) bool {
	rest, found := strings.CutPrefix(token, "el_rpl_")
	const id = 32
	return found && len(rest) > id && hmac.Equal([]byte(rest[id:]), []byte(s.mac(rest[:id])))
}

func (s *Session) mac(id string) string {
	m := hmac.New(sha256.New, []byte(s.Secret))
	m.Write([]byte(id))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Ended is a session that is over.
type Ended struct {
	Session
	State    ChannelState  `cbor:"20,keyasint"` // whose session it was, without it
	Duration time.Duration `cbor:"21,keyasint"` // from its start to its end
	Reason   EndReason     `cbor:"22,keyasint"`
	Cost     *Cash         `cbor:"23,keyasint,omitempty"`
	Replayed bool          `cbor:"24,keyasint,omitempty"` // imported
}

// End takes the session out of the state, nil where there is none.
func (s *ChannelState) End(reason EndReason, now time.Time) *Ended {
	if s.Session == nil {
		return nil
	}
	e := &Ended{Session: *s.Session, Duration: max(0, now.Sub(s.Session.StartedAt)), Reason: reason}
	e.Call = nil
	s.Session = nil
	e.State = *s
	return e
}
