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
	"github.com/elarian-go/elarian/internal/customer"
)

// writing is a command that writes messages on one kind of channel.
type writing struct {
	name, label string
	channel     func(number string) elarian.MessagingChannelNumber
	example     string // a channel of the sandbox
	who         string // says by what the channel knows the person, where that is no phone number
}

// idHelp is for channels that know people by ids.
const idHelp = `
People are known there by an id, which --number takes, too; of a phone number it is the digits.`

var writings = []writing{
	{"sms", "text message", elarian.SMS, "83044", ""},
	{"whatsapp", "WhatsApp message", elarian.WhatsApp, "+254711621711", ""},
	{"telegram", "Telegram message", elarian.Telegram, "+254711621711", idHelp},
	{"messenger", "Messenger message", elarian.Messenger, "+254711621711", idHelp},
	{"email", "e-mail", elarian.EmailFrom, "sandbox@elarian.test", `
It comes from the address in --number; of a phone number that is its digits at example.com.`},
}

func newPhoneWriteCommand(flags *phoneFlags, w writing) *cobra.Command {
	var wait time.Duration
	var subject string
	c := &cobra.Command{
		Use:   w.name + " CHANNEL [TEXT]",
		Short: "Write " + article(w.label) + " " + w.label,
		Long: "Write " + article(w.label) + " " + w.label + ` to a channel of the sandbox, and show what comes back: it waits until a message has come,
or for the time of --wait. Without a text it sends each line that is typed, until Ctrl-D; of lines that are piped to
it each waits so for its answer before the next is sent.` + w.who,
		Example: fmt.Sprintf("  elarian phone %s %s \"Hello\"\n  elarian phone %[1]s %[2]s", w.name, w.example),
		Args:    arguments(1, -1, "CHANNEL"),
		RunE: func(c *cobra.Command, args []string) error {
			to := w.channel(args[0])
			return flags.use(c, to.Channel, func(ctx context.Context, p *phone) error {
				l := &letters{phone: p, to: to, subject: subject, wait: wait}
				if len(args) == 1 {
					return l.chat(ctx)
				}
				text := strings.Join(args[1:], " ")
				p.screen.note("%s writes to %s: %s", p.number, args[0], text)
				return l.write(ctx, text)
			})
		},
	}
	c.Flags().DurationVar(&wait, "wait", 3*time.Second, "how long to wait for an answer")
	if w.name == "email" {
		c.Flags().StringVar(&subject, "subject", "", "subject of the e-mail")
	}
	return c
}

func article(s string) string {
	if strings.ContainsAny(s[:1], "aeio") {
		return "an"
	}
	return "a"
}

// letters is a phone that writes to a channel.
type letters struct {
	*phone
	to      elarian.MessagingChannelNumber
	subject string
	wait    time.Duration
}

// settle is how long an answer that consists of several messages may pause between them.
const settle = 200 * time.Millisecond

// write sends a text and shows what comes back.
func (l *letters) write(ctx context.Context, text string) error {
	if err := l.send(ctx, text); err != nil {
		return err
	}
	switch {
	case l.stay(ctx, l.wait, true):
		for l.stay(ctx, settle, true) { // until nothing more comes
		}
	case l.wait > 0 && ctx.Err() == nil:
		l.screen.note("no answer came within %s; it is stored for the app", l.wait)
	}
	return nil
}

func (l *letters) send(ctx context.Context, text string) error {
	l.clear()
	var part elarian.Part = elarian.Text(text)
	if l.to.Channel == elarian.ChannelEmail {
		part = elarian.Email{Subject: l.subject, Plain: text}
	}
	_, err := l.simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{From: l.number, To: l.to, Parts: []elarian.Part{part}})
	var refused *elarian.CommandError
	if errors.As(err, &refused) && refused.Description != "" {
		return fmt.Errorf("%s to %s: %s", channelLabel(l.to.Channel), l.to.Number, refused.Description)
	}
	return err
}

// chat sends what is typed, line by line. Somebody who types sees answers as they come; piped lines wait
// for theirs.
func (l *letters) chat(ctx context.Context) error {
	l.screen.note("%s writes to %s (Ctrl-D ends)", l.number, l.to.Number)
	for {
		line, ok := l.ask(ctx)
		switch line = strings.TrimSpace(line); {
		case !ok:
			l.screen.end()
			return nil
		case line == "":
			continue
		}
		send := l.send
		if !l.input.typed {
			send = l.write
		}
		if err := send(ctx, line); err != nil {
			return err
		}
	}
}

// clear forgets that a message came.
func (p *phone) clear() {
	select {
	case <-p.arrived:
	default:
	}
}

// addressOn is what a channel knows the person by whose phone number, id or address is given.
func addressOn(ch elarian.MessagingChannel, who string) (string, error) {
	id := strings.TrimPrefix(who, "+")
	switch ch {
	case 0: // none in particular
		return who, nil
	case elarian.ChannelTelegram, elarian.ChannelMessenger:
		return id, nil
	case elarian.ChannelEmail:
		if !strings.Contains(who, "@") {
			who = cmp.Or(id, "phone") + "@example.com"
		}
		return strings.ToLower(who), nil
	}
	number, err := customer.Number{Provider: customer.Cellular, Number: who}.Normalize()
	if err != nil {
		return "", usageError{fmt.Errorf("--number %q is no phone number", who)}
	}
	return number.Number, nil
}
