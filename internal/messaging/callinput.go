package messaging

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Press is keys pressed on the phone.
func (c *Call) Press(env *CallEnv, keys string) (t CallTurn, err error) {
	if len(keys) > maxPressed || keys != keysOf(keys) {
		return t, customer.Refuse(customer.InvalidRequest, "parts.voice.dtmf_digits: %.20q: a phone has the keys 0 to 9, *, # and A to D", keys)
	}
	switch c.Wait {
	case WaitsForDigits:
		if done := c.press(keys); done {
			c.digits(env, &t)
		}
	case WaitsForSpeech:
		if finish := deref(c.Speech.FinishOnKey); finish != "" && contains(keys, finish) {
			c.speech(env, &t, min(env.Now.Sub(c.Since), c.longest()))
		}
	case Talks, WaitsInQueue: // it is heard by who is there
	default:
		return t, customer.Refuse(customer.InvalidRequest, "parts.voice.dtmf_digits: the call does not wait for digits")
	}
	return t, nil
}

// press adds keys to those pressed; it says whether they are complete.
func (c *Call) press(keys string) bool {
	finish := deref(c.Digits.FinishOnKey)
	want := 0
	if c.Digits.Digits != nil {
		want = int(*c.Digits.Digits)
	}
	for i := range len(keys) {
		if finish != "" && keys[i] == finish[0] {
			return true
		}
		if c.Pressed += keys[i : i+1]; len(c.Pressed) == want || len(c.Pressed) >= maxPressed {
			return true
		}
	}
	return want == 0 && finish == ""
}

// digits hands control back to the app, with what was pressed.
func (c *Call) digits(env *CallEnv, t *CallTurn) {
	in := c.event(t, CallActive)
	if c.Pressed != "" {
		pressed := c.Pressed
		in.Digits = &pressed
	}
	c.Digits, c.Pressed = nil, ""
	c.ask(env, t)
}

// Speak is somebody who speaks into the phone for a while.
func (c *Call) Speak(env *CallEnv, d time.Duration) (t CallTurn, err error) {
	switch {
	case d < 0:
		return t, customer.Refuse(customer.InvalidRequest, "duration: %s is no time to speak for", d)
	case c.Wait == WaitsForSpeech:
		c.speech(env, &t, min(d, c.longest()))
	case c.Wait == Talks, c.Wait == WaitsInQueue:
	default:
		return t, customer.Refuse(customer.InvalidRequest, "parts.voice.recording_url: the call does not record")
	}
	return t, nil
}

func (c *Call) longest() time.Duration { return orElse(c.Speech.MaxLength, SpeechTime) }

// speech hands control back to the app, with what was said.
func (c *Call) speech(env *CallEnv, t *CallTurn, d time.Duration) {
	in := c.event(t, CallActive)
	if d > 0 {
		url := env.Record(d)
		in.RecordingURL = &url
	}
	c.Speech = nil
	c.ask(env, t)
}

// Silent is a phone on which nothing is pressed or said: what it was asked for has no result.
func (c *Call) Silent(env *CallEnv) (t CallTurn) {
	switch c.Wait {
	case WaitsForDigits:
		c.digits(env, &t)
	case WaitsForSpeech:
		c.speech(env, &t, 0)
	}
	return t
}
