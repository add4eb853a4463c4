// Package storetest is the suite that every database of the store must pass: the same scenarios,
// the same generated histories.
package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// Database is what the suite runs on.
type Database struct {
	// URL makes an empty database for a test.
	URL func(testing.TB) string
	// Shared says that several servers may use it at once.
	Shared bool
	// Rows reads every row of every table, for tests that look for what should not be there.
	Rows func(t testing.TB, url string) []Row
	// Exec runs a statement, behind the store's back.
	Exec func(t testing.TB, url, sql string) error
}

// Row is a row of any table, its columns as bytes.
type Row struct {
	Table string
	Data  [][]byte
}

// Run runs the suite.
func Run(t *testing.T, db Database) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Database)
	}{
		{"a number creates its customer once", testCreation},
		{"a customer is found by id, number and secondary id", testRefs},
		{"tags and their index", testTags},
		{"secondary ids", testSecondaryIDs},
		{"secondary ids are claimed at once by many", testClaims},
		{"app data", testAppData},
		{"messages", testMessages},
		{"activities", testActivities},
		{"history", testHistory},
		{"the outbox", testOutbox},
		{"timers", testTimers},
		{"idempotency", testIdempotency},
		{"tokens", testTokens},
		{"money", testMoney},
		{"the journal is append-only", testAppendOnly},
		{"what is wrong in the books is found", testLedgerCheck},
		{"purge", testPurge},
		{"retention", testRetention},
		{"everything about one person", testEverything},
		{"notifications that wait or are put aside", testLetters},
		{"the directory", testDirectory},
		{"templates and the settings of channels", testTemplates},
		{"adoption", testAdoption},
		{"adoption of what has expired", testAdoptionOfExpired},
		{"deletion leaves nothing", testDeletion},
		{"orgs see nothing of each other", testOrgs},
		{"a unit that fails changes nothing", testFailure},
		{"a unit that panics takes nobody with it", testPanic},
		{"a unit that breaks its batch takes nobody with it", testBroken},
		{"texts that a database may not take", testTexts},
		{"units of one route are done in order", testOrder},
		{"a unit is alone when it says so", testAlone},
		{"each unit in a commit of its own", testSingle},
		{"reads see what was committed before", testReads},
		{"many create the same numbers", testCreationRace},
		{"many change the same customers", testHammer},
		{"many pay out of the same accounts", testTransfers},
		{"generated histories", testModel},
		{"generated histories of money", testMoneyModel},
		{"the end", testClose},
		{"a newer schema is refused", testNewer},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, db)
		})
	}
}

const (
	org = "el_org_a"
	app = "el_app_a"
)

// patience bounds every wait of the suite.
const patience = 30 * time.Second

var limits = customer.DefaultLimits()

// server is a store that runs, with a clock that the test moves.
type server struct {
	*store.Store
	url string

	mu            sync.Mutex // guards what follows
	now           time.Time
	notifications []store.Notification
	timers        []store.Timer
	commits       []int // units of each

	stop func()
}

func serve(t *testing.T, url string, with ...func(*store.Options)) *server {
	t.Helper()
	s := &server{url: url, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	o := store.Options{Serve: true, Now: s.clock}
	for _, f := range with {
		f(&o)
	}
	opened, err := store.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Store = opened
	s.Notified = func(n *store.Notification) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.notifications = append(s.notifications, *n)
	}
	s.Scheduled = func(timer store.Timer) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.timers = append(s.timers, timer)
	}
	s.Observe = func(units int, _ time.Duration) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.commits = append(s.commits, units)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *server) told() ([]store.Notification, []store.Timer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notifications, s.timers
}

func (s *server) committed() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commits
}

// try does a unit and gives its error.
func (s *server) try(t testing.TB, run func(*store.Tx) error) error {
	t.Helper()
	return s.tryUnit(t, &store.Unit{Run: run})
}

func (s *server) tryUnit(t testing.TB, u *store.Unit) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.Do(ctx, u)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the unit was not done in time")
	}
	return err
}

// do does a unit that must succeed.
func (s *server) do(t testing.TB, run func(*store.Tx) error) {
	t.Helper()
	if err := s.try(t, run); err != nil {
		t.Fatal(err)
	}
}

func (s *server) alone(t testing.TB, run func(*store.Tx) error) {
	t.Helper()
	if err := s.tryUnit(t, &store.Unit{Alone: true, Run: run}); err != nil {
		t.Fatal(err)
	}
}

// change does a unit about one customer.
func (s *server) change(t testing.TB, ref customer.Ref, f func(*store.Tx, *store.Record) error) {
	t.Helper()
	if err := s.tryChange(t, ref, f); err != nil {
		t.Fatal(err)
	}
}

func (s *server) tryChange(t testing.TB, ref customer.Ref, f func(*store.Tx, *store.Record) error) error {
	t.Helper()
	return s.tryUnit(t, &store.Unit{
		Route: ref.Number.Number + ref.ID,
		Needs: store.Needs{Org: org, Customers: []customer.Ref{ref}, App: app},
		Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(org, ref)
			if err != nil {
				return err
			}
			return f(tx, rec)
		},
	})
}

// create makes the customer of a number and gives the id.
func (s *server) create(t testing.TB, ref customer.Ref) string {
	t.Helper()
	var id string
	s.change(t, ref, func(_ *store.Tx, rec *store.Record) error { id = rec.ID; return nil })
	return id
}

// view reads everything of a customer.
func (s *server) view(t testing.TB, ref customer.Ref) store.View {
	t.Helper()
	return s.viewIn(t, org, ref)
}

func (s *server) viewIn(t testing.TB, org string, ref customer.Ref) store.View {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v, err := s.View(ctx, &store.Read{Org: org, Ref: ref, App: app, State: func(*store.Record) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func phone(n string) customer.Ref {
	return customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: n})
}

func refused(t testing.TB, err error, code customer.Code) {
	t.Helper()
	var r *customer.Refusal
	if !errors.As(err, &r) || r.Code != code {
		t.Fatalf("got %v, want a refusal %s", err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
