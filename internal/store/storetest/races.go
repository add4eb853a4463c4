package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// servers are several on one database where it can be shared, or one.
func servers(t *testing.T, db Database) []*server {
	t.Helper()
	url := db.URL(t)
	all := []*server{serve(t, url)}
	if db.Shared {
		all = append(all, serve(t, url))
	}
	return all
}

// inParallel calls f n times, with some goroutines, and waits.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}

func testCreationRace(t *testing.T, db Database) {
	all := servers(t, db)
	const numbers, each = 20, 16
	ids := make([]string, numbers*each)
	inParallel(len(ids), func(i int) {
		// Many routes, so that the units of a number meet in different writers.
		ref := phone(fmt.Sprintf("+2547110000%02d", i/each))
		err := all[i%len(all)].tryUnit(t, &store.Unit{Route: fmt.Sprint(i), Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(org, ref)
			if err != nil {
				return err
			}
			ids[i] = rec.ID
			return count(tx, ref)
		}})
		if err != nil {
			t.Errorf("unit %d: %v", i, err)
		}
	})
	for i, id := range ids {
		if id != ids[i/each*each] {
			t.Fatalf("number %d is %s and %s", i/each, ids[i/each*each], id)
		}
	}
	for i := range numbers {
		all[0].counted(t, phone(fmt.Sprintf("+2547110000%02d", i)), each)
	}
}

// Few customers, many units that need two of them in any order: none is lost, and no deadlock shows.
func testHammer(t *testing.T, db Database) {
	all := servers(t, db)
	const customers, units = 4, 400
	ref := func(i int) customer.Ref { return phone(fmt.Sprint("+25471100000", i%customers)) }
	inParallel(units, func(i int) {
		a, b := ref(i), ref(i/customers+i+1)
		u := &store.Unit{Route: fmt.Sprint(i), Needs: store.Needs{Org: org}, Run: func(tx *store.Tx) error {
			return errors.Join(count(tx, a), count(tx, b))
		}}
		if i%2 == 0 {
			u.Needs.Customers = []customer.Ref{a, b}
		}
		if err := all[i%len(all)].tryUnit(t, u); err != nil {
			t.Errorf("unit %d: %v", i, err)
		}
	})
	want := make([]int, customers)
	for i := range units {
		want[i%customers]++
		want[(i/customers+i+1)%customers]++
	}
	for i, n := range want {
		all[0].counted(t, ref(i), n)
	}
}

// Many customers claim the same secondary ids, among them some that have just expired: one has each.
func testClaims(t *testing.T, db Database) {
	all := servers(t, db)
	const names, each = 6, 8
	old := phone("+254711999999")
	for n := range names / 2 {
		all[0].change(t, old, func(tx *store.Tx, rec *store.Record) error {
			ids := []customer.SecondaryID{{Key: fmt.Sprint("k", n), Value: "v", ExpiresAt: tx.Now().Add(time.Minute)}}
			return tx.UpdateSecondaryIDs(rec, ids, limits)
		})
	}
	for _, s := range all {
		s.advance(time.Hour)
	}
	var won [names]atomic.Int64
	var winner [names]atomic.Value
	inParallel(names*each, func(i int) {
		ref, name := phone(fmt.Sprint("+2547110000", 10+i)), i%names
		var id string
		err := all[i%len(all)].tryUnit(t, &store.Unit{Route: fmt.Sprint(i), Needs: store.Needs{Org: org, Customers: []customer.Ref{ref}}, Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(org, ref)
			if err != nil {
				return err
			}
			id = rec.ID
			return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: fmt.Sprint("k", name), Value: "v"}}, limits)
		}})
		var r *customer.Refusal
		switch {
		case err == nil:
			won[name].Add(1)
			winner[name].Store(id)
		case !errors.As(err, &r) || r.Code != customer.SecondaryIDTaken:
			t.Errorf("unit %d: %v", i, err)
		}
	})
	for n := range names {
		v := all[0].view(t, customer.BySecondaryID(fmt.Sprint("k", n), "v"))
		if won[n].Load() != 1 || v.Record == nil || v.Record.ID != winner[n].Load() {
			t.Errorf("%d have secondary id %d, which leads to %+v", won[n].Load(), n, v.Record)
		}
	}
}

func testReads(t *testing.T, db Database) {
	all := servers(t, db)
	const workers, rounds = 8, 20
	inParallel(workers, func(w int) {
		ref := phone(fmt.Sprint("+25471100000", w))
		for i := range rounds {
			if err := all[i%len(all)].tryUnit(t, counter(ref)); err != nil {
				t.Error(err)
				return
			}
			v, err := all[w%len(all)].View(t.Context(), &store.Read{Org: org, Ref: ref})
			if err != nil || v.Record == nil || len(v.Record.Metadata["n"].Data) != i+1 {
				t.Errorf("after %d commits a read sees %+v, %v", i+1, v.Record, err)
				return
			}
		}
	})
	// Reads of all kinds in one batch.
	s := all[0]
	s.change(t, phone("+254711000000"), func(tx *store.Tx, rec *store.Record) error {
		return tx.UpdateSecondaryIDs(rec, []customer.SecondaryID{{Key: "k", Value: "v"}}, limits)
	})
	id := s.create(t, phone("+254711000000"))
	refs := []customer.Ref{phone("+254711000000"), customer.ByID(id), customer.BySecondaryID("k", "v"), customer.ByID("none"), phone("none"), phone("+254711000001")}
	var answered sync.WaitGroup
	for i := range 600 {
		ref := refs[i%len(refs)]
		answered.Add(1)
		must(t, s.Read(&store.Read{Org: org, Ref: ref, App: app, State: func(*store.Record) bool { return i%3 == 0 }, Done: func(v store.View, err error) {
			defer answered.Done()
			switch found := v.Record != nil; {
			case err != nil:
				t.Error(err)
			case found != (ref.ID != "none" && ref.Number.Number != "none"):
				t.Errorf("%v: %+v", ref, v.Record)
			case found && (v.Record.ID == id) != (ref != phone("+254711000001")):
				t.Errorf("%v is %s", ref, v.Record.ID)
			}
		}}))
	}
	answered.Wait()
}

func testClose(t *testing.T, db Database) {
	url := db.URL(t)
	s := serve(t, url)
	ref := phone("+254711000001")
	const n = 500
	var done, reads atomic.Int64
	for range n {
		u := counter(ref)
		u.Done = func(err error) {
			if err == nil {
				done.Add(1)
			}
		}
		must(t, s.Submit(u))
		must(t, s.Read(&store.Read{Org: org, Ref: ref, Done: func(store.View, error) { reads.Add(1) }}))
	}
	s.stop() // what was accepted is done first
	if done.Load() != n || reads.Load() != n {
		t.Fatalf("%d units and %d reads of %d were answered", done.Load(), reads.Load(), n)
	}
	if err := s.Submit(counter(ref)); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.View(t.Context(), &store.Read{Org: org, Ref: ref}); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
	serve(t, url).counted(t, ref, n)
}

// Leaks says which goroutines of the store run, some time after the last one was stopped.
func Leaks() string {
	deadline := time.Now().Add(patience)
	for {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		var left []string
		for _, g := range strings.Split(stacks, "\n\n") {
			if strings.Contains(g, "internal/store.(*") {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
		runtime.Gosched()
	}
}

func testNewer(t *testing.T, db Database) {
	url := db.URL(t)
	serve(t, url).stop()
	must(t, db.Exec(t, url, "INSERT INTO schema_versions (version, applied_at) VALUES (1000, 0)"))
	_, err := store.Open(url, store.Options{Serve: true})
	if err == nil || !strings.Contains(err.Error(), "use a newer elarian") {
		t.Fatalf("a newer schema: %v", err)
	}
}
