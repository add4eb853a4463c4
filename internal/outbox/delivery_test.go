package outbox_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
)

func TestDefaults(t *testing.T) {
	want := outbox.Options{AnswerTime: 10 * time.Second, NotificationTime: 30 * time.Second, HoldBack: time.Second, Settle: 1100 * time.Millisecond,
		FirstRetry: time.Second, LastRetry: 5 * time.Minute, GiveUp: 24 * time.Hour, Window: 512, Memory: 16384}
	if got := (outbox.Options{}).WithDefaults(); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
}

// TestSettling: a client without exact answers gets nothing until it has sent a command, or for a while;
// published clients fail in their first second. A hop waits for that, it is not refused.
func TestSettling(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(func(o *outbox.Options) { o.Settle = time.Minute }))
		simplex, simulator := srv.Simplex(t), srv.Simulator(t)
		simplex.Must(t, servertest.Activity(phone(1), "missed"))

		app := srv.Connect(t, servertest.Login{})
		menu := simulator.Hop(phone(2), "*83044#", "s1", "")
		simplex.Must(t, servertest.Activity(phone(3), "new"))
		settle(t, srv)
		app.None(t)
		app.Must(t, servertest.CreateCustomer(phone(4)))
		got := map[string]bool{}
		for len(got) < 3 {
			n := app.Next(t)
			if n.GetReceivedMessage() != nil {
				got["hop"] = true
				n.Answer(servertest.MenuAnswer("hello", false))
				continue
			}
			if key(n) != "" { // what sessions tell is not of interest
				got[key(n)] = true
			}
			n.OK()
		}
		if shown := servertest.Shown(t, menu); shown.Text != "hello" {
			t.Errorf("the phone shows %+v", shown)
		}

		// Where there is a choice, one that has settled is taken, and one that says nothing settles.
		silent := srv.Connect(t, servertest.Login{})
		for i := range 8 {
			simplex.Must(t, servertest.Activity(phone(10+i), "k"))
			for n := app.Next(t); ; n = app.Next(t) {
				if n.OK(); key(n) == "k" {
					break
				}
			}
		}
		emptied(t, srv)
		app.Kill()
		simplex.Must(t, servertest.Activity(phone(1), "after"))
		settle(t, srv)
		silent.None(t)
		srv.Clock().Advance(time.Minute)
		wantKey(t, silent, "after").OK()
		emptied(t, srv)
	})
}

// TestOrderAndConnections: each notification comes once, those of a customer in order and all on one
// connection.
func TestOrderAndConnections(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		const customers, each = 20, 15
		srv := servertest.Start(t, store, delivery(nil))
		conns := []*servertest.Conn{srv.App(t), srv.App(t), srv.Connect(t, servertest.Login{})}
		simplex := srv.Simplex(t)
		var pending []*servertest.Pending
		for i := range each {
			for c := range customers {
				pending = append(pending, simplex.Go(t, servertest.Activity(phone(c), strconv.Itoa(i))))
			}
		}
		seen := map[string]int{}
		on := map[string]int{}
		for range customers * each {
			var n *servertest.Notified
			var by int
			select {
			case n = <-conns[0].Notified:
				by = 0
			case n = <-conns[1].Notified:
				by = 1
			case n = <-conns[2].Notified:
				by = 2
			case <-time.After(servertest.Patience):
				t.Fatal("notifications are missing")
			}
			if first, known := on[about(n)]; known && first != by {
				t.Fatalf("%s moved from connection %d to %d", about(n), first, by)
			}
			on[about(n)] = by
			if want := strconv.Itoa(seen[about(n)]); key(n) != want {
				t.Fatalf("%s: number %s came, want %s", about(n), key(n), want)
			}
			seen[about(n)]++
			n.OK()
		}
		used := map[int]bool{}
		for _, by := range on {
			used[by] = true
		}
		if len(used) != len(conns) {
			t.Errorf("%d of %d connections were used", len(used), len(conns))
		}
		for _, p := range pending {
			p.Reply(t)
		}
		emptied(t, srv)
		simplex.None(t)
		for _, c := range conns {
			c.None(t)
		}
	})
}

// TestComesBack: an app that was away gets all that it missed, more than fits into a lane, in order;
// killed in the middle, it gets again what it had not answered and nothing of the rest twice.
func TestComesBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		const customers, each, long = 400, 3, 200
		srv := servertest.Start(t, store, delivery(func(o *outbox.Options) { o.Memory = 600; o.Window = 64 }))
		simplex := srv.Simplex(t)
		var pending []*servertest.Pending
		flush := func() {
			for _, p := range pending {
				if v := servertest.Verdict(p.Reply(t)); !v.OK {
					t.Fatal(v)
				}
			}
			pending = pending[:0]
		}
		for i := range long {
			if i < each {
				for c := 1; c < customers; c++ {
					if pending = append(pending, simplex.Go(t, servertest.Activity(phone(c), strconv.Itoa(i)))); len(pending) == 500 {
						flush()
					}
				}
			}
			pending = append(pending, simplex.Go(t, servertest.Activity(phone(0), strconv.Itoa(i))))
		}
		flush()
		simplex.None(t)

		total := (customers-1)*each + long
		answered := map[string]int{} // the next key of each customer
		for kill := 0; ; kill++ {
			app := srv.App(t)
			for range total / 3 {
				n := nextOf(t, srv, app)
				if want := strconv.Itoa(answered[about(n)]); key(n) != want {
					t.Fatalf("%s: number %s came, want %s", about(n), key(n), want)
				}
				answered[about(n)]++
				n.OK()
			}
			if kill < 2 {
				settleAnswers(t, srv, app)
				app.Kill()
				continue
			}
			for done := 0; done < total; {
				done = 0
				for c := range answered {
					done += answered[c]
				}
				if done == total {
					break
				}
				n := nextOf(t, srv, app)
				if want := strconv.Itoa(answered[about(n)]); key(n) != want {
					t.Fatalf("%s: number %s came, want %s", about(n), key(n), want)
				}
				answered[about(n)]++
				n.OK()
			}
			break
		}
		emptied(t, srv)
	})
}

// nextOf waits for a notification that may be one that is tried again.
func nextOf(t *testing.T, srv *servertest.Server, c *servertest.Conn) *servertest.Notified {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); {
		select {
		case n := <-c.Notified:
			return n
		case <-time.After(20 * time.Millisecond):
			srv.Clock().Advance(time.Minute)
		}
	}
	t.Fatal("no notification came")
	return nil
}

// settleAnswers waits until the server has what the connection has answered: a command's reply comes
// after all that was sent before it.
func settleAnswers(t *testing.T, srv *servertest.Server, c *servertest.Conn) {
	t.Helper()
	c.State(t, phone(0))
	settle(t, srv)
}

// TestRetries: an ERROR, an answer that is none, no answer and a lost connection are tried again, 1 s
// doubling to 5 min; 24 h after the first failure the notification is put aside and the next one has its turn.
func TestRetries(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app := srv.App(t)
		id := app.ID(t, phone(1))
		app.Must(t, servertest.Activity(phone(1), "first"))
		app.Must(t, servertest.Activity(phone(1), "second"))
		var began time.Time
		pause := time.Second
		for attempt := int64(1); ; attempt++ {
			n := wantKey(t, app, "first")
			how := attempt % 4
			switch how {
			case 0:
				n.Fail("no \x00 good \xff" + string(make([]byte, 600)))
			case 1:
				srv.Clock().Advance(30 * time.Second)
			case 2:
				n.Raw([]byte{0xff, 0xff})
			case 3:
				app.Kill()
			}
			if attempt == 1 {
				began = srv.Clock().Now() // an app that was away has its 24 h from the first failure on
			}
			if srv.Clock().Now().Sub(began) >= 24*time.Hour {
				if how == 3 {
					app = srv.App(t)
				}
				break
			}
			var row time.Time
			until(t, srv, "the next attempt", func() bool {
				rows := waiting(t, srv, id)
				if len(rows) != 2 {
					t.Fatalf("%d rows, want 2", len(rows))
				}
				row = rows[0].DueAt
				return rows[0].Attempts == attempt
			})
			if how == 3 {
				app = srv.App(t)
			}
			wait := row.Sub(srv.Clock().Now())
			if wait > pause || wait < pause-20*time.Second {
				t.Fatalf("attempt %d: the next one is in %v, want %v", attempt, wait, pause)
			}
			if pause > 25*time.Second {
				app.None(t)
				srv.Clock().Advance(wait / 4)
				settle(t, srv)
				app.None(t)
			}
			srv.Clock().Advance(row.Sub(srv.Clock().Now()))
			pause = min(2*pause, 5*time.Minute)
		}
		second := wantKey(t, app, "second")
		until(t, srv, "a dead letter", func() bool {
			_, dead, err := stats(srv)
			return err == nil && dead == 1
		})
		second.OK()
		emptied(t, srv)
	})
}

// TestSlowOnesDelayNobody: neither a customer's unanswered notification, nor one that is tried again
// later, nor an app that takes nothing holds up others.
func TestSlowOnesDelayNobody(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(func(o *outbox.Options) { o.Window = 3 }))
	other := srv.AddApp(t, "500")
	app, slow := srv.App(t), srv.Connect(t, servertest.Login{App: other, Exact: true})
	phones := srv.Simulator(t)
	for i := range 10 {
		phones.SendSMS(t, phone(i), "500", "to the slow app")
	}
	for range 3 {
		slow.Next(t)
	}
	app.Must(t, servertest.Activity(phone(1), "unanswered"))
	app.Must(t, servertest.Activity(phone(1), "behind it"))
	held := wantKey(t, app, "unanswered")
	app.Must(t, servertest.Activity(phone(2), "fails"))
	wantKey(t, app, "fails").Fail("no")
	for i := range 20 {
		app.Must(t, servertest.Activity(phone(3), strconv.Itoa(i)))
		wantKey(t, app, strconv.Itoa(i)).OK()
	}
	slow.None(t) // its window is full
	app.None(t)
	held.OK()
	wantKey(t, app, "behind it").OK()
}

// TestWindow: what waits for a place in a full window is sent when there is one.
func TestWindow(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(func(o *outbox.Options) { o.Window = 4 }))
	app, simplex := srv.App(t), srv.Simplex(t)
	const customers = 50
	for i := range customers {
		simplex.Must(t, servertest.Activity(phone(i), "x"))
	}
	var hand []*servertest.Notified
	for range 4 {
		hand = append(hand, app.Next(t))
	}
	settle(t, srv)
	app.None(t)
	for i := range customers {
		hand[i].OK()
		if i < customers-4 {
			hand = append(hand, app.Next(t))
		}
	}
	emptied(t, srv)
}

// TestHoldBack: without exact answers the next one comes after the hold-back, with them after the answer.
func TestHoldBack(t *testing.T) {
	for _, exact := range []bool{false, true} {
		t.Run(fmt.Sprint("exact=", exact), func(t *testing.T) {
			srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
			app, simplex := srv.Connect(t, servertest.Login{Exact: exact}), srv.Simplex(t)
			for _, k := range []string{"1", "2", "3"} {
				simplex.Must(t, servertest.Activity(phone(1), k))
			}
			first := wantKey(t, app, "1")
			settle(t, srv)
			app.None(t)
			srv.Clock().Advance(6 * time.Minute)
			if exact {
				settle(t, srv)
				app.None(t)
				first.OK()
				wantKey(t, app, "2").OK()
				wantKey(t, app, "3").OK()
			} else {
				second := wantKey(t, app, "2")
				settle(t, srv)
				app.None(t)
				first.OK() // the second is within its own
				settleAnswers(t, srv, app)
				app.None(t)
				second.OK()
				wantKey(t, app, "3").OK()
			}
			emptied(t, srv)
		})
	}
}

// TestNotifiedWhileItsLaneIsRead: nothing is forgotten that is committed while rows are read.
func TestNotifiedWhileItsLaneIsRead(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		// The server may tell the app of the round before, until it sees that it is gone.
		srv := servertest.Start(t, store, delivery(func(o *outbox.Options) { o.FirstRetry = 10 * time.Millisecond }))
		simplex := srv.Simplex(t)
		const rounds, customers, each = 10, 50, 6
		for round := range rounds {
			var pending []*servertest.Pending
			for i := range each {
				for c := range customers {
					pending = append(pending, simplex.Go(t, servertest.Activity(phone(c), strconv.Itoa(round*each+i))))
				}
				if i == 1 {
					pending[len(pending)-1].Reply(t) // so that rows wait
				}
			}
			app := srv.App(t) // in the middle of it
			next := map[string]int{}
			for range customers * each {
				n := app.Next(t)
				if want := strconv.Itoa(round*each + next[about(n)]); key(n) != want {
					t.Fatalf("%s: number %s came, want %s", about(n), key(n), want)
				}
				next[about(n)]++
				n.OK()
			}
			emptied(t, srv)
			app.Kill()
		}
	})
}

// TestEnvelope: what every notification has.
func TestEnvelope(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	app := srv.App(t)
	id := app.ID(t, phone(1))
	app.Must(t, servertest.UpdateAppData(phone(1), servertest.Bytes([]byte{0, 1, 255})))
	app.Must(t, servertest.Activity(phone(1), "x"))
	n := app.Next(t)
	if n.OrgId != srv.Org || n.AppId != srv.Sandbox.App || n.CustomerId != id || n.CreatedAt.AsTime().IsZero() || n.CreatedAt == nil {
		t.Errorf("org, app, customer or time are missing: %v", n.ServerToAppCustomerNotification)
	}
	if b, ok := n.AppData.GetValue().(*pb.DataMapValue_BytesVal); !ok || string(b.BytesVal) != "\x00\x01\xff" {
		t.Errorf("app data %v, want the bytes", n.AppData)
	}
	n.OK()
}
