package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/envfile"
)

// visit is what the test's app remembers.
type visit struct {
	Step string `json:"step"`
}

// startApp runs a small app: it asks for a name, greets, and confirms by SMS. It gives how sessions
// ended otherwise.
func startApp(t *testing.T, config elarian.Config) (ended chan elarian.USSDStatus) {
	t.Helper()
	client := elarian.New(config)
	ended = make(chan elarian.USSDStatus, 10)
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, v *visit) (elarian.Menu, error) {
		if hop.Text == "" {
			v.Step = "name"
			return elarian.Ask("Welcome to the clinic, which is open all day\nYour name?"), nil
		}
		v.Step = ""
		if _, err := hop.Customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Booked for "+hop.Text)); err != nil {
			return elarian.Menu{}, err
		}
		return elarian.End("Hello %s", hop.Text), nil
	})
	elarian.OnUSSDEnd(client, func(_ context.Context, hop *elarian.USSDHop, _ *visit) error {
		ended <- hop.Status
		return nil
	})
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("You wrote " + m.Text), nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return ended
}

func TestAPhoneForScripts(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ended := startApp(t, d.config())

	got := runIn(t, dir, "phone", "--number", "+254 710-000 001", "ussd", "*83044#", "Asha", "--wait", "100ms")
	if got.code != 0 || got.err != "" {
		t.Fatalf("%+v", got)
	}
	message := "[SMS from 83044] Booked for Asha\n"
	if !strings.Contains(got.out, message) {
		t.Errorf("the phone does not show the message:\n%s", got.out)
	}
	if rest, want := strings.Replace(got.out, message, "", 1), "Welcome to the clinic, which is open all day\nYour name?\n> Asha\nHello Asha\n"; rest != want {
		t.Errorf("the phone shows\n%s\nwant\n%s", rest, want)
	}

	got = runIn(t, dir, "phone", "ussd", "*83044#", "Asha", "too", "many")
	refused(t, outcome{got.out, got.err, got.code}, 1, `the session ended before the answer "too"`)

	got = runIn(t, dir, "phone", "sms", "83044", "good", "day", "--wait", patience.String())
	if got.code != 0 || !strings.HasSuffix(got.out, "[SMS from 83044] You wrote good day\n") {
		t.Errorf("%+v", got)
	}
	refused(t, runIn(t, dir, "phone", "ussd", "*1#", "x"), 1, "*1#")
	refused(t, runIn(t, dir, "phone", "sms", "1", "x"), 1, "not a channel")
	refused(t, runIn(t, dir, "phone", "--number", "nobody", "sms", "1", "x"), 2, `--number "nobody"`)
	refused(t, runIn(t, dir, "phone", "dial"), 2, "use ussd, sms, whatsapp, telegram, messenger, email, react, call, pay, approve, decline or listen")
	select {
	case status := <-ended:
		t.Errorf("a session ended as %v, though all were finished", status)
	default:
	}
	d.stop()
	refused(t, runIn(t, dir, "phone", "ussd", "*83044#", "x"), 1, "no server answers at localhost:")
}

func TestAPhoneToTypeOn(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ended := startApp(t, d.config())

	got := invocation{dir: dir, stdin: "Asha\n"}.run(t, "phone", "ussd", "*83044#", "--wait", "0")
	for _, text := range []string{
		"+254710000001 dials *83044#\n",
		"┌────────────────────────────────┐\n│ Welcome to the clinic, which   │\n│ is open all day                │\n│ Your name?                     │\n└────────────────────────────────┘\n> ",
		"│ Hello Asha                     │\n",
	} {
		if !strings.Contains(got.out, text) {
			t.Errorf("the screen lacks\n%s\nit shows\n%s%s", text, got.out, got.err)
		}
	}
	// Both an empty line and the end of the input hang up, and the app is told.
	for _, typed := range []string{"\n", ""} {
		got := invocation{dir: dir, stdin: typed}.run(t, "phone", "ussd", "*83044#", "--wait", "0")
		if got.code != 0 || !strings.HasSuffix(got.out, "hung up\n") {
			t.Errorf("typing %q: %+v", typed, got)
		}
		if status := <-ended; status != elarian.USSDIncomplete {
			t.Errorf("typing %q: the app is told %v", typed, status)
		}
	}
	// Each line that is piped waits for its answer.
	got = invocation{dir: dir, stdin: "one\n\ntwo\n"}.run(t, "phone", "sms", "83044", "--wait", patience.String())
	want := "+254710000001 writes to 83044 (Ctrl-D ends)\n> one\n[SMS from 83044] You wrote one\n> \n> two\n[SMS from 83044] You wrote two\n> \n"
	if got.code != 0 || got.out != want {
		t.Errorf("%+v, want\n%s", got, want)
	}
	d.stop()
}

// TestAPhoneOnEachChannel: what is written comes to the app from who the channel knows the person by, and all of
// its answer is shown.
func TestAPhoneOnEachChannel(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	client := elarian.New(d.config())
	answer := func(ctx context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		text := m.Text
		if e, ok := m.Parts[0].(elarian.Email); ok {
			text = e.Subject + ": " + e.Plain
		}
		if _, err := m.Customer.SendMessage(ctx, m.Channel, elarian.Message{
			Body: elarian.Text(m.Customer.Number().String() + " wrote " + text), ReplyPrompt: &elarian.ReplyPrompt{Menu: []elarian.PromptItem{{Text: "Yes"}}},
		}); err != nil {
			return nil, err
		}
		return elarian.Text("And so on"), nil
	}
	elarian.OnWhatsApp(client, answer)
	elarian.OnTelegram(client, answer)
	elarian.OnMessenger(client, answer)
	elarian.OnEmail(client, answer)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, c := range []struct {
		args        string
		label, from string
	}{
		{"whatsapp +254711621711 Hi", "WhatsApp", "+254710000001 wrote Hi"},
		{"telegram +254711621711 Hi", "Telegram", "telegram:254710000001 wrote Hi"},
		{"--number 99 telegram +254711621711 Hi", "Telegram", "telegram:99 wrote Hi"},
		{"messenger +254711621711 Hi", "Messenger", "facebook:254710000001 wrote Hi"},
		{"email sandbox@elarian.test Hi --subject Visit", "e-mail", "email:254710000001@example.com wrote Visit: Hi"},
		{"--number Ada@Example.org email sandbox@elarian.test Hi", "e-mail", "email:ada@example.org wrote : Hi"},
	} {
		got := runIn(t, dir, append(strings.Fields("phone --wait "+patience.String()), strings.Fields(c.args)...)...)
		for _, shown := range []string{"] " + c.from + "\n  ( Yes )\n", "[" + c.label + " from ", "] And so on\n"} {
			if got.code != 0 || !strings.Contains(got.out, shown) {
				t.Errorf("%s: %+v, want %q", c.args, got, shown)
			}
		}
	}
	refused(t, runIn(t, dir, "phone", "--number", "ada@example.org", "whatsapp", "+254711621711", "x"), 2, "is no phone number")
	refused(t, runIn(t, dir, "phone", "telegram", "nobody", "x"), 1, "Telegram to nobody")
	d.stop()
}

func TestAPhoneThatListens(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := elarian.Connect(ctx, d.config())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	phone := launch(t, invocation{dir: dir}, false, "phone", "--number", "+254710000002")
	phone.await("waits for messages")
	for _, number := range []string{"+254710000001", "+254710000002"} {
		if _, err := client.Customer(elarian.Cellular(number)).SendMessage(ctx, elarian.SMS("83044"), elarian.Text("for "+number)); err != nil {
			t.Fatal(err)
		}
	}
	phone.await("[SMS from 83044] for +254710000002")
	if strings.Contains(phone.output(), "+254710000001") {
		t.Errorf("the phone shows what is for another:\n%s", phone.output())
	}
	phone.stop()
	d.stop()
}

func TestAPhoneFindsItsServer(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	d := startDev(t, dir, "--env-file", filepath.Join(elsewhere, "my.env"))
	startApp(t, d.config())
	dial := []string{"ussd", "*83044#", "Asha"}
	refused(t, runIn(t, elsewhere, append([]string{"phone"}, dial...)...), 1, "there is no sandbox in ./elarian-data")
	refused(t, runIn(t, elsewhere, "env"), 1, "there is no sandbox")
	var env []string
	for _, v := range d.vars {
		env = append(env, v.Key+"="+v.Value)
	}
	for name, i := range map[string]struct {
		env  []string
		args []string
	}{
		"environment": {env, nil},
		"env file":    {nil, []string{"--env-file", "my.env"}},
		"folder":      {[]string{"ORG_ID=el_org_other", "APP_ID=x", "API_KEY=x", "HOST=localhost", "PORT=1"}, []string{"--dir", filepath.Join(dir, "elarian-data")}},
	} {
		got := invocation{dir: elsewhere, env: i.env}.run(t, append(append([]string{"phone"}, i.args...), dial...)...)
		if got.code != 0 || !strings.Contains(got.out, "Hello Asha") {
			t.Errorf("by %s: %+v", name, got)
		}
	}
	wrong := filepath.Join(elsewhere, "wrong.env")
	if err := envfile.Write(wrong, append(d.vars, envfile.Var{Key: "API_KEY", Value: "el_k_test_wrong"})); err != nil {
		t.Fatal(err)
	}
	refused(t, runIn(t, elsewhere, append([]string{"phone", "--env-file", wrong}, dial...)...), 1, "unauthorized")
	if err := os.WriteFile(wrong, []byte("HOST=localhost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, runIn(t, elsewhere, append([]string{"phone", "--env-file", wrong}, dial...)...), 1, "ORG_ID")
	d.stop()
}

func TestAPhoneWithoutAnApp(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir, "--log-level", "error")
	got := runIn(t, dir, "phone", "ussd", "*83044#", "x")
	refused(t, got, 1, "no app is connected")
	if !strings.Contains(got.out, "Sorry") {
		t.Errorf("the phone does not show what a phone would: %q", got.out)
	}
	got = runIn(t, dir, "phone", "sms", "83044", "anybody?", "--wait", "10ms")
	if got.code != 0 || !strings.Contains(got.out, "no answer") {
		t.Errorf("%+v", got)
	}
	d.stop()
}

func TestAPhoneReacts(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	client := elarian.New(d.config())
	told := make(chan *elarian.ReactionNotice, 1)
	client.OnSentMessageReaction(func(_ context.Context, r *elarian.ReactionNotice) error {
		told <- r
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sent, err := client.Customer(elarian.Cellular("+254710000001")).SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Look"))
	if err != nil {
		t.Fatal(err)
	}
	id := sent.MessageID
	if got := runIn(t, dir, "phone", "react", "sms", "83044", id, "complained"); got.code != 0 || got.out != "["+id+": complained]\n" {
		t.Fatalf("%+v", got)
	}
	if r := <-told; r.MessageID != id || r.Reaction != elarian.ReactionComplained || r.Channel != elarian.SMS("83044") {
		t.Errorf("the app is told %+v", r)
	}
	if timeline := must(t, dir, "customer", "timeline", "+254710000001"); !strings.Contains(timeline, id+" complained\n") {
		t.Errorf("the timeline has:\n%s", timeline)
	}
	if got := must(t, dir, "customer", "export", "+254710000001"); !strings.Contains(got, `"reaction": "complained"`) {
		t.Errorf("the export lacks the reaction:\n%s", got)
	}
	refused(t, runIn(t, dir, "phone", "react", "sms", "83044", "el_msg_0", "clicked"), 1, "has no message")
	refused(t, runIn(t, dir, "phone", "react", "sms", "83044", id, "liked"), 2, "use clicked, unsubscribed or complained")
	refused(t, runIn(t, dir, "phone", "react", "fax", "83044", id, "clicked"), 2, "use sms")
	d.stop()
}
