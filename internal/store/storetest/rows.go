package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

func testOutbox(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	const subjects = 3
	for i := range 9 {
		s.do(t, func(tx *store.Tx) error {
			tx.Notify(store.Notification{Org: org, App: app, Subject: fmt.Sprint("s", i%subjects), Kind: fmt.Sprint("k", i), Body: []byte{0, byte(i)}, Interactive: i%2 == 0})
			if i == 0 {
				tx.Notify(store.Notification{Org: org, App: "el_app_b", Subject: "s0", Kind: "other"})
				tx.Notify(store.Notification{Org: "el_org_b", App: app, Subject: "s9", Kind: "other"})
			}
			return nil
		})
	}
	kinds := func(subject string, limit int) (kinds []string, lane []*store.Notification) {
		t.Helper()
		lane, err := s.Lane(org, app, subject, limit)
		must(t, err)
		for _, n := range lane {
			kinds = append(kinds, n.Kind)
		}
		return kinds, lane
	}
	got, lane := kinds("s1", 10)
	if !slices.Equal(got, []string{"k1", "k4", "k7"}) || string(lane[1].Body) != "\x00\x04" || !lane[1].Interactive || lane[0].Interactive || lane[0].CreatedAt != s.clock() {
		t.Fatalf("%v %+v", got, lane)
	}
	if got, _ := kinds("s1", 2); !slices.Equal(got, []string{"k1", "k4"}) {
		t.Fatalf("two of the lane are %v", got)
	}
	told, _ := s.told()
	if len(told) != 11 || told[0].Kind != "k0" || told[0].ID == 0 || !slices.IsSortedFunc(told, func(a, b store.Notification) int { return int(a.ID - b.ID) }) {
		t.Fatalf("told %+v", told)
	}
	due := s.clock().Add(time.Hour)
	s.do(t, func(tx *store.Tx) error {
		n := *lane[0]
		n.Attempts, n.DueAt, n.Failure, n.Body = 3, due, "no answer \xff\x00", []byte("new")
		tx.Reschedule(&n)
		return nil
	})
	if _, lane := kinds("s1", 1); lane[0].Attempts != 3 || lane[0].DueAt != due || lane[0].Failure == "" || string(lane[0].Body) != "new" || lane[0].CreatedAt != s.clock() {
		t.Fatalf("%+v", lane[0])
	}
	s.do(t, func(tx *store.Tx) error {
		n := *lane[0]
		n.Dead = true
		tx.Renotify(&n)
		tx.Answered(lane[2])
		for i, want := range []bool{true, true, false} {
			if waits, err := tx.Waiting(lane[i]); err != nil || waits != want {
				return fmt.Errorf("notification %d waits: %v, %v", i, waits, err)
			}
		}
		return nil
	})
	if got, _ := kinds("s1", 10); !slices.Equal(got, []string{"k4"}) {
		t.Fatalf("the lane is %v", got)
	}
	if told, _ := s.told(); len(told) != 12 || told[11].Kind != "k1" {
		t.Fatalf("told %d", len(told))
	}
	waiting, dead, err := s.OutboxStats()
	if err != nil || waiting != 9 || dead != 1 {
		t.Fatalf("%d wait, %d are dead, %v", waiting, dead, err)
	}
	s.do(t, func(tx *store.Tx) error { tx.Answered(lane[1]); return nil })
	var all []string
	for after := ""; ; after = all[len(all)-1] {
		page, err := s.Subjects(org, app, after, 1)
		must(t, err)
		if all = append(all, page...); len(page) == 0 {
			break
		}
	}
	if !slices.Equal(all, []string{"s0", "s2"}) {
		t.Fatalf("subjects %v", all)
	}
}

func testTimers(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	start := s.clock()
	const n = 10
	s.do(t, func(tx *store.Tx) error {
		for i := range n {
			at := start.Add(time.Duration(i/2*7%5) * time.Second) // two at a time, in no order
			tx.Schedule(store.Timer{DueAt: at, Kind: "reminder", Org: org, Customer: "c", Ref: fmt.Sprint(i)})
		}
		return nil
	})
	_, told := s.told()
	if len(told) != n {
		t.Fatalf("told of %d", len(told))
	}
	var all []store.Timer
	for after := (*store.Timer)(nil); ; after = &all[len(all)-1] {
		page, err := s.DueTimers(after, start.Add(4*time.Second), 3)
		must(t, err)
		if all = append(all, page...); len(page) == 0 {
			break
		}
	}
	if len(all) != n-2 {
		t.Fatalf("%d are due: %+v", len(all), all)
	}
	for i := range all {
		if all[i].DueAt != start.Add(time.Duration(i/2)*time.Second) || !slices.Contains(told, all[i]) {
			t.Fatalf("timer %d is %+v", i, all[i])
		}
	}
	s.do(t, func(tx *store.Tx) error {
		for _, want := range []bool{true, false} {
			if taken, err := tx.TakeTimer(&all[0]); err != nil || taken != want {
				return fmt.Errorf("taken: %v, %v", taken, err)
			}
		}
		return nil
	})
	s.do(t, func(tx *store.Tx) error {
		if taken, err := tx.TakeTimer(&all[0]); err != nil || taken {
			return fmt.Errorf("taken again: %v, %v", taken, err)
		}
		return nil
	})
	left, err := s.DueTimers(nil, start.Add(time.Hour), 100)
	if err != nil || len(left) != n-1 {
		t.Fatalf("%d are left, %v", len(left), err)
	}
}

func testIdempotency(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	key := store.IdempotencyKey{Org: org, App: app, Key: "k"}
	once := func(key store.IdempotencyKey, reply string) (first string) {
		t.Helper()
		must(t, s.tryUnit(t, &store.Unit{Needs: store.Needs{Org: org, Reply: key}, Run: func(tx *store.Tx) error {
			f, err := tx.FirstReply(key)
			if err != nil || f != nil {
				first = string(f.Reply)
				return err
			}
			first = reply
			tx.KeepReply(key, []byte{0}, []byte(reply))
			return nil
		}}))
		return first
	}
	if a, b := once(key, "first"), once(key, "second"); a != "first" || b != "first" {
		t.Fatalf("%q, then %q", a, b)
	}
	for _, other := range []store.IdempotencyKey{{Org: org, App: "el_app_b", Key: "k"}, {Org: "el_org_b", App: app, Key: "k"}, {Org: org, App: app, Key: "K"}} {
		if got := once(other, "other"); got != "other" {
			t.Errorf("%v: %q", other, got)
		}
	}
	s.advance(store.IdempotencyTime - time.Millisecond)
	if got := once(key, "third"); got != "first" {
		t.Fatalf("just before its end: %q", got)
	}
	s.advance(time.Millisecond)
	if a, b := once(key, "fourth"), once(key, "fifth"); a != "fourth" || b != "fourth" {
		t.Fatalf("after its end %q, then %q", a, b)
	}
}

func testTokens(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	want := store.Token{KeyHash: "k", App: app, ExpiresAt: s.clock().Add(time.Hour)}
	s.do(t, func(tx *store.Tx) error { tx.AddToken(org, "h", want); return nil })
	got, err := s.Token(org, "h")
	if err != nil || got == nil || *got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, c := range [][2]string{{org, "x"}, {"el_org_b", "h"}} {
		if got, err := s.Token(c[0], c[1]); err != nil || got != nil {
			t.Errorf("%v: %+v, %v", c, got, err)
		}
	}
}

func testPurge(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	add := func(name string) {
		s.do(t, func(tx *store.Tx) error {
			tx.KeepReply(store.IdempotencyKey{Org: org, App: app, Key: name}, nil, nil)
			tx.AddToken(org, name, store.Token{ExpiresAt: tx.Now().Add(store.IdempotencyTime)})
			return nil
		})
	}
	add("old")
	s.advance(store.IdempotencyTime + time.Millisecond)
	add("new")
	s.do(t, func(tx *store.Tx) error { tx.Purge(); return nil })
	var left []string
	for _, r := range db.Rows(t, s.url) {
		switch r.Table {
		case "idempotency":
			left = append(left, "reply "+string(r.Data[2]))
		case "auth_tokens":
			left = append(left, "token "+string(r.Data[1]))
		}
	}
	slices.Sort(left)
	if !slices.Equal(left, []string{"reply new", "token new"}) {
		t.Fatalf("left are %v", left)
	}
}

func testDirectory(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	empty, err := s.Directory(nil)
	must(t, err)
	if again, err := s.Directory(empty); err != nil || again != empty {
		t.Fatalf("a directory that did not change is read again: %v", err)
	}
	o, err := s.AddOrg(store.Org{Name: "Afya", Live: true})
	must(t, err)
	a, err := s.AddApp(store.App{Org: o.ID, Name: "Clinic"})
	must(t, err)
	key, secret, err := s.AddKey(o, "first")
	must(t, err)
	purse, err := s.AddPurse(store.Purse{Org: o.ID, Name: "main", Currency: "KES"})
	must(t, err)
	sms := messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"}
	channel := store.MessagingChannel{Org: o.ID, Number: sms, App: a.ID, Provider: "simulator", DefaultPartition: "p"}
	must(t, s.AddMessagingChannel(channel))
	payment := store.PaymentChannel{Org: o.ID, Kind: payment.Cellular, Number: "83044", App: a.ID, Purse: purse.ID}
	must(t, s.AddPaymentChannel(payment))

	d, err := s.Directory(empty)
	must(t, err)
	if d.Version == empty.Version {
		t.Error("the version did not change")
	}
	if got, ok := d.Org(o.ID); !ok || got != o {
		t.Errorf("org %+v, want %+v", got, o)
	}
	if got, ok := d.App(o.ID, a.ID); !ok || got != a {
		t.Errorf("app %+v, want %+v", got, a)
	}
	if got, ok := d.Key(o.ID, store.HashSecret(secret)); !ok || got != key || got.Hint != secret[:len(got.Hint)] {
		t.Errorf("key %+v, want %+v", got, key)
	}
	channel.CreatedAt, payment.CreatedAt = s.clock(), s.clock()
	if got, ok := d.MessagingChannel(o.ID, sms); !ok || !reflect.DeepEqual(got, channel) {
		t.Errorf("channel %+v, want %+v", got, channel)
	}
	if !slices.Equal(d.PaymentChannels, []store.PaymentChannel{payment}) || !slices.Equal(d.Purses, []store.Purse{purse}) {
		t.Errorf("%+v %+v", d.PaymentChannels, d.Purses)
	}
	for what, err := range map[string]error{
		"org":             second(s.AddOrg(o)),
		"app":             second(s.AddApp(a)),
		"channel":         s.AddMessagingChannel(channel),
		"payment channel": s.AddPaymentChannel(payment),
		"purse":           second(s.AddPurse(purse)),
	} {
		if !errors.Is(err, store.ErrExists) {
			t.Errorf("a second %s: %v", what, err)
		}
	}
	must(t, s.RevokeKey(key))
	must(t, s.RemoveMessagingChannel(o.ID, sms))
	must(t, s.RemovePaymentChannel(o.ID, payment.Kind, payment.Number))
	must(t, s.RemoveApp(o.ID, a.ID))
	d, err = s.Directory(d)
	must(t, err)
	if _, ok := d.Key(o.ID, key.Hash); ok || len(d.Keys) != 1 || d.Keys[0].RevokedAt != s.clock() {
		t.Errorf("keys %+v", d.Keys)
	}
	if len(d.Apps)+len(d.MessagingChannels)+len(d.PaymentChannels) != 0 {
		t.Errorf("still there: %+v", d)
	}
	for what, err := range map[string]error{
		"app":             s.RemoveApp(o.ID, a.ID),
		"key":             s.RevokeKey(store.APIKey{Org: o.ID, Hash: "none"}),
		"channel":         s.RemoveMessagingChannel(o.ID, sms),
		"payment channel": s.RemovePaymentChannel(o.ID, payment.Kind, payment.Number),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("removing a %s that is not there: %v", what, err)
		}
	}
	if same, err := s.Directory(d); err != nil || same != d {
		t.Errorf("what failed changed the version: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
