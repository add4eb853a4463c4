package server_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
)

type steps struct {
	Count int `json:"count"`
}

// TestLoop is the main job: an app, a phone, a USSD session, an SMS and its delivery.
func TestLoop(t *testing.T) {
	srv, err := server.New(server.Config{Store: filepath.Join(t.TempDir(), "x.db"), Socket: "127.0.0.1:0", HTTP: "127.0.0.1:0", InsecurePlainSocket: true})
	if err != nil {
		t.Fatal(err)
	}
	box := sandbox.New()
	if _, err := box.Ensure(srv.Store()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Refresh(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	stopped := make(chan error, 1)
	runCtx, stop := context.WithCancel(ctx)
	go func() { stopped <- srv.Run(runCtx) }()
	config := elarian.Config{Address: "tcp://" + srv.SocketAddr().String(), OrgID: box.Org, AppID: box.App, APIKey: box.Key}
	client := elarian.New(config)
	delivered := make(chan string, 10)
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, s *steps) (elarian.Menu, error) {
		s.Count++
		if s.Count == 3 {
			return elarian.End("bye %d %s", s.Count, hop.Text), nil
		}
		return elarian.Ask("hello %d %s", s.Count, hop.Text), nil
	})
	client.OnMessageStatus(func(ctx context.Context, n *elarian.MessageStatusNotice) error {
		delivered <- n.Status.String()
		return nil
	})
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	phone := elarian.NewSimulator(config)
	got := make(chan string, 10)
	phone.OnSendMessage(func(ctx context.Context, m *elarian.SimulatedDelivery) error {
		got <- string(m.Message.Body.(elarian.Text))
		return nil
	})
	if err := phone.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	for i, want := range []string{"hello 1 ", "hello 2 a", "bye 3 b"} {
		m, err := phone.ReceiveMessage(ctx, elarian.SimulatedMessage{From: "+254710000001", To: elarian.USSD("*83044#"), SessionID: "s1",
			Parts: []elarian.Part{elarian.USSDInput{Text: []string{"", "a", "b"}[i]}}})
		if err != nil {
			t.Fatal(err)
		}
		if menu := m.Body.(elarian.Menu); menu.Text != want {
			t.Fatalf("menu %q, want %q", menu.Text, want)
		}
	}
	reply, err := client.Customer(elarian.Cellular("+254710000001")).SendMessage(ctx, elarian.SMS("83044"), elarian.Text("hi"))
	if err != nil {
		t.Fatal(err)
	}
	if reply.Status != elarian.MessageSent {
		t.Fatalf("SendMessage: %+v", reply)
	}
	if text := <-got; text != "hi" {
		t.Fatalf("the phone got %q", text)
	}
	if status := <-delivered; status != "delivered" {
		t.Fatalf("status %q, want delivered", status)
	}
	state, err := client.Customer(elarian.Cellular("+254710000001")).GetState(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.Messaging.Messages); n != 7 {
		t.Fatalf("the state shows %d messages, want 7", n)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
}
