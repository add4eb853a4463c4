// Clinic is an app to begin with: appointments by USSD, a reminder by SMS the day before, and an answer
// to text messages. Start `elarian dev`, and in another terminal run the app with the environment that
// it shows; then book with a phone. Its SMS come to `elarian phone listen`, the reminder at 9 o'clock (UTC)
// on the day before the appointment.
//
//	eval "$(elarian env)" && go run .
//	elarian phone ussd '*83044#' 1 24/12
//	elarian phone listen
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/elarian-go/elarian"
)

// Booking is what the app remembers of a customer between two menus.
type Booking struct {
	Step string `json:"step"`
	Day  string `json:"day"` // YYYY-MM-DD, empty without an appointment
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("The clinic is open (Ctrl-C ends)")
	if err := newClinic(elarian.ConfigFromEnv()).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newClinic(config elarian.Config) *elarian.Client {
	client := elarian.New(config)
	elarian.OnUSSD(client, menu)
	elarian.OnUSSDEnd(client, func(_ context.Context, _ *elarian.USSDHop, b *Booking) error {
		b.Step = ""
		return nil
	})
	client.OnReminder(remind)
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text(fmt.Sprintf("You wrote: %s. Dial *83044# for an appointment.", m.Text)), nil
	})
	return client
}

// menu is one step of the conversation. The booking is stored with the answer, in one step.
func menu(ctx context.Context, hop *elarian.USSDHop, b *Booking) (elarian.Menu, error) {
	switch {
	case hop.Text == "" || b.Step == "":
		b.Step = "start"
		return elarian.Ask("Welcome to Afya Clinic\n1. Book an appointment\n2. My appointments"), nil
	case b.Step == "start" && hop.Text == "1":
		b.Step = "day"
		return elarian.Ask("Which day? (DD/MM)"), nil
	case b.Step == "start" && hop.Text == "2":
		b.Step = ""
		if b.Day == "" {
			return elarian.End("You have no appointment."), nil
		}
		return elarian.End("You have an appointment on %s.", b.Day), nil
	case b.Step == "start":
		return elarian.Ask("There is no %s.\n1. Book an appointment\n2. My appointments", hop.Text), nil
	}
	day, err := nextDay(hop.Text, hop.CreatedAt)
	if err != nil {
		return elarian.Ask("That is no day. Which day? (DD/MM)"), nil
	}
	b.Step, b.Day = "", day.Format(time.DateOnly)
	// A reminder takes the place of the one of the same key: that of an earlier booking. One whose time has
	// passed comes at once, for an appointment tomorrow.
	visit := elarian.Reminder{Key: "visit", At: day.Add(-15 * time.Hour), Payload: b.Day} // 9:00 on the day before
	if err := hop.Customer.AddReminder(ctx, visit); err != nil {
		return elarian.Menu{}, err
	}
	text := elarian.Text("Your appointment is on " + b.Day + ".")
	if _, err := hop.Customer.SendMessage(ctx, elarian.SMS("83044"), text); err != nil {
		return elarian.Menu{}, err
	}
	return elarian.End("See you on %s.", day.Format("2 January")), nil
}

// remind is called when the time of a reminder has come.
func remind(ctx context.Context, r *elarian.ReminderNotice) error {
	text := elarian.Text("Do not forget your appointment on " + r.Reminder.Payload + ".")
	_, err := r.Customer.SendMessage(ctx, elarian.SMS("83044"), text)
	return err
}

// nextDay gives the next such day, this year or the next.
func nextDay(text string, now time.Time) (time.Time, error) {
	for _, year := range []int{now.Year(), now.Year() + 1} {
		day, err := time.Parse("2/1/2006", fmt.Sprintf("%s/%d", text, year))
		if err == nil && !day.Before(now.Truncate(24*time.Hour)) {
			return day, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no day", text)
}
