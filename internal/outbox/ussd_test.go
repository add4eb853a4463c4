package outbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
)

const code = sandbox.USSDCode

// hop gives the input that a notification of a hop carries, and its status.
func hop(t *testing.T, n *servertest.Notified) (string, pb.UssdSessionStatus) {
	t.Helper()
	u := n.GetReceivedMessage().GetParts()[0].GetUssd()
	if u == nil {
		t.Fatalf("no hop: %v", n.ServerToAppCustomerNotification)
	}
	return u.Text.GetValue(), u.Status
}

// nextHop waits for a hop, past notifications of other kinds, which it acknowledges.
func nextHop(t *testing.T, c *servertest.Conn) *servertest.Notified {
	t.Helper()
	for {
		n := c.Next(t)
		if m := n.GetReceivedMessage(); m != nil && m.ChannelNumber.Channel == pb.MessagingChannel_MESSAGING_CHANNEL_USSD {
			return n
		}
		n.OK()
	}
}

// onlyOthers acknowledges notifications that are no hops and fails the test for one that is.
func onlyOthers(t *testing.T, c *servertest.Conn) {
	t.Helper()
	for {
		select {
		case n := <-c.Notified:
			if n.GetReceivedMessage() != nil {
				t.Fatalf("a hop that should not be there: %v", n.ServerToAppCustomerNotification)
			}
			n.OK()
		default:
			return
		}
	}
}

// closed wants the polite text that ends a session.
func closed(t *testing.T, menu <-chan servertest.Menu) {
	t.Helper()
	select {
	case m := <-menu:
		if m.Text == "" || !m.Terminal || !strings.Contains(m.Text, "Sorry") {
			t.Fatalf("the phone shows %+v, want a polite closing text", m)
		}
	case <-time.After(servertest.Patience):
		t.Fatal("no menu came")
	}
}

// appError wants the hop again, as one that has failed.
func appError(t *testing.T, c *servertest.Conn) {
	t.Helper()
	n := nextHop(t, c)
	if _, status := hop(t, n); status != pb.UssdSessionStatus_USSD_SESSION_STATUS_APP_ERROR {
		t.Fatalf("status %v, want app_error", status)
	}
	n.OK()
}

func TestHopsCarryTheData(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		app, phones := srv.App(t), srv.Simulator(t)
		data := ""
		for i, text := range []string{"", "a", "b", "c"} {
			menu := phones.Hop(phone(1), code, "s", text)
			n := nextHop(t, app)
			if got, status := hop(t, n); got != text || status != pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE {
				t.Fatalf("hop %q %v, want %q", got, status, text)
			}
			wantData(t, n, data)
			answer := servertest.MenuAnswer("menu "+text, i == 3)
			data += "x"
			answer.DataUpdate = servertest.DataUpdate(data).DataUpdate
			n.Answer(answer)
			if m := servertest.Shown(t, menu); m.Text != "menu "+text || m.Terminal != (i == 3) {
				t.Fatalf("the phone shows %+v", m)
			}
		}
	})
}

// TestHopsInOrder: hops of one customer wait for each other, whatever the hold-back; others do not.
func TestHopsInOrder(t *testing.T) {
	for _, exact := range []bool{true, false} {
		srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
		app, phones := srv.Connect(t, servertest.Login{Exact: exact}), srv.Simulator(t)
		first := phones.Hop(phone(1), code, "s1", "")
		one := nextHop(t, app)
		second := phones.Hop(phone(1), code, "s2", "") // dials again meanwhile
		other := phones.Hop(phone(2), code, "s3", "")
		two := nextHop(t, app)
		if two.GetReceivedMessage().CustomerNumber.Number != phone(2) {
			t.Fatal("the second hop did not wait for the first")
		}
		two.Answer(servertest.MenuAnswer("of the other", true))
		if m := servertest.Shown(t, other); m.Text != "of the other" {
			t.Fatalf("the phone shows %+v", m)
		}
		srv.Clock().Advance(6 * time.Minute) // past the hold-back
		settle(t, srv)
		onlyOthers(t, app)
		answer := servertest.MenuAnswer("first", true)
		answer.DataUpdate = servertest.DataUpdate("from the first").DataUpdate
		one.Answer(answer)
		servertest.Shown(t, first)
		n := nextHop(t, app)
		wantData(t, n, "from the first")
		n.Answer(servertest.MenuAnswer("second", true))
		if m := servertest.Shown(t, second); m.Text != "second" {
			t.Fatalf("the phone shows %+v", m)
		}
	}
}

// TestHopWithoutAnswer: whatever the app does wrong, the phone gets a polite end and the app the hop
// again as app_error.
func TestHopWithoutAnswer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil))
		phones := srv.Simulator(t)
		closed(t, phones.Hop(phone(1), code, "none", "")) // no app is connected
		app := srv.App(t)
		appError(t, app)
		for i, wrong := range []func(*servertest.Notified){
			func(n *servertest.Notified) { n.Fail("a \x00 mess \xff") },
			func(n *servertest.Notified) { n.OK() },
			func(n *servertest.Notified) { n.Answer(servertest.DataUpdate("kept")) },
			func(n *servertest.Notified) {
				n.Answer(&pb.ServerToAppNotificationReply{Message: servertest.TextMessage("no menu")})
			},
			func(n *servertest.Notified) { n.Raw([]byte{0xff}) },
			func(n *servertest.Notified) { n.Raw(nil) },
			func(n *servertest.Notified) { srv.Clock().Advance(10*time.Minute + time.Second) },
		} {
			menu := phones.Hop(phone(10+i), code, "s", "")
			wrong(nextHop(t, app))
			closed(t, menu)
			appError(t, app)
		}
		leased(t, app.Go(t, servertest.Lease(phone(12))), "kept")
		menu := phones.Hop(phone(1), code, "lost", "")
		nextHop(t, app)
		app.Kill()
		closed(t, menu)
		app = srv.App(t)
		appError(t, app)
		// A late answer is nobody's.
		menu = phones.Hop(phone(30), code, "late", "")
		n := nextHop(t, app)
		srv.Clock().Advance(11 * time.Minute)
		closed(t, menu)
		n.Answer(servertest.MenuAnswer("late", false))
		appError(t, app)
	})
}

// TestHopDefaults: 10 s without an answer are too many.
func TestHopDefaults(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), func(c *server.Config) {})
	app, phones := srv.App(t), srv.Simulator(t)
	menu := phones.Hop(phone(1), code, "s", "")
	nextHop(t, app)
	srv.Clock().Advance(10 * time.Second)
	closed(t, menu)
}

// TestHopGoesAhead: a hop does not wait for an unanswered notification of another kind.
func TestHopGoesAhead(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	app, phones := srv.App(t), srv.Simulator(t)
	phones.SendSMS(t, phone(1), sandbox.ShortCode, "hello")
	sms := app.Next(t)
	phones.SendSMS(t, phone(1), sandbox.ShortCode, "more")
	menu := phones.Hop(phone(1), code, "s", "")
	n := nextHop(t, app)
	n.Answer(servertest.MenuAnswer("hi", true))
	if m := servertest.Shown(t, menu); m.Text != "hi" {
		t.Fatalf("the phone shows %+v", m)
	}
	sms.OK()
	app.Next(t).OK()
}

// TestHopWaitsForLease: it waits for the lease of a command, as long as its answer time allows.
func TestHopWaitsForLease(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(nil))
	app, phones, simplex := srv.App(t), srv.Simulator(t), srv.Simplex(t)
	leased(t, simplex.Go(t, servertest.Lease(phone(1))), "")
	menu := phones.Hop(phone(1), code, "s", "")
	settle(t, srv)
	onlyOthers(t, app)
	simplex.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("ready")))
	n := nextHop(t, app)
	wantData(t, n, "ready")
	n.Answer(servertest.MenuAnswer("hi", true))
	servertest.Shown(t, menu)

	srv = servertest.Start(t, servertest.SQLite(t)) // the lease outlives the 10 s
	app, phones, simplex = srv.App(t), srv.Simulator(t), srv.Simplex(t)
	leased(t, simplex.Go(t, servertest.Lease(phone(1))), "")
	menu = phones.Hop(phone(1), code, "s", "")
	settle(t, srv)
	srv.Clock().Advance(11 * time.Second)
	closed(t, menu)
	simplex.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
	appError(t, app)
}

// TestHopBeforeRestart: nobody waits for its menu any more; the app is told.
func TestHopBeforeRestart(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, delivery(nil), func(c *server.Config) { c.ShutdownTime = time.Nanosecond })
		app, phones := srv.App(t), srv.Simulator(t)
		phones.Hop(phone(1), code, "s", "")
		nextHop(t, app)
		srv.Stop(t)
		srv = servertest.StartAs(t, store, srv.Sandbox, delivery(nil))
		srv.Clock().Advance(2 * time.Minute) // what was not answered is tried again then
		appError(t, srv.App(t))
	})
}

// TestEndHasTheTimeOfOthers: the end of a session may be answered as late as any notification. It keeps the
// next hop waiting as long as a hop would, and comes again where it is not answered at all.
func TestEndHasTheTimeOfOthers(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), delivery(func(o *outbox.Options) { o.FirstRetry = time.Hour }))
	app, phones := srv.App(t), srv.Simulator(t)
	end := func(i int) *servertest.Notified {
		t.Helper()
		menu := phones.Hop(phone(i), code, "s", "")
		nextHop(t, app).Fail("no menu")
		closed(t, menu)
		n := nextHop(t, app)
		if _, status := hop(t, n); status != pb.UssdSessionStatus_USSD_SESSION_STATUS_APP_ERROR {
			t.Fatalf("status %v, want app_error", status)
		}
		return n
	}
	late, never := end(1), end(2)
	srv.Clock().Advance(9 * time.Minute)
	menu := phones.Hop(phone(1), code, "again", "")
	settle(t, srv)
	onlyOthers(t, app)
	srv.Clock().Advance(2 * time.Minute) // past the answer time of the end, not of the hop
	n := nextHop(t, app)
	if _, status := hop(t, n); status != pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE {
		t.Fatalf("status %v, want the next hop", status)
	}
	n.Answer(servertest.MenuAnswer("hello again", true))
	if m := servertest.Shown(t, menu); m.Text != "hello again" {
		t.Fatalf("the phone shows %+v", m)
	}
	late.OK()
	settle(t, srv)
	onlyOthers(t, app)
	srv.Clock().Advance(20 * time.Minute) // past the time of other notifications
	n = nextHop(t, app)
	if n.CustomerId != never.CustomerId {
		t.Fatal("an end that was answered late came again")
	}
	n.OK()
	emptied(t, srv)
}
