package elarian_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// server starts an empty server for an example.
func server() *elariantest.Server {
	srv, err := elariantest.Open()
	if err != nil {
		log.Fatal(err)
	}
	return srv
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

var ctx = context.Background()

// A script connects, sends commands, and closes.
func ExampleConnect() {
	srv := server()
	defer srv.Close()

	client, err := elarian.Connect(ctx, srv.Config()) // in a program: elarian.ConfigFromEnv()
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}))
	tags, err := ada.GetTags(ctx)
	check(err)
	fmt.Println(tags[0].Key, tags[0].Value)
	// Output: plan gold
}

func ExampleClient_Connect_refused() {
	srv := server()
	defer srv.Close()

	config := srv.Config()
	config.APIKey = "el_k_test_wrong"
	_, err := elarian.Connect(ctx, config)
	fmt.Println(errors.Is(err, elarian.ErrUnauthorized))
	// Output: true
}

// A USSD service. What it knows about a customer is a struct of its own, stored with each menu.
func ExampleOnUSSD() {
	srv := server()
	defer srv.Close()

	type Booking struct {
		Step string `json:"step"`
		Day  string `json:"day"`
	}
	client := elarian.New(srv.Config())
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, b *Booking) (elarian.Menu, error) {
		switch {
		case hop.Text == "": // the first hop
			b.Step = "day"
			return elarian.Ask("Which day?"), nil
		case b.Step == "day":
			b.Step, b.Day = "hour", hop.Text
			return elarian.Ask("At what time on %s?", b.Day), nil
		default:
			return elarian.End("See you on %s at %s.", b.Day, hop.Text), nil
		}
	})
	srv.Connect(client) // in a program: client.Run(ctx)

	session := srv.Phone("+254710000001").Dial("*83044#")
	fmt.Println(session.Screen())
	fmt.Println(session.Type("Monday").Screen())
	fmt.Println(session.Type("10:00").Screen())
	// Output:
	// Which day?
	// At what time on Monday?
	// See you on Monday at 10:00.
}

// A phone that hangs up leaves its conversation in the middle: OnUSSDEnd puts it back to the start.
func ExampleOnUSSDEnd() {
	srv := server()
	defer srv.Close()

	type Steps struct{ N int }
	ended := make(chan elarian.USSDStatus, 1)
	client := elarian.New(srv.Config())
	elarian.OnUSSD(client, func(_ context.Context, _ *elarian.USSDHop, s *Steps) (elarian.Menu, error) {
		s.N++
		return elarian.Ask("Menu %d", s.N), nil
	})
	elarian.OnUSSDEnd(client, func(_ context.Context, hop *elarian.USSDHop, s *Steps) error {
		*s = Steps{}
		ended <- hop.Status
		return nil
	})
	srv.Connect(client)

	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Expect("Menu 1").Type("x").Expect("Menu 2").HangUp()
	fmt.Println(<-ended)
	// Output: incomplete
}

func ExampleOnSMS() {
	srv := server()
	defer srv.Close()

	type Visits struct{ Count int }
	client := elarian.New(srv.Config())
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, v *Visits) (elarian.Body, error) {
		v.Count++
		return elarian.Text(fmt.Sprintf("%q is message %d.", m.Text, v.Count)), nil
	})
	srv.Connect(client)

	phone := srv.Phone("+254710000001")
	for _, text := range []string{"Hello", "Hello again"} {
		phone.SendSMS("83044", text)
		fmt.Println(phone.ExpectMessage(elarian.SMS("83044"), "message").Message.Body)
	}
	// Output:
	// "Hello" is message 1.
	// "Hello again" is message 2.
}

func ExampleCustomer_SendMessage() {
	srv := server()
	defer srv.Close()

	statuses := make(chan elarian.MessageStatus)
	client := elarian.New(srv.Config())
	client.OnMessageStatus(func(_ context.Context, s *elarian.MessageStatusNotice) error {
		statuses <- s.Status
		return nil
	})
	srv.Connect(client)

	ada := client.Customer(elarian.Cellular("+254710000001"))
	reply, err := ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Your visit is tomorrow."))
	check(err)
	fmt.Println(reply.Status)
	srv.Advance(time.Second) // the sandbox delivers half a second later
	fmt.Println(<-statuses)
	// Output:
	// sent
	// delivered
}

func ExampleCustomer_SendMessage_refused() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	_, err = ada.SendMessage(ctx, elarian.SMS("12345"), elarian.Text("Hello"))
	var refused *elarian.CommandError
	if errors.As(err, &refused) {
		fmt.Println(refused.Command, refused.Customer, refused.Code)
	}
	fmt.Println(errors.Is(err, elarian.ErrInvalidChannel))
	// Output:
	// SendMessage +254710000001 invalid_channel_number
	// true
}

func ExampleCustomer_GetState() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}))
	check(ada.UpdateMetadata(ctx, map[string]any{"name": "Ada", "children": 3}))
	state, err := ada.GetState(ctx)
	check(err)
	var children int
	check(state.Identity.Metadata["children"].Decode(&children))
	fmt.Println(state.Tags(), state.Identity.Metadata, children)
	// Output: map[plan:gold] map[children:3 name:"Ada"] 3
}

// The number, the id and the secondary id lead to the same customer.
func ExampleCustomer_UpdateSecondaryIDs() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	passport := elarian.SecondaryID{Key: "passport", Value: "A1234567"}
	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateSecondaryIDs(ctx, passport))
	check(client.Customer(passport).UpdateTags(ctx, elarian.Tag{Key: "seen", Value: "yes"}))
	state, err := client.Customer(elarian.CustomerID(ada.ID())).GetState(ctx)
	check(err)
	fmt.Println(state.Tags())

	_, err = client.Customer(elarian.SecondaryID{Key: "passport", Value: "B7654321"}).GetState(ctx)
	fmt.Println(errors.Is(err, elarian.ErrNotFound))
	// Output:
	// map[seen:yes]
	// true
}

func ExampleCustomer_UpdateMetadata() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	type Address struct {
		Street string `json:"street"`
		Town   string `json:"town"`
	}
	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateMetadata(ctx, map[string]any{
		"address":   Address{"Moi Avenue", "Nairobi"}, // JSON
		"signature": []byte{0xca, 0xfe},               // bytes, as they are
	}))
	metadata, err := ada.GetMetadata(ctx)
	check(err)
	var address Address
	check(metadata["address"].Decode(&address))
	fmt.Printf("%s, %x\n", address.Town, metadata["signature"].Bytes())
	// Output: Nairobi, cafe
}

func ExampleCustomer_AdoptState() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	work := client.Customer(elarian.EmailAddress("ada@example.test"))
	check(ada.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}))
	check(work.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "free"}, elarian.Tag{Key: "staff", Value: "yes"}))
	check(ada.AdoptState(ctx, work))
	state, err := work.GetState(ctx) // her address leads to the one that is left
	check(err)
	fmt.Println(state.Tags())
	// Output: map[plan:gold staff:yes]
}

// Outside of handlers the lease keeps two programs from writing over each other.
func ExampleCustomer_LeaseAppData() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	type Points struct{ Total int }
	ada := client.Customer(elarian.Cellular("+254710000001"))
	for range 2 {
		var points Points
		data, err := ada.LeaseAppData(ctx) // others who want it wait from here on
		check(err)
		check(data.Decode(&points)) // stays as it is where nothing is stored
		points.Total += 10
		check(ada.UpdateAppData(ctx, points)) // to here
	}
	data, err := ada.LeaseAppData(ctx)
	check(err)
	fmt.Println(data)
	// Output: {"Total":20}
}

func ExampleCustomer_UpdateActivity() {
	srv := server()
	defer srv.Close()

	done := make(chan elarian.Activity)
	client := elarian.New(srv.Config())
	client.OnCustomerActivity(func(_ context.Context, n *elarian.ActivityNotice) error {
		done <- n.Activity
		return nil
	})
	srv.Connect(client)

	check(client.Customer(elarian.Cellular("+254710000001")).UpdateActivity(ctx, elarian.Activity{
		Source: "shop", SessionID: "visit-1", Key: "checkout", Properties: map[string]string{"total": "100"},
	}))
	a := <-done
	fmt.Println(a.Source, a.Key, a.Properties)
	// Output: shop checkout map[total:100]
}

func ExampleCustomer_Delete() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada, err := client.CreateCustomer(ctx, elarian.Cellular("+254710000001"))
	check(err)
	check(ada.Delete(ctx))
	_, err = client.Customer(elarian.CustomerID(ada.ID())).GetState(ctx)
	fmt.Println(errors.Is(err, elarian.ErrNotFound))
	// Output: true
}

// A payment provider calls twice: the order is counted once.
func ExampleWithIdempotencyKey() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	for _, status := range []string{"paid", "paid again"} {
		check(ada.UpdateMetadata(elarian.WithIdempotencyKey(ctx, "order-7"), map[string]any{"status": status}))
	}
	metadata, err := ada.GetMetadata(ctx)
	check(err)
	fmt.Println(metadata)
	// Output: map[status:"paid"]
}

// The server makes a token that a browser may have in place of the key.
func ExampleClient_GenerateAuthToken() {
	srv := server()
	defer srv.Close()
	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	token, lifetime, err := client.GenerateAuthToken(ctx)
	check(err)
	config := srv.Config()
	config.APIKey, config.AuthToken = "", token
	browser, err := elarian.Connect(ctx, config)
	check(err)
	defer browser.Close()
	fmt.Println(lifetime)
	// Output: 1h0m0s
}

// A serializer of bytes, in place of JSON.
func ExampleSerializer() {
	srv := server()
	defer srv.Close()
	config := srv.Config()
	config.Serializer = elarian.Gob
	client, err := elarian.Connect(ctx, config)
	check(err)
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	check(ada.UpdateAppData(ctx, []int{1, 2, 3}))
	data, err := ada.LeaseAppData(ctx)
	check(err)
	var numbers []int
	check(data.Decode(&numbers))
	fmt.Println(data.IsBinary(), numbers)
	// Output: true [1 2 3]
}

// A simulator plays phones, as elariantest and `elarian phone` do.
func ExampleSimulator_ReceiveMessage() {
	srv := server()
	defer srv.Close()
	client := elarian.New(srv.Config())
	elarian.OnUSSD(client, func(_ context.Context, hop *elarian.USSDHop, _ *struct{}) (elarian.Menu, error) {
		return elarian.End("Hello, %s.", hop.Customer.Number()), nil
	})
	srv.Connect(client)

	simulator, err := elarian.ConnectSimulator(ctx, srv.Config())
	check(err)
	defer simulator.Close()
	message, err := simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{
		From:      "+254710000001",
		To:        elarian.USSD("*83044#"),
		SessionID: "1",
		Parts:     []elarian.Part{elarian.USSDInput{Status: elarian.USSDActive}},
	})
	check(err)
	fmt.Println(message.Body.(elarian.Menu).Text)
	// Output: Hello, +254710000001.
}
