package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// customerArgument reads whom a command is about: el_cst_…, a phone number, telegram:ID, facebook:ID,
// app:ID, an e-mail address, or KEY=VALUE of a secondary id.
func customerArgument(arg, partition string) (customer.Ref, error) {
	provider, rest, prefixed := strings.Cut(arg, ":")
	providers := map[string]customer.Provider{"telegram": customer.Telegram, "facebook": customer.Facebook, "app": customer.App, "cellular": customer.Cellular, "email": customer.Email}
	number := customer.Number{Number: arg, Provider: customer.Cellular, Partition: partition}
	switch p, known := providers[provider]; {
	case strings.HasPrefix(arg, "el_cst_"):
		return customer.ByID(arg).CheckID()
	case prefixed && known:
		number.Provider, number.Number = p, rest
	case strings.Contains(arg, "="):
		key, value, _ := strings.Cut(arg, "=")
		return customer.BySecondaryID(key, value).CheckSecondaryID()
	case strings.Contains(arg, "@"):
		number.Provider = customer.Email
	}
	ref, err := customer.Ref{Number: number}.CheckNumber()
	if err != nil && !prefixed {
		return ref, fmt.Errorf("%q names no customer: say %s", arg, customerForms)
	}
	return ref, err
}

const customerForms = "el_cst_…, a phone number, telegram:ID, facebook:ID, an e-mail address, or KEY=VALUE of a secondary id"

// customerCommand is what the commands about one customer share.
type customerCommand struct {
	database         storeFlags
	show             output
	orgID, partition string
}

// with finds the customer that the argument names.
func (f *customerCommand) with(c *cobra.Command, arg string, do func(st *store.Store, rec *store.Record) error) error {
	ref, err := customerArgument(arg, f.partition)
	if err != nil {
		return err
	}
	return f.database.with(c, false, func(st *store.Store, d *store.Directory) error {
		org, err := chooseOrg(d, f.orgID)
		if err != nil {
			return err
		}
		rec, err := st.Find(context.Background(), org.ID, ref)
		if err != nil {
			return err
		}
		if rec == nil {
			return fmt.Errorf("org %s has no customer %s", org.ID, arg)
		}
		return do(st, rec)
	})
}

func newCustomerCommand() *cobra.Command {
	f := &customerCommand{}
	c := group("customer", "Look at a person, export or erase what is stored about them",
		"A customer is named by "+customerForms+".",
		f.showCommand(), f.timelineCommand(), f.exportCommand(), f.deleteCommand())
	c.PersistentFlags().StringVar(&f.orgID, "org", "", "org (default: the only one)")
	c.PersistentFlags().StringVar(&f.partition, "partition", "", "partition of the number")
	f.database.register(c)
	f.show.register(c)
	return c
}

func (f *customerCommand) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show CUSTOMER", Short: "Show who the customer is", Example: "  elarian customer show +254710000001", Args: arguments(1, 1, "CUSTOMER"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, args[0], func(st *store.Store, rec *store.Record) error {
				reminders, err := st.Reminders(rec.Org, rec.ID)
				if err != nil {
					return err
				}
				wallets, err := st.Wallets(rec)
				if err != nil {
					return err
				}
				view := viewCustomer(rec, reminders, wallets)
				if f.show.json {
					return writeJSON(c.OutOrStdout(), view)
				}
				w := c.OutOrStdout()
				fmt.Fprintf(w, "%s  since %s, last changed %s\n", view.ID, view.CreatedAt.Format(time.RFC3339), view.UpdatedAt.Format(time.RFC3339))
				if view.AdoptedBy != "" {
					fmt.Fprintf(w, "decommissioned: adopted by %s\n", view.AdoptedBy)
				}
				for _, n := range view.Numbers {
					fmt.Fprintf(w, "number     %s %s\n", n.Provider, n.Number)
				}
				for _, s := range view.SecondaryIDs {
					fmt.Fprintf(w, "also known %s = %s\n", s.Key, s.Value)
				}
				for _, t := range view.Tags {
					fmt.Fprintf(w, "tag        %s = %s\n", t.Key, t.Value)
				}
				for k, v := range view.Metadata {
					fmt.Fprintf(w, "metadata   %s = %.100s\n", k, v)
				}
				for _, wallet := range view.Wallets {
					fmt.Fprintf(w, "wallet     %s has %s, %s available\n", wallet.ID, wallet.Actual, wallet.Available)
				}
				for _, r := range view.Reminders {
					fmt.Fprintf(w, "reminder   %s at %s  (%s)\n", r.Key, r.Next.Format(time.RFC3339), r.App)
				}
				for _, ch := range view.Channels {
					fmt.Fprintf(w, "channel    %s  %s\n", ch.Channel, ch.State)
				}
				return nil
			})
		},
	}
}

func (f *customerCommand) timelineCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "timeline CUSTOMER", Short: "Show what happened, newest first", Example: "  elarian customer timeline +254710000001 --limit 20", Args: arguments(1, 1, "CUSTOMER"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, args[0], func(st *store.Store, rec *store.Record) error {
				entries, err := st.History(rec.History, limit)
				if err != nil {
					return err
				}
				return f.show.list(c.OutOrStdout(), each(entries, viewEntry), []string{"WHEN", "WHO", "WHAT", "DETAIL"},
					each(entries, func(e customer.Entry) []string {
						return []string{e.At.Format("2006-01-02 15:04:05.000"), strings.TrimSpace(e.Actor.Kind + " " + e.Actor.ID), e.What, e.Detail}
					}))
			})
		},
	}
	limitFlag(c, &limit, 50, "how many entries at the most")
	return c
}

func (f *customerCommand) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "export CUSTOMER", Short: "Write all that is stored about the customer, as JSON", Example: "  elarian customer export +254710000001 > person.json", Args: arguments(1, 1, "CUSTOMER"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, args[0], func(st *store.Store, rec *store.Record) error {
				all, err := st.Everything(rec)
				if err != nil {
					return err
				}
				return writeJSON(c.OutOrStdout(), viewEverything(all))
			})
		},
	}
}

func (f *customerCommand) deleteCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "delete CUSTOMER", Short: "Erase all that is stored about the customer, for good", Example: "  elarian customer delete +254710000001 --yes", Args: arguments(1, 1, "CUSTOMER"),
		RunE: func(c *cobra.Command, args []string) error {
			if !yes {
				return usageError{fmt.Errorf("what is erased is lost: add --yes when that is meant")}
			}
			return f.with(c, args[0], func(st *store.Store, rec *store.Record) error {
				err := st.Apply(&store.Unit{Alone: true, Needs: store.Needs{Org: rec.Org, Customers: []customer.Ref{customer.ByID(rec.ID)}}, Run: func(tx *store.Tx) error {
					found, err := tx.Customer(rec.Org, customer.ByID(rec.ID))
					if err != nil {
						return err
					}
					return tx.DeleteCustomer(found)
				}})
				if err != nil {
					return err
				}
				return f.show.one(c.OutOrStdout(), map[string]string{"deleted": rec.ID}, rec.ID+" is erased")
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "yes, erase it")
	return c
}
