package main

import (
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testnode"
)

// What the app in Go has lent, the one in JavaScript reminds of and takes back; then the other way round.
func TestSameCustomersInJavaScript(t *testing.T) {
	srv := elariantest.Start(t)
	inGo := newLoans(srv.Config(), srv.Purse())
	srv.Connect(inGo)
	asha, juma := newBorrower(t, srv, "+254710000001"), newBorrower(t, srv, "+254710000002")
	due := asha.borrow()
	if err := inGo.Close(); err != nil {
		t.Fatal(err)
	}

	stop := testnode.Start(t, srv.Env(), "app.js", "Loans are given")
	asha.standsAt("You owe us KES 550.00, due on " + due + ".")
	asha.reminded(due)
	juma.borrow()
	first := juma.Pay("83044", elarian.KES("600"))
	juma.told("Thank you for KES 600.00. You owe us nothing, and KES 50.00 are yours.")
	first.Ends(elarian.PaymentReversed)
	juma.told("Your payment of KES 600.00 was taken back. You owe us KES 550.00, due on " + srv.Now().Format(time.DateOnly) + ".")
	juma.Pay("83044", elarian.KES("550"))
	juma.told("Thank you for KES 550.00. You owe us nothing.")
	due = juma.borrow()
	juma.Pay("83044", elarian.KES("150.50"))
	juma.told("Thank you for KES 150.50. You still owe us KES 399.50.")
	stop()

	srv.Connect(newLoans(srv.Config(), srv.Purse()))
	asha.standsAt("You owe us nothing.")
	juma.standsAt("You owe us KES 399.50, due on " + due + ".")
	srv.Advance((days - 1) * 24 * time.Hour)
	juma.told("Please pay back KES 399.50 to 83044. It is due on " + due + ".")
	juma.Pay("83044", elarian.KES("399.50"))
	juma.told("Thank you for KES 399.50. You owe us nothing.")
}
