package elarian

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/pb"
)

type booking struct {
	Step string `json:"step"`
	N    int    `json:"n,omitempty"`
}

// What a handler makes of its data decides what is stored.
func TestTypedData(t *testing.T) {
	tests := []struct {
		name    string
		set     func(c *Client)
		stored  *pb.DataMapValue
		want    *pb.DataMapValue
		failing bool
	}{
		{"first", step("day"), nil, textData(`{"step":"day"}`), false},
		{"changed", step("day"), textData(`{"step":"","n":2}`), textData(`{"step":"day","n":2}`), false},
		{"unchanged", step("day"), textData(`{"step":"day"}`), nil, false},
		{"unchanged in other words", step("day"), textData(` { "n" : 0, "step":"day" }`), nil, false},
		{"unchanged and absent", step(""), nil, nil, false},
		{"bytes", step("day"), bytesData(`{"step":"x"}`), textData(`{"step":"day"}`), false},
		{"no JSON", step("day"), textData(`{`), nil, true},
		{"raw JSON", raw(json.RawMessage(`{"a":1}`)), textData(`{"a":0}`), textData(`{"a":1}`), false},
		{"raw JSON unchanged", raw(json.RawMessage(`{"a":1}`)), textData(`{"a":1}`), nil, false},
		{"raw bytes", raw([]byte{0, 255}), bytesData("x"), bytesData("\x00\xff"), false},
		{"raw bytes over text", raw([]byte("x")), textData("x"), nil, false},
		{"value", raw(TextValue("x")), bytesData("x"), textData("x"), false},
		{"value unchanged", raw(BytesValue([]byte("x"))), bytesData("x"), nil, false},
		{"ignored", raw(struct{}{}), textData("{"), nil, false},
		{"string", raw("Grace"), textData(`"Ada"`), textData(`"Grace"`), false},
		{"error", fail(errors.New("oh")), textData(`{}`), nil, true},
		{"panic", fail(nil), textData(`{}`), nil, true},
		{"no menu", func(c *Client) {
			OnUSSD(c, func(context.Context, *USSDHop, *struct{}) (Menu, error) { return Menu{}, nil })
		}, nil, nil, true},
		{"set by hand", func(c *Client) {
			OnUSSD(c, func(_ context.Context, hop *USSDHop, _ *struct{}) (Menu, error) {
				hop.SetAppData(booking{Step: "x"})
				return End("ok"), nil
			})
		}, nil, textData(`{"step":"x"}`), false},
		{"set to what cannot be", func(c *Client) {
			OnUSSD(c, func(_ context.Context, hop *USSDHop, _ *struct{}) (Menu, error) {
				hop.SetAppData(func() {})
				return End("ok"), nil
			})
		}, nil, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := startFake(t)
			f.start(test.set)
			reply, err := f.notify(hop("", test.stored))
			if test.failing {
				if err == nil || !strings.Contains(err.Error(), "APPLICATION_ERROR") {
					t.Fatalf("answered with %v, %v", reply, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := reply.GetMessage().GetBody().GetUssd().GetText(); got != "ok" {
				t.Errorf("menu %q", got)
			}
			if got := reply.GetDataUpdate().GetData(); got.String() != test.want.String() {
				t.Errorf("data update %v, want %v", got, test.want)
			}
		})
	}
}

func step(s string) func(c *Client) {
	return func(c *Client) {
		OnUSSD(c, func(_ context.Context, _ *USSDHop, b *booking) (Menu, error) {
			b.Step = s
			return End("ok"), nil
		})
	}
}

func raw[T any](v T) func(c *Client) {
	return func(c *Client) {
		OnUSSD(c, func(_ context.Context, _ *USSDHop, data *T) (Menu, error) {
			*data = v
			return End("ok"), nil
		})
	}
}

func fail(err error) func(c *Client) {
	return func(c *Client) {
		OnUSSD(c, func(_ context.Context, _ *USSDHop, b *booking) (Menu, error) {
			b.Step = "must not be stored"
			if err == nil {
				panic("oh")
			}
			return End("ok"), err
		})
	}
}

func TestUSSDHop(t *testing.T) {
	f := startFake(t)
	var got *USSDHop
	f.start(func(c *Client) {
		OnUSSD(c, func(_ context.Context, hop *USSDHop, _ *struct{}) (Menu, error) {
			got = hop
			return Ask("100%% of %d", 7), nil
		})
	})
	reply, err := f.notify(hop("1", textData(`{"a":1}`)))
	if err != nil {
		t.Fatal(err)
	}
	if u := reply.GetMessage().GetBody().GetUssd(); u.GetText() != "100% of 7" || u.GetIsTerminal() {
		t.Errorf("menu %v", u)
	}
	if got.Text != "1" || got.Status != USSDActive || got.SessionID != "el_ses_1" || got.Customer.ID() != "el_cst_1" ||
		got.Customer.Number() != Cellular("+254710000001") || got.Channel != USSD("83044") || got.AppData.Text() != `{"a":1}` {
		t.Errorf("hop %+v", got)
	}
}

func TestUSSDEnd(t *testing.T) {
	f := startFake(t)
	var ended USSDStatus
	f.start(func(c *Client) {
		OnUSSD(c, func(context.Context, *USSDHop, *booking) (Menu, error) { return Menu{}, errors.New("not this one") })
		OnUSSDEnd(c, func(_ context.Context, hop *USSDHop, b *booking) error {
			ended, b.Step = hop.Status, ""
			return nil
		})
	})
	for _, status := range []USSDStatus{USSDIncomplete, USSDCompleted, USSDAppError} {
		n := received(pb.MessagingChannel_MESSAGING_CHANNEL_USSD, textData(`{"step":"day"}`), USSDInput{Status: status})
		reply, err := f.notify(n)
		if err != nil || reply.GetMessage() != nil || reply.GetDataUpdate().GetData().GetStringVal() != `{"step":""}` || ended != status {
			t.Errorf("%v: %v, %v, told as %v", status, reply, err, ended)
		}
	}
}

func TestMessageHandlers(t *testing.T) {
	f := startFake(t)
	f.start(func(c *Client) {
		echo := func(prefix string) func(context.Context, *ReceivedMessage, *booking) (Body, error) {
			return func(_ context.Context, m *ReceivedMessage, _ *booking) (Body, error) {
				return Message{Body: Text(prefix + m.Text), Labels: []string{"echo"}}, nil
			}
		}
		OnSMS(c, echo("sms "))
		OnWhatsApp(c, echo("whatsapp "))
		OnTelegram(c, echo("telegram "))
		OnMessenger(c, echo("messenger "))
		OnEmail(c, func(_ context.Context, m *ReceivedMessage, _ *struct{}) (Body, error) {
			e := m.Parts[0].(Email)
			return Email{Subject: "Re: " + e.Subject}, nil
		})
	})
	tests := []struct {
		channel pb.MessagingChannel
		part    Part
		want    string
	}{
		{pb.MessagingChannel_MESSAGING_CHANNEL_SMS, Text("hi"), `body:{text:"sms hi"} labels:"echo"`},
		{pb.MessagingChannel_MESSAGING_CHANNEL_WHATSAPP, Text("hi"), `body:{text:"whatsapp hi"} labels:"echo"`},
		{pb.MessagingChannel_MESSAGING_CHANNEL_TELEGRAM, Text("hi"), `body:{text:"telegram hi"} labels:"echo"`},
		{pb.MessagingChannel_MESSAGING_CHANNEL_FB_MESSENGER, Text("hi"), `body:{text:"messenger hi"} labels:"echo"`},
		{pb.MessagingChannel_MESSAGING_CHANNEL_EMAIL, Email{Subject: "hi"}, `body:{email:{subject:"Re: hi"}}`},
	}
	for _, test := range tests {
		reply, err := f.notify(received(test.channel, nil, test.part))
		got := strings.ReplaceAll(reply.GetMessage().String(), "  ", " ") // protobuf's text varies its spaces
		if err != nil || got != test.want || reply.GetDataUpdate() != nil {
			t.Errorf("%v: %s, %v", test.channel, got, err)
		}
	}
}

func TestNoticesWithoutAnswer(t *testing.T) {
	f := startFake(t)
	var status *MessageStatusNotice
	var did *ActivityNotice
	f.start(func(c *Client) {
		c.OnMessageStatus(func(_ context.Context, s *MessageStatusNotice) error {
			status = s
			return nil
		})
		c.OnCustomerActivity(func(_ context.Context, a *ActivityNotice) error {
			did = a
			a.SetAppData("seen")
			return nil
		})
	})
	_, err := f.notify(&pb.ServerToAppCustomerNotification{
		CustomerId: "el_cst_1",
		Entry: &pb.ServerToAppCustomerNotification_MessageStatus{MessageStatus: &pb.MessageStatusNotification{
			MessageId: "el_msg_1",
			Status:    pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED,
		}},
	})
	if err != nil || status.MessageID != "el_msg_1" || status.Status != MessageDelivered || status.Customer.ID() != "el_cst_1" {
		t.Errorf("%+v, %v", status, err)
	}
	reply, err := f.notify(&pb.ServerToAppCustomerNotification{
		CustomerId: "el_cst_1",
		Entry: &pb.ServerToAppCustomerNotification_CustomerActivity{CustomerActivity: &pb.CustomerActivityNotification{
			CustomerNumber: Cellular("+254710000001").proto(),
			Source:         "shop",
			SessionId:      "s1",
			Activity:       &pb.CustomerActivity{Key: "pay", Properties: map[string]string{"n": "1"}},
		}},
	})
	if err != nil || did.Activity.Source != "shop" || did.Activity.Key != "pay" || did.Activity.Properties["n"] != "1" || reply.GetDataUpdate().GetData().GetStringVal() != `"seen"` {
		t.Errorf("%+v, %v, %v", did, reply, err)
	}
}

// Without a handler a notification is acknowledged and nothing more, as in the other SDKs.
func TestNoHandler(t *testing.T) {
	f := startFake(t)
	var log bytes.Buffer
	config := f.config()
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c := New(config)
	c.OnMessageStatus(func(context.Context, *MessageStatusNotice) error { return errors.New("not this one") })
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*pb.ServerToAppCustomerNotification{
		hop("", textData("{}")),
		received(pb.MessagingChannel_MESSAGING_CHANNEL_VOICE, nil),
		{CustomerId: "el_cst_1"},
		{CustomerId: "el_cst_1", Entry: &pb.ServerToAppCustomerNotification_Reminder{Reminder: &pb.ReminderNotification{}}},
	} {
		if reply, err := f.notify(n); err != nil || reply.String() != "" {
			t.Errorf("%v: %v, %v", n, reply, err)
		}
	}
	c.Close()
	if got := strings.Count(log.String(), "no handler for"); got != 2 || !strings.Contains(log.String(), "ussdSession") || !strings.Contains(log.String(), "voiceCall") {
		t.Errorf("of what a phone waits for the log says:\n%s", &log)
	}
}

func TestFailuresAreLogged(t *testing.T) {
	f := startFake(t)
	var log bytes.Buffer
	config := f.config()
	config.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	c := New(config)
	OnUSSD(c, func(_ context.Context, hop *USSDHop, _ *struct{}) (Menu, error) {
		if hop.Text == "panic" {
			panic("the floor is lava")
		}
		return Menu{}, errors.New("no beds left")
	})
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "panic"} {
		_, err := f.notify(hop(text, textData("secret")))
		if err == nil || strings.Contains(err.Error(), "beds") || strings.Contains(err.Error(), "lava") {
			t.Errorf("the server was told %v", err)
		}
	}
	c.Close()
	for _, want := range []string{"ussdSession", "el_cst_1", "no beds left", "the floor is lava", "handler_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("app data is in the log")
	}
}
