package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newPhonePayCommand(flags *phoneFlags) *cobra.Command {
	var wait time.Duration
	var money, id string
	c := &cobra.Command{
		Use:   "pay NUMBER AMOUNT",
		Short: "Pay a paybill or till number by mobile money",
		Long: `Pay one of the sandbox's payment channels, and show what comes back: it waits until a message has come, or for
the time of --wait. A transaction id that was used before is the same payment, which is paid once.`,
		Example: `  elarian phone pay 83044 500
  elarian phone pay 83044 12.50 --id QHG7K2M1XY`,
		Args: arguments(2, 2, "NUMBER AMOUNT"),
		RunE: func(c *cobra.Command, args []string) error {
			value := elarian.NewCash(strings.ToUpper(money), args[1])
			if err := value.Err(); err != nil {
				return usageError{err}
			}
			if id == "" {
				id = rand.Text()[:10]
			}
			return flags.use(c, elarian.ChannelVoice, func(ctx context.Context, p *phone) error {
				err := p.simulator.ReceivePayment(ctx, elarian.SimulatedPayment{
					TransactionID: id, From: p.number, To: elarian.MobileMoney(args[0]), Value: value,
				})
				if err != nil {
					return failedCall(args[0], err)
				}
				p.screen.note("%s pays %s to %s (transaction %s)", p.number, value, args[0], id)
				p.stay(ctx, wait, true)
				return nil
			})
		},
	}
	c.Flags().DurationVar(&wait, "wait", time.Second, "how long to wait for a message")
	c.Flags().StringVar(&money, "currency", "KES", "currency of the amount, three letters of ISO 4217")
	c.Flags().StringVar(&id, "id", "", "transaction id of the provider (default: a new one)")
	return c
}

// newPhoneCheckoutCommand makes approve and decline.
func newPhoneCheckoutCommand(flags *phoneFlags, name, short string, status elarian.PaymentStatus) *cobra.Command {
	return &cobra.Command{
		Use:     name + " TRANSACTION",
		Short:   short,
		Example: "  elarian phone " + name + " el_txn_…",
		Args:    arguments(1, 1, "TRANSACTION"),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.use(c, elarian.ChannelVoice, func(ctx context.Context, p *phone) error {
				if err := p.simulator.UpdatePaymentStatus(ctx, args[0], status); err != nil {
					return failedCall(args[0], err)
				}
				p.screen.note("[%s: %s]", args[0], status)
				return nil
			})
		},
	}
}

// pays says whether a payment is this phone's.
func (p *phone) pays(t *elarian.SimulatedTransfer) bool {
	number, err := addressOn(elarian.ChannelVoice, p.who)
	return err == nil && t.Customer.Number.Number == number
}

// paid shows money, or airtime, that is on its way to this phone.
func (p *phone) paid(_ context.Context, t *elarian.SimulatedTransfer) error {
	if !p.pays(t) {
		return nil
	}
	what := ""
	if t.Customer.Channel.Channel == elarian.PaymentAirtime {
		what = " airtime"
	}
	p.screen.push("[%s%s from %s, %s]", t.Value, what, t.Customer.Channel.Number, t.TransactionID)
	return nil
}

// asked is told of a checkout: whoever listens is asked, the others read how to answer.
func (p *phone) asked(_ context.Context, t *elarian.SimulatedTransfer) error {
	if !p.pays(t) {
		return nil
	}
	asks := fmt.Sprintf("%s asks for %s", t.Customer.Channel.Number, t.Value)
	if p.checkouts == nil {
		p.screen.push("[%s: elarian phone approve %s, or decline]", asks, t.TransactionID)
		return nil
	}
	p.screen.push("[%s, %s]", asks, t.TransactionID)
	select {
	case p.checkouts <- t:
	default: // it can still be answered by its id
	}
	return nil
}

// answerCheckout asks whether to pay.
func (p *phone) answerCheckout(ctx context.Context, t *elarian.SimulatedTransfer) error {
	p.screen.note("Enter pays %s to %s, n declines", t.Value, t.Customer.Channel.Number)
	line, ok := p.ask(ctx)
	if !ok {
		return nil // nobody there: it expires
	}
	status := elarian.PaymentRejected
	if line = strings.TrimSpace(line); line == "" || line == "y" {
		status = elarian.PaymentSuccess
	}
	err := p.simulator.UpdatePaymentStatus(ctx, t.TransactionID, status)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err == nil {
		p.screen.note("[%s: %s]", t.TransactionID, status)
	}
	return err
}
