package outbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/servertest"
)

func TestLeaseFirstComeFirstServed(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		a, b := srv.Simplex(t), srv.Simplex(t)
		leased(t, a.Go(t, servertest.Lease(phone(1))), "") // nothing stored: granted, without a value
		id := a.ID(t, phone(1))
		second := a.Go(t, servertest.Lease(phone(1)))
		a.State(t, phone(1)) // the second waits before the third comes
		settle(t, srv)
		third := b.Go(t, servertest.Lease(phone(1)))
		b.State(t, phone(1))
		settle(t, srv)
		second.Waits(t)
		third.Waits(t)
		leased(t, b.Go(t, servertest.Lease(phone(2))), "") // other customers are not delayed

		a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("one"))) // never waits, and frees
		leased(t, second, "one")
		settle(t, srv)
		third.Waits(t)
		b.Must(t, servertest.DeleteAppData(phone(1)))
		leased(t, third, "")

		fourth := a.Go(t, servertest.Lease(phone(1)))
		settle(t, srv)
		srv.Clock().Advance(80 * time.Second)
		settle(t, srv)
		fourth.Waits(t)
		srv.Clock().Advance(11 * time.Second)
		leased(t, fourth, "")
		if got := a.State(t, phone(1)).CustomerId; got != id {
			t.Errorf("customer %s, want %s", got, id)
		}
	})
}

// TestLeaseOfOthers: another app has app data and leases of its own, another org is another world.
func TestLeaseOfOthers(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	a, b := srv.Simplex(t), srv.Connect(t, servertest.Login{App: srv.AddApp(t, "500"), Simplex: true})
	a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("a")))
	leased(t, a.Go(t, servertest.Lease(phone(1))), "a")
	leased(t, b.Go(t, servertest.Lease(phone(1))), "")
	b.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("b")))
	second := a.Go(t, servertest.Lease(phone(1)))
	settle(t, srv)
	second.Waits(t)
	a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("a2")))
	leased(t, second, "a2")
}

// TestLeaseOfOneWhoIsGone: who waits and disconnects, or cancels, leaves the queue.
func TestLeaseOfOneWhoIsGone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		a, gone, b := srv.Simplex(t), srv.Simplex(t), srv.Simplex(t)
		leased(t, a.Go(t, servertest.Lease(phone(1))), "")
		gone.Go(t, servertest.Lease(phone(1)))
		gone.State(t, phone(1))
		cancelled := b.Go(t, servertest.Lease(phone(1)))
		b.State(t, phone(1))
		settle(t, srv)
		gone.Kill()
		cancelled.Cancel()
		last := b.Go(t, servertest.Lease(phone(1)))
		b.State(t, phone(1))
		settle(t, srv)
		a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
		leased(t, last, "x")
	})
}

// TestLeaseSurvivesRestart: the row knows until when.
func TestLeaseSurvivesRestart(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		a := srv.Simplex(t)
		a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
		leased(t, a.Go(t, servertest.Lease(phone(1))), "x")
		leased(t, a.Go(t, servertest.Lease(phone(2))), "")
		leased(t, a.Go(t, servertest.Lease(phone(3))), "")
		srv.Stop(t)
		srv = servertest.StartAs(t, store, srv.Sandbox, delivery(nil))
		a, app := srv.Simplex(t), srv.App(t)
		freed, ended := a.Go(t, servertest.Lease(phone(1))), a.Go(t, servertest.Lease(phone(2)))
		a.Must(t, servertest.Activity(phone(3), "x"))
		settle(t, srv)
		freed.Waits(t)
		ended.Waits(t)
		app.None(t)
		a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("y")))
		leased(t, freed, "y")
		a.Must(t, servertest.DeleteAppData(phone(3)))
		wantKey(t, app, "x").OK()
		srv.Clock().Advance(91 * time.Second)
		leased(t, ended, "")
	})
}

// TestLeaseAndNotification: a notification waits for the lease of a command, and a lease for the
// notification; inside of it the connection that has it is refused, where it answers exactly.
func TestLeaseAndNotification(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		app, simplex := srv.App(t), srv.Simplex(t)
		leased(t, simplex.Go(t, servertest.Lease(phone(1))), "")
		simplex.Must(t, servertest.Activity(phone(1), "1"))
		settle(t, srv)
		app.None(t)
		simplex.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
		n := wantKey(t, app, "1")
		wantData(t, n, "x")

		inside := servertest.Verdict(app.Do(t, servertest.Lease(phone(1))))
		if inside.OK || inside.Code != "lease_inside_notification" || inside.Description == "" {
			t.Errorf("a lease inside the notification: %+v", inside)
		}
		leased(t, app.Go(t, servertest.Lease(phone(2))), "") // of another customer: why not
		waits := simplex.Go(t, servertest.Lease(phone(1)))
		settle(t, srv)
		waits.Waits(t)
		app.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("y"))) // never waits
		app.State(t, phone(1))
		settle(t, srv)
		waits.Waits(t) // the notification still has it
		n.OK()
		leased(t, waits, "y")
	})
}

// TestLeaseInsideWithoutExactAnswers is granted when the hold-back ends, and then waits for no answer.
func TestLeaseInsideWithoutExactAnswers(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	app := srv.Connect(t, servertest.Login{})
	app.Must(t, servertest.Activity(phone(1), "1"))
	n := wantKey(t, app, "1")
	inside := app.Go(t, servertest.Lease(phone(1)))
	settle(t, srv)
	inside.Waits(t)
	srv.Clock().Advance(6 * time.Minute)
	leased(t, inside, "")
	n.OK()
	app.Must(t, servertest.Activity(phone(1), "2"))
	settle(t, srv)
	app.None(t) // the lease is not the notification's to free
	app.Must(t, servertest.DeleteAppData(phone(1)))
	wantKey(t, app, "2").OK()
}

// TestLeaseRepeated: a client whose connection was lost before the reply asks again with the same key,
// and does not wait for its own lease.
func TestLeaseRepeated(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		a := srv.Simplex(t)
		a.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
		lease := func() *servertest.Pending { return a.Go(t, servertest.WithKey("k", servertest.Lease(phone(1)))) }
		leased(t, lease(), "x")
		a.Kill()
		a = srv.Simplex(t)
		other := a.Go(t, servertest.WithKey("other", servertest.Lease(phone(1))))
		settle(t, srv)
		leased(t, lease(), "x")
		settle(t, srv)
		other.Waits(t)
		srv.Stop(t)
		srv = servertest.StartAs(t, store, srv.Sandbox, delivery(nil))
		a = srv.Simplex(t)
		leased(t, lease(), "x")
		other = a.Go(t, servertest.WithKey("other2", servertest.Lease(phone(1))))
		settle(t, srv)
		other.Waits(t)
		leased(t, lease(), "x")
		for _, cmd := range []struct{ number, key string }{{phone(2), "k"}} {
			if v := servertest.Verdict(a.Do(t, servertest.WithKey(cmd.key, servertest.Lease(cmd.number)))); v.OK || v.Code != "idempotency_key_reused" {
				t.Errorf("the key for another customer: %+v", v)
			}
		}
		a.Must(t, servertest.WithKey("u", servertest.UpdateAppData(phone(1), servertest.Text("y"))))
		leased(t, other, "y")
		if v := servertest.Verdict(a.Do(t, servertest.WithKey("u", servertest.Lease(phone(3))))); v.OK || v.Code != "idempotency_key_reused" {
			t.Errorf("the key of another command: %+v", v)
		}
	})
}

// TestNeverTwoHolders: many callers at once, each of whom adds one to the value that it leased: none is
// lost.
func TestNeverTwoHolders(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		const callers, each = 8, 10
		results := make(chan error, callers)
		for range callers {
			c := srv.Simplex(t)
			go func() {
				for range each {
					r, err := c.Command(servertest.Lease(phone(1)))
					if err == nil {
						v, _ := servertest.Value(r)
						_, err = c.Command(servertest.UpdateAppData(phone(1), servertest.Text(v+"x")))
					}
					if err != nil {
						results <- err
						return
					}
				}
				results <- nil
			}()
		}
		for range callers {
			if err := <-results; err != nil {
				t.Fatal(err)
			}
		}
		r := srv.Simplex(t).Must(t, servertest.Lease(phone(1)))
		if v, _ := servertest.Value(r); len(v) != callers*each {
			t.Errorf("%d of %d changes are left", len(v), callers*each)
		}
	})
}

// TestDataUpdate: an answer's data is stored, its echo is not.
func TestDataUpdate(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		app, script := srv.App(t), srv.Simplex(t)
		value := func() string {
			t.Helper()
			r := script.Must(t, servertest.Lease(phone(1))) // waits for the answer, where the app itself would be refused
			v, _ := servertest.Value(r)
			srv.Clock().Advance(91 * time.Second)
			return v
		}
		notify := func(k, carries string) *servertest.Notified {
			t.Helper()
			app.Must(t, servertest.Activity(phone(1), k))
			n := wantKey(t, app, k)
			wantData(t, n, carries)
			return n
		}
		notify("1", "").Answer(servertest.DataUpdate("one"))
		notify("2", "one").OK()
		notify("3", "one").Answer(servertest.DataUpdate("three"))
		n := notify("4", "three")
		app.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("by a command")))
		n.Answer(servertest.DataUpdate("three")) // an echo
		emptied(t, srv)
		if v := value(); v != "by a command" {
			t.Errorf("an echo has overwritten what a command wrote: %q", v)
		}
		n = notify("5", "by a command")
		app.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("again")))
		n.Answer(servertest.DataUpdate("the answer's"))
		emptied(t, srv)
		if v := value(); v != "the answer's" {
			t.Errorf("the answer's data is %q", v)
		}
		n = notify("6", "the answer's")
		app.Must(t, servertest.DeleteAppData(phone(1)))
		n.Answer(servertest.DataUpdate("the answer's"))
		emptied(t, srv)
		if v := value(); v != "" {
			t.Errorf("an echo has brought back what a command deleted: %q", v)
		}
		big := make([]byte, 300<<10)
		notify("7", "").Answer(servertest.DataUpdate(string(big)))
		emptied(t, srv)
		if v := value(); v != "" {
			t.Errorf("app data over the limit was stored: %d bytes", len(v))
		}
	})
}

// TestOverlap: without exact answers each notification carries the data of its moment, the last answer
// holds, and the history says so.
func TestOverlap(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	app := srv.Connect(t, servertest.Login{})
	id := app.ID(t, phone(1))
	app.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("first")))
	app.Must(t, servertest.Activity(phone(1), "1"))
	app.Must(t, servertest.Activity(phone(1), "2"))
	one := wantKey(t, app, "1")
	wantData(t, one, "first")
	srv.Clock().Advance(6 * time.Minute)
	two := wantKey(t, app, "2")
	wantData(t, two, "first")
	one.Answer(servertest.DataUpdate("of the first"))
	settleAnswers(t, srv, app)
	two.Answer(servertest.DataUpdate("of the second"))
	emptied(t, srv)
	leased(t, app.Go(t, servertest.Lease(phone(1))), "of the second")
	history := historyOf(t, srv, id)
	if !slices.ContainsFunc(history, func(s string) bool { return s != "" && s[0] == '!' }) {
		t.Errorf("the history says nothing of the overlap: %q", history)
	}
}
