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

// bought is told of a purchase.
func (a *app) bought(ctx context.Context, p *elarian.ReceivedPayment) error {
	if p.Status != elarian.PaymentSuccess {
		return nil
	}
	return a.give(ctx, p.Customer, p.Value, p.TransactionID)
}

// worth is the points for a purchase.
func worth(value elarian.Cash) elarian.Cash {
	return elarian.MinorUnits(value.Currency(), value.Units()/20)
}

// give gives points for a purchase. The keys have the transaction in them: told of twice, it counts once.
func (a *app) give(ctx context.Context, customer *elarian.Customer, value elarian.Cash, transaction string) error {
	points := worth(value)
	if points.Sign() == 0 {
		return nil
	}
	once := elarian.WithIdempotencyKey(ctx, "points for "+transaction)
	if _, err := a.client.InitiatePayment(once, a.purse, customer.Wallet(wallet), points, "Points"); err != nil {
		return err
	}
	has, err := balance(ctx, customer)
	if err != nil {
		return err
	}
	return tell(ctx, customer, "thanks for "+transaction, "Thank you for %s: %s points for you. You have %s.", value, points.Amount(), has.Amount())
}

// takeBack takes the points of a purchase back that was not one in the end. Those that are spent stay spent.
func (a *app) takeBack(ctx context.Context, customer *elarian.Customer, value elarian.Cash, transaction string) error {
	points := worth(value)
	if points.Sign() == 0 {
		return nil
	}
	once := elarian.WithIdempotencyKey(ctx, "points back for "+transaction)
	_, err := a.client.InitiatePayment(once, customer.Wallet(wallet), a.purse, points, "Points taken back")
	switch {
	case errors.Is(err, elarian.ErrInsufficientFunds):
		return nil
	case err != nil:
		return err
	}
	return tell(ctx, customer, "back for "+transaction, "Your payment of %s was taken back, and its %s points.", value, points.Amount())
}

// tell writes to the customer, once for each key.
func tell(ctx context.Context, customer *elarian.Customer, key, text string, args ...any) error {
	_, err := customer.SendMessage(elarian.WithIdempotencyKey(ctx, key), sms, elarian.Text(fmt.Sprintf(text, args...)))
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

// status is told what became of points that are paid out, and of a purchase if that changes later. What the
// payment was, the customer's state has.
func (a *app) status(ctx context.Context, p *elarian.PaymentStatusNotice) error {
	state, err := p.Customer.GetState(ctx)
	if err != nil {
		return err
	}
	payment, _ := state.Payment.Find(p.TransactionID)
	_, byPhone := payment.From.(elarian.CustomerAccount)
	_, toPhone := payment.To.(elarian.CustomerAccount)
	switch {
	case byPhone && p.Status == elarian.PaymentSuccess:
		return a.give(ctx, p.Customer, payment.Value, p.TransactionID)
	case byPhone && p.Status == elarian.PaymentReversed:
		return a.takeBack(ctx, p.Customer, payment.Value, p.TransactionID)
	case toPhone && (p.Status.Failed() || p.Status == elarian.PaymentReversed):
		has := state.Payment.Wallets[wallet].Available
		return tell(ctx, p.Customer, "failed "+p.TransactionID, "We could not pay you. You have your %s points.", has.Amount())
	}
	return nil
}
