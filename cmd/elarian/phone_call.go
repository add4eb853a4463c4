package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newPhoneCallCommand(flags *phoneFlags) *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:   "call NUMBER [KEYS…]",
		Short: "Call a voice number",
		Long: `Call a voice number. Without keys it shows what is heard and reads what is typed: keys to press, or a time such
as 5s to speak for; an empty line or Ctrl-D hangs up. With keys, or times to speak for, it does these one after
the other, for scripts; it hangs up where the app asks for more, and fails where the call ends before the last.
Where the app wants a key to finish, as #, it is pressed by itself.`,
		Example: `  elarian phone call +254711621711
  elarian phone --number +254710000002 call +254711621711 1 1234 5s`,
		Args: arguments(1, -1, "NUMBER"),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.use(c, elarian.ChannelVoice, func(ctx context.Context, p *phone) error { return p.call(ctx, args[0], args[1:], wait) })
		},
	}
	c.Flags().DurationVar(&wait, "wait", 0, "how long to stay on the line after the last key, such as 5s")
	return c
}

func (p *phone) call(ctx context.Context, to string, keys []string, wait time.Duration) error {
	p.screen.note("%s calls %s", p.number, to)
	call, err := p.simulator.Call(ctx, p.number, elarian.Voice(to))
	l := &onLine{phone: p, call: call}
	l.hear()
	if err != nil {
		return failedCall(to, err)
	}
	if len(keys) == 0 {
		return l.talk(ctx)
	}
	return l.script(ctx, keys, wait)
}

func failedCall(to string, err error) error {
	var refused *elarian.CommandError
	if errors.As(err, &refused) && refused.Description != "" {
		return fmt.Errorf("%s: %s", to, refused.Description)
	}
	return err
}

// onLine is a phone in a call.
type onLine struct {
	*phone
	call  *elarian.Call
	shown int // of what was heard
	with  string
	ended bool
}

// hear shows what is new.
func (l *onLine) hear() {
	heard := l.call.Heard()
	for _, a := range heard[l.shown:] {
		if text := heardText(a); text != "" {
			l.screen.plain(text)
		}
	}
	l.shown = len(heard)
	if with := l.call.ConnectedTo(); with != l.with {
		if l.with = with; with != "" {
			l.screen.note("[connected with %s]", with)
		}
	}
	if l.call.Over() && !l.ended {
		l.ended = true
		l.screen.note("[the call is over: %s, %s]", l.call.Status(), l.call.HangupCause())
	}
}

// heardText is an action in the words of a terminal.
func heardText(a elarian.CallAction) string {
	switch a := a.(type) {
	case elarian.SayAction:
		return a.Text
	case elarian.PlayAction:
		return "[plays " + a.URL + "]"
	case elarian.GetDigits:
		return heardText(a.Prompt)
	case elarian.GetRecording:
		return strings.TrimLeft(heardText(a.Prompt)+"\n[records: type a time such as 5s]", "\n")
	case elarian.Dial:
		return "[is being connected]"
	case elarian.Enqueue:
		return strings.TrimSpace("[waits in the queue " + a.Queue + "] " + a.HoldMusic)
	case elarian.RedirectAction:
		return "[is handed over to " + a.URL + "]"
	case elarian.RejectAction:
		return "[is rejected]"
	}
	return ""
}

// do presses keys, or speaks for a time.
func (l *onLine) do(ctx context.Context, typed string) error {
	if d, err := time.ParseDuration(typed); err == nil && strings.Trim(typed, "0123456789") != "" {
		return l.call.Speak(ctx, d)
	}
	if heard := l.call.Heard(); len(heard) > 0 {
		digits, ok := heard[len(heard)-1].(elarian.GetDigits)
		if ok && digits.FinishOnKey != "" && !strings.Contains(typed, digits.FinishOnKey) && (digits.Digits == 0 || len(typed) < digits.Digits) {
			typed += digits.FinishOnKey
		}
	}
	return l.call.Press(ctx, typed)
}

// hangUp ends the call; one that is over already is as good.
func (l *onLine) hangUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if !l.call.Over() {
		_ = l.call.HangUp(ctx)
		l.hear()
	}
}

// talk shows what is heard and reads what is typed.
func (l *onLine) talk(ctx context.Context) error {
	lines := l.input.start()
	for !l.call.Over() {
		changed := l.call.Changed()
		if len(l.call.Heard()) > l.shown || l.call.ConnectedTo() != l.with {
			l.hear()
		}
		l.screen.ask()
		select {
		case line, ok := <-lines:
			if ok {
				l.screen.answered(line, l.input.typed)
			}
			if line = strings.TrimSpace(line); line == "" {
				l.hangUp(ctx)
				return nil
			}
			if err := l.do(ctx, line); err != nil && !l.call.Over() {
				l.screen.note("[%v]", failedCall(line, err))
			}
			l.hear()
		case <-changed:
			l.hear()
		case <-ctx.Done():
			l.hangUp(ctx)
			return nil
		}
	}
	return nil
}

// script does one after the other.
func (l *onLine) script(ctx context.Context, keys []string, wait time.Duration) error {
	for _, typed := range keys {
		if l.call.Over() {
			return fmt.Errorf("%s: the call ended before %q", l.call.Channel.Number, typed)
		}
		l.screen.plain("> " + typed)
		err := l.do(ctx, typed)
		l.hear()
		if err != nil {
			l.hangUp(ctx)
			return failedCall(l.call.Channel.Number, err)
		}
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	for !l.call.Over() {
		changed := l.call.Changed()
		select {
		case <-changed:
			l.hear()
			continue
		case <-over.C:
		case <-ctx.Done():
		}
		l.hangUp(ctx)
	}
	return nil
}

// rang takes a call for this phone, where somebody answers calls.
func (p *phone) rang(_ context.Context, call *elarian.Call) error {
	if number, err := addressOn(call.Channel.Channel, p.who); err != nil || call.Number != number {
		return nil
	}
	p.screen.note("[%s calls]", call.Channel.Number)
	select {
	case p.calls <- call:
	default: // it rings on
	}
	return nil
}

func (p *phone) answer(ctx context.Context, call *elarian.Call) error {
	lines := p.input.start()
	p.screen.note("Enter answers, n rejects")
	p.screen.ask()
	for !call.Over() {
		changed := call.Changed()
		select {
		case line, ok := <-lines:
			if !ok {
				return nil // nobody there: it rings on
			}
			p.screen.answered(line, p.input.typed)
			if cmp.Or(strings.TrimSpace(line), "y") != "y" {
				return call.Reject(ctx, 0)
			}
			if err := call.Answer(ctx); err != nil {
				return failedCall(call.Channel.Number, err)
			}
			l := &onLine{phone: p, call: call}
			l.hear()
			return l.talk(ctx)
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
	p.screen.note("[it rings no more]")
	return nil
}
