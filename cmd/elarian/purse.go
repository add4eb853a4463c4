package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/currency"

	"github.com/elarian-go/elarian/internal/store"
)

type purseView struct {
	Org       string    `json:"org"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
}

func viewPurse(p store.Purse) purseView {
	return purseView{p.Org, p.ID, p.Name, p.Currency, p.CreatedAt}
}

func newPurseCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID, money string
	add := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a purse to an org and show its id",
		Example: `  elarian purse add "Airtime" --currency KES`,
		Args:    arguments(1, 1, "NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkName(args[0]); err != nil {
				return err
			}
			unit, err := currency.ParseISO(money)
			if err != nil {
				return fmt.Errorf("--currency %q is no currency: use three letters of ISO 4217, such as KES", money)
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, orgID)
				if err != nil {
					return err
				}
				purse, err := st.AddPurse(store.Purse{Org: org.ID, Name: args[0], Currency: unit.String()})
				if err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewPurse(purse), purse.ID)
			})
		},
	}
	add.Flags().StringVar(&money, "currency", "KES", "its currency, three letters of ISO 4217")
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the purses",
		Example: "  elarian purse list",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				purses, err := ofOrg(d, orgID, d.Purses, func(p store.Purse) string { return p.Org })
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(purses, viewPurse), []string{"ORG", "ID", "NAME", "CURRENCY", "CREATED"},
					each(purses, func(p store.Purse) []string {
						return []string{p.Org, p.ID, p.Name, p.Currency, when(p.CreatedAt)}
					}))
			})
		},
	}
	c := group("purse", "Add and list purses", "A purse is a money account of an org, in one currency.", add, list)
	c.PersistentFlags().StringVar(&orgID, "org", "", "id of the org (not needed where there is one)")
	database.register(c)
	show.register(c)
	return c
}

// choosePurse finds a purse of an org, or the only one it has.
func choosePurse(d *store.Directory, orgID, id string) (store.Purse, error) {
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
	return store.Purse{}, fmt.Errorf("org %s has %d purses: say which by --purse ID; elarian purse list shows all", orgID, len(found))
}
