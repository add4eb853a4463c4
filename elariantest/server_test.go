package elariantest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testpg"
)

// app asks for a day, keeps it, and confirms by SMS.
func app(config elarian.Config) *elarian.Client {
	type booking struct{ Step string }
	client := elarian.New(config)
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, b *booking) (elarian.Menu, error) {
		switch {
		case hop.Text == "crash":
			return elarian.Menu{}, fmt.Errorf("no beds left")
		case hop.Text == "" || b.Step == "":
			b.Step = "day"
			return elarian.Ask("Which day?"), nil
		}
		b.Step = ""
		_, err := hop.Customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("You come on "+hop.Text+"."))
		return elarian.End("See you on %s.", hop.Text), err
	})
	elarian.OnUSSDEnd(client, func(_ context.Context, _ *elarian.USSDHop, b *booking) error {
		b.Step = ""
		return nil
	})
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("You wrote " + m.Text), nil
	})
	return client
}

func TestPhones(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(app(srv.Config()))
	phone, other := srv.Phone("+254 710-000-001"), srv.Phone("+254710000002")
	if srv.Phone("+254710000001") != phone {
		t.Error("the same number is another phone")
	}
	phone.Dial("*83044#").Expect("Which day?").Type("24/12").Expect("See you on 24/12.").Ended()
	phone.ExpectSMS("83044", "You come on 24/12.")
	phone.SendSMS("83044", "hello")
	phone.ExpectSMS("83044", "You wrote hello")
	phone.SendSMS("83044", "hello again")
	phone.ExpectSMS("83044", "You wrote hello again")
	if got := len(phone.Messages()); got != 3 {
		t.Errorf("%d messages, want 3", got)
	}
	other.Dial("*83044#").Expect("Which day?").HangUp()
	other.Dial("*83044#").Expect("Which day?").Type("crash").Expect("not available").Ended()
	if got := len(other.Messages()); got != 0 {
		t.Errorf("%d messages that were for somebody else", got)
	}
}

func TestPhonesReact(t *testing.T) {
	srv := elariantest.Start(t)
	client := app(srv.Config())
	told := make(chan *elarian.ReactionNotice, 1)
	client.OnSentMessageReaction(func(_ context.Context, r *elarian.ReactionNotice) error {
		told <- r
		return nil
	})
	srv.Connect(client)
	phone := srv.Phone("+254710000001")
	phone.SendSMS("83044", "hello")
	m := phone.ExpectMessage(elarian.SMS("83044"), "You wrote hello")
	phone.React(m, elarian.ReactionClicked)
	if r := <-told; r.MessageID != m.MessageID || r.Reaction != elarian.ReactionClicked {
		t.Errorf("the app is told %+v", r)
	}
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper()        {}
func (r *recorder) Cleanup(func()) {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// expect does what fails the test, and looks at what is said.
func (r *recorder) expect(t *testing.T, do func(), want ...string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
	for _, want := range want {
		if !strings.Contains(r.said, want) {
			t.Errorf("%q is not in:\n%s", want, r.said)
		}
	}
}

func TestFailuresTellWhatThePhoneSaw(t *testing.T) {
	r := &recorder{TB: t}
	srv := elariantest.Start(r)
	defer srv.Close()
	srv.Connect(app(srv.Config()))
	phone, other, third := srv.Phone("+254710000001"), srv.Phone("+254710000002"), srv.Phone("+254710000003")
	for _, test := range []struct {
		do   func()
		want []string
	}{
		{func() { phone.Dial("*83044#").Expect("Which month?") },
			[]string{`+254710000001: expected "Which month?" on the screen`, "dials *83044#", "| Which day?"}},
		{func() { other.Dial("*83044#").Ended() }, []string{"expected the session to have ended"}},
		{func() { third.Dial("*83044#").Type("1/1").Type("2/2") }, []string{`cannot type "2/2": the session has ended`, "types 1/1"}},
		{func() { phone.Dial("*1#") }, []string{"*1# does not answer", "*1# is not a channel"}},
		{func() { phone.SendSMS("1", "hi") }, []string{"cannot send to sms:1"}},
		{func() { phone.React(elarian.SimulatedDelivery{From: elarian.SMS("83044")}, elarian.ReactionClicked) },
			[]string{"cannot react to a message from sms:83044"}},
	} {
		r.expect(t, test.do, test.want...)
	}
}

func TestServersAreApart(t *testing.T) {
	a, b := elariantest.Start(t), elariantest.Start(t)
	if a.Config().Address == b.Config().Address || a.Config().OrgID == b.Config().OrgID {
		t.Error("two servers are one")
	}
	a.Connect(app(a.Config()))
	a.Phone("+254710000001").Dial("*83044#").Expect("Which day?")
	b.Phone("+254710000001").Dial("*83044#").Expect("not available")
}

func TestEnv(t *testing.T) {
	srv := elariantest.Start(t)
	for _, line := range srv.Env() {
		key, value, _ := strings.Cut(line, "=")
		t.Setenv(key, value)
	}
	for _, key := range strings.Fields("HOST PORT ORG_ID APP_ID API_KEY SMS_SHORT_CODE USSD_CODE HTTP_URL WS_URL NODE_EXTRA_CA_CERTS") {
		if !slices.ContainsFunc(srv.Env(), func(line string) bool { return strings.HasPrefix(line, key+"=") }) {
			t.Errorf("%s is missing", key)
		}
	}
	srv.Connect(app(elarian.ConfigFromEnv()))
	srv.Phone("+254710000001").Dial("*83044#").Expect("Which day?")
}

// Servers may share a PostgreSQL: each has an org of its own.
func TestPostgreSQL(t *testing.T) {
	url := testpg.URL(t)
	a, b := elariantest.Start(t, elariantest.WithStore(url)), elariantest.Start(t, elariantest.WithStore(url))
	a.Connect(app(a.Config()))
	a.Phone("+254710000001").Dial("*83044#").Expect("Which day?").Type("24/12").Expect("See you on 24/12.").Ended()
	a.Phone("+254710000001").ExpectSMS("83044", "You come on 24/12.")
	b.Phone("+254710000001").Dial("*83044#").Expect("not available")
	if n := len(b.Phone("+254710000001").Messages()); n != 0 {
		t.Errorf("%d messages of another org", n)
	}
}

func TestStoreOfOnesOwn(t *testing.T) {
	path := t.TempDir() + "/own.db"
	srv := elariantest.Start(t, elariantest.WithStore(path))
	srv.Connect(app(srv.Config()))
	srv.Phone("+254710000001").Dial("*83044#")
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	elariantest.Start(t, elariantest.WithStore(path)).Phone("+254710000001").Dial("*83044#").Expect("not available")
}

// A phone gets messages in the order in which they were sent, also those that follow each other at once:
// of commands, and one before the reply of a handler.
func TestMessagesStayInOrder(t *testing.T) {
	for name, opts := range map[string][]elariantest.Option{"sqlite": nil, "postgres": {elariantest.WithStore(testpg.URL(t))}} {
		t.Run(name, func(t *testing.T) {
			srv := elariantest.Start(t, opts...)
			client := elarian.New(srv.Config())
			const count = 40
			var want, got []string
			elarian.OnSMS(client, func(ctx context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
				for i := range count {
					if _, err := m.Customer.SendMessage(ctx, m.Channel, elarian.Text(fmt.Sprint(i))); err != nil {
						return nil, err
					}
				}
				return elarian.Text("the last"), nil
			})
			srv.Connect(client)
			for i := range count {
				want = append(want, fmt.Sprint(i))
			}
			want = append(want, "the last")
			phone := srv.Phone("+254710000001")
			phone.SendSMS("83044", "go")
			phone.ExpectSMS("83044", "the last")
			for _, m := range phone.Messages() {
				got = append(got, string(m.Message.Body.(elarian.Text)))
			}
			if !slices.Equal(got, want) {
				t.Errorf("it got %q", got)
			}
		})
	}
}
