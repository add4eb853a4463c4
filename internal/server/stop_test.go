package server_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
)

// ours are the stacks of goroutines that run our code, but for this one.
func ours() []string {
	buf := make([]byte, 4<<20)
	var found []string
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
		if strings.Contains(g, "elarian-go/elarian/") && !strings.Contains(g, "testing.tRunner") && !strings.Contains(g, "internal/testpg") {
			found = append(found, g)
		}
	}
	return found
}

// TestStop: what is in hand is answered, nothing stays behind, and a second start finds everything.
func TestStop(t *testing.T) {
	store := servertest.SQLite(t)
	box := sandbox.New()
	srv := servertest.StartAs(t, store, box, func(c *server.Config) { c.ShutdownTime = servertest.Patience })
	app, phones, caller := srv.App(t), srv.Simulator(t), srv.Simplex(t)
	caller.Must(t, servertest.Lease(phone(1)))
	waits := caller.Go(t, servertest.Lease(phone(1)))
	caller.Must(t, servertest.UpdateAppData(phone(2), servertest.Text("kept")))
	var pending []*servertest.Pending
	for i := range 200 {
		pending = append(pending, caller.Go(t, servertest.Activity(phone(3), fmt.Sprint(i))))
	}
	pending[0].Reply(t)
	stopped := make(chan struct{})
	go func() {
		srv.Stop(t)
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(servertest.Patience):
		t.Fatal("the server does not stop")
	}
	answered := 1
	for _, p := range pending[1:] {
		if p.Answered() {
			answered++
		}
	}
	if waits.Answered() {
		t.Error("the lease of somebody else was granted")
	}
	for _, c := range []*servertest.Conn{app, phones, caller} {
		<-c.Done()
	}
	if _, err := srv.Dial(servertest.Login{}); err == nil {
		t.Error("it still takes connections")
	}
	var left []string
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); runtime.Gosched() {
		if left = ours(); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	}

	srv = servertest.StartAs(t, store, box)
	srv.Clock().Advance(time.Minute) // what the app had not answered is tried again then
	app = srv.App(t)
	if v, _ := servertest.Value(app.Must(t, servertest.Lease(phone(2)))); v != "kept" {
		t.Errorf("app data %q", v)
	}
	count := 0
	for _, s := range app.State(t, phone(3)).ActivityState.Sessions {
		count += len(s.Activities)
	}
	if count < min(answered, 100) { // of a session the latest 100 are kept
		t.Errorf("%d activities are there, %d were answered", count, answered)
	}
	for i := range answered {
		n := app.Next(t)
		if key := n.GetCustomerActivity().GetActivity().GetKey(); key != fmt.Sprint(i) {
			t.Fatalf("notification %s, want %d", key, i)
		}
		n.OK()
	}
}

// TestStopWaitsForHops: a phone that waits for its menu gets it.
func TestStopWaitsForHops(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), func(c *server.Config) { c.ShutdownTime = servertest.Patience })
	app, phones, caller := srv.App(t), srv.Simulator(t), srv.Simplex(t)
	caller.Must(t, servertest.Lease(phone(2)))
	waits := caller.Go(t, servertest.Lease(phone(2)))
	menu := phones.Hop(phone(1), sandbox.USSDCode, "s", "")
	var hop *servertest.Notified
	for hop = app.Next(t); hop.GetReceivedMessage() == nil; hop = app.Next(t) {
		hop.OK()
	}
	stopped := make(chan struct{})
	go func() {
		srv.Stop(t)
		close(stopped)
	}()
	waits.Fails(t) // so it is stopping
	if m := <-phones.Hop(phone(3), sandbox.USSDCode, "s", ""); m.Text == "late" {
		t.Errorf("a hop that comes then: %+v", m)
	}
	hop.Answer(servertest.MenuAnswer("in time", true))
	if m := servertest.Shown(t, menu); m.Text != "in time" {
		t.Errorf("the phone shows %+v", m)
	}
	<-stopped
}

func phone(i int) string { return fmt.Sprintf("+2547%08d", i) }
