package main

import (
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

func TestLoyalty(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newLoyalty(srv.Config(), srv.Purse()))
	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Expect("Duka Points").Type("1").Expect("You have 0 points.").Ended()
	phone.Dial("*83044#").Type("2").Type("50").Expect("You have 0 points only.").Ended()

	phone.Pay("83044", elarian.KES("2000"))
	phone.ExpectSMS("83044", "Thank you for KES 2,000.00: 100.00 points for you. You have 100.00.")
	phone.Pay("83044", elarian.KES("10.10"))
	phone.ExpectSMS("83044", "0.50 points for you. You have 100.50.")
	phone.Pay("83044", elarian.KES("0.19")) // too little for a point
	phone.Pay("83044", elarian.KES("300")).Ends(elarian.PaymentReversed)
	phone.ExpectSMS("83044", "15.00 points for you.")
	phone.ExpectSMS("83044", "Your payment of KES 300.00 was taken back, and its 15.00 points.")

	// What is on its way cannot be taken again.
	phone.Dial("*83044#").Type("2").Expect("How many points?").Type("all").Expect("Please type a number").Type("60").Expect("KES 60.00 are on their way to you.").Ended()
	sent := phone.ExpectPayment(elarian.KES("60"))
	phone.Dial("*83044#").Type("1").Expect("You have 40.50 points.").Ended()
	phone.Dial("*83044#").Type("2").Type("41").Expect("You have 40.50 points only.").Ended()
	sent.Ends(elarian.PaymentFailed)
	phone.ExpectSMS("83044", "We could not pay you. You have your 100.50 points.")

	phone.Dial("*83044#").Type("3").Type("100").Expect("KES 100.00 are on their way to you.").Ended()
	if got := phone.ExpectPayment(elarian.KES("100")); got.Customer.Channel != elarian.Airtime("83044") {
		t.Errorf("paid by %v, want airtime", got.Customer.Channel)
	}
	srv.Advance(time.Second)
	phone.Dial("*83044#").Type("1").Expect("You have 0.50 points.").Ended()
	srv.Phone("+254710000002").Dial("*83044#").Type("1").Expect("You have 0 points.").Ended()
}
