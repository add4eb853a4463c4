package elarian_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elarian-go/elarian"
)

// Amounts are exact. What a person types may be none, and says so.
func ExampleCash() {
	price := elarian.KES("0.10")
	fmt.Println(price.Add(elarian.KES("0.20")))
	fmt.Println(elarian.MinorUnits("KES", 1_000_000_00), elarian.NewCash("UGX", "5000"))

	typed := elarian.KES("a hundred")
	fmt.Println(errors.Is(typed.Err(), elarian.ErrInvalidRequest), typed.Err())
	// Output:
	// KES 0.30
	// KES 1,000,000.00 UGX 5,000
	// true invalid request: "a hundred" is no amount: write digits and a point, such as 1000 or 1000.50
}

// Money to a phone is held until it has arrived.
func ExampleClient_InitiatePayment() {
	srv := server()
	defer srv.Close()

	done := make(chan elarian.PaymentStatus, 10)
	client := elarian.New(srv.Config())
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		done <- p.Status
		return nil
	})
	srv.Connect(client)

	ada := client.Customer(elarian.Cellular("+254710000001"))
	paid, err := client.InitiatePayment(ctx, srv.Purse(), ada.Account(elarian.MobileMoney("83044")), elarian.KES("500"), "Loan 7")
	check(err)
	fmt.Println(paid.Status)
	fmt.Println(srv.Phone("+254710000001").ExpectPayment(elarian.KES("500")).Value)
	srv.Advance(time.Second) // the sandbox delivers it then
	fmt.Println(<-done, <-done)
	// Output:
	// pending_confirmation
	// KES 500.00
	// pending_confirmation success
}

// A checkout asks the customer's phone to approve a payment.
func ExampleClient_InitiatePayment_checkout() {
	srv := server()
	defer srv.Close()

	done := make(chan elarian.PaymentStatus, 10)
	client := elarian.New(srv.Config())
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		if !p.Status.Pending() {
			done <- p.Status
		}
		return nil
	})
	srv.Connect(client)

	phone := srv.Phone("+254710000001")
	phone.ApprovesCheckouts()
	ada := client.Customer(elarian.Cellular("+254710000001"))
	_, err := client.InitiatePayment(ctx, ada.Account(elarian.MobileMoney("83044")), srv.Purse(), elarian.KES("49.50"), "Order 7")
	check(err)
	fmt.Println(<-done)
	// Output: success
}

// A wallet is made by its first use.
func ExampleCustomer_Wallet() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	_, err = client.InitiatePayment(ctx, srv.Purse(), ada.Wallet("points"), elarian.KES("100"), "Welcome")
	check(err)
	_, err = client.InitiatePayment(ctx, ada.Wallet("points"), srv.Purse(), elarian.KES("30.50"), "A coffee")
	check(err)
	state, err := ada.GetState(ctx)
	check(err)
	fmt.Println(state.Payment.Wallets["points"].Available)
	for _, p := range state.Payment.Log {
		fmt.Println(p.Narration, p.Value, p.Status)
	}
	// Output:
	// KES 69.50
	// Welcome KES 100.00 success
	// A coffee KES 30.50 success
}

func ExampleClient_InitiatePayment_refused() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	reply, err := client.InitiatePayment(ctx, srv.Purse(), ada.Wallet("points"), elarian.KES("2000000"), "Too much")
	fmt.Println(reply.Status, errors.Is(err, elarian.ErrInsufficientFunds))
	// Output: insufficient_funds true
}

// An order that has a key of its own is paid once, however often the program says so.
func ExampleClient_InitiatePayment_once() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	for range 3 {
		once := elarian.WithIdempotencyKey(ctx, "order 7")
		_, err := client.InitiatePayment(once, srv.Purse(), ada.Wallet("refunds"), elarian.KES("10"), "Order 7")
		check(err)
	}
	state, err := ada.GetState(ctx)
	check(err)
	fmt.Println(state.Payment.Wallets["refunds"].Available)
	// Output: KES 10.00
}

// A payment between purses, or to a channel, has no customer: the purse is told.
func ExampleClient_OnPursePaymentStatus() {
	srv := server()
	defer srv.Close()

	done := make(chan *elarian.PursePaymentNotice, 10)
	client := elarian.New(srv.Config())
	client.OnPursePaymentStatus(func(_ context.Context, p *elarian.PursePaymentNotice) error {
		done <- p
		return nil
	})
	srv.Connect(client)

	rent := elarian.ChannelAccount{Channel: elarian.PaymentCellular, Code: 63902, Source: "83044", Destination: "600100", Account: "flat 7"}
	_, err := client.InitiatePayment(ctx, srv.Purse(), rent, elarian.KES("15000"), "Rent")
	check(err)
	srv.Phone("600100").ExpectPayment(elarian.KES("15000")).Ends(elarian.PaymentFailed)
	for range 2 {
		p := <-done
		fmt.Println(p.Purse == srv.Purse(), p.Status)
	}
	// Output:
	// true pending_confirmation
	// true failed
}

// A customer pays to the paybill, without having been asked.
func ExampleClient_OnReceivedPayment() {
	srv := server()
	defer srv.Close()

	client := elarian.New(srv.Config())
	client.OnReceivedPayment(func(ctx context.Context, p *elarian.ReceivedPayment) error {
		_, err := p.Customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Text(fmt.Sprintf("Thank you for %s.", p.Value)))
		return err
	})
	srv.Connect(client)

	phone := srv.Phone("+254710000001")
	phone.Pay("83044", elarian.KES("1200"))
	fmt.Println(phone.ExpectMessage(elarian.SMS("83044"), "Thank you").Message.Body)
	// Output: Thank you for KES 1,200.00.
}

// What was paid before, as in another system, is brought in once.
func ExampleClient_ReplayPayment() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	old := elarian.ReplayedPayment{
		ProviderTransactionID: "QHG7K2M1XY", At: time.Date(2020, 1, 31, 8, 0, 0, 0, time.UTC),
		From: ada.Account(elarian.MobileMoney("83044")), To: srv.Purse(), Value: elarian.KES("75"), Status: elarian.PaymentSuccess, Narration: "Order 1",
	}
	for range 2 {
		_, err = client.ReplayPayment(ctx, old)
		check(err)
	}
	_, err = client.ReplayPaymentStatusUpdate(ctx, elarian.Cellular("+254710000001"), "QHG7K2M1XY", srv.Now(), elarian.PaymentReversed)
	check(err)
	state, err := ada.GetState(ctx)
	check(err)
	for _, p := range state.Payment.Log {
		fmt.Println(p.CreatedAt.Format(time.DateOnly), p.Narration, p.Value, p.Status)
	}
	// Output: 2020-01-31 Order 1 KES 75.00 reversed
}
