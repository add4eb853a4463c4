package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/store"
)

type purseView struct {
	Org       string    `json:"org"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Currency  string    `json:"currency"`
	Available string    `json:"available"`
	Actual    string    `json:"actual"`
	CreatedAt time.Time `json:"created_at"`
}

func viewPurse(p store.Purse, b ledger.Balance) purseView {
	return purseView{p.Org, p.ID, p.Name, p.Currency, currency.Text(b.Available(), p.Currency), currency.Text(b.Actual, p.Currency), p.CreatedAt}
}

func newPurseCommand() *cobra.Command {
	f := &purseCommand{}
	c := group("purse", "Add purses, fill them, and see what is in them", "A purse is a money account of an org, in one currency.",
		f.addCommand(), f.listCommand(), f.depositCommand(), f.withdrawCommand(), f.statementCommand())
	c.PersistentFlags().StringVar(&f.orgID, "org", "", "id of the org (not needed where there is one)")
	f.database.register(c)
	f.show.register(c)
	return c
}

func (f *purseCommand) addCommand() *cobra.Command {
	var money string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a purse to an org and show its id",
		Long: `Add a purse to an org and show its id. A sandbox's purse holds 1,000,000 of its currency from the start, a live
org's nothing.`,
		Example: `  elarian purse add "Airtime" --currency KES`,
		Args:    arguments(1, 1, "NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkName(args[0]); err != nil {
				return err
			}
			code := strings.ToUpper(money)
			if _, known := currency.Decimals(code); !known {
				return fmt.Errorf("--currency %q is no currency: use three letters of ISO 4217, such as KES", money)
			}
			return f.database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, f.orgID)
				if err != nil {
					return err
				}
				purse, err := st.AddPurse(store.Purse{Org: org.ID, Name: args[0], Currency: code})
				if err != nil {
					return err
				}
				var b ledger.Balance
				if !org.Live {
					if b, err = st.FillPurse(purse); err != nil {
						return err
					}
				}
				return f.show.one(c.OutOrStdout(), viewPurse(purse, b), purse.ID)
			})
		},
	}
	c.Flags().StringVar(&money, "currency", "KES", "its currency, three letters of ISO 4217")
	return c
}

func (f *purseCommand) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the purses, and what they have",
		Example: "  elarian purse list",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return f.database.with(c, false, func(st *store.Store, d *store.Directory) error {
				purses, err := ofOrg(d, f.orgID, d.Purses, func(p store.Purse) string { return p.Org })
				if err != nil {
					return err
				}
				views := make([]purseView, 0, len(purses))
				for _, p := range purses {
					b, err := st.Balance(p.Account())
					if err != nil {
						return err
					}
					views = append(views, viewPurse(p, b))
				}
				return f.show.list(c.OutOrStdout(), views, []string{"ORG", "ID", "NAME", "AVAILABLE", "ACTUAL", "CREATED"},
					each(views, func(v purseView) []string {
						return []string{v.Org, v.ID, v.Name, v.Available, v.Actual, when(v.CreatedAt)}
					}))
			})
		},
	}
}

// choosePurse finds a purse of an org, or the only one it has. how is what names one to the command.
func choosePurse(d *store.Directory, orgID, id, how string) (store.Purse, error) {
	var found []store.Purse
	for _, p := range d.Purses {
		if p.Org == orgID && (id == "" || p.ID == id) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case id != "":
		return store.Purse{}, fmt.Errorf("org %s has no purse %s: elarian purse list shows all", orgID, id)
	case len(found) == 0:
		return store.Purse{}, fmt.Errorf("org %s has no purse yet: make one with: elarian purse add NAME", orgID)
	}
	return store.Purse{}, fmt.Errorf("org %s has %d purses: say which by %s; elarian purse list shows all", orgID, len(found), how)
}
