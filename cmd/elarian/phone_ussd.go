package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newPhoneUSSDCommand(flags *phoneFlags) *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:   "ussd CODE [ANSWER…]",
		Short: "Dial a USSD code",
		Long: `Dial a USSD code. Without answers it shows each menu and reads what is typed; an empty line or Ctrl-D hangs
up. With answers it sends them one after the other and prints each menu, for scripts; it hangs up where
the app asks for more, and fails where the session ends before the last answer.`,
		Example: `  elarian phone --number +254710000001 ussd '*83044#'
  elarian phone --number +254710000001 ussd '*83044#' 1 24/12`,
		Args: arguments(1, -1, "CODE"),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.use(c, elarian.ChannelUSSD, func(ctx context.Context, p *phone) error {
				call := &ussdCall{phone: p, code: args[0], session: "phone-" + strings.ToLower(rand.Text()[:16])}
				if len(args) > 1 {
					if err := call.script(ctx, args[1:]); err != nil {
						return err
					}
				} else if err := call.talk(ctx); err != nil {
					return err
				} else if !c.Flags().Changed("wait") {
					wait = time.Second // a confirmation often follows
				}
				p.stay(ctx, wait, false)
				return nil
			})
		},
	}
	c.Flags().DurationVar(&wait, "wait", 0, "how long to show messages after the session has ended, such as 5s (without answers: 1s)")
	return c
}

// ussdCall is a session from dialling to its end.
type ussdCall struct {
	*phone
	code, session string
}

// hop sends an input and gives the menu that follows.
func (u *ussdCall) hop(ctx context.Context, status elarian.USSDStatus, text string) (elarian.Menu, error) {
	m, err := u.simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{
		From: u.number, To: elarian.USSD(u.code), SessionID: u.session,
		Parts: []elarian.Part{elarian.USSDInput{Status: status, Text: text}},
	})
	var menu elarian.Menu
	if m != nil {
		menu, _ = m.Body.(elarian.Menu)
	}
	var refused *elarian.CommandError
	if errors.As(err, &refused) && refused.Description != "" {
		err = fmt.Errorf("%s: %s", u.code, refused.Description)
	}
	if err != nil && menu.Text != "" {
		u.screen.plain(menu.Text) // what a phone shows when the app has failed
	}
	return menu, err
}

// hangUp ends the session from the phone's side. Nobody waits for a menu any more, so nothing is wrong when none comes.
func (u *ussdCall) hangUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = u.simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{
		From: u.number, To: elarian.USSD(u.code), SessionID: u.session,
		Parts: []elarian.Part{elarian.USSDInput{Status: elarian.USSDIncomplete}},
	})
}

// talk shows menus and reads answers.
func (u *ussdCall) talk(ctx context.Context) error {
	u.screen.note("%s dials %s", u.number, u.code)
	text := ""
	for {
		menu, err := u.hop(ctx, elarian.USSDActive, text)
		if err != nil {
			return err
		}
		u.screen.box(menu.Text)
		if menu.Terminal {
			return nil
		}
		line, _ := u.ask(ctx)
		if text = strings.TrimSpace(line); text == "" {
			u.hangUp(ctx)
			u.screen.note("hung up")
			return nil
		}
	}
}

// script sends the answers.
func (u *ussdCall) script(ctx context.Context, answers []string) error {
	menu, err := u.hop(ctx, elarian.USSDActive, "")
	for i := 0; err == nil; i++ {
		u.screen.plain(menu.Text)
		if menu.Terminal {
			if i < len(answers) {
				err = fmt.Errorf("%s: the session ended before the answer %q", u.code, answers[i])
			}
			break
		}
		if i == len(answers) {
			u.hangUp(ctx)
			break
		}
		u.screen.plain("> " + answers[i])
		menu, err = u.hop(ctx, elarian.USSDActive, answers[i])
	}
	return err
}
