package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

type letterView struct {
	ID        int64     `json:"id"`
	Org       string    `json:"org"`
	App       string    `json:"app"`
	Subject   string    `json:"customer"`
	Kind      string    `json:"kind"`
	CreatedAt time.Time `json:"created_at"`
	Attempts  int64     `json:"attempts"`
	DueAt     time.Time `json:"due_at,omitzero"`
	Dead      bool      `json:"dead"`
	Failure   string    `json:"failure,omitempty"`
}

func viewLetter(n *store.Notification) letterView {
	return letterView{n.ID, n.Org, n.App, n.Subject, n.Kind, n.CreatedAt, n.Attempts, n.DueAt, n.Dead, n.Failure}
}

const letterPage = 1000

// letterFlags choose notifications.
type letterFlags struct {
	org, app, customer string
	waiting            bool
	older              time.Duration
	limit              int
}

func (f *letterFlags) filter() store.LetterFilter {
	filter := store.LetterFilter{Org: f.org, App: f.app, Subject: f.customer, Dead: !f.waiting}
	if f.older > 0 {
		filter.Before = time.Now().Add(-f.older)
	}
	return filter
}

func newNotificationsCommand() *cobra.Command {
	var database storeFlags
	var show output
	var choose letterFlags
	list := &cobra.Command{
		Use: "list", Short: "List what apps did not take: put aside, or with --waiting still to be delivered",
		Example: `  elarian notifications list
  elarian notifications list --waiting --app el_app_… --older 1h`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(st *store.Store, _ *store.Directory) error {
				letters, err := st.Letters(choose.filter(), 0, choose.limit)
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(letters, viewLetter), []string{"ID", "APP", "CUSTOMER", "KIND", "MADE", "ATTEMPTS", "FAILURE"},
					each(letters, func(n *store.Notification) []string {
						return []string{fmt.Sprint(n.ID), n.App, n.Subject, n.Kind, n.CreatedAt.Format(time.RFC3339), fmt.Sprint(n.Attempts), n.Failure}
					}))
			})
		},
	}
	limitFlag(list, &choose.limit, 100, "how many at the most")
	list.Flags().BoolVar(&choose.waiting, "waiting", false, "those still to be delivered, not those put aside")
	retry := &cobra.Command{
		Use: "retry", Short: "Deliver again what was put aside",
		Example: "  elarian notifications retry --app el_app_…",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(st *store.Store, _ *store.Directory) error {
				count, err := st.RetryLetters(choose.filter())
				if err != nil {
					return err
				}
				fmt.Fprintf(c.OutOrStdout(), "%d to be delivered again\n", count)
				return nil
			})
		},
	}
	var yes bool
	drop := &cobra.Command{
		Use: "drop", Short: "Forget what was put aside, for good",
		Example: "  elarian notifications drop --older 720h --yes",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if !yes {
				return usageError{fmt.Errorf("what is dropped is lost: add --yes when that is meant")}
			}
			return database.with(c, false, func(st *store.Store, _ *store.Directory) error {
				dropped := 0
				for {
					letters, err := st.Letters(choose.filter(), 0, letterPage)
					if err != nil || len(letters) == 0 {
						fmt.Fprintf(c.OutOrStdout(), "%d dropped\n", dropped)
						return err
					}
					if err := st.DropLetters(letters); err != nil {
						return err
					}
					dropped += len(letters)
				}
			})
		},
	}
	drop.Flags().BoolVar(&yes, "yes", false, "yes, drop them")
	c := group("notifications", "What apps were told, or are still to be told", "", list, retry, drop)
	c.PersistentFlags().StringVar(&choose.org, "org", "", "only of this org")
	c.PersistentFlags().StringVar(&choose.app, "app", "", "only for this app")
	c.PersistentFlags().StringVar(&choose.customer, "customer", "", "only about this customer (el_cst_…)")
	c.PersistentFlags().DurationVar(&choose.older, "older", 0, "only older than this, as 24h")
	database.register(c)
	show.register(c)
	return c
}
