package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

func testCreation(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	first, again := s.create(t, phone("+254711000001")), s.create(t, phone("+254711000001"))
	if first != again || !strings.HasPrefix(first, "el_cst_") || len(first) != len("el_cst_")+32 {
		t.Fatalf("ids %q and %q", first, again)
	}
	partition := phone("+254711000001")
	partition.Number.Partition = "2"
	facebook := customer.ByNumber(customer.Number{Provider: customer.Facebook, Number: "+254711000001"})
	if a, b := s.create(t, partition), s.create(t, facebook); a == first || b == first || a == b {
		t.Fatalf("a partition is %q, another provider %q: both of %q", a, b, first)
	}
	v := s.view(t, customer.ByID(first))
	if v.Record.CreatedAt != s.clock() || v.Record.Version != 1 || !slices.Equal(v.Record.Numbers, []customer.Number{phone("+254711000001").Number}) {
		t.Fatalf("%+v", v.Record)
	}
	if v := s.view(t, phone("+254711999999")); v.Record != nil {
		t.Fatalf("a read made a customer: %+v", v.Record)
	}
}

func testRefs(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	id := s.create(t, phone("+254711000001"))
	s.change(t, customer.ByID(id), func(tx *store.Tx, rec *store.Record) error {
		return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "passport", Value: "A1"}}, limits)
	})
	for _, ref := range []customer.Ref{customer.ByID(id), phone("+254711000001"), customer.BySecondaryID("passport", "A1")} {
		if v := s.view(t, ref); v.Record == nil || v.Record.ID != id || v.Record.Org != org {
			t.Errorf("%v is %+v", ref, v.Record)
		}
		s.change(t, ref, func(_ *store.Tx, rec *store.Record) error {
			if rec.ID != id || rec.Org != org {
				return fmt.Errorf("%v is %s", ref, rec.ID)
			}
			return nil
		})
	}
	for _, ref := range []customer.Ref{customer.ByID("el_cst_0"), customer.BySecondaryID("passport", "A2"), customer.BySecondaryID("Passport", "A1")} {
		refused(t, s.tryChange(t, ref, func(*store.Tx, *store.Record) error { return nil }), customer.NotFound)
		if v := s.view(t, ref); v.Record != nil {
			t.Errorf("%v is %+v", ref, v.Record)
		}
	}
}

// tagRows are the index's rows, as key=value.
func tagRows(t *testing.T, db Database, s *server) []string {
	var rows []string
	for _, r := range db.Rows(t, s.url) {
		if r.Table == "customer_tags" {
			rows = append(rows, fmt.Sprintf("%s=%s", r.Data[1], r.Data[2]))
		}
	}
	slices.Sort(rows)
	return rows
}

func testTags(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	update := func(tags ...customer.Tag) {
		t.Helper()
		s.change(t, ref, func(tx *store.Tx, rec *store.Record) error { return tx.UpdateTags(rec, tags, limits) })
	}
	expect := func(want ...string) {
		t.Helper()
		if got := tagRows(t, db, s); !slices.Equal(got, want) {
			t.Fatalf("the index has %v, want %v", got, want)
		}
	}
	soon := s.clock().Add(time.Minute)
	update(customer.Tag{Key: "Town", Value: "Kisumu"}, customer.Tag{Key: "vip", ExpiresAt: soon})
	expect("town=Kisumu", "vip=")
	update(customer.Tag{Key: "TOWN", Value: "Nairobi"})
	expect("town=Nairobi", "vip=")
	if got := s.view(t, ref).Record.Tags; !slices.Equal(got, []customer.Tag{{Key: "Town", Value: "Nairobi"}, {Key: "vip", ExpiresAt: soon}}) {
		t.Fatalf("%v", got)
	}
	s.advance(time.Hour)
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error { tx.DeleteTags(rec, []string{"tOwn", "none"}); return nil })
	expect()
}

func testSecondaryIDs(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	a, b := phone("+254711000001"), phone("+254711000002")
	set := func(ref customer.Ref, ids ...customer.SecondaryID) error {
		return s.tryChange(t, ref, func(tx *store.Tx, rec *store.Record) error { return tx.UpdateSecondaryIDs(rec, ids, limits) })
	}
	end := s.clock().Add(time.Minute)
	must(t, set(a, customer.SecondaryID{Key: "k", Value: "1", ExpiresAt: end}))
	refused(t, set(b, customer.SecondaryID{Key: "x", Value: "y"}, customer.SecondaryID{Key: "k", Value: "1"}), customer.SecondaryIDTaken)
	if v := s.view(t, customer.BySecondaryID("x", "y")); v.Record != nil {
		t.Fatal("a refused update changed something")
	}
	s.advance(time.Minute)
	if v := s.view(t, customer.BySecondaryID("k", "1")); v.Record != nil {
		t.Fatal("an expired one leads to somebody")
	}
	refused(t, s.tryChange(t, customer.BySecondaryID("k", "1"), func(*store.Tx, *store.Record) error { return nil }), customer.NotFound)
	must(t, set(b, customer.SecondaryID{Key: "k", Value: "1"}))
	// The one of a has expired; that a deletes it takes nothing from b.
	s.change(t, a, func(tx *store.Tx, rec *store.Record) error {
		return tx.DeleteSecondaryIDs(rec, []customer.SecondaryKey{{Key: "k", Value: "1"}})
	})
	if v := s.view(t, customer.BySecondaryID("k", "1")); v.Record == nil || v.Record.ID != s.create(t, b) {
		t.Fatalf("k=1 leads to %+v", v.Record)
	}
	must(t, set(b, customer.SecondaryID{Key: "k", Value: "2"}))
	must(t, set(a, customer.SecondaryID{Key: "k", Value: "1"}))
	s.change(t, b, func(tx *store.Tx, rec *store.Record) error {
		return tx.DeleteSecondaryIDs(rec, []customer.SecondaryKey{{Key: "k", Value: "1"}, {Key: "k", Value: "2"}})
	})
	if v := s.view(t, customer.BySecondaryID("k", "2")); v.Record != nil {
		t.Fatal("a deleted one leads to somebody")
	}
	if v := s.view(t, customer.BySecondaryID("k", "1")); v.Record == nil || v.Record.ID != s.create(t, a) {
		t.Fatalf("k=1 leads to %+v", v.Record)
	}
}

func testAppData(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	set := func(f func(*customer.AppData) error) {
		t.Helper()
		s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
			d, err := tx.AppData(rec, app)
			if err != nil {
				return err
			}
			return f(d)
		})
	}
	expect := func(want customer.AppData) {
		t.Helper()
		if got := s.view(t, ref).AppData; got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		set(func(d *customer.AppData) error {
			if *d != want {
				return fmt.Errorf("a unit sees %+v, want %+v", *d, want)
			}
			return nil
		})
	}
	s.create(t, ref)
	expect(customer.AppData{})
	for _, v := range []customer.Value{customer.Text("é\x00"), customer.Bytes([]byte{0, 0xff, 0xc3}), customer.Text("")} {
		set(func(d *customer.AppData) error { return d.Update(v, limits) })
		expect(customer.AppData{Value: v, Present: true})
	}
	set(func(d *customer.AppData) error { d.Lease(s.clock()); return nil })
	expect(customer.AppData{Present: true, LeasedUntil: s.clock().Add(customer.LeaseTime)})
	set(func(d *customer.AppData) error { d.Delete(); return nil })
	expect(customer.AppData{})
}

func testMessages(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	label := "home"
	var sent []*messaging.Message
	for i := range 105 {
		s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
			m := &messaging.Message{
				ID: tx.NewMessageID(), Number: rec.Numbers[0], Channel: messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"}, App: app,
				CreatedAt: tx.Now(), Status: messaging.Sent, Cost: &messaging.Cash{}, Reactions: []messaging.Reaction{{Kind: 1, At: tx.Now()}},
				Out: &messaging.Outbound{Body: messaging.Body{Text: fmt.Sprint(i), Location: &messaging.Location{Latitude: 1.5, Label: &label}}, Labels: []string{"x"}},
			}
			sent = append(sent, m)
			tx.AddMessage(rec, m)
			return nil
		})
	}
	last := sent[len(sent)-1].ID
	s.advance(time.Second)
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		m, err := tx.Message(rec, last)
		if err != nil {
			return err
		}
		m.SetStatus(messaging.Delivered, "there", tx.Now())
		if none, err := tx.Message(rec, "el_msg_0"); err != nil || none != nil {
			return fmt.Errorf("a message that is not there: %v, %v", none, err)
		}
		return nil
	})
	sent[len(sent)-1].SetStatus(messaging.Delivered, "there", s.clock())
	v := s.view(t, ref)
	if v.Record.Messages != 105 || len(v.Record.Channels) != 1 {
		t.Errorf("%d messages, channels %v", v.Record.Messages, v.Record.Channels)
	}
	if len(v.Messages) != 100 {
		t.Fatalf("the state has %d messages", len(v.Messages))
	}
	for i, m := range v.Messages {
		if want := sent[i+5]; !reflect.DeepEqual(m, want) {
			t.Fatalf("message %d is %+v, want %+v", i, m, want)
		}
	}
}

func testActivities(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	for i := range 102 {
		for range 1 + i%2 {
			s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
				session, err := tx.Activity(rec, customer.ActivityKey{Number: rec.Numbers[0], Source: "web", Session: fmt.Sprintf("s%03d\x00", i), App: app})
				if err != nil {
					return err
				}
				return session.Add(customer.Activity{Key: "page", Properties: map[string]string{"p": "\xff"}, CreatedAt: tx.Now()}, limits)
			})
		}
		s.advance(time.Second)
	}
	got := s.view(t, ref).Activities
	if len(got) != 100 {
		t.Fatalf("the state has %d sessions", len(got))
	}
	for i, session := range got {
		if want := fmt.Sprintf("s%03d\x00", i+2); session.Session != want || len(session.Activities) != 1+i%2 || session.Activities[0].Properties["p"] != "\xff" {
			t.Fatalf("session %d is %+v, want %q", i, session, want)
		}
	}
}

func testHistory(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	for i := range 5 {
		s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
			tx.Actor = customer.Actor{Kind: "app", ID: app}
			tx.Record(rec, "metadata.updated", fmt.Sprintf("k%d \x00\xff", i))
			return nil
		})
		s.advance(time.Millisecond)
	}
	rec := s.view(t, ref).Record
	if rec.Version != 6 || rec.UpdatedAt != s.clock().Add(-time.Millisecond) {
		t.Errorf("version %d, updated %v", rec.Version, rec.UpdatedAt)
	}
	entries, err := s.History(rec.History, 3)
	must(t, err)
	if len(entries) != 3 {
		t.Fatalf("%v", entries)
	}
	for i, e := range entries {
		if !strings.HasPrefix(e.Detail, fmt.Sprintf("k%d ", 4-i)) || e.Actor != (customer.Actor{Kind: "app", ID: app}) || e.What != "metadata.updated" {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	entries, err = s.History(rec.History, 100)
	must(t, err)
	if len(entries) != 6 || entries[5].What != "customer.created" {
		t.Errorf("%+v", entries)
	}
}

func testOrgs(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k", Value: "v"}}, limits)
	})
	id := s.create(t, ref)
	for _, r := range []customer.Ref{ref, customer.ByID(id), customer.BySecondaryID("k", "v")} {
		if v := s.viewIn(t, "el_org_b", r); v.Record != nil {
			t.Errorf("another org sees %v", r)
		}
	}
	s.do(t, func(tx *store.Tx) error {
		if _, err := tx.Customer("el_org_b", customer.ByID(id)); err == nil {
			return fmt.Errorf("another org gets the customer")
		}
		rec, err := tx.Customer("el_org_b", ref)
		if err != nil {
			return err
		}
		if rec.ID == id {
			return fmt.Errorf("another org gets the customer by number")
		}
		return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k", Value: "v"}}, limits)
	})
	if v := s.view(t, customer.BySecondaryID("k", "v")); v.Record == nil || v.Record.ID != id {
		t.Error("another org took the secondary id")
	}
}
