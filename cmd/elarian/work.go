package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

// workView is a work by tag, and how far it is.
type workView struct {
	Org       string    `json:"org"`
	Work      string    `json:"work"`
	App       string    `json:"app"`
	Kind      string    `json:"kind"`
	Tag       string    `json:"tag"`
	State     string    `json:"state"`
	Done      int64     `json:"done"`
	Failed    int64     `json:"failed"`
	Failure   string    `json:"failure,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func viewWork(w *store.Work) workView {
	state := "running"
	switch {
	case w.Cancelled:
		state = "cancelled"
	case w.Done:
		state = "done"
	}
	return workView{Org: w.Org, Work: w.ID, App: w.App, Kind: string(w.Kind), Tag: w.Tag + "=" + w.Value, State: state,
		Done: w.Succeeded, Failed: w.Failed, Failure: w.Failure, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
}

func newWorkCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID string
	c := group("work", "Look at messages and reminders by tag, and cancel them",
		"A command by tag is work that the server does in the background, for all customers that have the tag.",
		newWorkListCommand(&database, &show, &orgID), newWorkCancelCommand(&database, &show, &orgID))
	c.PersistentFlags().StringVar(&orgID, "org", "", "id of the org (not needed where there is one)")
	database.register(c)
	show.register(c)
	return c
}

func newWorkListCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List works, the latest first, and how far they are",
		Long: `List works, the latest first, and how far they are: for how many customers each is done, and how many of them
it was refused for, with the reason of the last. Works that are done are kept for 30 days.`,
		Example: "  elarian work list --json",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, *orgID)
				if err != nil {
					return err
				}
				found, err := st.Works(org.ID, limit)
				if err != nil {
					return err
				}
				works := each(found, viewWork)
				return show.list(c.OutOrStdout(), works, []string{"WORK", "APP", "KIND", "TAG", "STATE", "DONE", "FAILED", "STARTED", "LAST FAILURE"},
					each(works, func(w workView) []string {
						return []string{w.Work, w.App, w.Kind, w.Tag, w.State, strconv.FormatInt(w.Done, 10), strconv.FormatInt(w.Failed, 10), when(w.CreatedAt), cmp.Or(w.Failure, "-")}
					}))
			})
		},
	}
	limitFlag(c, &limit, 100, "how many works to list")
	return c
}

func newWorkCancelCommand(database *storeFlags, show *output, orgID *string) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel WORK",
		Short: "End a work where it stands",
		Long: `End a work where it stands: nobody else gets the message or the reminder. What is done stays done. A server that
runs does at the most the customers that it is at, 200 of them.`,
		Example: "  elarian work cancel el_wrk_…",
		Args:    arguments(1, 1, "WORK"),
		RunE: func(c *cobra.Command, args []string) error {
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, *orgID)
				if err != nil {
					return err
				}
				w, err := st.CancelWork(org.ID, args[0])
				switch {
				case err != nil:
					return err
				case w == nil:
					return fmt.Errorf("org %s has no work %s: elarian work list shows them", org.ID, args[0])
				case !w.Cancelled:
					return fmt.Errorf("work %s is done already", w.ID)
				}
				view := viewWork(w)
				return show.one(c.OutOrStdout(), view, fmt.Sprintf("work %s is cancelled; it is done for %d customers, and was refused for %d", w.ID, view.Done, view.Failed))
			})
		},
	}
}
