package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newPhoneSMSCommand(flags *phoneFlags) *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:   "sms CHANNEL [TEXT]",
		Short: "Write a text message",
		Long: `Write a text message to a channel of the sandbox, and show what comes back: it waits until a message has come,
or for the time of --wait. Without a text it sends each line that is typed, until Ctrl-D.`,
		Example: `  elarian phone sms 83044 "Hello"
  elarian phone sms 83044`,
		Args: arguments(1, -1, "CHANNEL"),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.use(c, func(ctx context.Context, p *phone) error {
				if len(args) == 1 {
					return p.chat(ctx, args[0], wait)
				}
				text := strings.Join(args[1:], " ")
				p.screen.note("%s writes to %s: %s", p.number, args[0], text)
				if err := p.send(ctx, args[0], text); err != nil {
					return err
				}
				if !p.stay(ctx, wait, true) && wait > 0 && ctx.Err() == nil {
					p.screen.note("no answer came within %s; it is stored for the app", wait)
				}
				return nil
			})
		},
	}
	c.Flags().DurationVar(&wait, "wait", 3*time.Second, "how long to wait for an answer")
	return c
}

func (p *phone) send(ctx context.Context, channel, text string) error {
	_, err := p.simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{
		From: p.number, To: elarian.SMS(channel), Parts: []elarian.Part{elarian.Text(text)},
	})
	var refused *elarian.CommandError
	if errors.As(err, &refused) && refused.Description != "" {
		return fmt.Errorf("sms to %s: %s", channel, refused.Description)
	}
	return err
}

// chat sends what is typed, line by line.
func (p *phone) chat(ctx context.Context, channel string, wait time.Duration) error {
	p.screen.note("%s writes to %s (Ctrl-D ends)", p.number, channel)
	for {
		p.screen.ask()
		line, ok := p.input.next(ctx)
		if !ok {
			p.stay(ctx, wait, true)
			return nil
		}
		p.screen.answered()
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		p.clear()
		if err := p.send(ctx, channel, line); err != nil {
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
