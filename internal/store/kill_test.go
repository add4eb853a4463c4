package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/testpg"
)

// loadEnv makes the test binary a server under load, on the database that it names.
const loadEnv = "ELARIAN_STORE_LOAD"

const (
	loadCustomers = 20
	loadWorkers   = 32
	killRounds    = 5
	killPatience  = 60 * time.Second
)

func loadRef(worker int) customer.Ref {
	return customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: fmt.Sprint("+2547110000", 10+worker%loadCustomers)})
}

// loadUnit leaves its name in the customer's metadata, history and outbox, and as an idempotency key, and
// does something with money.
func loadUnit(name string, worker int) *store.Unit {
	ref := loadRef(worker)
	key := store.IdempotencyKey{Org: "org", App: "app", Key: name}
	return &store.Unit{
		Route: ref.Number.Number,
		Needs: store.Needs{Org: "org", Customers: []customer.Ref{ref}, Reply: key},
		Run: func(tx *store.Tx) error {
			if first, err := tx.FirstReply(key); err != nil || first != nil {
				return err
			}
			rec, err := tx.Customer("org", ref)
			if err != nil {
				return err
			}
			value := customer.Text(name)
			if err := rec.UpdateMetadata(map[string]customer.Value{"worker" + strconv.Itoa(worker): value}, customer.DefaultLimits()); err != nil {
				return err
			}
			tx.Record(rec, "loaded", name)
			tx.Notify(store.Notification{Org: "org", App: "app", Subject: rec.ID, Kind: name})
			tx.KeepReply(key, nil, []byte(name))
			return loadPayment(tx, rec, name)
		},
	}
}

// loadUntilKilled runs units and prints the name of each one once it is done.
func loadUntilKilled(url string) {
	s, err := store.Open(url, store.Options{Serve: true})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	go func() { _ = s.Run(context.Background()) }() // until killed
	run := time.Now().UnixNano()
	var workers sync.WaitGroup
	for w := range loadWorkers {
		workers.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d.%d.%d", run, w, i)
				if err := s.Do(context.Background(), loadUnit(name, w)); err != nil {
					fmt.Println("failed", err)
					os.Exit(1)
				}
				if _, err := os.Stdout.WriteString("done " + name + "\n"); err != nil {
					os.Exit(1)
				}
			}
		})
	}
	workers.Wait()
}

func TestKilledServer(t *testing.T) {
	for name, c := range map[string]struct {
		url     func(testing.TB) string
		servers int
	}{"sqlite": {sqliteURL, 1}, "postgres": {testpg.URL, 1}, "two on postgres": {testpg.URL, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := c.url(t)
			var done []string
			for range killRounds {
				done = append(done, loadAndKill(t, db, c.servers)...)
				verify(t, db, done)
			}
			t.Logf("%d units survived %d kills", len(done), killRounds)
		})
	}
}

// loadAndKill kills servers on a database, that run at once, each after a random number of units, and gives
// the names of those that they had said to be done.
func loadAndKill(t *testing.T, url string, servers int) (done []string) {
	t.Helper()
	var all sync.WaitGroup
	names := make([][]string, servers)
	for i := range servers {
		all.Go(func() {
			var err error
			if names[i], err = loadOne(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return slices.Concat(names...)
}

func loadOne(ctx context.Context, url string) (done []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, killPatience)
	defer cancel()
	server := exec.CommandContext(ctx, os.Args[0])
	server.Env = append(os.Environ(), loadEnv+"="+url)
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	killAfter := 1 + rand.IntN(1500)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		what, name, _ := strings.Cut(lines.Text(), " ")
		if what != "done" {
			err = fmt.Errorf("the server says %q", lines.Text())
			break
		}
		// What comes after the kill was said before it, and counts too.
		if done = append(done, name); len(done) == killAfter {
			err = server.Process.Kill()
		}
	}
	_ = server.Wait() // killed, as we wanted
	if err == nil && len(done) < killAfter {
		err = fmt.Errorf("the server ended by itself after %d units", len(done))
	}
	return done, err
}

// verify opens the database and looks for everything that the units did.
func verify(t *testing.T, url string, done []string) {
	t.Helper()
	s := open(t, url)
	defer s.stop()
	verifyMoney(t, s.Store, done)
	history, outbox := make(map[string]int), make(map[string]int)
	latest := make(map[string]bool)
	for c := range loadCustomers {
		v, err := s.View(t.Context(), &store.Read{Org: "org", Ref: loadRef(c)})
		if err != nil {
			t.Fatal(err)
		}
		if v.Record == nil {
			continue
		}
		for _, value := range v.Record.Metadata {
			latest[value.Data] = true
		}
		entries, err := s.History(v.Record.History, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			history[e.Detail]++
		}
		lane, err := s.Lane("org", "app", v.Record.ID, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range lane {
			outbox[n.Kind]++
		}
	}
	for _, name := range done {
		if history[name] != 1 || outbox[name] != 1 {
			t.Errorf("unit %s is %d times in the history and %d times in the outbox", name, history[name], outbox[name])
		}
	}
	for name := range latest {
		if history[name] != 1 {
			t.Errorf("unit %s is in the metadata, and %d times in the history", name, history[name])
		}
	}
	for name, n := range outbox {
		if history[name] != n {
			t.Errorf("unit %s is %d times in the outbox and %d times in the history", name, n, history[name])
		}
	}
}

// opened is a store that runs until stop.
type opened struct {
	*store.Store
	stop func()
}

func open(t *testing.T, url string) opened {
	t.Helper()
	s, err := store.Open(url, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	return opened{s, func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}}
}

// progress counts what is done, and tells one who waits when it has come as far as that.
type progress struct {
	mu      sync.Mutex // guards what follows
	left    int        // until there
	waiting chan struct{}
}

// one is one more.
func (p *progress) one() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left--; p.left == 0 {
		close(p.waiting)
	}
}

// after is closed when that many more are done.
func (p *progress) after(n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.waiting = max(n, 1), make(chan struct{})
	return p.waiting
}

// PostgreSQL is killed under load and comes back: the store goes on by itself, nothing that it said
// to be done is gone, nothing is done twice, and what was told of is what is there.
func TestKilledPostgres(t *testing.T) {
	t.Parallel()
	pg := testpg.Cluster(t, testpg.Options{})
	url := pg.URL(t)
	s := open(t, url)
	defer s.stop()
	var told sync.Map
	s.Notified = func(n *store.Notification) { told.Store(n.Kind, true) }

	var done progress
	var failed atomic.Int64
	var names [loadWorkers][]string
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for w := range loadWorkers {
		workers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("%d.%d", w, i)
				// As a client does: what failed is tried again, under the same key.
				for {
					ctx, cancel := context.WithTimeout(context.Background(), killPatience)
					err := s.Do(ctx, loadUnit(name, w))
					cancel()
					if err == nil {
						break
					}
					if failed.Add(1); errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("unit %s was not answered", name)
						return
					}
				}
				names[w] = append(names[w], name)
				done.one()
			}
		})
	}
	// more waits until that many more units are done.
	more := func(n int) {
		t.Helper()
		select {
		case <-done.after(n):
		case <-time.After(killPatience):
			t.Fatalf("not %d more units", n)
		}
	}
	for range 3 {
		more(rand.IntN(1000))
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.OutboxStats(); err == nil {
			t.Error("a query without a database")
		}
		if _, err := s.View(t.Context(), &store.Read{Org: "org", Ref: loadRef(0)}); err == nil {
			t.Error("a read without a database")
		}
		if err := pg.Start(); err != nil {
			t.Fatal(err)
		}
		more(loadWorkers)
		for range 4 { // both readers, mostly
			if _, err := s.View(t.Context(), &store.Read{Org: "org", Ref: loadRef(0)}); err != nil {
				t.Errorf("a read after the outage: %v", err)
			}
		}
		if _, _, err := s.OutboxStats(); err != nil {
			t.Errorf("a query after the outage: %v", err)
		}
		if _, err := s.AddOrg(store.Org{Name: "after"}); err != nil {
			t.Errorf("a change of the directory after the outage: %v", err)
		}
	}
	close(stop)
	workers.Wait()
	all := slices.Concat(names[:]...)
	t.Logf("%d units, %d answered with an error on the way", len(all), failed.Load())
	verify(t, url, all)
	for _, name := range all {
		if _, ok := told.Load(name); !ok && failed.Load() == 0 {
			t.Errorf("nobody was told of unit %s", name)
		}
	}
}
