package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
)

func TestOperatorsLookAfterPeople(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	config := d.config()
	config.Logger = quiet
	client, err := elarian.Connect(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ada := client.Customer(elarian.Cellular("+254710000001"))
	for _, err := range []error{
		ada.UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}),
		ada.UpdateMetadata(ctx, map[string]any{"village": "Kisumu"}),
		ada.UpdateSecondaryIDs(ctx, elarian.SecondaryID{Key: "member", Value: "7"}),
		ada.UpdateAppData(ctx, map[string]int{"visits": 3}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ada.SendMessage(ctx, elarian.SMS("83044"), elarian.Text("Hello Ada")); err != nil {
		t.Fatal(err)
	}
	purse := elarian.Purse(decode[[]purseView](t, must(t, dir, "purse", "list", "--json"))[0].ID)
	if _, err := client.InitiatePayment(ctx, purse, ada.Wallet("savings"), elarian.KES("25.50"), "bonus"); err != nil {
		t.Fatal(err)
	}

	shown := must(t, dir, "customer", "show", "+254 710 000001")
	for _, want := range []string{"+254710000001", "plan = gold", "Kisumu", "member = 7", "sms 83044", "savings has KES 25.50"} {
		if !strings.Contains(shown, want) {
			t.Errorf("customer show lacks %q:\n%s", want, shown)
		}
	}
	timeline := decode[[]entryView](t, must(t, dir, "customer", "timeline", "member=7", "--json"))
	if last := timeline[len(timeline)-1]; last.What != "customer.created" || last.Who != "app" {
		t.Errorf("the timeline begins with %+v", last)
	}
	all := decode[map[string]any](t, must(t, dir, "customer", "export", "+254710000001"))
	text := must(t, dir, "customer", "export", "+254710000001")
	if len(all["messages"].([]any)) != 1 || len(all["payments"].([]any)) != 1 || !strings.Contains(text, "bonus") || !strings.Contains(text, "Hello Ada") || !strings.Contains(text, `"visits": 3`) {
		t.Errorf("the export lacks something:\n%s", text)
	}

	refused(t, runIn(t, dir, "customer", "delete", "+254710000001"), 2, "--yes")
	must(t, dir, "customer", "delete", "+254710000001", "--yes")
	refused(t, runIn(t, dir, "customer", "show", "+254710000001"), 1, "no customer")
	if _, err := client.Customer(elarian.SecondaryID{Key: "member", Value: "7"}).GetState(ctx); !errors.Is(err, elarian.ErrNotFound) {
		t.Errorf("the running server still finds the customer: %v", err)
	}
}

func TestOperatorsDeliverAgain(t *testing.T) {
	dir := t.TempDir()
	startDev(t, dir)
	must(t, dir, "phone", "--number", "+254710000001", "sms", "83044", "Anybody there?")
	waiting := decode[[]letterView](t, must(t, dir, "notifications", "list", "--waiting", "--json"))
	if len(waiting) != 1 || waiting[0].Kind != "received_message" {
		t.Fatalf("waiting are %+v", waiting)
	}
	if dead := must(t, dir, "notifications", "list"); dead != "none" {
		t.Errorf("put aside are %s", dead)
	}
	if got := must(t, dir, "notifications", "retry"); got != "0 to be delivered again" {
		t.Errorf("retry says %q", got)
	}
	refused(t, runIn(t, dir, "notifications", "drop"), 2, "--yes")
	if got := must(t, dir, "notifications", "drop", "--yes"); got != "0 dropped" {
		t.Errorf("drop says %q", got)
	}
}

func TestTemplates(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	must(t, dir, "template", "add", "visit", "Dear {{name}}, see you on {{day}}.")
	refused(t, runIn(t, dir, "template", "add", "two words", "x"), 1, "id")
	refused(t, runIn(t, dir, "template", "add", "empty", " "), 1, "empty")
	refused(t, runIn(t, dir, "customer", "show", "somebody"), 1, `"somebody" names no customer: say el_cst_`)
	for _, text := range []string{"Dear {{name", "Dear {{first name}}.", "Dear {{}}", "Dear name}}"} {
		refused(t, runIn(t, dir, "template", "add", "braces", text), 1, "{{name}}")
	}
	if list := must(t, dir, "template", "list"); !strings.Contains(list, "visit") {
		t.Errorf("the list is %s", list)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	config := d.config()
	config.Logger = quiet
	eventually(t, "the template", config, func(error) bool {
		client, err := elarian.Connect(ctx, config)
		if err != nil {
			return false
		}
		defer client.Close()
		_, err = client.Customer(elarian.Cellular("+254710000001")).SendMessage(ctx, elarian.WhatsApp("+254711621711"),
			elarian.Template{ID: "visit", Params: map[string]string{"name": "Ada", "day": "Monday"}})
		return err == nil
	})
	client, err := elarian.Connect(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.Customer(elarian.Cellular("+254710000001")).SendMessage(ctx, elarian.SMS("83044"), elarian.Template{ID: "visit", Params: map[string]string{"name": "Ada"}})
	if !errors.Is(err, elarian.ErrInvalidRequest) || !strings.Contains(err.Error(), "day") {
		t.Errorf("a template without a value: %v", err)
	}
	must(t, dir, "channel", "set", "sms", "83044", "--stop", "acha", "--rate", "50")
	refused(t, runIn(t, dir, "channel", "set", "ussd", "*83044#", "--stop", "x"), 1, "only SMS")
	refused(t, runIn(t, dir, "channel", "set", "sms", "999", "--rate", "1"), 1, "no messaging channel")
	must(t, dir, "template", "remove", "visit")
	refused(t, runIn(t, dir, "template", "remove", "visit"), 1, "no template")
}

// TestOperatorsCancelWork: messages by tag at a slow pace, until somebody ends that.
func TestOperatorsCancelWork(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := elarian.Connect(ctx, d.config())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, number := range []string{"+254710000001", "+254710000002"} {
		if err := client.Customer(elarian.Cellular(number)).UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"}); err != nil {
			t.Fatal(err)
		}
	}
	must(t, dir, "channel", "set", "sms", "83044", "--rate", "0.001")
	// Works are done at once until the server has seen the rate.
	var running workView
	for running.State != "running" {
		work, err := client.SendMessageByTag(ctx, elarian.Tag{Key: "plan", Value: "gold"}, elarian.SMS("83044"), elarian.Text("Hello"))
		if err != nil {
			t.Fatal(err)
		}
		running = decode[[]workView](t, must(t, dir, "work", "list", "--json"))[0]
		if running.Work != work || running.Kind != "send_message" || running.Tag != "plan=gold" {
			t.Fatalf("%+v, want %s first", running, work)
		}
	}
	if got := must(t, dir, "work", "cancel", running.Work); !strings.Contains(got, "work "+running.Work+" is cancelled") {
		t.Errorf("cancelled: %s", got)
	}
	if after := decode[[]workView](t, must(t, dir, "work", "list", "--json"))[0]; after.State != "cancelled" || after.Done > 1 {
		t.Errorf("%+v", after)
	}
	refused(t, runIn(t, dir, "work", "cancel", "el_wrk_none"), 1, "elarian work list")
	d.stop()
}
