package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// paymentView is a payment, and with show what it was told and what it has moved.
type paymentView struct {
	Org        string             `json:"org"`
	ID         string             `json:"id"`
	App        string             `json:"app,omitempty"`
	Status     string             `json:"status"`
	Detail     string             `json:"description,omitempty"`
	Amount     string             `json:"amount"`
	Debit      string             `json:"debit"`
	Credit     string             `json:"credit"`
	Customers  []string           `json:"customers,omitempty"`
	Narration  string             `json:"narration,omitempty"`
	ProviderID string             `json:"provider_transaction_id,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	UpdatedAt  time.Time          `json:"updated_at"`
	History    []paymentEventView `json:"history,omitempty"`
	Journal    []lineView         `json:"journal,omitempty"`
}

// paymentEventView is a status that a payment was told to take, and what came of it.
type paymentEventView struct {
	At     time.Time `json:"at"`
	Status string    `json:"status"`
	Result string    `json:"result"`
	Who    string    `json:"who"`
	Detail string    `json:"description,omitempty"`
	Times  int       `json:"times"`
}

func viewPayment(p *payment.Payment) paymentView {
	return paymentView{Org: p.Org, ID: p.ID, App: p.App, Status: p.Status.String(), Detail: p.Description, Amount: currency.Text(p.Amount, p.Currency),
		Debit: partyText(p.Debit), Credit: partyText(p.Credit), Customers: p.Customers(), Narration: p.Narration, ProviderID: p.ProviderID,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
}

// partyText says who a party is, in a few words.
func partyText(p payment.Party) string {
	switch {
	case p.Wallet != nil:
		return "wallet " + p.Wallet.ID + " of " + p.Wallet.Customer
	case p.Customer != nil:
		return p.Customer.Number.Number + " by " + p.Customer.Channel.String()
	case p.Business != nil:
		return "business " + p.Business.Number + " by " + payment.ChannelNumber{Channel: p.Business.Channel, Number: p.Business.Source}.String()
	}
	return "purse " + p.Purse
}

// paymentCommand is what the commands about payments share.
type paymentCommand struct {
	database storeFlags
	show     output
	orgID    string
}

func newPaymentCommand() *cobra.Command {
	f := &paymentCommand{}
	c := group("payment", "Look at payments, and settle or reverse them",
		"A payment whose provider does not answer stays pending, and holds its amount, until the answer comes or an operator gives it.",
		f.listCommand(), f.showCommand(), f.settleCommand(), f.reverseCommand())
	c.PersistentFlags().StringVar(&f.orgID, "org", "", "id of the org (not needed where there is one)")
	f.database.register(c)
	f.show.register(c)
	return c
}

// with finds the org of the flag, or the only one, or the one that has the payment where one is named.
func (f *paymentCommand) with(c *cobra.Command, id string, do func(st *store.Store, org store.Org) error) error {
	return f.database.with(c, false, func(st *store.Store, d *store.Directory) error {
		org, err := f.org(st, d, id)
		if err != nil {
			return err
		}
		return do(st, org)
	})
}

func (f *paymentCommand) org(st *store.Store, d *store.Directory, id string) (store.Org, error) {
	if f.orgID != "" || id == "" || len(d.Orgs) < 2 {
		return chooseOrg(d, f.orgID)
	}
	for _, org := range d.Orgs {
		if p, err := st.Payment(org.ID, id); err != nil || p != nil {
			return org, err
		}
	}
	return store.Org{}, fmt.Errorf("no org has a payment %s: elarian payment list shows the latest of each", id)
}

func (f *paymentCommand) listCommand() *cobra.Command {
	filter := store.PaymentFilter{}
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List payments, the latest first",
		Example: `  elarian payment list --pending
  elarian payment list --customer el_cst_… --json`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, "", func(st *store.Store, org store.Org) error {
				filter.Org = org.ID
				found, err := st.Payments(filter, limit)
				if err != nil {
					return err
				}
				views := each(found, viewPayment)
				return f.show.list(c.OutOrStdout(), views, []string{"PAYMENT", "MADE", "STATUS", "AMOUNT", "FROM", "TO"},
					each(views, func(v paymentView) []string {
						return []string{v.ID, when(v.CreatedAt), v.Status, v.Amount, v.Debit, v.Credit}
					}))
			})
		},
	}
	c.Flags().BoolVar(&filter.Pending, "pending", false, "only those that wait for their provider")
	c.Flags().StringVar(&filter.Customer, "customer", "", "only of this customer (el_cst_…)")
	c.Flags().StringVar(&filter.Before, "before", "", "only those made before this payment (el_txn_…)")
	limitFlag(c, &limit, 100, "how many at the most")
	return c
}

func (f *paymentCommand) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show PAYMENT", Short: "Show a payment, what it was told, and what it has moved", Example: "  elarian payment show el_txn_…", Args: arguments(1, 1, "PAYMENT"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, args[0], func(st *store.Store, org store.Org) error {
				p, err := st.Payment(org.ID, args[0])
				if err != nil {
					return err
				}
				if p == nil {
					return noPayment(org, args[0])
				}
				lines, err := st.PaymentLines(org.ID, p.ID)
				if err != nil {
					return err
				}
				v := viewPayment(p)
				v.Journal = each(lines, viewLine)
				v.History = each(p.History, func(e payment.Event) paymentEventView {
					return paymentEventView{e.First, e.Status.String(), e.Verdict.String(), actorText(e.Actor), e.Description, e.Times}
				})
				if f.show.json {
					return writeJSON(c.OutOrStdout(), v)
				}
				return printPayment(c.OutOrStdout(), v)
			})
		},
	}
}

func noPayment(org store.Org, id string) error {
	return fmt.Errorf("org %s has no payment %s: elarian payment list shows the latest", org.ID, id)
}

func printPayment(w io.Writer, v paymentView) error {
	fmt.Fprintf(w, "%s  %s  %s\n", v.ID, v.Amount, v.Status)
	for _, line := range [][2]string{{"from", v.Debit}, {"to", v.Credit}, {"app", v.App}, {"narration", v.Narration}, {"provider's id", v.ProviderID}, {"made", when(v.CreatedAt)}} {
		if line[1] != "" {
			fmt.Fprintf(w, "%-14s %s\n", line[0], line[1])
		}
	}
	fmt.Fprintln(w, "\nwhat it was told:")
	var plain output
	if err := plain.list(w, nil, []string{"WHEN", "STATUS", "RESULT", "WHO", "TIMES", "DESCRIPTION"}, each(v.History, func(e paymentEventView) []string {
		return []string{when(e.At), e.Status, e.Result, e.Who, fmt.Sprint(e.Times), cmp.Or(e.Detail, "-")}
	})); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nwhat it moved:")
	return plain.list(w, nil, []string{"WHEN", "WHAT", "ACCOUNT", "AMOUNT", "BALANCE"}, each(v.Journal, func(l lineView) []string {
		return []string{when(l.At), l.What, l.Account, l.Amount, l.Balance}
	}))
}
