package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/command"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

func (f *paymentCommand) settleCommand() *cobra.Command {
	status, description := "success", ""
	c := &cobra.Command{
		Use: "settle PAYMENT", Short: "Give a pending payment the answer that its provider did not give",
		Long: `Give a pending payment the answer that its provider did not give: a success moves the money, any other gives
back what was held. The app is told, as by the provider's answer.`,
		Example: `  elarian payment settle el_txn_… --description "receipt QK12"
  elarian payment settle el_txn_… --status failed`,
		Args: arguments(1, 1, "PAYMENT"),
		RunE: func(c *cobra.Command, args []string) error {
			s, known := payment.StatusNamed(status)
			if !known || s.Pending() || s == payment.Reversed {
				return usageError{fmt.Errorf("--status %q settles nothing: use success, failed, expired or rejected", status)}
			}
			return f.answer(c, args[0], s, description)
		},
	}
	c.Flags().StringVar(&status, "status", status, "success, failed, expired or rejected")
	c.Flags().StringVar(&description, "description", "", "what is told to the app with it")
	return c
}

func (f *paymentCommand) reverseCommand() *cobra.Command {
	var yes bool
	var description string
	c := &cobra.Command{
		Use: "reverse PAYMENT", Short: "Move the money of a successful payment back",
		Long: `Move the money of a successful payment back to where it came from. Who was paid must still have it. The app is
told. What went out by a provider comes back there only when the provider does the same.`,
		Example: "  elarian payment reverse el_txn_… --yes",
		Args:    arguments(1, 1, "PAYMENT"),
		RunE: func(c *cobra.Command, args []string) error {
			if !yes {
				return usageError{errors.New("a reversal is final: add --yes when that is meant")}
			}
			return f.answer(c, args[0], payment.Reversed, description)
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "yes, move it back")
	c.Flags().StringVar(&description, "description", "", "what is told to the app with it")
	return c
}

// answer tells a payment a status, in the place of its provider.
func (f *paymentCommand) answer(c *cobra.Command, id string, s payment.Status, description string) error {
	return f.with(c, id, func(st *store.Store, org store.Org) error {
		var outcome error
		var now paymentView
		err := st.Apply(&store.Unit{Needs: store.Needs{Org: org.ID, Payments: []string{id}}, Run: func(tx *store.Tx) error {
			tx.Actor = operator()
			tx.TellServers()
			p, verdict, err := command.AnswerPayment(tx, org.ID, id, s, description)
			var refused *customer.Refusal
			switch {
			case err != nil && !errors.As(err, &refused):
				return err
			case p == nil:
				return noPayment(org, id)
			case err == nil && verdict == payment.Contradicts:
				err = fmt.Errorf("payment %s is %s, which %s cannot follow", id, p.Status, s)
			}
			outcome, now = err, viewPayment(p)
			return nil // what it was told is kept also where it changes nothing
		}})
		if err := cmp.Or(err, outcome); err != nil {
			return err
		}
		return f.show.one(c.OutOrStdout(), now, now.ID+" is "+now.Status)
	})
}
