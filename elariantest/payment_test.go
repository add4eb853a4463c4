package elariantest_test

import (
	"context"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// paid is an app that says by SMS what becomes of payments.
func paid(srv *elariantest.Server) *elarian.Client {
	client := elarian.New(srv.Config())
	say := func(ctx context.Context, c *elarian.Customer, text string) error {
		_, err := c.SendMessage(ctx, elarian.SMS("83044"), elarian.Text(text))
		return err
	}
	client.OnPaymentStatus(func(ctx context.Context, p *elarian.PaymentStatusNotice) error {
		return say(ctx, p.Customer, "status "+p.Status.String())
	})
	client.OnReceivedPayment(func(ctx context.Context, p *elarian.ReceivedPayment) error {
		return say(ctx, p.Customer, "received "+p.Value.String())
	})
	srv.Connect(client)
	return client
}

func TestPhonesPay(t *testing.T) { each(t, testPhonesPay) }

func testPhonesPay(t *testing.T, srv *elariantest.Server) {
	client := paid(srv)
	phone := srv.Phone(asha)
	account := client.Customer(elarian.Cellular(asha)).Account(elarian.MobileMoney("83044"))
	begin := func(from, to elarian.Party, value elarian.Cash) {
		t.Helper()
		if _, err := client.InitiatePayment(t.Context(), from, to, value, ""); err != nil {
			t.Fatal(err)
		}
		phone.ExpectSMS("83044", "status pending_confirmation")
	}
	received := phone.Pay("83044", elarian.KES("10"))
	phone.ExpectSMS("83044", "received KES 10.00")
	received.Ends(elarian.PaymentReversed)

	begin(srv.Purse(), account, elarian.KES("20"))
	phone.ExpectPayment(elarian.KES("20"))
	srv.Advance(time.Second)
	phone.ExpectSMS("83044", "status success")
	begin(srv.Purse(), account, elarian.KES("21"))
	sent := phone.ExpectPayment(elarian.KES("21"))
	sent.Ends(elarian.PaymentSuccess)
	phone.ExpectSMS("83044", "status success")
	sent.Ends(elarian.PaymentReversed)
	phone.ExpectSMS("83044", "status reversed")

	begin(account, srv.Purse(), elarian.KES("30"))
	phone.ExpectCheckout(elarian.KES("30")).Approve()
	phone.ExpectSMS("83044", "status success")
	begin(account, srv.Purse(), elarian.KES("30"))
	phone.ExpectCheckout(elarian.KES("30"))
	srv.Advance(2 * time.Minute)
	phone.ExpectSMS("83044", "status expired")
	phone.DeclinesCheckouts()
	begin(account, srv.Purse(), elarian.KES("30"))
	phone.ExpectSMS("83044", "status rejected")
	phone.ApprovesCheckouts()
	begin(account, srv.Purse(), elarian.KES("30"))
	phone.ExpectSMS("83044", "status success")
}

func TestFailuresOfPayments(t *testing.T) {
	r := &recorder{TB: t}
	srv := elariantest.Start(r)
	defer srv.Close()
	phone := srv.Phone(asha)
	for _, test := range []struct {
		do   func()
		want string
	}{
		{func() { phone.Pay("1", elarian.KES("10")) }, "cannot pay KES 10.00 to 1"},
		{func() { phone.Pay("83044", elarian.KES("ten")) }, `"ten" is no amount`},
		{func() { phone.Pay("83044", elarian.KES("10")).Ends(99) }, "cannot become 99"},
	} {
		r.expect(t, test.do, test.want)
	}
}
