package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
)

// decode reads what a command printed with --json.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// eventually connects until the server has seen what changed.
func eventually(t *testing.T, what string, config elarian.Config, done func(error) bool) {
	t.Helper()
	config.Logger = quiet
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		client, err := elarian.Connect(ctx, config)
		if err == nil {
			_ = client.Close()
		}
		if done(err) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: still %v", what, err)
		}
	}
}

func TestARunningServerSeesWhatOperatorsDo(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	org := must(t, dir, "org", "add", "Afya Clinic")
	app := must(t, dir, "app", "add", "Appointments", "--org", org)
	key := decode[keyView](t, must(t, dir, "key", "add", "--org", org, "--name", "tests", "--json"))
	purse := must(t, dir, "purse", "add", "Fees", "--org", org, "--currency", "ugx")
	must(t, dir, "channel", "add", "sms", "22334", "--app", app)
	must(t, dir, "channel", "add", "ussd", "*384*5#", "--app", app)
	must(t, dir, "channel", "add", "whatsapp", "254 711-000 111", "--app", app, "--partition", "clinic")
	must(t, dir, "channel", "add", "cellular", "525900", "--app", app, "--purse", purse)

	config := d.config()
	config.OrgID, config.AppID, config.APIKey = org, app, key.Key
	eventually(t, "the new key", config, func(err error) bool { return err == nil })

	client := elarian.New(config)
	inbox := make(chan string, 1)
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		inbox <- m.Text
		return elarian.Text("got it"), nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	phone := invocation{dir: dir, env: []string{"HOST=" + d.vars.Get("HOST"), "PORT=" + d.vars.Get("PORT"), "ORG_ID=" + org, "APP_ID=" + app,
		"API_KEY=" + key.Key, "NODE_EXTRA_CA_CERTS=" + d.vars.Get("NODE_EXTRA_CA_CERTS")}}
	if got := phone.run(t, "phone", "--number", "+254710000007", "sms", "22334", "hello", "--wait", patience.String()); !strings.Contains(got.out, "[SMS from 22334] got it") {
		t.Errorf("the phone of the new org: %+v", got)
	}
	if text := <-inbox; text != "hello" {
		t.Errorf("the app got %q", text)
	}

	type channel = channelView
	channels := decode[[]channel](t, must(t, dir, "channel", "list", "--org", org, "--json"))
	numbers := make(map[string]channel)
	for _, c := range channels {
		numbers[c.Channel+" "+c.Number] = c
	}
	if c := numbers["whatsapp +254711000111"]; c.Partition != "clinic" || c.App != app || c.Provider != "simulator" {
		t.Errorf("whatsapp channel: %+v of %+v", c, numbers)
	}
	if c := numbers["cellular 525900"]; c.Purse != purse || len(channels) != 4 {
		t.Errorf("payment channel: %+v of %+v", c, numbers)
	}

	// A key that is revoked cuts the connection, and the app is told that it is of no use to try again.
	must(t, dir, "key", "revoke", key.ID)
	select {
	case err := <-ended:
		if !errors.Is(err, elarian.ErrUnauthorized) {
			t.Errorf("the app ended with %v, want that it is unauthorized", err)
		}
	case <-ctx.Done():
		t.Fatal("a connection with a revoked key lives on")
	}
	keys := decode[[]keyView](t, must(t, dir, "key", "list", "--org", org, "--json"))
	if len(keys) != 1 || keys[0].RevokedAt == nil || keys[0].Key != "" || time.Since(*keys[0].RevokedAt) > time.Hour {
		t.Errorf("keys after revoking: %+v", keys)
	}

	for _, c := range [][]string{{"sms", "22334"}, {"ussd", "*384*5#"}, {"whatsapp", "+254711000111"}, {"cellular", "525900"}} {
		must(t, dir, "channel", "remove", "--org", org, c[0], c[1])
	}
	must(t, dir, "app", "remove", app)
	if apps := decode[[]appView](t, must(t, dir, "app", "list", "--org", org, "--json")); len(apps) != 0 {
		t.Errorf("apps after removing: %+v", apps)
	}
	d.stop()
}

func TestOperatorsAreToldWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "a.db")
	inA := func(args ...string) []string { return append(args, "--store", database) }
	refused(t, runIn(t, dir, "org", "list"), 1, "no database at")
	refused(t, runIn(t, dir, inA("app", "list")...), 1, "no database at")
	one := must(t, dir, inA("org", "add", "One")...)
	refused(t, runIn(t, dir, inA("channel", "add", "sms", "22334")...), 1, "there is no app yet")
	app := must(t, dir, inA("app", "add", "A")...) // the only org
	refused(t, runIn(t, dir, inA("channel", "add", "cellular", "525900")...), 1, "has no purse yet")
	purse := must(t, dir, inA("purse", "add", "P")...)
	must(t, dir, inA("channel", "add", "sms", "22334")...) // the only app
	must(t, dir, inA("channel", "add", "cellular", "525900")...)
	two := must(t, dir, inA("org", "add", "Two", "--live")...)
	key := must(t, dir, inA("key", "add", "--org", two)...)
	if !strings.HasPrefix(key, "el_k_live_") || len(key) != len("el_k_live_")+64 {
		t.Errorf("a live org's key: %s", key)
	}

	for name, c := range map[string]struct {
		args []string
		code int
		text string
	}{
		"which org":              {[]string{"app", "add", "B"}, 1, "there are 2 orgs"},
		"unknown org":            {[]string{"app", "add", "B", "--org", "el_org_x"}, 1, "there is no org el_org_x"},
		"unknown org of a list":  {[]string{"key", "list", "--org", "el_org_x"}, 1, "there is no org el_org_x"},
		"empty name":             {[]string{"org", "add", "  "}, 1, "empty"},
		"long name":              {[]string{"org", "add", strings.Repeat("x", 101)}, 1, "100"},
		"name with a line":       {[]string{"app", "add", "a\nb", "--org", one}, 1, "cannot be shown"},
		"no name":                {[]string{"org", "add"}, 2, "NAME"},
		"two names":              {[]string{"org", "add", "a", "b"}, 2, `"b"`},
		"unknown app":            {[]string{"app", "remove", "el_app_x"}, 1, "there is no app el_app_x"},
		"app with channels":      {[]string{"app", "remove", app}, 1, "sms 22334, cellular 525900"},
		"channel twice":          {[]string{"channel", "add", "sms", "22334", "--app", app}, 1, "exists already"},
		"payment channel twice":  {[]string{"channel", "add", "cellular", "525900", "--app", app}, 1, "exists already"},
		"channel of a kind":      {[]string{"channel", "add", "mms", "1", "--app", app}, 2, "no kind of channel"},
		"channel number":         {[]string{"channel", "add", "ussd", "83044", "--app", app}, 1, "no USSD service code"},
		"channel's app":          {[]string{"channel", "add", "sms", "1", "--app", "el_app_x"}, 1, "there is no app el_app_x"},
		"channel's purse":        {[]string{"channel", "add", "airtime", "1", "--app", app, "--purse", "el_prs_x"}, 1, "no purse el_prs_x"},
		"purse of another kind":  {[]string{"channel", "add", "sms", "1", "--app", app, "--purse", purse}, 2, "--purse is for"},
		"partition of money":     {[]string{"channel", "add", "airtime", "1", "--app", app, "--partition", "x"}, 2, "--partition is for"},
		"channel that is absent": {[]string{"channel", "remove", "sms", "1", "--org", one}, 1, "has no channel sms 1"},
		"channel of another org": {[]string{"channel", "remove", "sms", "22334", "--org", two}, 1, "has no channel"},
		"currency":               {[]string{"purse", "add", "P", "--org", one, "--currency", "shilling"}, 1, "ISO 4217"},
		"key that is absent":     {[]string{"key", "revoke", "abcdef"}, 1, "no such key"},
		"too little of a key":    {[]string{"key", "revoke", "a"}, 1, "no such key"},
		"unknown verb":           {[]string{"key", "remove"}, 2, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, runIn(t, dir, inA(c.args...)...), c.code, c.text) })
	}
	must(t, dir, inA("key", "revoke", key)...)
	refused(t, runIn(t, dir, inA("key", "revoke", key)...), 1, "revoked already")

	// The environment names the database as well, and the flag counts more.
	elsewhere := invocation{dir: dir, env: []string{"ELARIAN_STORE=" + database}}
	if got := elsewhere.run(t, "org", "list"); !strings.Contains(got.out, one) || !strings.Contains(got.out, "live") {
		t.Errorf("org list by $ELARIAN_STORE: %+v", got)
	}
	elsewhere.env = []string{"ELARIAN_STORE=" + filepath.Join(dir, "none.db")}
	if got := elsewhere.run(t, "org", "list", "--store", database); got.code != 0 {
		t.Errorf("--store does not count more than $ELARIAN_STORE: %+v", got)
	}
}
