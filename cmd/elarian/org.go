package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

type orgView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Live      bool      `json:"live"`
	CreatedAt time.Time `json:"created_at"`
}

func viewOrg(o store.Org) orgView { return orgView{o.ID, o.Name, o.Live, o.CreatedAt} }

func orgKind(live bool) string {
	if live {
		return "live"
	}
	return "sandbox"
}

func newOrgCommand() *cobra.Command {
	var database storeFlags
	var show output
	var live bool
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an org, a sandbox unless --live, and show its id",
		Example: `  elarian org add "Afya Clinic"
  elarian org add --live --store postgres://elarian@db/elarian "Afya Clinic"`,
		Args: arguments(1, 1, "NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkName(args[0]); err != nil {
				return err
			}
			return database.with(c, true, func(st *store.Store, _ *store.Directory) error {
				org, err := st.AddOrg(store.Org{Name: args[0], Live: live})
				if err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewOrg(org), org.ID)
			})
		},
	}
	add.Flags().BoolVar(&live, "live", false, "a live org: the simulator cannot play its customers")
	list := &cobra.Command{
		Use:     "list",
		Short:   "List all orgs",
		Example: "  elarian org list --json",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				return show.list(c.OutOrStdout(), each(d.Orgs, viewOrg), []string{"ID", "NAME", "KIND", "CREATED"},
					each(d.Orgs, func(o store.Org) []string { return []string{o.ID, o.Name, orgKind(o.Live), when(o.CreatedAt)} }))
			})
		},
	}
	c := group("org", "Add and list orgs", "An org owns everything: apps, keys, channels, purses and customers. Orgs share nothing.", add, list)
	database.register(c)
	show.register(c)
	return c
}
