// Chat takes orders for a courier by WhatsApp and Telegram, question after question. A conversation on these
// channels is a session: it ends when the customer has not written for a day. Then the app forgets the order
// that was begun and says so: at once where the channel takes messages outside of sessions (Telegram), else
// (WhatsApp) when the customer writes again. Start `elarian dev`, and in another terminal run the app with the
// environment that it shows; then write to it, line by line. By SMS the conversation is the same, without sessions.
//
//	eval "$(elarian env)" && go run .
//	elarian phone whatsapp +254711621711
//	elarian phone telegram +254711621711
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/elarian-go/elarian"
)

// Order is what the app remembers of a customer: which question is open, and the answers so far.
type Order struct {
	Step string `json:"step"` // empty where no order was begun
	From string `json:"from"`
	To   string `json:"to"`
	// Lapsed tells that an order has lapsed, and that the customer does not know yet.
	Lapsed bool `json:"lapsed"`
	Done   int  `json:"done"` // orders so far
}

const lapsed = "We have not heard from you, so your order has lapsed. Good bye!"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("The couriers are ready (Ctrl-C ends)")
	if err := newChat(elarian.ConfigFromEnv()).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newChat(config elarian.Config) *elarian.Client {
	client := elarian.New(config)
	elarian.OnWhatsApp(client, converse)
	elarian.OnTelegram(client, converse)
	elarian.OnSMS(client, converse)
	client.OnMessagingSessionEnded(lapse)
	return client
}

// converse answers a message. The order is stored with the answer, in one step.
func converse(_ context.Context, m *elarian.ReceivedMessage, o *Order) (elarian.Body, error) {
	text := strings.TrimSpace(m.Text)
	switch strings.ToLower(text) {
	case "":
		return elarian.Text("Sorry, we read only text."), nil
	case "bye":
		*o = Order{Done: o.Done}
		return elarian.Text("Good bye!"), nil
	}
	switch o.Step {
	case "from":
		o.Step, o.From = "to", text
		return elarian.Text("And where to?"), nil
	case "to":
		o.Step, o.To = "confirm", text
		return elarian.Text(fmt.Sprintf("From %s to %s for KES 200: ok?", o.From, o.To)), nil
	case "confirm":
		if !strings.EqualFold(text, "ok") {
			return elarian.Text("Write ok for the courier to come, or bye."), nil
		}
		*o = Order{Done: o.Done + 1}
		return elarian.Text("The courier is on the way."), nil
	}
	greeting := "Welcome to Haraka couriers."
	switch {
	case o.Lapsed:
		greeting = "Welcome back. Your last order has lapsed."
	case o.Done > 0:
		greeting = "Welcome back."
	}
	o.Step, o.Lapsed = "from", false
	return elarian.Text(greeting + " Where shall we fetch it?"), nil
}

// lapse forgets the order that was begun in a session that is over.
func lapse(ctx context.Context, s *elarian.SessionEndNotice) error {
	var o Order
	if err := s.AppData.Decode(&o); err != nil {
		return err
	}
	if o.Step == "" || s.Reason != elarian.SessionInactivity {
		return nil
	}
	_, err := s.Customer.SendMessage(ctx, s.Channel, elarian.Text(lapsed))
	switch {
	case errors.Is(err, elarian.ErrNoSession), errors.Is(err, elarian.ErrNoConsent):
		s.SetAppData(Order{Done: o.Done, Lapsed: true}) // said when they write again
	case err != nil:
		return err // the notification comes again
	default:
		s.SetAppData(Order{Done: o.Done})
	}
	return nil
}
