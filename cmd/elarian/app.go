package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

type appView struct {
	Org       string    `json:"org"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

func viewApp(a store.App) appView { return appView{a.Org, a.ID, a.Name, a.CreatedAt} }

func newAppCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID string
	add := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add an app to an org and show its id",
		Example: `  elarian app add "Appointments" --org el_org_…`,
		Args:    arguments(1, 1, "NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkName(args[0]); err != nil {
				return err
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, orgID)
				if err != nil {
					return err
				}
				app, err := st.AddApp(store.App{Org: org.ID, Name: args[0]})
				if err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewApp(app), app.ID)
			})
		},
	}
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the apps, of all orgs or of one",
		Example: "  elarian app list --org el_org_…",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				apps, err := ofOrg(d, orgID, d.Apps, func(a store.App) string { return a.Org })
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(apps, viewApp), []string{"ORG", "ID", "NAME", "CREATED"},
					each(apps, func(a store.App) []string { return []string{a.Org, a.ID, a.Name, when(a.CreatedAt)} }))
			})
		},
	}
	remove := &cobra.Command{
		Use:     "remove APP",
		Short:   "Remove an app that has no channels",
		Example: "  elarian app remove el_app_…",
		Args:    arguments(1, 1, "APP"),
		RunE: func(c *cobra.Command, args []string) error {
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				app, err := chooseApp(d, orgID, args[0])
				if err != nil {
					return err
				}
				if used := channelsOf(d, app); len(used) > 0 {
					return fmt.Errorf("app %s has channels: remove them first (%s)", app.ID, strings.Join(used, ", "))
				}
				if err := st.RemoveApp(app.Org, app.ID); err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewApp(app), "removed "+app.ID)
			})
		},
	}
	c := group("app", "Add, list and remove apps", "An app is one use case of an org. It connects with its id and a key of the org, and gets what comes in on its channels.", add, list, remove)
	c.PersistentFlags().StringVar(&orgID, "org", "", "id of the org (not needed where there is one)")
	database.register(c)
	show.register(c)
	return c
}

// ofOrg leaves what is of an org; no id is all orgs.
func ofOrg[T any](d *store.Directory, id string, all []T, org func(T) string) ([]T, error) {
	if id == "" {
		return all, nil
	}
	if _, err := chooseOrg(d, id); err != nil {
		return nil, err
	}
	var out []T
	for _, t := range all {
		if org(t) == id {
			out = append(out, t)
		}
	}
	return out, nil
}

// channelsOf names the channels of an app.
func channelsOf(d *store.Directory, app store.App) []string {
	var used []string
	for _, v := range viewChannels(d) {
		if v.Org == app.Org && v.App == app.ID {
			used = append(used, v.Channel+" "+v.Number)
		}
	}
	return used
}
