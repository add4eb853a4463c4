// Loan lends money by USSD: the customer asks for an amount, it is paid out to their mobile money from the
// org's purse, and they pay it back with a tenth more, to the paybill or by approving a payment on the
// phone. Who has not paid back is reminded by SMS on the day before it is due and on the day itself, and by
// a call the day after. Start `elarian dev`, and in another terminal run the app with the environment that
// it shows; then borrow with a phone that listens, and pay back:
//
//	eval "$(elarian env)" && go run .
//	elarian phone listen
//	elarian phone ussd '*83044#' 1 500 1
//	elarian phone pay 83044 550
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/elarian-go/elarian"
)

// Loan is what the app remembers of a customer. The app in JavaScript reads and writes the same.
type Loan struct {
	Step   string       `json:"step"`   // of the USSD session
	Amount elarian.Cash `json:"amount"` // that is asked for
	Asked  bool         `json:"asked"`  // the amount is on its way
	// Owed is what is to be paid back; less than nothing is taken off the next loan.
	Owed     elarian.Cash `json:"owed"`
	Due      string       `json:"due"` // YYYY-MM-DD, empty where no loan runs
	Reminded int          `json:"reminded"`
}

// payout is what the app's payments to customers are for: it finds them again by it.
const payout = "Loan"

const days = 14

var (
	sms     = elarian.SMS("83044")
	voice   = elarian.Voice("+254711621711")
	paybill = elarian.MobileMoney("83044")

	least, most = elarian.KES("100"), elarian.KES("5000")
)

type app struct {
	client *elarian.Client
	purse  elarian.Purse
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("Loans are given (Ctrl-C ends)")
	if err := newLoans(elarian.ConfigFromEnv(), elarian.Purse(os.Getenv("PURSE_ID"))).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newLoans(config elarian.Config, purse elarian.Purse) *elarian.Client {
	a := &app{elarian.New(config), purse}
	elarian.OnUSSD(a.client, a.menu)
	elarian.OnUSSDEnd(a.client, func(_ context.Context, _ *elarian.USSDHop, l *Loan) error {
		l.Step = ""
		return nil
	})
	elarian.OnVoice(a.client, a.call)
	a.client.OnPaymentStatus(a.status)
	a.client.OnReceivedPayment(a.received)
	a.client.OnReminder(a.remind)
	return a.client
}

// menu is one step of the conversation. The loan is stored with the answer, in one step.
func (a *app) menu(ctx context.Context, hop *elarian.USSDHop, l *Loan) (elarian.Menu, error) {
	switch {
	case hop.Text == "" || l.Step == "":
		l.Step = "start"
		return elarian.Ask("Welcome to Kopa\n1. Ask for a loan\n2. My loan\n3. Pay back"), nil
	case l.Step == "start" && hop.Text == "1" && (l.Asked || l.Due != ""):
		return l.end("You have a loan: pay it back first."), nil
	case l.Step == "start" && hop.Text == "1":
		l.Step = "amount"
		return elarian.Ask("How much? (%s to %s)", least.Amount(), most.Amount()), nil
	case l.Step == "start" && hop.Text == "2":
		return l.end(l.String()), nil
	case l.Step == "start" && hop.Text == "3":
		return a.payBack(ctx, hop, l)
	case l.Step == "amount":
		return l.offer(hop), nil
	case l.Step == "confirm" && hop.Text == "1":
		return a.payOut(ctx, hop, l)
	}
	return l.end("Good bye."), nil
}

func (l *Loan) end(text string, args ...any) elarian.Menu {
	l.Step = ""
	return elarian.End(text, args...)
}

// offer reads the amount that was typed.
func (l *Loan) offer(hop *elarian.USSDHop) elarian.Menu {
	amount := elarian.KES(hop.Text)
	if amount.Err() != nil || amount.Sub(least).Sign() < 0 || amount.Sub(most).Sign() > 0 {
		return elarian.Ask("Please type an amount from %s to %s.", least.Amount(), most.Amount())
	}
	l.Step, l.Amount = "confirm", amount
	return elarian.Ask("You get %s now and pay back %s by %s.\n1. Yes\n2. No", amount, l.Owed.Add(price(amount)), due(hop.CreatedAt).Format("2 January"))
}

// price is what is to be paid back for an amount.
func price(amount elarian.Cash) elarian.Cash {
	return elarian.MinorUnits(amount.Currency(), amount.Units()*110/100)
}

func due(from time.Time) time.Time { return from.Truncate(24*time.Hour).AddDate(0, 0, days) }

// payOut sends the money. The key is the session's: however often this is called for it, it is paid once.
func (a *app) payOut(ctx context.Context, hop *elarian.USSDHop, l *Loan) (elarian.Menu, error) {
	once := elarian.WithIdempotencyKey(ctx, "loan "+hop.SessionID)
	_, err := a.client.InitiatePayment(once, a.purse, hop.Customer.Account(paybill), l.Amount, payout)
	switch {
	case errors.Is(err, elarian.ErrInsufficientFunds):
		return l.end("We cannot lend that much today."), nil
	case err != nil:
		return elarian.Menu{}, err
	}
	l.Asked = true
	return l.end("%s are on their way to you.", l.Amount), nil
}

// payBack asks the customer's phone for what is owed.
func (a *app) payBack(ctx context.Context, hop *elarian.USSDHop, l *Loan) (elarian.Menu, error) {
	if l.Due == "" {
		return l.end(l.String()), nil
	}
	if err := a.checkout(ctx, hop.SessionID, hop.Customer, l); err != nil {
		return elarian.Menu{}, err
	}
	return l.end("Please approve the payment of %s on your phone.", l.Owed), nil
}

func (a *app) checkout(ctx context.Context, session string, customer *elarian.Customer, l *Loan) error {
	once := elarian.WithIdempotencyKey(ctx, "checkout "+session)
	_, err := a.client.InitiatePayment(once, customer.Account(paybill), a.purse, l.Owed, "Loan paid back")
	return err
}

// status is told what became of what was paid out, of what the phone was asked for, and of what came by the
// paybill if that changes later. It goes by the payment in the customer's state: an app that fails after it
// has paid has not stored anything itself.
func (a *app) status(ctx context.Context, p *elarian.PaymentStatusNotice) error {
	if p.Status.Pending() {
		return nil
	}
	var l Loan
	if err := p.AppData.Decode(&l); err != nil {
		return err
	}
	state, err := p.Customer.GetState(ctx)
	if err != nil {
		return err
	}
	payment, _ := state.Payment.Find(p.TransactionID)
	switch {
	case payment.Narration == payout:
		return a.paidOut(ctx, p, l, payment.Value)
	case payment.To == a.purse:
		return a.paidIn(ctx, p, l, payment.Value)
	}
	return nil
}

// paidOut begins the loan where the money has arrived.
func (a *app) paidOut(ctx context.Context, p *elarian.PaymentStatusNotice, l Loan, amount elarian.Cash) error {
	l.Asked = false
	switch p.Status {
	case elarian.PaymentSuccess:
		return a.begin(ctx, p, l, amount)
	case elarian.PaymentReversed:
		l.Owed, l.Due = l.Owed.Sub(price(amount)), ""
		if err := p.Customer.CancelReminder(ctx, "repay"); err != nil {
			return err
		}
		return a.store(ctx, p.Notification, l, p.TransactionID+" back", fmt.Sprintf("Your loan of %s was taken back. %s", amount, l))
	}
	return a.store(ctx, p.Notification, l, p.TransactionID, "Your loan could not be paid out.")
}

// paidIn takes what was paid off the loan.
func (a *app) paidIn(ctx context.Context, p *elarian.PaymentStatusNotice, l Loan, amount elarian.Cash) error {
	switch p.Status {
	case elarian.PaymentSuccess:
		return a.paid(ctx, p.Notification, l, amount, p.TransactionID)
	case elarian.PaymentReversed:
		l.Owed = l.Owed.Add(amount)
		if l.Due == "" && l.Owed.Sign() > 0 {
			l.Due = p.CreatedAt.Format(time.DateOnly)
		}
		return a.store(ctx, p.Notification, l, p.TransactionID+" back", fmt.Sprintf("Your payment of %s was taken back. %s", amount, l))
	}
	return a.store(ctx, p.Notification, l, p.TransactionID, "Nothing was paid. "+l.String())
}

// begin begins a loan that has arrived.
func (a *app) begin(ctx context.Context, p *elarian.PaymentStatusNotice, l Loan, amount elarian.Cash) error {
	due := due(p.CreatedAt)
	l.Asked, l.Owed, l.Due, l.Reminded = false, l.Owed.Add(price(amount)), due.Format(time.DateOnly), 0
	// At 9:00 (UTC) on the day before it is due, and each day from then on.
	repay := elarian.Reminder{Key: "repay", At: due.Add(-15 * time.Hour), Every: 24 * time.Hour}
	if err := p.Customer.AddReminder(ctx, repay); err != nil {
		return err
	}
	return a.store(ctx, p.Notification, l, p.TransactionID, fmt.Sprintf("You have got %s. Pay back %s to %s by %s.", amount, l.Owed, paybill.Number, l.Due))
}

// received is told of money that the customer has paid to the paybill.
func (a *app) received(ctx context.Context, p *elarian.ReceivedPayment) error {
	var l Loan
	if err := p.AppData.Decode(&l); err != nil || p.Status != elarian.PaymentSuccess {
		return err
	}
	return a.paid(ctx, p.Notification, l, p.Value, p.TransactionID)
}

// paid takes a payment off the loan. The app data is stored in the same step as the notification is
// acknowledged: a payment that is told twice counts once.
func (a *app) paid(ctx context.Context, n elarian.Notification, l Loan, value elarian.Cash, transaction string) error {
	l.Owed = l.Owed.Sub(value)
	if l.Owed.Sign() > 0 {
		return a.store(ctx, n, l, transaction, fmt.Sprintf("Thank you for %s. You still owe us %s.", value, l.Owed))
	}
	l.Due = ""
	if err := n.Customer.CancelReminder(ctx, "repay"); err != nil {
		return err
	}
	return a.store(ctx, n, l, transaction, fmt.Sprintf("Thank you for %s. %s", value, l))
}

// store stores the loan and tells the customer of it, once for each key.
func (a *app) store(ctx context.Context, n elarian.Notification, l Loan, key, text string) error {
	once := elarian.WithIdempotencyKey(ctx, "told "+key)
	if _, err := n.Customer.SendMessage(once, sms, elarian.Text(text)); err != nil {
		return err
	}
	n.SetAppData(l)
	return nil
}

// remind writes twice; the third time, which is the last, it calls.
func (a *app) remind(ctx context.Context, r *elarian.ReminderNotice) error {
	var l Loan
	if err := r.AppData.Decode(&l); err != nil {
		return err
	}
	l.Reminded++
	once := elarian.WithIdempotencyKey(ctx, "reminder "+r.Reminder.At.String())
	var err error
	if l.Reminded < 3 {
		text := fmt.Sprintf("Please pay back %s to %s. It is due on %s.", l.Owed, paybill.Number, l.Due)
		_, err = r.Customer.SendMessage(once, sms, elarian.Text(text))
	} else {
		if err := r.Customer.CancelReminder(ctx, r.Reminder.Key); err != nil {
			return err
		}
		_, err = r.Customer.MakeVoiceCall(once, voice, elarian.GetDigits{
			Prompt: elarian.Say("Your loan of %s was due on %s. Press 1 to pay it back now.", l.Owed, l.Due), Digits: 1,
		})
	}
	if err == nil {
		r.SetAppData(l)
	}
	return err
}

// call says how the call goes on in which the customer is reminded.
func (a *app) call(ctx context.Context, call *elarian.CallEvent, l *Loan) (elarian.Plan, error) {
	switch {
	case !call.Outbound && call.Status == elarian.CallRinging:
		return elarian.Plan{elarian.Say("Please dial *83044# for a loan.")}, nil
	case call.Digits == "1" && l.Due != "":
		if err := a.checkout(ctx, call.SessionID, call.Customer, l); err != nil {
			return nil, err
		}
		return elarian.Plan{elarian.Say("Thank you. Please approve the payment on your phone.")}, nil
	case call.Digits != "":
		return elarian.Plan{elarian.Say("Good bye.")}, nil
	}
	return nil, nil
}

// String tells how the loan stands.
func (l Loan) String() string {
	switch {
	case l.Asked:
		return "Your loan is on its way."
	case l.Due != "":
		return fmt.Sprintf("You owe us %s, due on %s.", l.Owed, l.Due)
	case l.Owed.Sign() < 0:
		return fmt.Sprintf("You owe us nothing, and %s are yours.", elarian.Cash{}.Sub(l.Owed))
	}
	return "You owe us nothing."
}
