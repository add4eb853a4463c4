package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// together submits units that share a batch, as far as the store can: the first holds the writer up
// until the others wait.
func (s *server) together(t *testing.T, units ...*store.Unit) []error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	blocker := &store.Unit{Route: "r", Run: func(*store.Tx) error {
		once.Do(func() { close(held) })
		<-release
		return nil
	}}
	var done sync.WaitGroup
	done.Add(1 + len(units))
	blocker.Done = func(error) { done.Done() }
	must(t, s.Submit(blocker))
	<-held
	errs := make([]error, len(units))
	for i, u := range units {
		u.Route = "r"
		u.Done = func(err error) { errs[i] = err; done.Done() }
		must(t, s.Submit(u))
	}
	close(release)
	done.Wait()
	return errs
}

// count adds one to a customer's metadata, by what it finds there.
func count(tx *store.Tx, ref customer.Ref) error {
	rec, err := tx.Customer(org, ref)
	if err != nil {
		return err
	}
	n := len(rec.Metadata["n"].Data) + 1
	tx.Record(rec, "counted", fmt.Sprint(n))
	return rec.UpdateMetadata(map[string]customer.Value{"n": customer.Text(strings.Repeat("x", n))}, limits)
}

func counter(ref customer.Ref) *store.Unit {
	return &store.Unit{Needs: store.Needs{Org: org, Customers: []customer.Ref{ref}}, Run: func(tx *store.Tx) error { return count(tx, ref) }}
}

// counted checks that a customer was counted n times, which its history and its version tell too.
func (s *server) counted(t *testing.T, ref customer.Ref, n int) {
	t.Helper()
	rec := s.view(t, ref).Record
	if rec == nil {
		t.Fatalf("%v is not there", ref)
	}
	entries, err := s.History(rec.History, n+10)
	must(t, err)
	if got := len(rec.Metadata["n"].Data); got != n || len(entries) != n+1 || rec.Version != int64(n+1) {
		t.Fatalf("%v: counted %d, %d entries, version %d; want %d", ref, got, len(entries), rec.Version, n)
	}
}

func testFailure(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	no := errors.New("no")
	errs := s.together(t, counter(ref),
		&store.Unit{Run: func(tx *store.Tx) error {
			if err := count(tx, ref); err != nil {
				return err
			}
			if _, err := tx.Customer(org, phone("+254711000002")); err != nil {
				return err
			}
			rec, err := tx.Customer(org, ref)
			if err != nil {
				return err
			}
			if err := tx.UpdateTags(rec, []customer.Tag{{Key: "t"}}, limits); err != nil {
				return err
			}
			tx.Notify(store.Notification{Org: org, App: app, Subject: "s"})
			tx.Schedule(store.Timer{Kind: "k"})
			tx.Purge()
			tx.After(func() { t.Error("after a failure") })
			return no
		}}, counter(ref))
	if errs[0] != nil || errs[1] != no || errs[2] != nil {
		t.Fatal(errs)
	}
	s.counted(t, ref, 2)
	if v := s.view(t, phone("+254711000002")); v.Record != nil {
		t.Error("a failed unit made a customer")
	}
	notifications, timers := s.told()
	if waiting, _, err := s.OutboxStats(); err != nil || waiting != 0 || len(notifications) != 0 || len(timers) != 0 {
		t.Errorf("%d wait, told of %v and %v, %v", waiting, notifications, timers, err)
	}
	if rows := tagRows(t, db, s); len(rows) != 0 {
		t.Error(rows)
	}
	// A unit may undo what it did, and go on.
	s.do(t, func(tx *store.Tx) error {
		if err := count(tx, ref); err != nil {
			return err
		}
		tx.Undo()
		return count(tx, ref)
	})
	s.counted(t, ref, 3)
}

func testPanic(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	errs := s.together(t, counter(ref), &store.Unit{Run: func(tx *store.Tx) error {
		if err := count(tx, ref); err != nil {
			return err
		}
		panic("oh")
	}}, counter(ref))
	if errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "oh") || errs[2] != nil {
		t.Fatal(errs)
	}
	s.counted(t, ref, 2)
}

// Two tokens of the same name cannot be: the batch fails as a whole, and is done again in parts.
func testBroken(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	s.do(t, func(tx *store.Tx) error { tx.AddToken(org, "h", store.Token{App: "first"}); return nil })
	ref := phone("+254711000001")
	units := make([]*store.Unit, 20)
	for i := range units {
		units[i] = counter(ref)
	}
	units[7] = &store.Unit{Run: func(tx *store.Tx) error {
		tx.AddToken(org, "h", store.Token{App: "second"})
		return count(tx, ref)
	}}
	for i, err := range s.together(t, units...) {
		if (err != nil) != (i == 7) {
			t.Errorf("unit %d: %v", i, err)
		}
	}
	s.counted(t, ref, len(units)-1)
	if token, err := s.Token(org, "h"); err != nil || token.App != "first" {
		t.Errorf("%+v, %v", token, err)
	}
}

func testTexts(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	good := phone("+254711000001")
	for _, bad := range []string{"\x00", "a\x00b", "\xff", "\xed\xa0\x80", "a\xc3"} {
		number := good
		number.Number.Partition = bad
		needs := []store.Needs{
			{Org: org, Customers: []customer.Ref{customer.ByID(bad)}},
			{Org: org, Customers: []customer.Ref{number}},
			{Org: org, Customers: []customer.Ref{customer.BySecondaryID(bad, "v")}},
			{Org: org, Customers: []customer.Ref{customer.BySecondaryID("k", bad)}},
			{Org: org, Reply: store.IdempotencyKey{Org: org, App: app, Key: bad}},
			{Org: org, Customers: []customer.Ref{customer.ByID("x")}, Messages: []string{bad}},
			{Org: org, Customers: []customer.Ref{customer.ByID("x")}, App: bad},
		}
		for _, n := range needs {
			err := s.tryUnit(t, &store.Unit{Needs: n, Run: func(*store.Tx) error { return nil }})
			refused(t, err, customer.InvalidRequest)
		}
		for _, ref := range []customer.Ref{customer.ByID(bad), number, customer.BySecondaryID(bad, "v")} {
			_, err := s.View(context.Background(), &store.Read{Org: org, Ref: ref})
			refused(t, err, customer.InvalidRequest)
		}
		for _, update := range []func(*store.Tx, *store.Record) error{
			func(tx *store.Tx, rec *store.Record) error {
				return tx.UpdateTags(rec, []customer.Tag{{Key: bad}}, limits)
			},
			func(tx *store.Tx, rec *store.Record) error {
				return tx.UpdateTags(rec, []customer.Tag{{Key: "k", Value: bad}}, limits)
			},
			func(tx *store.Tx, rec *store.Record) error {
				return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: bad, Value: "v"}}, limits)
			},
			func(tx *store.Tx, rec *store.Record) error {
				return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k", Value: bad}}, limits)
			},
		} {
			refused(t, s.tryChange(t, good, update), customer.InvalidRequest)
		}
		// What is opaque is kept exactly.
		s.change(t, good, func(_ *store.Tx, rec *store.Record) error {
			return rec.UpdateMetadata(map[string]customer.Value{"v": customer.Bytes([]byte(bad))}, limits)
		})
		if got := s.view(t, good).Record.Metadata["v"]; got != customer.Bytes([]byte(bad)) {
			t.Errorf("%q became %q", bad, got.Data)
		}
	}
	// One that only the commit finds out about hurts nobody else, nor do texts in other languages.
	ref := phone("+254711000002")
	errs := s.together(t, counter(ref), &store.Unit{Run: func(tx *store.Tx) error {
		tx.Schedule(store.Timer{Kind: "k", Ref: "a\x00b"})
		return nil
	}}, counter(ref))
	if errs[0] != nil || errs[2] != nil {
		t.Fatal(errs)
	}
	s.counted(t, ref, 2)
	tags := []customer.Tag{{Key: "Straße", Value: "naïve 日本語 🙂\u202e"}, {Key: "Ключ"}}
	s.change(t, good, func(tx *store.Tx, rec *store.Record) error { return tx.UpdateTags(rec, tags, limits) })
	if got := s.view(t, good).Record.Tags; !slices.Equal(got, tags) {
		t.Error(got)
	}
}

func testOrder(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	const n = 300
	var mu sync.Mutex
	var ran, done []int
	var all sync.WaitGroup
	all.Add(n)
	for i := range n {
		must(t, s.Submit(&store.Unit{
			Route: "r",
			Run: func(tx *store.Tx) error {
				tx.After(func() { mu.Lock(); ran = append(ran, i); mu.Unlock() })
				tx.Notify(store.Notification{Org: org, App: app, Subject: "s", Kind: fmt.Sprint(i)})
				return nil
			},
			Done: func(err error) { mu.Lock(); done = append(done, i); mu.Unlock(); all.Done() },
		}))
	}
	all.Wait()
	told, _ := s.told()
	for i := range n {
		if ran[i] != i || done[i] != i || told[i].Kind != fmt.Sprint(i) {
			t.Fatalf("at %d: after %d, done %d, told %s", i, ran[i], done[i], told[i].Kind)
		}
	}
}

func testAlone(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	ref := phone("+254711000001")
	units := make([]*store.Unit, 7)
	for i := range units {
		units[i] = counter(ref)
		units[i].Alone = i == 3
	}
	s.together(t, units...)
	s.counted(t, ref, len(units))
	if commits := s.committed(); !slices.Equal(commits, []int{1, 3, 1, 3}) {
		t.Errorf("units per commit %v", commits)
	}
}

func testSingle(t *testing.T, db Database) {
	s := serve(t, db.URL(t), func(o *store.Options) { o.Single = true })
	ref := phone("+254711000001")
	units := make([]*store.Unit, 20)
	for i := range units {
		units[i] = counter(ref)
	}
	s.together(t, units...)
	s.counted(t, ref, len(units))
	if commits := s.committed(); len(commits) != 1+len(units) {
		t.Errorf("units per commit %v", commits)
	}
}
