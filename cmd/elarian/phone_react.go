package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newPhoneReactCommand(flags *phoneFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "react CHANNEL NUMBER MESSAGE REACTION",
		Short: "Click, unsubscribe from or complain about a message",
		Long: `React to a message that an app has sent to the phone: clicked, unsubscribed or complained. The app is told. Who has
unsubscribed or complained gets nothing more from that number, until they allow it again.

CHANNEL is sms, whatsapp, telegram, messenger or email, and NUMBER the app's number there; "elarian customer timeline"
shows which message had which id.`,
		Example: `  elarian phone react sms 83044 el_msg_… clicked
  elarian phone --number +254710000002 react whatsapp +254711621711 el_msg_… unsubscribed`,
		Args: arguments(4, 4, "CHANNEL NUMBER MESSAGE REACTION"),
		RunE: func(c *cobra.Command, args []string) error {
			i := slices.IndexFunc(writings, func(w writing) bool { return w.name == args[0] })
			if i < 0 {
				return usageError{fmt.Errorf("%q: use sms, whatsapp, telegram, messenger or email", args[0])}
			}
			reaction, err := parseReaction(args[3])
			if err != nil {
				return err
			}
			channel, message := writings[i].channel(args[1]), args[2]
			return flags.use(c, channel.Channel, func(ctx context.Context, p *phone) error {
				err := p.simulator.UpdateMessageReaction(ctx, elarian.SimulatedReaction{MessageID: message, From: p.number, To: channel, Reaction: reaction})
				if err != nil {
					return failedCall(message, err)
				}
				p.screen.note("[%s: %s]", message, reaction)
				return nil
			})
		},
	}
}

func parseReaction(name string) (elarian.MessageReaction, error) {
	for _, r := range []elarian.MessageReaction{elarian.ReactionClicked, elarian.ReactionUnsubscribed, elarian.ReactionComplained} {
		if r.String() == strings.ToLower(name) {
			return r, nil
		}
	}
	return 0, usageError{fmt.Errorf("%q is no reaction: use clicked, unsubscribed or complained", name)}
}
