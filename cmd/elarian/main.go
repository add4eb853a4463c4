// Command elarian is everything in one program: a server to try things with (dev) or for live use
// (serve), a phone in the terminal (phone), and the tools of an operator (org, app, key, channel, purse).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	os.Exit(run(ctx, newRootCommand()))
}

// run is the one place where an error becomes a line and an exit code: 2 for a wrong command line, 1 else.
func run(ctx context.Context, root *cobra.Command) int {
	command, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 130 // Ctrl-C, as shells count it
	}
	line := strings.Join(strings.Fields(err.Error()), " ")
	if !strings.HasPrefix(line, "elarian: ") {
		line = "elarian: " + line
	}
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(os.Stderr, "%s (see: %s --help)\n", line, command.CommandPath())
		return 2
	}
	fmt.Fprintln(os.Stderr, line)
	return 1
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func newRootCommand() *cobra.Command {
	root := group("elarian", "Talk with people by SMS, USSD and more, and remember who they are",
		`Elarian connects apps with people: by SMS, USSD, WhatsApp, Telegram, Messenger, e-mail and voice.

Begin with a server of your own, with everything in it to try things:

  elarian dev`)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(
		&cobra.Group{ID: "try", Title: "To try things:"},
		&cobra.Group{ID: "live", Title: "For live use:"},
		&cobra.Group{ID: "setup", Title: "To set things up, also while a server runs:"},
		&cobra.Group{ID: "look", Title: "To look after people and what they were sent, also while a server runs:"},
		&cobra.Group{ID: "money", Title: "To look after money, also while a server runs:"},
	)
	add := func(groupID string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = groupID
			root.AddCommand(c)
		}
	}
	add("try", newDevCommand(), newEnvCommand(), newExampleCommand(), newPhoneCommand())
	add("live", newServeCommand(), newBenchCommand())
	add("setup", newOrgCommand(), newAppCommand(), newKeyCommand(), newChannelCommand(), newTemplateCommand())
	add("look", newCustomerCommand(), newNotificationsCommand(), newWorkCommand())
	add("money", newPurseCommand(), newPaymentCommand(), newLedgerCommand())
	root.AddCommand(newVersionCommand())
	root.InitDefaultHelpCmd()
	return root
}

// group makes a command that only has others under it.
func group(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			err := fmt.Errorf("unknown command %q", c.CommandPath()+" "+args[0])
			if similar := c.SuggestionsFor(args[0]); len(similar) > 0 {
				err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(similar, " or "))
			}
			return usageError{err}
		},
		SuggestionsMinimumDistance: 2,
	}
	c.AddCommand(commands...)
	return c
}

// arguments takes between least and most arguments; most below 0 is any number.
func arguments(least, most int, names string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least && names != "":
			return usageError{fmt.Errorf("arguments are missing: %s", names)}
		case most >= 0 && len(args) > most:
			return usageError{fmt.Errorf("unexpected argument %q", args[most])}
		}
		return nil
	}
}
