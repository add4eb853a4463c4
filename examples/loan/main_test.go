package main

import (
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// borrower is somebody with a phone.
type borrower struct {
	*elariantest.Phone
	t        *testing.T
	srv      *elariantest.Server
	customer *elarian.Customer
}

func newBorrower(t *testing.T, srv *elariantest.Server, number string) *borrower {
	t.Helper()
	script, err := elarian.Connect(t.Context(), srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { script.Close() })
	return &borrower{srv.Phone(number), t, srv, script.Customer(elarian.Cellular(number))}
}

// told waits for an SMS of the app, and until the app has stored what it knows: a lease of the app data is
// given when the handlers that have it are done.
func (b *borrower) told(text string) {
	b.t.Helper()
	b.ExpectSMS("83044", text)
	data, err := b.customer.LeaseAppData(b.t.Context())
	if err == nil {
		err = b.customer.UpdateAppData(b.t.Context(), data)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// borrow asks for KES 500 and waits until they are there.
func (b *borrower) borrow() (due string) {
	b.t.Helper()
	day := b.srv.Now().Truncate(24*time.Hour).AddDate(0, 0, days)
	b.Dial("*83044#").Expect("Welcome to Kopa").Type("1").Expect("How much? (100.00 to 5000.00)").
		Type("500").Expect("You get KES 500.00 now and pay back KES 550.00 by " + day.Format("2 January")).
		Type("1").Expect("KES 500.00 are on their way to you.").Ended()
	b.ExpectPayment(elarian.KES("500"))
	b.srv.Advance(time.Second)
	due = day.Format(time.DateOnly)
	b.told("You have got KES 500.00. Pay back KES 550.00 to 83044 by " + due + ".")
	return due
}

// reminded waits for both SMS and the call, and pays in that.
func (b *borrower) reminded(due string) {
	b.t.Helper()
	first, err := time.Parse(time.DateOnly, due)
	if err != nil {
		b.t.Fatal(err)
	}
	first = first.Add(-15 * time.Hour)
	for n := range 2 {
		b.srv.Advance(first.AddDate(0, 0, n).Sub(b.srv.Now()))
		b.told("Please pay back KES 550.00 to 83044. It is due on " + due + ".")
	}
	b.srv.Advance(first.AddDate(0, 0, 2).Sub(b.srv.Now()))
	b.ExpectCall("+254711621711").Answer().ExpectSay("Your loan of KES 550.00 was due on " + due).
		Press("1").ExpectSay("Please approve the payment on your phone.").Ended()
	b.ExpectCheckout(elarian.KES("550")).Approve()
	b.told("Thank you for KES 550.00. You owe us nothing.")
}

// standsAt wants the app to say how the loan stands.
func (b *borrower) standsAt(text string) {
	b.t.Helper()
	b.Dial("*83044#").Type("2").Expect(text).Ended()
}

func TestLoanThatIsPaidBack(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newLoans(srv.Config(), srv.Purse()))
	asha := newBorrower(t, srv, "+254710000001")
	asha.standsAt("You owe us nothing.")
	asha.Dial("*83044#").Type("1").Type("a lot").Expect("Please type an amount").Type("99").Expect("Please type an amount").
		Type("5000.01").Expect("Please type an amount").Type("5000").Expect("pay back KES 5,500.00").Type("2").Expect("Good bye.").Ended()

	due := asha.borrow()
	asha.standsAt("You owe us KES 550.00, due on " + due + ".")
	asha.Dial("*83044#").Type("1").Expect("You have a loan: pay it back first.").Ended()
	asha.Pay("83044", elarian.KES("150.50"))
	asha.told("Thank you for KES 150.50. You still owe us KES 399.50.")
	asha.Dial("*83044#").Type("3").Expect("Please approve the payment of KES 399.50 on your phone.").Ended()
	asha.ExpectCheckout(elarian.KES("399.50")).Decline()
	asha.told("Nothing was paid. You owe us KES 399.50")
	last := asha.Pay("83044", elarian.KES("400"))
	asha.told("Thank you for KES 400.00. You owe us nothing, and KES 0.50 are yours.")

	// Nobody is reminded of what is paid; what was paid too much is taken off the next loan.
	srv.Advance(30 * 24 * time.Hour)
	for _, m := range asha.Messages() {
		if text, _ := m.Message.Body.(elarian.Text); strings.Contains(string(text), "Please pay back") {
			t.Errorf("reminded of a loan that is paid back: %s", text)
		}
	}
	asha.Dial("*83044#").Type("1").Type("500").Expect("pay back KES 549.50").HangUp()

	last.Ends(elarian.PaymentReversed)
	asha.told("Your payment of KES 400.00 was taken back. You owe us KES 399.50, due on " + srv.Now().Format(time.DateOnly) + ".")
}

func TestReminders(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newLoans(srv.Config(), srv.Purse()))
	asha := newBorrower(t, srv, "+254710000001")
	asha.reminded(asha.borrow())
	asha.standsAt("You owe us nothing.")
	srv.Advance(7 * 24 * time.Hour) // no more reminders
	if n := len(asha.Messages()); n != 4 {
		t.Errorf("%d messages, want 4", n)
	}
}

func TestPayoutThatFails(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newLoans(srv.Config(), srv.Purse()))
	asha := newBorrower(t, srv, "+254710000001")
	asha.Dial("*83044#").Type("1").Type("500").Type("1").Ended()
	asha.standsAt("Your loan is on its way.")
	asha.ExpectPayment(elarian.KES("500")).Ends(elarian.PaymentFailed)
	asha.told("Your loan could not be paid out.")

	asha.Dial("*83044#").Type("1").Type("400").Type("1").Ended()
	paid := asha.ExpectPayment(elarian.KES("400"))
	paid.Ends(elarian.PaymentSuccess)
	asha.told("You have got KES 400.00.")
	paid.Ends(elarian.PaymentReversed)
	asha.told("Your loan of KES 400.00 was taken back. You owe us nothing.")
	asha.borrow()
}
