package main

import (
	"errors"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

var (
	whatsApp = elarian.WhatsApp("+254711621711")
	telegram = elarian.Telegram("+254711621711")
	sms      = elarian.SMS("83044")
)

// chat is a phone in a conversation on one channel.
type chat struct {
	*elariantest.Phone
	channel elarian.MessagingChannelNumber
}

// says writes, and waits for the answer.
func (c chat) says(text, answer string) {
	c.Send(c.channel, elarian.Text(text))
	c.ExpectMessage(c.channel, answer)
}

func TestOrder(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newChat(srv.Config()))
	for channel, phone := range map[elarian.MessagingChannelNumber]string{whatsApp: "+254710000001", telegram: "1234567", sms: "+254710000002"} {
		c := chat{srv.Phone(phone), channel}
		c.says("Hello", "Welcome to Haraka couriers. Where shall we fetch it?")
		c.says("Moi Avenue", "And where to?")
		c.says("Westlands", "From Moi Avenue to Westlands for KES 200: ok?")
		c.says("hm", "Write ok")
		c.says("OK", "The courier is on the way.")
		c.says("Again", "Welcome back. Where")
		c.says("bye", "Good bye!")
		c.says("Hello", "Welcome back. Where")
	}
}

// A session that goes on remembers; on WhatsApp nobody is written to after its end.
func TestLapsedOnWhatsApp(t *testing.T) {
	srv := elariantest.Start(t)
	client := newChat(srv.Config())
	srv.Connect(client)
	ada := client.Customer(elarian.Cellular("+254710000001"))
	c := chat{srv.Phone("+254710000001"), whatsApp}

	c.says("Hello", "Where shall we fetch it?")
	srv.Advance(23 * time.Hour)
	c.says("Moi Avenue", "And where to?")
	srv.Advance(23 * time.Hour) // each message renews the session
	c.says("Westlands", "From Moi Avenue to Westlands")
	srv.Advance(25 * time.Hour)
	if _, err := ada.SendMessage(t.Context(), whatsApp, elarian.Text("Hello?")); !errors.Is(err, elarian.ErrNoSession) {
		t.Errorf("outside of a session: %v, want ErrNoSession", err)
	}
	c.says("ok", "Welcome back. Your last order has lapsed. Where")
	if n := len(c.Messages()); n != 4 {
		t.Errorf("%d messages, want an answer to each of 4: %v", n, c.Messages())
	}

	state, err := ada.GetState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := state.Messaging.Sessions; len(s) != 1 || s[0].EndReason != elarian.SessionInactivity {
		t.Errorf("the sessions that have ended: %+v", s)
	}
	if s := state.Messaging.Channels; len(s) != 1 || s[0].Status != elarian.ChannelInSession {
		t.Errorf("the channels: %+v", s)
	}
}

func TestLapsedOnTelegram(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newChat(srv.Config()))
	c := chat{srv.Phone("1234567"), telegram}

	c.says("Hello", "Where shall we fetch it?")
	srv.Advance(25 * time.Hour)
	c.ExpectMessage(telegram, lapsed)
	c.says("Moi Avenue", "Welcome to Haraka couriers.")
	c.says("bye", "Good bye!")
	srv.Advance(25 * time.Hour) // nothing was begun: nothing is said
	c.says("Hello", "Welcome to Haraka couriers.")
	if n := len(c.Messages()); n != 5 {
		t.Errorf("%d messages, want 5: %v", n, c.Messages())
	}
}
