package storetest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// furnish gives a customer something of everything; name tells whose it is. Of the 300 in their wallet
// 100 are held by a payment under way.
func furnish(t *testing.T, s *server, ref customer.Ref, name string) string {
	t.Helper()
	s.deposit(t, purseAccount, 1000)
	var id string
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		id = rec.ID
		tx.Actor = customer.Actor{Kind: "app", ID: app}
		if err := rec.UpdateMetadata(map[string]customer.Value{"name": customer.Text(name), "only " + name: customer.Bytes([]byte{0xff})}, limits); err != nil {
			return err
		}
		if err := tx.UpdateTags(rec, []customer.Tag{{Key: "Shared", Value: name}, {Key: "of " + name}}, limits); err != nil {
			return err
		}
		if err := tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "name", Value: name}}, limits); err != nil {
			return err
		}
		for _, a := range []string{app, "el_app_" + name} {
			d, err := tx.AppData(rec, a)
			if err != nil {
				return err
			}
			if err := d.Update(customer.Text(name), limits); err != nil {
				return err
			}
		}
		tx.AddMessage(rec, &messaging.Message{ID: tx.NewMessageID(), Number: rec.Numbers[0], Channel: messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"}, Session: name, CreatedAt: tx.Now()})
		session, err := tx.Activity(rec, customer.ActivityKey{Number: rec.Numbers[0], Source: "web", Session: name, App: app})
		if err != nil {
			return err
		}
		if err := session.Add(customer.Activity{Key: "k", CreatedAt: tx.Now()}, limits); err != nil {
			return err
		}
		tx.Notify(store.Notification{Org: org, App: app, Subject: rec.ID, Kind: name})
		tx.Schedule(store.Timer{DueAt: tx.Now().Add(time.Hour), Kind: name, Org: org, Customer: rec.ID})
		tx.Record(rec, "furnished", name)
		out := paid(tx, rec, "", 100)
		out.DebitCustomer, out.Debit, out.Narration = rec.ID, payment.Party{Wallet: &payment.Wallet{Customer: rec.ID, ID: "w"}}, "to "+rec.Numbers[0].Number
		return errors.Join(pay(tx, paid(tx, rec, "w", 300)), pay(tx, paid(tx, rec, "w "+name, 50)), pay(tx, out))
	})
	s.advance(time.Second)
	return id
}

func adopt(t *testing.T, s *server, own, other customer.Ref) {
	t.Helper()
	s.alone(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, own)
		if err != nil {
			return err
		}
		adopted, err := tx.Customer(org, other)
		if err != nil {
			return err
		}
		return tx.Adopt(rec, adopted)
	})
	s.advance(time.Second)
}

func testAdoption(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	a, b, c := phone("+254711000001"), phone("+254711000002"), phone("+254711000003")
	ida, idb, idc := furnish(t, s, a, "a"), furnish(t, s, b, "b"), furnish(t, s, c, "c")
	adopt(t, s, customer.ByID(idb), c)
	adopt(t, s, customer.ByID(ida), customer.BySecondaryID("name", "c")) // which is b by now

	for _, ref := range []customer.Ref{a, b, c, customer.BySecondaryID("name", "a"), customer.BySecondaryID("name", "b"), customer.BySecondaryID("name", "c")} {
		if v := s.view(t, ref); v.Record == nil || v.Record.ID != ida {
			t.Errorf("%v leads to %+v", ref, v.Record)
		}
		if id := s.create(t, ref); id != ida {
			t.Errorf("%v leads a unit to %s", ref, id)
		}
	}
	for _, id := range []string{idb, idc} {
		refused(t, s.tryChange(t, customer.ByID(id), func(*store.Tx, *store.Record) error { return nil }), customer.Decommissioned)
		if v := s.view(t, customer.ByID(id)); v.Record == nil || v.Record.AdoptedBy == "" || len(v.Messages)+len(v.Activities) > 0 || v.AppData.Present {
			t.Errorf("%s is %+v", id, v)
		}
	}
	v := s.view(t, a)
	if len(v.Record.Numbers) != 3 || len(v.Record.Metadata) != 4 || v.Record.Metadata["name"] != customer.Text("a") || len(v.Record.Tags) != 4 || len(v.Record.SecondaryIDs) != 3 {
		t.Errorf("%+v", v.Record)
	}
	if len(v.Record.Channels) != 3 || v.Record.Messages != 3 || v.AppData.Value != customer.Text("a") {
		t.Errorf("%+v, app data %+v", v.Record, v.AppData)
	}
	var sessions []string
	for _, m := range v.Messages {
		sessions = append(sessions, m.Session)
	}
	for _, activity := range v.Activities {
		sessions = append(sessions, activity.Session)
	}
	if !slices.Equal(sessions, []string{"a", "b", "c", "a", "b", "c"}) {
		t.Errorf("messages and activities of %v", sessions)
	}
	if got := tagRows(t, db, s); !slices.Equal(got, []string{"of a=", "of b=", "of c=", "shared=a"}) {
		t.Errorf("the index of tags has %v", got)
	}
	s.do(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, a)
		if err != nil {
			return err
		}
		for _, name := range []string{"a", "b", "c"} {
			if d, err := tx.AppData(rec, "el_app_"+name); err != nil || d.Value != customer.Text(name) {
				t.Errorf("app data of %s: %+v, %v", name, d, err)
			}
		}
		return nil
	})
	lane, err := s.Lane(org, app, ida, 10)
	must(t, err)
	if len(lane) != 3 || lane[0].Kind != "a" || lane[2].Kind != "c" {
		t.Errorf("the lane has %d", len(lane))
	}
	timers, err := s.DueTimers(nil, s.clock().Add(2*time.Hour), 10)
	must(t, err)
	for _, timer := range timers {
		if timer.Customer != ida {
			t.Errorf("a timer is %+v", timer)
		}
	}
	entries, err := s.History(v.Record.History, 100)
	must(t, err)
	var whats []string
	for _, e := range entries {
		whats = append(whats, e.What)
	}
	slices.Sort(whats)
	if !slices.Equal(whats, []string{"customer.adopted", "customer.adopted", "customer.created", "customer.created", "customer.created", "furnished", "furnished", "furnished"}) {
		t.Errorf("history %v", whats)
	}
	for wallet, want := range map[string]ledger.Balance{"w": {Actual: 900, Held: 300}, "w a": {Actual: 50}, "w c": {Actual: 50}} {
		i := slices.IndexFunc(v.Wallets, func(w store.Wallet) bool { return w.Account.ID == wallet && w.Account.Owner == ida })
		if i < 0 || v.Wallets[i].Balance.Actual != want.Actual || v.Wallets[i].Balance.Held != want.Held {
			t.Errorf("wallet %q, want %+v: %+v", wallet, want, v.Wallets)
		}
	}
	if len(v.Payments) != 9 || len(v.Wallets) != 4 {
		t.Errorf("%d payments and %d wallets", len(v.Payments), len(v.Wallets))
	}
	for i, p := range v.Payments {
		if p.CreditCustomer != ida || p.Credit.Wallet != nil && p.Credit.Wallet.Customer != ida {
			t.Errorf("a payment is still of %s: %+v", p.CreditCustomer, p)
		}
		if p.Status.Pending() {
			must(t, s.take(t, p.ID, []payment.Status{payment.Success, payment.Failed, payment.Expired}[i/3]))
		}
	}
	if b := s.balance(t, ledger.WalletAccount(org, ida, "w", "KES")); b.Actual != 800 || b.Held != 0 {
		t.Errorf("when what ran is settled: %+v", b)
	}
	s.checkLedger(t)
	refused(t, s.tryUnit(t, &store.Unit{Alone: true, Run: func(tx *store.Tx) error {
		rec, err := tx.Customer(org, a)
		if err != nil {
			return err
		}
		other, err := tx.Customer(org, b)
		if err != nil {
			return err
		}
		return tx.Adopt(rec, other)
	}}), customer.SameCustomer)
	erase(t, db, s, a, ida, idb, idc)
}

func erase(t *testing.T, db Database, s *server, ref customer.Ref, ids ...string) {
	t.Helper()
	s.alone(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, ref)
		if err != nil {
			return err
		}
		return tx.DeleteCustomer(rec)
	})
	nothing(t, db, s, ids...)
	s.checkLedger(t)
}

// nothing looks for ids, in clear and in hexadecimal, in every row of every table.
func nothing(t *testing.T, db Database, s *server, ids ...string) {
	t.Helper()
	for _, r := range db.Rows(t, s.url) {
		for _, column := range r.Data {
			for _, id := range ids {
				if bytes.Contains(column, []byte(id)) || bytes.Contains(column, []byte(hex.EncodeToString([]byte(id)))) {
					t.Errorf("%s is still in %s: %q", id, r.Table, r.Data)
				}
			}
		}
	}
}

func testAdoptionOfExpired(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	a, b := phone("+254711000001"), phone("+254711000002")
	end := s.clock().Add(time.Minute)
	var ids []string
	for i, ref := range []customer.Ref{a, b} {
		s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
			ids = append(ids, rec.ID)
			if err := tx.UpdateTags(rec, []customer.Tag{{Key: "t" + rec.ID, ExpiresAt: end}}, limits); err != nil {
				return err
			}
			return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k", Value: []string{"a", "b"}[i], ExpiresAt: end}}, limits)
		})
	}
	s.advance(time.Hour)
	adopt(t, s, a, b)
	for _, r := range db.Rows(t, s.url) {
		if r.Table == "customer_tags" || r.Table == "customer_secondary_ids" {
			t.Errorf("%s has %q", r.Table, r.Data)
		}
	}
	erase(t, db, s, a, ids...)
}

func testDeletion(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	a, b := phone("+254711000001"), phone("+254711000002")
	ida, idb := furnish(t, s, a, "a"), furnish(t, s, b, "b")
	before := s.view(t, a).Payments
	erase(t, db, s, a, ida, "+254711000001")
	for _, p := range before {
		lines, err := s.PaymentLines(org, p.ID)
		if err != nil || !p.Status.Pending() && len(lines) != 2 {
			t.Errorf("the journal has %d lines of payment %s, %v", len(lines), p.ID, err)
		}
		if p.Status.Pending() {
			must(t, s.take(t, p.ID, payment.Success))
		}
	}
	s.checkLedger(t)
	v := s.view(t, b)
	if v.Record.ID != idb || len(v.Messages) != 1 || len(v.Activities) != 1 || !v.AppData.Present {
		t.Errorf("another customer is %+v", v)
	}
	refused(t, s.tryChange(t, customer.ByID(ida), func(*store.Tx, *store.Record) error { return nil }), customer.NotFound)
	if id := s.create(t, a); id == ida {
		t.Error("the id is used again")
	}
	// One that is made and deleted in the same unit.
	var id string
	s.alone(t, func(tx *store.Tx) error {
		rec, err := tx.Customer(org, phone("+254711000003"))
		if err != nil {
			return err
		}
		id = rec.ID
		d, err := tx.AppData(rec, app)
		if err != nil {
			return err
		}
		if err := d.Update(customer.Text("x"), limits); err != nil {
			return err
		}
		return tx.DeleteCustomer(rec)
	})
	nothing(t, db, s, id, "+254711000003")
}
