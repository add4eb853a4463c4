package work_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// serveEnv makes the test binary a server on the database that it names.
const serveEnv = "ELARIAN_WORK_SERVE"

const (
	killRounds    = 6
	killCustomers = 250
	killWorks     = 6 // of each kind
)

func TestMain(m *testing.M) {
	if url := os.Getenv(serveEnv); url != "" {
		fmt.Println(serve(url))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serve serves until it is killed; it prints where.
func serve(url string) error {
	srv, err := server.New(server.Config{Store: url, Socket: "127.0.0.1:0", HTTP: "127.0.0.1:0", InsecurePlainSocket: true, Failures: 1000})
	if err != nil {
		return err
	}
	fmt.Println(srv.SocketAddr())
	return srv.Run(context.Background())
}

// A server that is killed again and again does each work for each customer once, and tells of each
// reminder and status.
func TestKilledServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		script := srv.Simplex(t)
		ids := make([]string, killCustomers)
		for i := range ids {
			tagged(t, script, number(i))
			ids[i] = script.ID(t, number(i))
		}
		for i := range killWorks {
			workID(t, script.Do(t, send(gold, sms, hi)))
			workID(t, script.Do(t, addReminder(gold, &pb.CustomerReminder{
				Key: fmt.Sprint("reminder ", i), RemindAt: timestamppb.New(srv.Clock().Now().Add(-time.Hour))})))
		}
		srv.Stop(t)

		told := map[string]int{}
		for range killRounds {
			serveAndKill(t, db, srv, told)
		}
		last := servertest.StartAs(t, db, srv.Sandbox)
		app := last.App(t)
		const want = killCustomers * killWorks * 3 // reminders, and two statuses of each message
		for len(told) < want {
			n := app.Next(t)
			told[about(n)]++
			n.OK()
		}
		works, err := last.Store().Works(last.Org, 100)
		if err != nil || len(works) != 2*killWorks {
			t.Fatalf("works %v, %v", works, err)
		}
		for _, w := range works {
			if !w.Done || w.Succeeded != killCustomers || w.Failed != 0 {
				t.Errorf("%+v", w)
			}
		}
		for _, id := range ids {
			once(t, last, id)
		}
	})
}

// about names what a notification tells.
func about(n *servertest.Notified) string {
	if r := n.GetReminder(); r != nil {
		return n.CustomerId + r.GetReminder().GetKey()
	}
	return n.GetMessageStatus().GetMessageId() + n.GetMessageStatus().GetStatus().String()
}

// serveAndKill runs a server in a process of its own, and kills it after some notifications.
func serveAndKill(t *testing.T, db string, srv *servertest.Server, told map[string]int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*servertest.Patience)
	defer cancel()
	process := exec.CommandContext(ctx, os.Args[0])
	process.Env = append(os.Environ(), serveEnv+"="+db)
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	app, err := srv.Dial(servertest.Login{URL: "tcp://" + address[:len(address)-1], Exact: true})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	for range rand.IntN(killCustomers * killWorks / 4) {
		n := app.Next(t)
		told[about(n)]++
		n.OK()
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // killed, as we wanted
	app.Kill()
}

// once looks for each of the works in the customer's history.
func once(t *testing.T, srv *servertest.Server, id string) {
	t.Helper()
	v, err := srv.Store().View(t.Context(), &store.Read{Org: srv.Org, Ref: customer.ByID(id)})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := srv.Store().History(v.Record.History, 1000)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range entries {
		count[e.What]++
	}
	for _, what := range []string{"message.sent", "message.status", "reminder.added", "reminder.due"} {
		if count[what] != killWorks {
			t.Errorf("%s: %s %d times, want %d", id, what, count[what], killWorks)
		}
	}
}
