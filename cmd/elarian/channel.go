package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// channelView is a channel of either sort.
type channelView struct {
	Org       string    `json:"org"`
	Channel   string    `json:"channel"`
	Number    string    `json:"number"`
	App       string    `json:"app"`
	Provider  string    `json:"provider,omitempty"`
	Partition string    `json:"partition,omitempty"`
	Purse     string    `json:"purse,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

func viewChannels(d *store.Directory) []channelView {
	return append(
		each(d.MessagingChannels, func(c store.MessagingChannel) channelView {
			return channelView{Org: c.Org, Channel: c.Number.Channel.String(), Number: c.Number.Number, App: c.App,
				Provider: c.Provider, Partition: c.DefaultPartition, CreatedAt: c.CreatedAt}
		}),
		each(d.PaymentChannels, func(c store.PaymentChannel) channelView {
			return channelView{Org: c.Org, Channel: c.Kind.String(), Number: c.Number, App: c.App, Purse: c.Purse, CreatedAt: c.CreatedAt}
		})...)
}

const channelKinds = "sms, ussd, voice, whatsapp, telegram, fb_messenger, email for messages; cellular, airtime for money"

// channelNumber is KIND and NUMBER of a command line: one of the two kinds is set.
type channelNumber struct {
	messaging messaging.ChannelNumber
	payment   payment.Channel
	number    string // in its normal form
}

func (n channelNumber) kind() string {
	if n.payment != 0 {
		return n.payment.String()
	}
	return n.messaging.Channel.String()
}

func (n channelNumber) String() string { return n.kind() + " " + n.number }

func parseChannel(kind, number string) (channelNumber, error) {
	switch kind {
	case "messenger":
		kind = messaging.Messenger.String()
	case payment.Cellular.String(), payment.Airtime.String():
		n, err := messaging.ChannelNumber{Channel: messaging.SMS, Number: number}.Normalize() // a short code or number, too
		channel := payment.Cellular
		if kind == payment.Airtime.String() {
			channel = payment.Airtime
		}
		return channelNumber{payment: channel, number: n.Number}, err
	}
	channel, ok := messaging.ParseChannel(kind)
	if !ok {
		return channelNumber{}, usageError{fmt.Errorf("%q is no kind of channel: use %s", kind, channelKinds)}
	}
	n, err := messaging.ChannelNumber{Channel: channel, Number: number}.Normalize()
	return channelNumber{messaging: n, number: n.Number}, err
}

// find gives the channel of an org, where there is such a one.
func (n channelNumber) find(d *store.Directory, orgID string) (channelView, bool) {
	for _, v := range viewChannels(d) {
		if v.Org == orgID && v.Channel == n.kind() && v.Number == n.number {
			return v, true
		}
	}
	return channelView{}, false
}

func newChannelCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID string
	c := group("channel", "Add, list and remove channels",
		"A channel is a number of an org. What comes in on it goes to the app that it is bound to.\n\nKinds: "+channelKinds+".",
		newChannelAddCommand(&database, &show, &orgID), newChannelListCommand(&database, &show, &orgID),
		newChannelSetCommand(&database, &show, &orgID), newChannelRemoveCommand(&database, &show, &orgID))
	c.PersistentFlags().StringVar(&orgID, "org", "", "id of the org (not needed where there is one)")
	database.register(c)
	show.register(c)
	return c
}

func newChannelAddCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	var appID, purseID, partition string
	c := &cobra.Command{
		Use:   "add KIND NUMBER",
		Short: "Add a channel and bind it to an app",
		Long:  "Add a channel and bind it to an app.\n\nKinds: " + channelKinds + ".",
		Example: `  elarian channel add sms 22334 --app el_app_…
  elarian channel add ussd '*384*5#' --app el_app_…
  elarian channel add whatsapp +254711000111
  elarian channel add cellular 525900 --purse el_prs_…`,
		Args: arguments(2, 2, "KIND NUMBER"),
		RunE: func(c *cobra.Command, args []string) error {
			number, err := parseChannel(args[0], args[1])
			if err != nil {
				return err
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				app, err := chooseApp(d, *orgID, appID)
				if err != nil {
					return err
				}
				if have, ok := number.find(d, app.Org); ok {
					return fmt.Errorf("channel %s exists already, bound to app %s: remove it first to bind it to another", number, have.App)
				}
				if err := addChannel(st, d, app, number, purseID, partition); err != nil {
					return err
				}
				if d, err = st.Directory(nil); err != nil {
					return err
				}
				added, _ := number.find(d, app.Org)
				return show.one(c.OutOrStdout(), added, fmt.Sprintf("added %s for app %s", number, app.ID))
			})
		},
	}
	c.Flags().StringVar(&appID, "app", "", "id of the app that it is bound to (not needed where there is one)")
	c.Flags().StringVar(&purseID, "purse", "", "id of the purse that gets unasked payments; cellular and airtime (not needed where there is one)")
	c.Flags().StringVar(&partition, "partition", "", "partition of customers who write to it")
	return c
}

func addChannel(st *store.Store, d *store.Directory, app store.App, number channelNumber, purseID, partition string) error {
	if number.payment != 0 {
		if partition != "" {
			return usageError{fmt.Errorf("--partition is for channels of messages, not for %s", number.kind())}
		}
		purse, err := choosePurse(d, app.Org, purseID, "--purse ID")
		if err != nil {
			return err
		}
		return st.AddPaymentChannel(store.PaymentChannel{Org: app.Org, Kind: number.payment, Number: number.number, App: app.ID, Purse: purse.ID})
	}
	if purseID != "" {
		return usageError{fmt.Errorf("--purse is for cellular and airtime, not for %s", number.kind())}
	}
	provider := "simulator"
	if org, _ := d.Org(app.Org); org.Live {
		provider = "" // none is there yet
	}
	return st.AddMessagingChannel(store.MessagingChannel{Org: app.Org, Number: number.messaging, App: app.ID, Provider: provider, DefaultPartition: partition})
}

func newChannelListCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the channels",
		Example: "  elarian channel list --json",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				channels, err := ofOrg(d, *orgID, viewChannels(d), func(v channelView) string { return v.Org })
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(channels, func(v channelView) channelView { return v }),
					[]string{"ORG", "CHANNEL", "NUMBER", "APP", "PROVIDER", "PARTITION", "PURSE"},
					each(channels, func(v channelView) []string {
						return []string{v.Org, v.Channel, v.Number, v.App, cmp.Or(v.Provider, "-"), cmp.Or(v.Partition, "-"), cmp.Or(v.Purse, "-")}
					}))
			})
		},
	}
}

func newChannelRemoveCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	return &cobra.Command{
		Use:     "remove KIND NUMBER",
		Short:   "Remove a channel",
		Example: "  elarian channel remove sms 22334",
		Args:    arguments(2, 2, "KIND NUMBER"),
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
				have, ok := number.find(d, org.ID)
				if !ok {
					return fmt.Errorf("org %s has no channel %s: elarian channel list shows all", org.ID, number)
				}
				if number.payment != 0 {
					err = st.RemovePaymentChannel(org.ID, number.payment, number.number)
				} else {
					err = st.RemoveMessagingChannel(org.ID, number.messaging)
				}
				if err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), have, "removed "+number.String())
			})
		},
	}
}
