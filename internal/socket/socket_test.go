package socket_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// isRejected wants the refusal of a SETUP, and gives its text.
func isRejected(t *testing.T, what string, err error) string {
	t.Helper()
	var e *rsocket.Error
	if !errors.As(err, &e) || e.Code != rsocket.RejectedSetup || e.Text == "" {
		t.Errorf("%s: %v, want REJECTED_SETUP", what, err)
		return ""
	}
	return e.Text
}

// setup sends SETUP with any data.
func setup(srv *servertest.Server, data []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	c, err := rsocket.Dial(ctx, srv.URL, &rsocket.Setup{Data: data}, nil, rsocket.Options{})
	if err == nil {
		_ = c.Close(nil)
	}
	return err
}

func TestRefusedSetup(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		other, live := srv.AddOrg(t, false), srv.AddOrg(t, true)
		token := srv.Simplex(t).Must(t, servertest.GenerateToken()).GetGenerateAuthToken().Token
		dial := func(l servertest.Login) error {
			c, err := srv.Dial(l)
			if err == nil {
				_ = c.Close(nil)
			}
			return err
		}
		texts := map[string]string{}
		for what, l := range map[string]servertest.Login{
			"unknown org": {Org: "el_org_nobody"}, "unknown app": {App: "el_app_nobody"}, "unknown key": {Key: "el_k_test_" + strings.Repeat("0", 64)},
			"key of another org": {Key: other.Key}, "app of another org": {App: other.App}, "org of another": {Org: other.Org, App: other.App},
			"unknown token": {Token: "el_tkn_" + strings.Repeat("0", 64)}, "token of another org": {Org: other.Org, App: other.App, Token: token},
			"zero byte in the org": {Org: "a\x00"}, "zero byte in the app": {App: "a\x00"}, "zero byte in the key": {Key: "\x00"}, "zero byte in the token": {Token: "\x00"},
			"long names":   {Org: strings.Repeat("x", 9000), App: strings.Repeat("x", 9000), Key: strings.Repeat("x", 9000)},
			"key as token": {Token: srv.Key}, "token as key": {Key: token},
			"live org, wrong key": {Org: live.Org, App: live.App, Simulator: true},
		} {
			texts[isRejected(t, what, dial(l))] = what
		}
		if len(texts) != 1 {
			t.Errorf("the texts tell what was wrong: %v", texts)
		}
		isRejected(t, "simulator of a live org", dial(servertest.Login{Org: live.Org, App: live.App, Key: live.Key, Simulator: true}))
		if err := dial(live); err != nil {
			t.Errorf("an app of a live org: %v", err)
		}
		for _, data := range []string{"", "\xff\xff", "garbage", strings.Repeat("\x0a", 100)} {
			isRejected(t, fmt.Sprintf("%q", data), setup(srv, []byte(data)))
		}
		for what, m := range map[string]*pb.AppConnectionMetadata{
			"nothing": {}, "no secret": {OrgId: srv.Org, AppId: srv.Sandbox.App}, "empty key": {OrgId: srv.Org, AppId: srv.Sandbox.App, ApiKey: wrapperspb.String("")},
			"no org": {AppId: srv.Sandbox.App, ApiKey: wrapperspb.String(srv.Key)}, "no app": {OrgId: srv.Org, ApiKey: wrapperspb.String(srv.Key)},
		} {
			data, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			isRejected(t, what, setup(srv, data))
		}
		if err := dial(servertest.Login{}); err != nil {
			t.Errorf("after all that the right one: %v", err)
		}
	})
}

// TestThrottle: who guesses is slowed, by the server's clock; connections that are up are not touched.
func TestThrottle(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), func(c *server.Config) { c.Failures, c.FailureEvery = 5, time.Hour })
	up := srv.Simplex(t)
	for range 5 {
		_, err := srv.Dial(servertest.Login{Key: "wrong"})
		if text := isRejected(t, "a guess", err); strings.Contains(text, "too many") {
			t.Fatalf("refused early: %s", text)
		}
	}
	_, err := srv.Dial(servertest.Login{})
	if text := isRejected(t, "the right key after five guesses", err); !strings.Contains(text, "too many") {
		t.Errorf("text %q", text)
	}
	up.State(t, "+254710000001")
	srv.Clock().Advance(time.Hour + time.Minute)
	srv.Simplex(t)
	_, err = srv.Dial(servertest.Login{Key: "wrong"})
	isRejected(t, "a guess", err)
	_, err = srv.Dial(servertest.Login{})
	isRejected(t, "after another guess", err)
}

// TestRevokedKey: its connections are cut, its tokens void; those of other keys go on.
func TestRevokedKey(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		org := store.Org{ID: srv.Org}
		key, secret, err := srv.Store().AddKey(org, "second")
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Refresh(); err != nil {
			t.Fatal(err)
		}
		app := srv.Connect(t, servertest.Login{Key: secret, Exact: true})
		phones := srv.Connect(t, servertest.Login{Key: secret, Simulator: true})
		stays := srv.Simplex(t)
		token := app.Must(t, servertest.GenerateToken()).GetGenerateAuthToken().Token
		browser := srv.Connect(t, servertest.Login{Token: token})
		// As another process does it: the server sees the change by itself.
		beside, err := store.Open(db, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer beside.Close()
		if err := beside.RevokeKey(key); err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]*servertest.Conn{"app": app, "simulator": phones, "token": browser} {
			select {
			case <-c.Done():
			case <-time.After(servertest.Patience):
				t.Fatalf("the connection of the %s is not cut", what)
			}
		}
		_, err = srv.Dial(servertest.Login{Key: secret})
		isRejected(t, "the revoked key", err)
		_, err = srv.Dial(servertest.Login{Token: token})
		isRejected(t, "its token", err)
		stays.State(t, "+254710000001")
	})
}

func TestTokens(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		second := srv.AddApp(t, "500")
		app := srv.App(t)
		r := app.Must(t, servertest.WithKey("k", servertest.GenerateToken())).GetGenerateAuthToken()
		if !strings.HasPrefix(r.Token, "el_tkn_") || len(r.Token) != len("el_tkn_")+64 || r.Lifetime.AsDuration() != time.Hour {
			t.Errorf("token %d bytes, lifetime %v", len(r.Token), r.Lifetime)
		}
		if again := app.Must(t, servertest.WithKey("k", servertest.GenerateToken())).GetGenerateAuthToken(); again.Token == r.Token {
			t.Error("the token was kept, in the clear")
		}
		browser := srv.Connect(t, servertest.Login{Token: r.Token, Exact: true})
		other := srv.Connect(t, servertest.Login{App: second, Token: r.Token, Exact: true}) // any app of the org
		var refused *rsocket.Error
		if _, err := browser.Command(servertest.GenerateToken()); !errors.As(err, &refused) || refused.Code != rsocket.Invalid {
			t.Errorf("a token of a token: %v", err)
		}
		browser.Must(t, servertest.Activity("+254710000001", "x"))
		app.Next(t).OK()
		app.Kill()
		browser.Must(t, servertest.Activity("+254710000001", "y"))
		other.State(t, "+254710000001")
		browser.None(t)
		other.None(t)
		srv.Clock().Advance(59 * time.Minute)
		srv.Connect(t, servertest.Login{Token: r.Token})
		srv.Clock().Advance(2 * time.Minute)
		_, err := srv.Dial(servertest.Login{Token: r.Token})
		isRejected(t, "an expired token", err)
		browser.State(t, "+254710000001") // what is up stays up
	})
}

func TestRateLimit(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), func(c *server.Config) { c.CommandsPerSecond = 0.001 })
	c, other := srv.Simplex(t), srv.Connect(t, servertest.Login{App: srv.AddApp(t, "500"), Simplex: true})
	c.ID(t, "+254710000001")
	var refused *rsocket.Error
	if _, err := c.Command(servertest.GetState("+254710000001")); !errors.As(err, &refused) || refused.Code != rsocket.Rejected {
		t.Errorf("beyond the limit: %v, want REJECTED", err)
	}
	other.ID(t, "+254710000001")
	srv.Clock().Advance(1001 * time.Second)
	c.ID(t, "+254710000001")
}

// TestWrongCommands: no entry, a command of the other kind, garbage: an ERROR, and the connection goes on.
func TestWrongCommands(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t))
	app, phones := srv.Simplex(t), srv.Simulator(t)
	payload := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		what    string
		conn    *servertest.Conn
		payload []byte
	}{
		{"empty", app, nil}, {"empty, simulator", phones, nil},
		{"garbage", app, []byte("garbage")}, {"garbage, simulator", phones, []byte("\xff\xff\xff")},
		{"cut short", app, payload(servertest.CreateCustomer("+254710000001"))[:10]},
		{"no UTF-8", app, []byte("\x12\x07\x0a\x05\x12\x03a\xffb")},
		{"only a key", app, payload(servertest.WithKey("k", &pb.AppToServerCommand{}))},
		{"unknown entry", app, []byte("\xfa\x3f\x00")},
		{"metadata of SETUP", phones, payload(&pb.AppConnectionMetadata{OrgId: srv.Org})},
	} {
		b, err := c.conn.Try(c.payload)
		var refused *rsocket.Error
		if !errors.As(err, &refused) || refused.Code != rsocket.Invalid || refused.Text == "" {
			t.Errorf("%s: %q %v, want INVALID", c.what, b, err)
		}
	}
	app.State(t, "+254710000001")
	phones.SendSMS(t, "+254710000001", sandbox.ShortCode, "still there")
	// Kinds cannot be told apart by the bytes alone: what is sent on the wrong socket does nothing good.
	if b, err := app.Try(payload(servertest.ReceiveSMS("+254710000001", sandbox.ShortCode, "hi"))); err == nil {
		r := &pb.AppToServerCommandReply{}
		if proto.Unmarshal(b, r) != nil || servertest.Verdict(r).OK && r.GetGenerateAuthToken() == nil {
			t.Errorf("a simulator's command of an app: %v", r)
		}
	}
}

// Who plays a phone reads why the app gave no menu, in words for people.
func TestWhyThereIsNoMenu(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t))
	phones := srv.Simulator(t)
	for want, fail := range map[string]func(app *servertest.Conn, n *servertest.Notified){
		"the app's connection was lost before it had answered": func(app *servertest.Conn, _ *servertest.Notified) { app.Kill() },
		"the app answered with an error: no beds left":         func(_ *servertest.Conn, n *servertest.Notified) { n.Fail("no beds left") },
		"the app answered with an error":                       func(_ *servertest.Conn, n *servertest.Notified) { n.Fail("") },
	} {
		app := srv.App(t)
		menu := phones.Hop("+254710000001", sandbox.USSDCode, "s", "")
		n := app.Next(t)
		for !asks(n) { // a session began, or the hop before comes again as one that has failed
			n.OK()
			n = app.Next(t)
		}
		fail(app, n)
		if got := (<-menu).Err; got == nil || got.Error() != "refused: "+want {
			t.Errorf("the phone reads %v, want %s", got, want)
		}
		app.Kill()
	}
}

// asks says whether a notification is a hop that wants a menu.
func asks(n *servertest.Notified) bool {
	parts := n.GetReceivedMessage().GetParts()
	return len(parts) > 0 && parts[0].GetUssd().GetStatus() == pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE
}
