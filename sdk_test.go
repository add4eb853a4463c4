package elarian_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// These tests run the SDK against the real server.

func connect(t *testing.T, srv *elariantest.Server) *elarian.Client {
	t.Helper()
	client, err := elarian.Connect(t.Context(), srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func TestIdentity(t *testing.T) {
	ctx := t.Context()
	client := connect(t, elariantest.Start(t))
	ada := client.Customer(elarian.Cellular("+254 710 000 001"))
	must(t, ada.UpdateTags(ctx, elarian.Tag{Key: "Plan", Value: "gold"}, elarian.Tag{Key: "old", Value: "x", ExpiresAt: time.Now().Add(-time.Hour)}))
	must(t, ada.UpdateMetadata(ctx, map[string]any{"name": "Ada", "born": 1815, "raw": []byte{0, 255}}))
	must(t, ada.UpdateSecondaryIDs(ctx, elarian.SecondaryID{Key: "passport", Value: "A1"}))
	if !strings.HasPrefix(ada.ID(), "el_cst_") {
		t.Errorf("id %q", ada.ID())
	}
	state, err := client.Customer(elarian.SecondaryID{Key: "passport", Value: "A1"}).GetState(ctx)
	must(t, err)
	if state.CustomerID != ada.ID() || !reflect.DeepEqual(state.Tags(), map[string]string{"Plan": "gold"}) {
		t.Errorf("%+v", state)
	}
	var name string
	var born int
	must(t, state.Identity.Metadata["name"].Decode(&name))
	must(t, state.Identity.Metadata["born"].Decode(&born))
	raw := state.Identity.Metadata["raw"]
	if name != "Ada" || born != 1815 || !raw.IsBinary() || raw.Text() != "\x00\xff" {
		t.Errorf("%v", state.Identity.Metadata)
	}
	must(t, ada.DeleteTags(ctx, "PLAN", "absent"))
	must(t, ada.DeleteMetadata(ctx, "name", "absent"))
	must(t, ada.DeleteSecondaryIDs(ctx, elarian.SecondaryID{Key: "passport", Value: "A1"}))
	state, err = client.Customer(elarian.CustomerID(ada.ID())).GetState(ctx)
	must(t, err)
	if len(state.Identity.Tags)+len(state.Identity.SecondaryIDs) != 0 || len(state.Identity.Metadata) != 2 {
		t.Errorf("%+v", state.Identity)
	}
}

func TestRefusedByTheServer(t *testing.T) {
	ctx := t.Context()
	client := connect(t, elariantest.Start(t))
	ada, bob := client.Customer(elarian.Cellular("+254710000001")), client.Customer(elarian.Cellular("+254710000002"))
	must(t, ada.UpdateSecondaryIDs(ctx, elarian.SecondaryID{Key: "passport", Value: "A1"}))
	wants(t, bob.UpdateSecondaryIDs(ctx, elarian.SecondaryID{Key: "passport", Value: "A1"}), elarian.ErrSecondaryIDTaken)
	wants(t, ada.UpdateMetadata(ctx, map[string]any{"big": strings.Repeat("x", 65<<10)}), elarian.ErrLimit)
	wants(t, ada.UpdateTags(ctx, elarian.Tag{Value: "no key"}), elarian.ErrInvalidRequest)
	wants(t, client.Customer(elarian.CustomerID("el_cst_x")).Delete(ctx), elarian.ErrNotFound)
	wants(t, client.Customer(elarian.SecondaryID{Key: "passport", Value: "?"}).DeleteAppData(ctx), elarian.ErrNotFound)
	wants(t, client.Customer(elarian.Cellular("")).UpdateTags(ctx, elarian.Tag{Key: "a"}), elarian.ErrInvalidRequest)
	wants(t, ada.AdoptState(ctx, ada), elarian.ErrSameCustomer)
	must(t, bob.UpdateTags(ctx, elarian.Tag{Key: "b", Value: "2"}))
	bobID := bob.ID()
	must(t, ada.AdoptState(ctx, bob))
	wants(t, client.Customer(elarian.CustomerID(bobID)).UpdateTags(ctx, elarian.Tag{Key: "a"}), elarian.ErrDecommissioned)
	tags, err := bob.GetTags(ctx) // by number: that is ada now
	must(t, err)
	if len(tags) != 1 || bob.ID() != ada.ID() {
		t.Errorf("%v, %s is not %s", tags, bob.ID(), ada.ID())
	}
	_, err = ada.SendMessage(ctx, elarian.SMS("not ours"), elarian.Text("hi"))
	wants(t, err, elarian.ErrInvalidChannel)
	_, err = ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Text(""))
	wants(t, err, elarian.ErrInvalidRequest)
	_, err = ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Ask("a menu"))
	wants(t, err, elarian.ErrNotSupported)
	_, err = ada.SendMessage(ctx, elarian.SMS("83044"), nil)
	wants(t, err, elarian.ErrInvalidRequest)
	must(t, ada.Delete(ctx))
	wants(t, client.Customer(elarian.CustomerID(ada.ID())).Delete(ctx), elarian.ErrNotFound)
}

func TestWrongKey(t *testing.T) {
	config := elariantest.Start(t).Config()
	config.APIKey = "el_k_test_" + strings.Repeat("0", 64)
	began := time.Now()
	_, err := elarian.Connect(t.Context(), config)
	wants(t, err, elarian.ErrUnauthorized)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAuthToken(t *testing.T) {
	ctx := t.Context()
	srv := elariantest.Start(t)
	token, lifetime, err := connect(t, srv).GenerateAuthToken(ctx)
	must(t, err)
	if lifetime != time.Hour {
		t.Errorf("lifetime %v", lifetime)
	}
	config := srv.Config()
	config.APIKey, config.AuthToken = "", token
	browser, err := elarian.Connect(ctx, config)
	must(t, err)
	defer browser.Close()
	must(t, browser.Customer(elarian.Cellular("+254710000001")).UpdateTags(ctx, elarian.Tag{Key: "a"}))
	_, _, err = browser.GenerateAuthToken(ctx)
	wants(t, err, elarian.ErrRefused)
}

func TestWebSocket(t *testing.T) {
	srv := elariantest.Start(t)
	config := srv.Config()
	for _, line := range srv.Env() {
		if url, ok := strings.CutPrefix(line, "WS_URL="); ok {
			config.Address = url
		}
	}
	client, err := elarian.Connect(t.Context(), config)
	must(t, err)
	defer client.Close()
	must(t, client.Customer(elarian.Cellular("+254710000001")).UpdateTags(t.Context(), elarian.Tag{Key: "a"}))
}

func TestLease(t *testing.T) {
	ctx := t.Context()
	client := connect(t, elariantest.Start(t))
	ada := client.Customer(elarian.Cellular("+254710000001"))
	must(t, ada.UpdateAppData(ctx, map[string]int{"n": 0}))
	const callers = 8
	errs := make(chan error, callers)
	for range callers {
		go func() {
			errs <- func() error {
				v, err := ada.LeaseAppData(ctx)
				if err != nil {
					return err
				}
				data := map[string]int{}
				if err := v.Decode(&data); err != nil {
					return err
				}
				data["n"]++
				return ada.UpdateAppData(ctx, data)
			}()
		}()
	}
	for range callers {
		must(t, <-errs)
	}
	v, err := ada.LeaseAppData(ctx)
	must(t, err)
	if v.Text() != fmt.Sprintf(`{"n":%d}`, callers) {
		t.Errorf("%v after %d who counted up", v, callers)
	}
	must(t, ada.DeleteAppData(ctx))
	v, err = ada.LeaseAppData(ctx)
	must(t, err)
	if !v.IsZero() {
		t.Errorf("%v is still there", v)
	}
}

// A handler already has the data: asking for its lease would wait for itself.
func TestLeaseInsideHandler(t *testing.T) {
	srv := elariantest.Start(t)
	client := elarian.New(srv.Config())
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, n *int) (elarian.Menu, error) {
		_, err := hop.Customer.LeaseAppData(ctx)
		*n++
		return elarian.End("%d %t", *n, errors.Is(err, elarian.ErrLease)), nil
	})
	srv.Connect(client)
	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Expect("1 true")
	phone.Dial("*83044#").Expect("2 true")
}

func TestNotices(t *testing.T) {
	ctx := t.Context()
	srv := elariantest.Start(t)
	client := elarian.New(srv.Config())
	statuses, activities := make(chan *elarian.MessageStatusNotice, 9), make(chan *elarian.ActivityNotice, 9)
	client.OnMessageStatus(func(_ context.Context, s *elarian.MessageStatusNotice) error {
		statuses <- s
		return nil
	})
	client.OnCustomerActivity(func(_ context.Context, a *elarian.ActivityNotice) error {
		activities <- a
		return nil
	})
	srv.Connect(client)
	ada := client.Customer(elarian.Cellular("+254710000001"))
	reply, err := ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("hi"))
	must(t, err)
	if reply.Status != elarian.MessageSent || reply.CustomerID != ada.ID() {
		t.Errorf("%+v", reply)
	}
	srv.Phone("+254710000001").ExpectSMS("83044", "hi")
	srv.Advance(time.Second)
	if s := <-statuses; s.Status != elarian.MessageDelivered || s.MessageID != reply.MessageID || s.Customer.ID() != ada.ID() {
		t.Errorf("%+v", s)
	}
	must(t, ada.UpdateActivity(ctx, elarian.Activity{Source: "shop", SessionID: "s1", Key: "pay", Properties: map[string]string{"n": "1"}}))
	if n := <-activities; n.Activity.Key != "pay" || n.Activity.Source != "shop" || n.Activity.Properties["n"] != "1" || n.CreatedAt.IsZero() || n.Activity.CreatedAt.IsZero() || n.Customer.Number() != elarian.Cellular("+254710000001") {
		t.Errorf("%+v", n)
	}
	state, err := client.Customer(elarian.CustomerID(ada.ID())).GetState(ctx)
	must(t, err)
	if len(state.Messaging.Messages) != 1 || state.Messaging.Messages[0].Status != elarian.MessageDelivered || len(state.Activity.Sessions) != 1 {
		t.Errorf("%+v", state)
	}
}

// What an app that is away misses comes when it is back.
func TestAppThatIsAway(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Phone("+254710000001").SendSMS("83044", "anybody there?")
	client := elarian.New(srv.Config())
	elarian.OnSMS(client, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("Now I am: " + m.Text), nil
	})
	srv.Connect(client)
	srv.Phone("+254710000001").ExpectSMS("83044", "Now I am: anybody there?")
}

// A handler that fails gets the message again.
func TestHandlerThatFails(t *testing.T) {
	srv := elariantest.Start(t)
	client := elarian.New(srv.Config())
	tries := 0
	failed := make(chan struct{}, 9)
	elarian.OnSMS(client, func(context.Context, *elarian.ReceivedMessage, *struct{}) (elarian.Body, error) {
		if tries++; tries < 3 {
			defer func() { failed <- struct{}{} }()
			panic("not yet")
		}
		return elarian.Text("third time lucky"), nil
	})
	srv.Connect(client)
	srv.Phone("+254710000001").SendSMS("83044", "hi")
	for range 2 {
		<-failed
	}
	srv.Phone("+254710000001").ExpectSMS("83044", "third time lucky")
}
