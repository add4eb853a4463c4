// Loyalty gives a twentieth of each purchase back: who pays to the shop's paybill gets points into a wallet, a
// point for each shilling, asks for them by USSD, and has them paid out to the phone as money, or as airtime.
// What a customer has is in the wallet alone; the app remembers nothing. Start `elarian dev`, and in another
// terminal run the app with the environment that it shows; then buy, look, and take the money:
//
//	eval "$(elarian env)" && go run .
//	elarian phone pay 83044 2000
//	elarian phone ussd '*83044#' 1
//	elarian phone ussd '*83044#' 2 60 --wait 3s
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/elarian-go/elarian"
)

// wallet is what the customers' wallets are called.
const wallet = "points"

var (
	sms     = elarian.SMS("83044")
	money   = elarian.MobileMoney("83044")
	airtime = elarian.Airtime("83044")
)

// Visit is what the app remembers from one menu to the next.
type Visit struct {
	Step string `json:"step"`
}

type app struct {
	client *elarian.Client
	purse  elarian.Purse
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("Points are given (Ctrl-C ends)")
	if err := newLoyalty(elarian.ConfigFromEnv(), elarian.Purse(os.Getenv("PURSE_ID"))).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newLoyalty(config elarian.Config, purse elarian.Purse) *elarian.Client {
	a := &app{elarian.New(config), purse}
	a.client.OnReceivedPayment(a.bought)
	elarian.OnUSSD(a.client, a.menu)
	elarian.OnUSSDEnd(a.client, func(_ context.Context, _ *elarian.USSDHop, v *Visit) error {
		*v = Visit{}
		return nil
	})
	a.client.OnPaymentStatus(a.status)
	return a.client
}

// bought gives points for a purchase. The key has the transaction in it: told of twice, it counts once.
func (a *app) bought(ctx context.Context, p *elarian.ReceivedPayment) error {
	points := elarian.MinorUnits(p.Value.Currency(), p.Value.Units()/20)
	if p.Status != elarian.PaymentSuccess || points.Sign() == 0 {
		return nil
	}
	once := elarian.WithIdempotencyKey(ctx, "points for "+p.TransactionID)
	if _, err := a.client.InitiatePayment(once, a.purse, p.Customer.Wallet(wallet), points, "Points"); err != nil {
		return err
	}
	has, err := balance(ctx, p.Customer)
	if err != nil {
		return err
	}
	once = elarian.WithIdempotencyKey(ctx, "thanks for "+p.TransactionID)
	_, err = p.Customer.SendMessage(once, sms, elarian.Text(fmt.Sprintf("Thank you for %s: %s points for you. You have %s.", p.Value, points.Amount(), has.Amount())))
	return err
}

// balance is what the customer can spend.
func balance(ctx context.Context, customer *elarian.Customer) (elarian.Cash, error) {
	state, err := customer.GetState(ctx)
	if err != nil {
		return elarian.Cash{}, err
	}
	return state.Payment.Wallets[wallet].Available, nil
}

func (a *app) menu(ctx context.Context, hop *elarian.USSDHop, v *Visit) (elarian.Menu, error) {
	switch {
	case hop.Text == "" || v.Step == "":
		v.Step = "start"
		return elarian.Ask("Duka Points\n1. My points\n2. Take money\n3. Take airtime"), nil
	case v.Step == "start" && hop.Text == "1":
		has, err := balance(ctx, hop.Customer)
		return v.end("You have %s points.", has.Amount()), err
	case v.Step == "start" && (hop.Text == "2" || hop.Text == "3"):
		v.Step = map[string]string{"2": "money", "3": "airtime"}[hop.Text]
		return elarian.Ask("How many points?"), nil
	case v.Step == "money":
		return a.take(ctx, hop, v, money)
	case v.Step == "airtime":
		return a.take(ctx, hop, v, airtime)
	}
	return v.end("Good bye."), nil
}

func (v *Visit) end(text string, args ...any) elarian.Menu {
	*v = Visit{}
	return elarian.End(text, args...)
}

// take pays points out. They are held until the money has arrived, and come back where it cannot.
func (a *app) take(ctx context.Context, hop *elarian.USSDHop, v *Visit, channel elarian.PaymentChannelNumber) (elarian.Menu, error) {
	amount := elarian.KES(hop.Text)
	if amount.Err() != nil || amount.Sign() <= 0 {
		return elarian.Ask("Please type a number, such as 50."), nil
	}
	once := elarian.WithIdempotencyKey(ctx, "take "+hop.SessionID)
	_, err := a.client.InitiatePayment(once, hop.Customer.Wallet(wallet), hop.Customer.Account(channel), amount, "Points taken")
	switch {
	case errors.Is(err, elarian.ErrInsufficientFunds):
		has, err := balance(ctx, hop.Customer)
		return v.end("You have %s points only.", has.Amount()), err
	case err != nil:
		return elarian.Menu{}, err
	}
	return v.end("%s are on their way to you.", amount), nil
}

// status tells the customer when points could not be paid out.
func (a *app) status(ctx context.Context, p *elarian.PaymentStatusNotice) error {
	if !p.Status.Failed() {
		return nil
	}
	has, err := balance(ctx, p.Customer)
	if err != nil {
		return err
	}
	once := elarian.WithIdempotencyKey(ctx, "failed "+p.TransactionID)
	_, err = p.Customer.SendMessage(once, sms, elarian.Text(fmt.Sprintf("We could not pay you. You have your %s points.", has.Amount())))
	return err
}
