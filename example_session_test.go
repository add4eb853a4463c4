package elarian_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elarian-go/elarian"
)

// A customer who writes STOP gets nothing more from the number, until they write START.
func ExampleCustomer_UpdateMessagingConsent() {
	srv := server()
	defer srv.Close()

	client := elarian.New(srv.Config())
	consents := make(chan elarian.Consent, 2)
	client.OnMessagingConsentUpdate(func(ctx context.Context, n *elarian.ConsentNotice) error {
		consents <- n.Consent
		return nil
	})
	check(client.Connect(ctx))
	defer client.Close()

	phone := srv.Phone("+254710000001")
	phone.SendSMS("83044", "stop")
	fmt.Println(<-consents)
	ada := client.Customer(elarian.Cellular("+254710000001"))
	_, err := ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Buy more!"))
	fmt.Println(errors.Is(err, elarian.ErrNoConsent))

	check(ada.UpdateMessagingConsent(ctx, elarian.SMS("83044"), elarian.Allow))
	fmt.Println(<-consents)
	// Output:
	// block
	// true
	// allow
}

// A WhatsApp conversation: the customer's message opens a session, in which the app may write.
func ExampleClient_OnMessagingSessionStarted() {
	srv := server()
	defer srv.Close()

	business := elarian.WhatsApp("+254711621711")
	client := elarian.New(srv.Config())
	events := make(chan string, 3)
	client.OnMessagingSessionStarted(func(ctx context.Context, s *elarian.SessionNotice) error {
		events <- "session started"
		return nil
	})
	client.OnMessagingSessionEnded(func(ctx context.Context, s *elarian.SessionEndNotice) error {
		events <- fmt.Sprint("session ended: ", s.Reason)
		return nil
	})
	received := make(chan string, 1)
	elarian.OnWhatsApp(client, func(ctx context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		received <- m.MessageID
		return nil, nil
	})
	check(client.Connect(ctx))
	defer client.Close()

	ada := client.Customer(elarian.Cellular("+254710000001"))
	_, err := ada.SendMessage(ctx, business, elarian.Text("Hello?"))
	fmt.Println(errors.Is(err, elarian.ErrNoSession))

	phone := srv.Phone("+254710000001")
	phone.Send(business, elarian.Text("Are you open on Sunday?"))
	fmt.Println(<-events)
	reply, err := ada.ReplyToMessage(ctx, <-received, elarian.Text("Yes, from 9 to 12."))
	check(err)
	fmt.Println(reply.Status)

	srv.Advance(25 * time.Hour)
	fmt.Println(<-events)
	// Output:
	// true
	// session started
	// sent
	// session ended: inactivity
}

// What happened in another system is imported; doing it twice changes nothing.
func ExampleClient_ReplayReceivedMessage() {
	srv := server()
	defer srv.Close()

	client, err := elarian.Connect(ctx, srv.Config())
	check(err)
	defer client.Close()

	ada := elarian.Cellular("+254710000001")
	at := elarian.Replayed{Customer: ada, Channel: elarian.SMS("83044"), At: time.Now().Add(-48 * time.Hour)}
	for range 2 {
		check(client.ReplayReceivedMessage(ctx, at, "old-1", elarian.Text("Hello")))
	}
	check(client.ReplaySentMessage(ctx, at, "old-2", elarian.Text("Hello Ada"), elarian.MessageSent, ""))
	check(client.ReplayMessageStatusUpdate(ctx, at, "old-2", elarian.MessageDelivered))
	check(client.ReplayMessageReactionUpdate(ctx, at, "old-2", elarian.ReactionClicked))
	check(client.ReplayMessagingSession(ctx, at, "session-1", time.Minute, elarian.SessionNormalClearing))
	check(client.ReplayMessagingConsentUpdate(ctx, at, elarian.Allow))
	err = client.ReplayMessageStatusUpdate(ctx, at, "unknown", elarian.MessageDelivered)
	fmt.Println(errors.Is(err, elarian.ErrNotFound))

	state, err := client.Customer(ada).GetState(ctx)
	check(err)
	for _, m := range state.Messaging.Messages {
		fmt.Println(m.Status)
	}
	fmt.Println(len(state.Messaging.Sessions), "session")
	// Output:
	// true
	// unspecified
	// delivered
	// 1 session
}
