package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/store"
)

// operator is who runs the command.
func operator() customer.Actor { return customer.Actor{Kind: "operator", ID: os.Getenv("USER")} }

func actorText(a customer.Actor) string { return strings.TrimSpace(a.Kind + " " + a.ID) }

// lineView is an entry of the journal.
type lineView struct {
	Transaction int64     `json:"transaction"`
	At          time.Time `json:"at"`
	What        string    `json:"what"`
	Account     string    `json:"account"`
	Amount      string    `json:"amount"`
	Balance     string    `json:"balance"`
	Payment     string    `json:"payment,omitempty"`
	Who         string    `json:"who"`
	Note        string    `json:"note,omitempty"`
}

func viewLine(l store.Line) lineView {
	return lineView{l.Journal, l.At, l.What, l.Account.String(), currency.Text(l.Amount, l.Account.Currency), currency.Text(l.Balance, l.Account.Currency),
		l.Payment, actorText(l.Actor), l.Note}
}

// purseCommand is what the commands about purses share.
type purseCommand struct {
	database storeFlags
	show     output
	orgID    string
}

// with finds the purse that is named, in whichever org, or the only one.
func (f *purseCommand) with(c *cobra.Command, id string, do func(st *store.Store, p store.Purse) error) error {
	return f.database.with(c, false, func(st *store.Store, d *store.Directory) error {
		orgID := f.orgID
		for _, p := range d.Purses {
			if p.ID == id && orgID == "" {
				orgID = p.Org
			}
		}
		org, err := chooseOrg(d, orgID)
		if err != nil {
			return err
		}
		purse, err := choosePurse(d, org.ID, id, "its id")
		if err != nil {
			return err
		}
		return do(st, purse)
	})
}

func (f *purseCommand) depositCommand() *cobra.Command {
	return f.cashCommand(1, cobra.Command{
		Use: "deposit PURSE AMOUNT", Short: "Put money into a purse",
		Long:    "Put money into a purse: what is written in the journal is that it came from outside, by an operator.",
		Example: `  elarian purse deposit el_prs_… 25000.00 --note "bank slip 381"`,
	})
}

func (f *purseCommand) withdrawCommand() *cobra.Command {
	return f.cashCommand(-1, cobra.Command{
		Use: "withdraw PURSE AMOUNT", Short: "Take money out of a purse, of what is available",
		Example: `  elarian purse withdraw el_prs_… 1500 --note "to the bank"`,
	})
}

func (f *purseCommand) cashCommand(sign int64, c cobra.Command) *cobra.Command {
	var note string
	c.Args = arguments(2, 2, "PURSE AMOUNT")
	c.RunE = func(c *cobra.Command, args []string) error {
		return f.with(c, args[0], func(st *store.Store, p store.Purse) error {
			amount, err := ledger.Parse(p.Currency, args[1])
			if err != nil {
				return err
			}
			b, err := st.MoveCash(store.CashMove{Purse: p, Amount: sign * amount, By: operator(), Note: note})
			if err != nil {
				return err
			}
			view := viewPurse(p, b)
			return f.show.one(c.OutOrStdout(), view, fmt.Sprintf("%s has %s available", p.ID, view.Available))
		})
	}
	c.Flags().StringVar(&note, "note", "", "what it is for: it stays in the journal")
	return &c
}

func (f *purseCommand) statementCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "statement [PURSE]", Short: "Show what went into and out of a purse, newest first",
		Example: "  elarian purse statement el_prs_… --limit 20",
		Args:    arguments(0, 1, "[PURSE]"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, strings.Join(args, ""), func(st *store.Store, p store.Purse) error {
				lines, err := st.Statement(p.Account(), limit)
				if err != nil {
					return err
				}
				views := each(lines, viewLine)
				return f.show.list(c.OutOrStdout(), views, []string{"WHEN", "WHAT", "AMOUNT", "BALANCE", "PAYMENT OR NOTE", "WHO"},
					each(views, func(l lineView) []string {
						return []string{when(l.At), l.What, l.Amount, l.Balance, strings.TrimSpace(l.Payment + " " + l.Note), l.Who}
					}))
			})
		},
	}
	limitFlag(c, &limit, 50, "how many entries at the most")
	return c
}
