package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

var sms = messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"}

// converse stores a message, a session that is over and a notification of the customer.
func (s *server) converse(t testing.TB, ref customer.Ref) {
	t.Helper()
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		m := &messaging.Message{ID: tx.NewMessageID(), Number: rec.Numbers[0], Channel: sms, CreatedAt: tx.Now(), Status: messaging.Sent}
		tx.AddMessage(rec, m)
		session := messaging.Session{ID: tx.NewSessionID(), StartedAt: tx.Now()}
		tx.AddSession(rec, &messaging.Ended{Session: session, State: messaging.ChannelState{Number: rec.Numbers[0], Channel: sms}, Reason: messaging.Inactivity})
		tx.Name(store.ProviderID{Org: org, Kind: "message", Channel: sms, ID: m.ID}, rec, m.ID)
		tx.Notify(store.Notification{Org: org, App: app, Subject: rec.ID, Kind: "message_status"})
		tx.Record(rec, "message.sent", m.ID)
		return nil
	})
}

func testRetention(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	old, busy := phone("+254711000001"), phone("+254711000002")
	s.converse(t, old)
	s.converse(t, busy)
	s.advance(48 * time.Hour)
	s.converse(t, busy)
	before := s.view(t, old).Record.Version
	keep := store.Retention{Messages: 24 * time.Hour, History: 24 * time.Hour}
	sweep, err := s.Expire(context.Background(), keep, store.Sweep{})
	if err != nil || sweep != (store.Sweep{}) {
		t.Fatalf("Expire: %v, %v", sweep, err)
	}
	v := s.view(t, old)
	if len(v.Messages)+len(v.Sessions) != 0 || v.Record.Version == before {
		t.Fatalf("left are %d messages and %d sessions, version %d", len(v.Messages), len(v.Sessions), v.Record.Version)
	}
	v = s.view(t, busy)
	if len(v.Messages) != 1 || len(v.Sessions) != 1 {
		t.Fatalf("of the last day are %d messages and %d sessions, want one of each", len(v.Messages), len(v.Sessions))
	}
	entries, err := s.History(v.Record.History, 10)
	if err != nil || len(entries) != 1 {
		t.Fatalf("history %v, %v; want the last day's entry", entries, err)
	}
}

func testEverything(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	s.converse(t, ref)
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		d, err := tx.AppData(rec, app)
		if err != nil {
			return err
		}
		return d.Update(customer.Text("mine"), limits)
	})
	rec, err := s.Find(context.Background(), org, ref)
	if err != nil || rec == nil {
		t.Fatalf("Find: %v, %v", rec, err)
	}
	all, err := s.Everything(rec)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %d %d %d %s", len(all.Messages), len(all.Sessions), len(all.Waiting), len(all.History), all.AppData[app].Value.Data)
	if got != "1 1 1 2 mine" {
		t.Fatalf("messages, sessions, notifications, history, app data: %s", got)
	}
	none, err := s.Find(context.Background(), "el_org_other", ref)
	if err != nil || none != nil {
		t.Fatalf("another org finds %v, %v", none, err)
	}
}

func testLetters(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	for i := range 3 {
		s.converse(t, phone(fmt.Sprintf("+25471100000%d", i)))
		s.advance(time.Hour)
	}
	all, err := s.Letters(store.LetterFilter{}, 0, 10)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d wait, %v; want 3", len(all), err)
	}
	s.do(t, func(tx *store.Tx) error {
		for _, n := range all[:2] {
			dead := *n
			dead.Dead, dead.Attempts = true, 9
			tx.Reschedule(&dead)
		}
		return nil
	})
	version, err := s.OutboxVersion()
	if err != nil {
		t.Fatal(err)
	}
	old := store.LetterFilter{Dead: true, Org: org, App: app, Before: all[0].CreatedAt.Add(time.Minute)}
	if _, err := s.RetryLetters(old); err != nil {
		t.Fatal(err)
	}
	if after, err := s.OutboxVersion(); err != nil || after == version {
		t.Fatalf("servers see no change: %q, %v", after, err)
	}
	dead, err := s.Letters(store.LetterFilter{Dead: true}, 0, 10)
	if err != nil || len(dead) != 1 || dead[0].ID != all[1].ID {
		t.Fatalf("put aside are %v, %v", dead, err)
	}
	lane, err := s.Lane(org, app, all[0].Subject, 10)
	if err != nil || len(lane) != 1 || lane[0].Attempts != 0 {
		t.Fatalf("the one to be tried again: %v, %v", lane, err)
	}
	if err := s.DropLetters(dead); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Letters(store.LetterFilter{Dead: true}, 0, 10); err != nil || len(left) != 0 {
		t.Fatalf("left are %v, %v", left, err)
	}
}

func testTemplates(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	if err := s.AddTemplate(store.Template{Org: org, ID: "visit", Body: "old"}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddTemplate(store.Template{Org: org, ID: "visit", Body: "Dear {{name}}"}); err != nil {
		t.Fatal(err)
	}
	channel := store.MessagingChannel{Org: org, Number: sms, App: app, Settings: messaging.Settings{Stop: []string{"HALT"}}}
	if err := s.AddMessagingChannel(channel); err != nil {
		t.Fatal(err)
	}
	if err := s.SetChannelSettings(org, sms, messaging.Settings{Start: []string{"GO"}, Session: time.Hour}); err != nil {
		t.Fatal(err)
	}
	d, err := s.Directory(nil)
	if err != nil {
		t.Fatal(err)
	}
	if found, ok := d.Template(org, "visit"); !ok || found.Body != "Dear {{name}}" {
		t.Fatalf("the template is %+v", found)
	}
	if found, _ := d.MessagingChannel(org, sms); !slices.Equal(found.Settings.Start, []string{"GO"}) || found.Settings.Stop != nil || found.Settings.Session != time.Hour {
		t.Fatalf("the settings are %+v", found.Settings)
	}
	if err := s.RemoveTemplate(org, "visit"); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Directory(d); err != nil || len(d.Templates) != 0 {
		t.Fatalf("left are %v, %v", d.Templates, err)
	}
}
