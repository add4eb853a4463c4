// Hello is the smallest app: it answers whoever dials its code or writes to it.
//
//	eval "$(elarian env)"
//	go run ./examples/hello
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/elarian-go/elarian"
)

// Visits is what the app remembers of a customer.
type Visits struct {
	Count int `json:"count"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := newApp(elarian.ConfigFromEnv()).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newApp(config elarian.Config) *elarian.Client {
	client := elarian.New(config)
	elarian.OnUSSD(client, func(_ context.Context, hop *elarian.USSDHop, v *Visits) (elarian.Menu, error) {
		v.Count++
		return elarian.End("Hello %s, visit %d.", hop.Customer.Number(), v.Count), nil
	})
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("You wrote: " + m.Text), nil
	})
	return client
}
