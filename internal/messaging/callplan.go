package messaging

import (
	"fmt"
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Bounds of a dial plan.
const (
	maxActions = 100
	maxDialled = 20 // numbers of one dial
)

const keys = "0123456789*#ABCD"

// keysOf leaves of a text what a phone has keys for.
func keysOf(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(keys, r) {
			return r
		}
		return -1
	}, s)
}

func contains(pressed, key string) bool { return strings.Contains(pressed, key) }

// CheckPlan refuses a dial plan that cannot be carried out, by the field that is wrong. One without
// actions is good: then the app is asked when the call is answered.
func CheckPlan(plan []VoiceAction) error {
	if len(plan) > maxActions {
		return refusePlan("", "more than %d actions", maxActions)
	}
	for i := range plan {
		if err := plan[i].check(fmt.Sprintf("actions[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func refusePlan(where, format string, args ...any) error {
	field := "message.body.voice"
	if where != "" {
		field += "." + where
	}
	return &Refusal{InvalidRequest, field + ": " + fmt.Sprintf(format, args...)}
}

func (a *VoiceAction) check(where string) error {
	switch {
	case a.Say != nil:
		return a.Say.check(where + ".say")
	case a.Play != nil:
		return a.Play.check(where + ".play")
	case a.Redirect != nil:
		return a.Redirect.check(where + ".redirect")
	case a.GetDigits != nil:
		return a.GetDigits.check(where + ".get_digits")
	case a.GetRecording != nil:
		return a.GetRecording.check(where + ".get_recording")
	case a.Dial != nil:
		return a.Dial.check(where + ".dial")
	case a.Dequeue != nil:
		return a.Dequeue.check(where + ".dequeue")
	case a.RecordSession, a.Reject, a.Enqueue != nil:
		return nil
	}
	return refusePlan(where, "no action")
}

func (s *Say) check(where string) error {
	if strings.TrimSpace(s.Text) == "" {
		return refusePlan(where+".text", "empty")
	}
	return nil
}

func (p *Play) check(where string) error {
	if p.URL == "" {
		return refusePlan(where+".url", "empty")
	}
	return nil
}

func checkPrompt(where string, say *Say, play *Play) error {
	switch {
	case say != nil:
		return say.check(where + ".say")
	case play != nil:
		return play.check(where + ".play")
	}
	return nil
}

func (g *GetDigits) check(where string) error {
	if g.Digits != nil && (*g.Digits < 0 || *g.Digits > maxPressed) {
		return refusePlan(where+".num_digits", "%d is not between 0 and %d", *g.Digits, maxPressed)
	}
	if err := checkWait(where+".timeout", g.Timeout); err != nil {
		return err
	}
	if err := checkKey(where+".finish_on_key", g.FinishOnKey); err != nil {
		return err
	}
	return checkPrompt(where, g.Say, g.Play)
}

func (g *GetRecording) check(where string) error {
	if err := checkWait(where+".timeout", g.Timeout); err != nil {
		return err
	}
	if err := checkWait(where+".max_length", g.MaxLength); err != nil {
		return err
	}
	if err := checkKey(where+".finish_on_key", g.FinishOnKey); err != nil {
		return err
	}
	return checkPrompt(where, g.Say, g.Play)
}

func (d *Dial) check(where string) error {
	if n := len(d.Numbers); n == 0 || n > maxDialled {
		return refusePlan(where+".customer_numbers", "%d numbers: between 1 and %d can be dialled", n, maxDialled)
	}
	for i, n := range d.Numbers {
		field := fmt.Sprintf("%s.customer_numbers[%d]", where, i)
		if n.Provider == customer.ProviderUnspecified {
			n.Provider = customer.Cellular
		}
		if _, err := n.Normalize(); err != nil {
			return &Refusal{InvalidRequest, "message.body.voice." + field + strings.TrimPrefix(err.Error(), "customer_number")}
		}
		if n.Provider != customer.Cellular {
			return refusePlan(field+".provider", "%s: a call dials cellular numbers only", n.Provider)
		}
	}
	if d.MaxSeconds != nil && (*d.MaxSeconds < 0 || *d.MaxSeconds > minuteLimit*60) {
		return refusePlan(where+".max_duration", "%d is not between 0 and %d seconds", *d.MaxSeconds, minuteLimit*60)
	}
	return nil
}

func (d *Dequeue) check(where string) error {
	if ch := d.Channel.Channel; ch != ChannelUnspecified && ch != Voice {
		return refusePlan(where+".channel_number.channel", "%d: calls wait on voice channels only", int32(ch))
	}
	return nil
}

func checkWait(where string, d time.Duration) error {
	if d < 0 || d > minuteLimit*time.Minute {
		return refusePlan(where, "%s is not between 0 and %d hours", d, minuteLimit/60)
	}
	return nil
}

func checkKey(where string, key *string) error {
	if k := deref(key); k != "" && (len(k) != 1 || keysOf(k) != k) {
		return refusePlan(where, "%.20q is no key of a phone", k)
	}
	return nil
}
