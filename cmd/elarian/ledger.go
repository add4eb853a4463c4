package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

type ledgerView struct {
	Accounts     int64    `json:"accounts"`
	Transactions int64    `json:"transactions"`
	Differences  []string `json:"differences"`
}

func newLedgerCommand() *cobra.Command {
	var database storeFlags
	var show output
	check := &cobra.Command{
		Use:   "check",
		Short: "Compute every balance again from the journal",
		Long: `Compute every balance again from the journal: each transaction adds up to zero, each account has what its
entries add up to and holds what its payments under way hold, no purse or wallet is below zero, and all
accounts of an org have zero together, per currency. Differences are listed, and end the command with 1.`,
		Example: "  elarian ledger check",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(st *store.Store, _ *store.Directory) error {
				report, err := st.CheckLedger()
				if err != nil {
					return err
				}
				view := ledgerView{report.Accounts, report.Transactions, append([]string{}, report.Differences...)}
				if !show.json {
					for _, difference := range view.Differences {
						fmt.Fprintln(c.OutOrStdout(), difference)
					}
				}
				err = show.one(c.OutOrStdout(), view, fmt.Sprintf("%d accounts and %d transactions checked, %d differences", view.Accounts, view.Transactions, len(view.Differences)))
				if n := len(view.Differences); err == nil && n > 0 {
					return fmt.Errorf("the ledger is wrong in %d places", n)
				}
				return err
			})
		},
	}
	c := group("ledger", "Check the books", "", check)
	database.register(c)
	show.register(c)
	return c
}
