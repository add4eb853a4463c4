package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// newChannelSetCommand changes how a messaging channel works.
func newChannelSetCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	var stop, start []string
	var session time.Duration
	var rate float64
	c := &cobra.Command{
		Use:   "set KIND NUMBER",
		Short: "Change the keywords, the time of sessions or the rate of a channel",
		Example: `  elarian channel set sms 22334 --stop STOP,ACHA --start START,ANZA
  elarian channel set whatsapp +254711000111 --session 12h
  elarian channel set sms 22334 --rate 50`,
		Args: arguments(2, 2, "KIND NUMBER"),
		RunE: func(c *cobra.Command, args []string) error {
			number, err := parseChannel(args[0], args[1])
			if err != nil {
				return err
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, *orgID)
				if err != nil {
					return err
				}
				channel, found := d.MessagingChannel(org.ID, number.messaging)
				if !found || number.payment != 0 {
					return fmt.Errorf("org %s has no messaging channel %s: elarian channel list shows all", org.ID, number)
				}
				settings := channel.Settings
				if c.Flags().Changed("stop") {
					settings.Stop = keywords(stop)
				}
				if c.Flags().Changed("start") {
					settings.Start = keywords(start)
				}
				if c.Flags().Changed("session") {
					settings.Session = session
				}
				if c.Flags().Changed("rate") {
					settings.Rate = rate
				}
				if err := checkSettings(number.messaging, settings); err != nil {
					return err
				}
				if err := st.SetChannelSettings(org.ID, number.messaging, settings); err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), settings, number.String()+" is set")
			})
		},
	}
	c.Flags().StringSliceVar(&stop, "stop", nil, "words that block, of an SMS channel (default: "+strings.Join(messaging.StopWords, ", ")+")")
	c.Flags().StringSliceVar(&start, "start", nil, "words that allow, of an SMS channel (default: "+strings.Join(messaging.StartWords, ", ")+")")
	c.Flags().DurationVar(&session, "session", 0, "how long a session lives without a message; 0 is the default of the kind")
	c.Flags().Float64Var(&rate, "rate", 0, "messages by tag in a second at the most; 0 is no bound")
	return c
}

// keywords are compared in upper case; none at all is not the default, it is none.
func keywords(words []string) []string {
	out := []string{}
	for _, w := range words {
		if w = strings.ToUpper(strings.TrimSpace(w)); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func checkSettings(n messaging.ChannelNumber, s messaging.Settings) error {
	_, sessions := n.Channel.SessionTime()
	switch {
	case (s.Stop != nil || s.Start != nil) && n.Channel != messaging.SMS:
		return fmt.Errorf("%s has no keywords: only SMS channels have", n.Channel)
	case s.Session != 0 && (!sessions || n.Channel == messaging.Voice):
		return fmt.Errorf("%s has no sessions that end by inactivity", n.Channel)
	case s.Session < 0 || s.Rate < 0:
		return errors.New("--session and --rate cannot be negative")
	}
	return nil
}
