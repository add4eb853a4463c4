package messaging

import (
	"slices"
	"strings"
	"time"
)

// Settings are what operators set up for one channel; the zero value means the defaults.
type Settings struct {
	Stop    []string      `json:"stop,omitzero"`     // SMS keywords that block; StopWords
	Start   []string      `json:"start,omitzero"`    // SMS keywords that allow; StartWords
	Session time.Duration `json:"session,omitempty"` // how long one lives without a message, in nanoseconds; Channel.SessionTime
	Rate    float64       `json:"rate,omitempty"`    // messages a second of work by tag; 0: no bound
}

// The keywords of SMS channels that are not set up otherwise.
var (
	StopWords  = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
	StartWords = []string{"START", "UNSTOP", "YES"}
)

// Keyword says whether an SMS is one that blocks or allows: the word alone, in any case.
func (s Settings) Keyword(text string) (allow, found bool) {
	word := strings.ToUpper(strings.TrimSpace(text))
	stop, start := s.Stop, s.Start
	if stop == nil {
		stop = StopWords
	}
	if start == nil {
		start = StartWords
	}
	switch {
	case slices.Contains(stop, word):
		return false, true
	case slices.Contains(start, word):
		return true, true
	}
	return false, false
}

// SessionTime is how long a session on the channel lives without a message.
func (s Settings) SessionTime(ch Channel) (time.Duration, bool) {
	d, ok := ch.SessionTime()
	if ok && s.Session > 0 && ch != Voice {
		d = s.Session
	}
	return d, ok
}
