package elarian_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// A repeated reminder fires once for each of its times.
func ExampleCustomer_AddReminder() {
	srv := server()
	defer srv.Close()

	due := make(chan elarian.Reminder, 10)
	client := elarian.New(srv.Config())
	client.OnReminder(func(_ context.Context, r *elarian.ReminderNotice) error {
		due <- r.Reminder
		return nil
	})
	srv.Connect(client)

	start := srv.Now()
	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.AddReminder(ctx, elarian.Reminder{Key: "pill", At: start.Add(time.Hour), Every: 24 * time.Hour, Payload: "one, with water"}))
	srv.Advance(3 * 24 * time.Hour)
	for range 3 {
		r := <-due
		fmt.Println(r.Key, r.At.Sub(start), r.Payload)
	}
	// Output:
	// pill 1h0m0s one, with water
	// pill 25h0m0s one, with water
	// pill 49h0m0s one, with water
}

func ExampleCustomer_AddReminder_refused() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	err = client.Customer(elarian.Cellular("+254710000001")).AddReminder(ctx, elarian.Reminder{Key: "pulse", At: srv.Now(), Every: time.Second})
	fmt.Println(errors.Is(err, elarian.ErrInvalidRequest), err)
	// Output: true elarian: AddReminder of +254710000001 refused: reminder.interval: 1s is shorter than the 1m0s that a reminder repeats at the most often (invalid_request)
}

func ExampleCustomer_CancelReminder() {
	srv := server()
	defer srv.Close()

	due := make(chan string, 10)
	client := elarian.New(srv.Config())
	client.OnReminder(func(_ context.Context, r *elarian.ReminderNotice) error {
		due <- r.Reminder.Key
		return nil
	})
	srv.Connect(client)

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.AddReminder(ctx, elarian.Reminder{Key: "visit", At: srv.Now().Add(time.Hour)}))
	check(ada.AddReminder(ctx, elarian.Reminder{Key: "pill", At: srv.Now().Add(2 * time.Hour)}))
	check(ada.CancelReminder(ctx, "visit"))
	srv.Advance(24 * time.Hour)
	fmt.Println(<-due)
	// Output: pill
}

// What a handler of reminders sends goes out at the time of the reminder.
func ExampleClient_OnReminder() {
	srv := server()
	defer srv.Close()

	client := elarian.New(srv.Config())
	client.OnReminder(func(ctx context.Context, r *elarian.ReminderNotice) error {
		_, err := r.Customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Your visit is tomorrow."))
		return err
	})
	srv.Connect(client)

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.AddReminder(ctx, elarian.Reminder{Key: "visit", At: srv.Now().Add(47 * time.Hour)}))
	srv.Advance(48 * time.Hour)
	fmt.Println(srv.Phone("+254710000001").ExpectMessage(elarian.SMS("83044"), "visit").Message.Body)
	// Output: Your visit is tomorrow.
}

// tagged gives phones whose customers have the tag plan=gold.
func tagged(srv *elariantest.Server, client *elarian.Client, numbers ...string) (phones []*elariantest.Phone) {
	for _, n := range numbers {
		check(client.Customer(elarian.Cellular(n)).UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}))
		phones = append(phones, srv.Phone(n))
	}
	return phones
}

func ExampleClient_SendMessageByTag() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	phones := tagged(srv, client, "+254710000001", "+254710000002")
	_, err = client.SendMessageByTag(ctx, elarian.Tag{Key: "plan", Value: "gold"}, elarian.SMS("83044"), elarian.Text("Gold has a new price."))
	check(err)
	for _, phone := range phones {
		fmt.Println(phone.ExpectMessage(elarian.SMS("83044"), "price").Message.Body)
	}
	// Output:
	// Gold has a new price.
	// Gold has a new price.
}

func ExampleClient_AddCustomerReminderByTag() {
	srv := server()
	defer srv.Close()

	due := make(chan *elarian.ReminderNotice, 10)
	client := elarian.New(srv.Config())
	client.OnReminder(func(_ context.Context, r *elarian.ReminderNotice) error {
		due <- r
		return nil
	})
	srv.Connect(client)

	tagged(srv, client, "+254710000001", "+254710000002")
	work, err := client.AddCustomerReminderByTag(ctx, elarian.Tag{Key: "plan", Value: "gold"}, elarian.Reminder{Key: "renew", At: srv.Now()})
	check(err)
	for range 2 {
		r := <-due
		fmt.Println(r.Reminder.Key, r.Tag, r.WorkID == work)
	}
	// Output:
	// renew plan=gold true
	// renew plan=gold true
}

func ExampleClient_CancelCustomerReminderByTag() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	gold := elarian.Tag{Key: "plan", Value: "gold"}
	tagged(srv, client, "+254710000001")
	_, err = client.AddCustomerReminderByTag(ctx, gold, elarian.Reminder{Key: "renew", At: srv.Now().Add(time.Hour)})
	check(err)
	_, err = client.CancelCustomerReminderByTag(ctx, gold, "renew")
	fmt.Println(err)
	// Output: <nil>
}
