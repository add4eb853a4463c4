package elarian_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/elarian-go/elarian"
)

// A simulator sees what apps send to phones.
func ExampleSimulator_OnSendMessage() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	simulator := elarian.NewSimulator(srv.Config())
	arrived := make(chan string, 1)
	simulator.OnSendMessage(func(_ context.Context, m *elarian.SimulatedDelivery) error {
		arrived <- fmt.Sprintf("%s gets %q from %s", m.To, m.Message.Body, m.From)
		return nil
	})
	check(simulator.Connect(ctx))
	defer simulator.Close()

	_, err = client.Customer(elarian.Cellular("+254710000001")).SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Hello."))
	check(err)
	fmt.Println(<-arrived)
	// Output: +254710000001 gets "Hello." from sms:83044
}

// Who unsubscribes by the link in a message gets no more of them.
func ExampleSimulator_UpdateMessageReaction() {
	srv := server()
	defer srv.Close()
	client := elarian.New(srv.Config())
	reactions := make(chan elarian.MessageReaction, 1)
	client.OnSentMessageReaction(func(_ context.Context, r *elarian.ReactionNotice) error {
		reactions <- r.Reaction
		return nil
	})
	srv.Connect(client)
	simulator, err := elarian.ConnectSimulator(ctx, srv.Config())
	check(err)
	defer simulator.Close()

	ada, shop := client.Customer(elarian.Cellular("+254710000001")), elarian.SMS("83044")
	offer, err := ada.SendMessage(ctx, shop, elarian.Text("Two for one! No more of this: https://example.com/u/7"))
	check(err)
	check(simulator.UpdateMessageReaction(ctx, elarian.SimulatedReaction{
		MessageID: offer.MessageID, From: "+254710000001", To: shop, Reaction: elarian.ReactionUnsubscribed,
	}))
	fmt.Println(<-reactions)
	_, err = ada.SendMessage(ctx, shop, elarian.Text("Three for one!"))
	fmt.Println(errors.Is(err, elarian.ErrNoConsent))
	// Output:
	// unsubscribed
	// true
}

// A phone that rings, answers, and hears the app's plan.
func ExampleSimulator_OnCall() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	simulator := elarian.NewSimulator(srv.Config())
	over := make(chan *elarian.Call, 1)
	simulator.OnCall(func(ctx context.Context, call *elarian.Call) error {
		if err := call.Answer(ctx); err != nil {
			return err
		}
		over <- call
		return nil
	})
	check(simulator.Connect(ctx))
	defer simulator.Close()

	_, err = client.Customer(elarian.Cellular("+254710000001")).MakeVoiceCall(ctx, elarian.Voice("+254711621711"), elarian.Say("Your parcel is here."))
	check(err)
	call := <-over
	for changed := call.Changed(); !call.Over(); changed = call.Changed() {
		<-changed
	}
	fmt.Println(call.Heard()[0].(elarian.SayAction).Text, call.Status())
	// Output: Your parcel is here. completed
}

// Somebody pays the org, unasked: the money is there when the provider says so.
func ExampleSimulator_ReceivePayment() {
	srv := server()
	defer srv.Close()
	client := elarian.New(srv.Config())
	paid := make(chan string, 1)
	client.OnReceivedPayment(func(_ context.Context, p *elarian.ReceivedPayment) error {
		paid <- fmt.Sprint(p.Value, " ", p.Status)
		return nil
	})
	statuses := make(chan elarian.PaymentStatus, 2)
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		statuses <- p.Status
		return nil
	})
	srv.Connect(client)

	simulator, err := elarian.ConnectSimulator(ctx, srv.Config())
	check(err)
	defer simulator.Close()
	check(simulator.ReceivePayment(ctx, elarian.SimulatedPayment{
		TransactionID: "QK12", From: "+254710000001", To: elarian.MobileMoney("83044"), Value: elarian.KES("500"), Status: elarian.PaymentPendingConfirmation,
	}))
	fmt.Println(<-paid)
	check(simulator.UpdatePaymentStatus(ctx, "QK12", elarian.PaymentSuccess))
	fmt.Println(<-statuses)
	// Output:
	// KES 500.00 pending_confirmation
	// success
}

// A simulator in the place of mobile money: money to a phone, money to a business, and a phone that is asked to pay.
func ExampleSimulator_OnCheckoutPayment() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	simulator := elarian.NewSimulator(srv.Config())
	seen := make(chan string, 1)
	simulator.OnSendCustomerPayment(func(_ context.Context, t *elarian.SimulatedTransfer) error {
		seen <- fmt.Sprint("to ", t.Customer.Number, ": ", t.Value)
		return nil
	})
	simulator.OnSendChannelPayment(func(_ context.Context, t *elarian.SimulatedTransfer) error {
		seen <- fmt.Sprint("to ", t.Channel.Destination, ": ", t.Value)
		return nil
	})
	simulator.OnCheckoutPayment(func(ctx context.Context, t *elarian.SimulatedTransfer) error {
		err := simulator.UpdatePaymentStatus(ctx, t.TransactionID, elarian.PaymentSuccess) // or PaymentRejected
		seen <- fmt.Sprint("from ", t.Customer.Number, ": ", t.Value)
		return err
	})
	check(simulator.Connect(ctx))
	defer simulator.Close()

	ada := client.Customer(elarian.Cellular("+254710000001")).Account(elarian.MobileMoney("83044"))
	business := elarian.ChannelAccount{Channel: elarian.PaymentCellular, Source: "83044", Destination: "600100"}
	for _, move := range []struct{ from, to elarian.Party }{{srv.Purse(), ada}, {srv.Purse(), business}, {ada, srv.Purse()}} {
		_, err := client.InitiatePayment(ctx, move.from, move.to, elarian.KES("100"), "")
		check(err)
		fmt.Println(<-seen)
	}
	// Output:
	// to +254710000001: KES 100.00
	// to 600100: KES 100.00
	// from +254710000001: KES 100.00
}

// One handler for each channel: here a bot that says the same on two of them, and a mailbox.
func ExampleOnEmail() {
	srv := server()
	defer srv.Close()
	client := elarian.New(srv.Config())
	bot := func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("You wrote " + m.Text), nil
	}
	elarian.OnTelegram(client, bot)
	elarian.OnMessenger(client, bot)
	elarian.OnEmail(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		letter := m.Parts[0].(elarian.Email)
		return elarian.Email{Subject: "Re: " + letter.Subject, Plain: "We answer by tomorrow."}, nil
	})
	renewed := make(chan elarian.MessagingChannelNumber, 1)
	client.OnMessagingSessionRenewed(func(_ context.Context, s *elarian.SessionNotice) error {
		renewed <- s.Channel
		return nil
	})
	srv.Connect(client)

	business := elarian.Telegram("+254711621711")
	phone := srv.Phone("1234567")
	phone.Send(business, elarian.Text("hi"))
	phone.ExpectMessage(business, "You wrote hi")
	phone.Send(business, elarian.Text("still there?")) // renews the session for another 24 h
	fmt.Println(<-renewed)
	mail := srv.Phone("ada@example.com")
	mail.Send(elarian.EmailFrom("sandbox@elarian.test"), elarian.Email{Subject: "Prices", Plain: "What does it cost?"})
	fmt.Println(mail.ExpectMessage(elarian.EmailFrom("sandbox@elarian.test"), "We answer").Message.Body.(elarian.Email).Subject)
	// Output:
	// telegram:+254711621711
	// Re: Prices
}

// Tags and secondary ids are for finding customers again; metadata is what else is known about them.
func ExampleCustomer_UpdateTags() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}, elarian.Tag{Key: "town", Value: "Kisumu"}))
	check(ada.DeleteTags(ctx, "plan"))
	tags, err := ada.GetTags(ctx)
	check(err)
	fmt.Println(len(tags), tags[0].Key, tags[0].Value)

	member := elarian.SecondaryID{Key: "member", Value: "7"}
	check(ada.UpdateSecondaryIDs(ctx, member))
	ids, err := client.Customer(member).GetSecondaryIDs(ctx)
	check(err)
	fmt.Println(ids[0].Key, ids[0].Value)
	check(ada.DeleteSecondaryIDs(ctx, member))

	check(ada.UpdateMetadata(ctx, map[string]any{"name": "Ada"}))
	check(ada.DeleteMetadata(ctx, "name"))
	check(ada.UpdateAppData(ctx, "step 1"))
	check(ada.DeleteAppData(ctx))
	data, err := ada.LeaseAppData(ctx)
	check(err)
	fmt.Println(data.IsZero())
	// Output:
	// 1 town Kisumu
	// member 7
	// true
}
