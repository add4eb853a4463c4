package elariantest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/elarian-go/elarian"
)

// Call is a call that a phone has made or got.
//
//	phone.CallTo("+254711621711").ExpectSay("Press 1").Press("1").ExpectSay("Leave a message").Speak(5*time.Second).Ended()
type Call struct {
	*elarian.Call
	phone *Phone
	read  int // what ExpectSay has met, of all that was heard
}

// CallTo calls one of the org's voice numbers, and waits until the app has said what happens in the call.
// Where the app does not answer, the phone hears what the server says instead.
func (p *Phone) CallTo(number string) *Call {
	p.server.helper()
	p.did("calls %s", number)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	call, err := p.server.simulator.Call(ctx, p.number, elarian.Voice(number))
	c := &Call{Call: call, phone: p}
	if err != nil && !call.Over() {
		p.fail("cannot call %s: %v", number, err)
	}
	c.show()
	return c
}

// AnswersCalls has the phone pick up whenever it rings from now on. ExpectCall gives the call then.
func (p *Phone) AnswersCalls() { p.onRing(func(c *Call) { c.Answer() }) }

// RejectsCalls has the phone turn down all calls from now on.
func (p *Phone) RejectsCalls() {
	p.onRing(func(c *Call) {
		c.act("rejects the call", func(ctx context.Context) error { return c.Call.Reject(ctx, 0) })
	})
}

func (p *Phone) onRing(f func(*Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCall = f
}

func (p *Phone) ring(call *elarian.Call) {
	p.did("rings: %s calls", call.Channel.Number)
	p.mu.Lock()
	on := p.onCall
	p.mu.Unlock()
	if on != nil {
		on(&Call{Call: call, phone: p})
	}
	p.came(func() { p.rings = append(p.rings, call) })
}

// ExpectCall waits until the phone rings, or has rung, because of one of the org's voice numbers. Then
// Answer it, unless it AnswersCalls.
func (p *Phone) ExpectCall(from string) *Call {
	p.server.helper()
	call := meet(p, &p.rings, func(c *elarian.Call) bool { return c.Channel.Number == from }, "a call from %s", from)
	return &Call{Call: call, phone: p}
}

// act does something on the phone and shows what it hears then.
func (c *Call) act(what string, do func(ctx context.Context) error) *Call {
	c.phone.server.helper()
	c.phone.did("%s", what)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	if err := do(ctx); err != nil && !c.Over() {
		c.phone.fail("%s: %v", what, err)
	}
	c.show()
	return c
}

func (c *Call) show() {
	for _, a := range c.Heard()[c.read:] {
		if text := spoken(a); text != "" {
			c.phone.did("hears %s", text)
		}
	}
	if c.Over() {
		c.phone.did("the call is over: %s, %s", c.Status(), c.HangupCause())
	}
}

// Answer picks up the phone that rings.
func (c *Call) Answer() *Call {
	c.phone.server.helper()
	return c.act("answers", c.Call.Answer)
}

// Press presses keys and waits for what the app says to them.
func (c *Call) Press(keys string) *Call {
	c.phone.server.helper()
	return c.act("presses "+keys, func(ctx context.Context) error { return c.Call.Press(ctx, keys) })
}

// Speak leaves a recording of that length, and waits for what the app says to it. No time passes.
func (c *Call) Speak(d time.Duration) *Call {
	c.phone.server.helper()
	return c.act("speaks for "+d.String(), func(ctx context.Context) error { return c.Call.Speak(ctx, d) })
}

// HangUp ends the call from the phone's side.
func (c *Call) HangUp() *Call {
	c.phone.server.helper()
	return c.act("hangs up", c.Call.HangUp)
}

// ExpectSay waits for a text that is spoken, in a prompt too, and has this text in it, after those that were met
// already.
func (c *Call) ExpectSay(text string) *Call {
	c.phone.server.helper()
	c.await(fmt.Sprintf("expected to hear %q", text), func() bool {
		for i, a := range c.Heard()[c.read:] {
			if strings.Contains(spoken(a), text) {
				c.read += i + 1
				return true
			}
		}
		return false
	})
	return c
}

// ExpectConnected waits until the call is connected with another phone.
func (c *Call) ExpectConnected(number string) *Call {
	c.phone.server.helper()
	c.await("expected to be connected with "+number, func() bool { return c.ConnectedTo() == number })
	return c
}

// Ended waits for the end of the call.
func (c *Call) Ended() *Call {
	c.phone.server.helper()
	c.await("expected the call to have ended", c.Over)
	return c
}

func (c *Call) await(what string, is func() bool) {
	c.phone.server.helper()
	deadline := time.After(patience)
	for {
		changed := c.Changed()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.phone.fail("%s; the call is %s and has heard %v", what, c.Status(), c.Heard())
			return
		}
	}
}

// spoken is the text that is heard of an action.
func spoken(a elarian.CallAction) string {
	switch a := a.(type) {
	case elarian.SayAction:
		return a.Text
	case elarian.GetDigits:
		return spoken(a.Prompt)
	case elarian.GetRecording:
		return spoken(a.Prompt)
	}
	return ""
}
