package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// childEnv tells the test binary to be a server, which tests kill.
const childEnv = "ELARIAN_TEST_CHILD"

type child struct {
	Store string
	Box   sandbox.Sandbox
}

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := serveChild(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveChild serves until its standard input ends, as it does when the test ends, however.
func serveChild(spec string) error {
	var c child
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return err
	}
	srv, err := server.New(server.Config{Store: c.Store, Socket: "127.0.0.1:0", HTTP: "127.0.0.1:0", InsecurePlainSocket: true, Failures: 1000,
		Delivery: outbox.Options{FirstRetry: 10 * time.Millisecond, LastRetry: 50 * time.Millisecond}})
	if err != nil {
		return err
	}
	if _, err := c.Box.Ensure(srv.Store()); err != nil {
		return err
	}
	if err := srv.Refresh(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	fmt.Println(srv.SocketAddr())
	return srv.Run(ctx)
}

// process is a server in a process of its own.
type process struct {
	*servertest.Server
	cmd   *exec.Cmd
	stdin io.Closer
}

func startChild(t *testing.T, c child) *process {
	t.Helper()
	spec, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("the server did not start: %v %s", err, stderr.String())
	}
	return &process{&servertest.Server{Sandbox: c.Box, URL: "tcp://" + strings.TrimSpace(line)}, cmd, stdin}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// tally is what the test knows of its commands.
type tally struct {
	mu       sync.Mutex
	acked    map[string]bool // commands that were answered, by key
	seen     map[string]bool // notified to some instance of the app
	answered map[string]bool // by the app
}

func (l *tally) mark(m map[string]bool, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m[key] = true
}

func (l *tally) has(m map[string]bool, key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return m[key]
}

// TestKill kills a loaded server again and again: what was answered is there, once, payments too, every
// notification comes whose cause was answered, and the books are right after each kill.
func TestKill(t *testing.T) {
	servertest.Each(t, func(t *testing.T, url string) {
		const rounds, workers, each = 5, 8, 40
		c := child{Store: url, Box: sandbox.New()}
		l := &tally{acked: map[string]bool{}, seen: map[string]bool{}, answered: map[string]bool{}}
		for round := range rounds {
			p := startChild(t, c)
			work(t, p, l, round, workers, each, 150+rand.IntN(2*workers*each-250))
			p.kill()
			checkBooks(t, c)
		}
		p := startChild(t, c)
		defer p.kill()
		// What got no answer is sent again with its key; what did gets the first one.
		app := p.App(t)
		var ids [workers]string
		for w := range workers {
			ids[w] = app.ID(t, phone(w))
		}
		for round := range rounds {
			for w := range workers {
				var pending []*servertest.Pending
				for i := range each {
					if key := name(round, w, i); !l.has(l.acked, key) || i%10 == 0 {
						pending = append(pending, app.Go(t, numbered(key)))
					}
					// One after the other: what is paid out of a wallet came in before.
					if key := payment(round, w, i); !l.has(l.acked, key) || i%10 == 0 {
						if v := servertest.Verdict(app.Do(t, paying(c.Box, ids[w], key))); !v.OK {
							t.Fatalf("%s, sent again: %+v", key, v)
						}
					}
				}
				for _, cmd := range pending {
					if v := servertest.Verdict(cmd.Reply(t)); !v.OK {
						t.Fatalf("sent again: %+v", v)
					}
				}
			}
		}
		missing := map[string]bool{}
		for round := range rounds {
			for w := range workers {
				for i := range each {
					if key := name(round, w, i); !l.has(l.answered, key) {
						missing[key] = true
					}
				}
			}
		}
		for len(missing) > 0 {
			n := app.Next(t)
			if key := n.GetCustomerActivity().GetActivity().GetKey(); key != "" {
				delete(missing, key)
			}
			n.OK()
		}
		for round := range rounds {
			for w := range workers {
				checkOnce(t, app, round, w, each)
			}
		}
		_ = p.stdin.Close() // and now politely
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("the server stopped with %v", err)
		}
		paid := checkBooks(t, c)
		for round := range rounds {
			for w := range workers {
				for i := range each {
					if key := payment(round, w, i); paid[key] != 1 {
						t.Errorf("payment %s was made %d times", key, paid[key])
					}
				}
			}
		}
	})
}

func name(round, w, i int) string { return fmt.Sprintf("%d.%d.%d", round, w, i) }

func payment(round, w, i int) string { return "paid " + name(round, w, i) }

// paying is a payment with an idempotency key, which is its narration too: from the purse to the worker's
// phone, to the wallet of its customer, or back from there.
func paying(box sandbox.Sandbox, id, key string) *pb.AppToServerCommand {
	var round, w, i int
	_, _ = fmt.Sscanf(key, "paid %d.%d.%d", &round, &w, &i)
	from, to := servertest.Purse(box.Purse), servertest.MobileMoney(phone(w))
	switch i % 3 {
	case 0:
		to = servertest.Wallet(id, "w")
	case 1:
		from, to = servertest.Wallet(id, "w"), servertest.Purse(box.Purse)
	}
	cmd := servertest.Pay(from, to, servertest.KES(1))
	cmd.GetInitiatePayment().Narration = key
	return servertest.WithKey(key, cmd)
}

// checkBooks recomputes the ledger, and counts the payments by their narration.
func checkBooks(t *testing.T, c child) map[string]int {
	t.Helper()
	st, err := store.Open(c.Store, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	report, err := st.CheckLedger()
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range report.Differences {
		t.Error(difference)
	}
	paid := make(map[string]int)
	for filter := (store.PaymentFilter{Org: c.Box.Org}); ; {
		page, err := st.Payments(filter, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			paid[p.Narration]++
			filter.Before = p.ID
		}
		if len(page) == 0 {
			return paid
		}
	}
}

// numbered is a command with an idempotency key: the activity of this name, in a session of its round.
func numbered(key string) *pb.AppToServerCommand {
	var round, w, i int
	_, _ = fmt.Sscanf(key, "%d.%d.%d", &round, &w, &i)
	cmd := servertest.Activity(phone(w), key)
	cmd.GetCustomerActivity().SessionId = fmt.Sprint(round)
	return servertest.WithKey(key, cmd)
}

// work has callers send commands and an app answer most notifications, until so many were answered.
func work(t *testing.T, p *process, l *tally, round, workers, each, until int) {
	app, caller := p.App(t), p.Simplex(t)
	ctx, enough := context.WithCancel(context.Background())
	defer enough()
	var acks atomic.Int64
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case n := <-app.Notified:
				key := n.GetCustomerActivity().GetActivity().GetKey()
				l.mark(l.seen, key)
				if rand.IntN(20) > 0 {
					l.mark(l.answered, key)
					n.OK()
				}
			case <-ctx.Done():
				return
			}
		}
	})
	send := func(key string, cmd *pb.AppToServerCommand) bool {
		r, err := caller.Command(cmd)
		if err != nil {
			return false // killed
		}
		if v := servertest.Verdict(r); !v.OK {
			t.Errorf("%s: %+v", key, v)
		}
		l.mark(l.acked, key)
		if acks.Add(1) == int64(until) {
			p.kill()
			enough()
		}
		return true
	}
	for w := range workers {
		id := app.ID(t, phone(w))
		group.Go(func() {
			for i := range each {
				key, paid := name(round, w, i), payment(round, w, i)
				if !send(key, numbered(key)) || !send(paid, paying(p.Sandbox, id, paid)) {
					return
				}
			}
		})
	}
	group.Wait()
}

func checkOnce(t *testing.T, app *servertest.Conn, round, w, each int) {
	t.Helper()
	for _, s := range app.State(t, phone(w)).ActivityState.Sessions {
		if s.SessionId != fmt.Sprint(round) {
			continue
		}
		got := map[string]int{}
		for _, a := range s.Activities {
			got[a.Key]++
		}
		for i := range each {
			if n := got[name(round, w, i)]; n != 1 {
				t.Errorf("%s acted %d times", name(round, w, i), n)
			}
		}
		return
	}
	t.Errorf("round %d of worker %d is not there", round, w)
}
