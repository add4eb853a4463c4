package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
)

const (
	ada   = "+254710000001"
	grace = "+254710000002"
)

// patient sets times that a clock put forward by days does not reach.
func patient(c *server.Config) {
	c.Delivery = outbox.Options{NotificationTime: 1e6 * time.Hour, HoldBack: time.Nanosecond, GiveUp: 1e6 * time.Hour}
}

func add(number, key string, at time.Time, interval time.Duration, payload string) *pb.AppToServerCommand {
	r := &pb.CustomerReminder{Key: key, RemindAt: timestamppb.New(at)}
	if interval > 0 {
		r.Interval = durationpb.New(interval)
	}
	if payload != "" {
		r.Payload = wrapperspb.String(payload)
	}
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_AddCustomerReminder{AddCustomerReminder: &pb.AddCustomerReminderCommand{
		Customer: &pb.AddCustomerReminderCommand_CustomerNumber{CustomerNumber: servertest.Cellular(number)}, Reminder: r}}}
}

func cancel(number, key string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CancelCustomerReminder{CancelCustomerReminder: &pb.CancelCustomerReminderCommand{
		Customer: &pb.CancelCustomerReminderCommand_CustomerNumber{CustomerNumber: servertest.Cellular(number)}, Key: key}}}
}

// due waits for a reminder and answers it.
func due(t *testing.T, app *servertest.Conn, key string, at time.Time) *pb.ReminderNotification {
	t.Helper()
	n := app.Next(t)
	r := n.GetReminder()
	if got := r.GetReminder().GetRemindAt().AsTime(); r.GetReminder().GetKey() != key || !got.Equal(at) {
		t.Fatalf("told of %q at %v, want %q at %v: %v", r.GetReminder().GetKey(), got, key, at, n.ServerToAppCustomerNotification)
	}
	if r.GetReminder().Payload == nil {
		t.Fatal("a reminder without a payload")
	}
	n.OK()
	return r
}

func in(srv *servertest.Server, d time.Duration) time.Time {
	return srv.Clock().Now().Add(d).Truncate(time.Second)
}

func TestReminders(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, patient)
		app := srv.App(t)
		once, daily := in(srv, time.Hour), in(srv, 2*time.Hour)
		reply := app.Must(t, add(ada, "once", once, 0, ""))
		if reply.GetUpdateCustomerAppData().GetCustomerId().GetValue() == "" {
			t.Fatalf("answered with %v", reply)
		}
		app.Must(t, add(ada, "daily", daily, 24*time.Hour, "pill"))
		app.Must(t, add(ada, "never", once, 0, ""))
		app.Must(t, add(ada, "moved", once, 0, ""))
		app.Must(t, add(ada, "moved", daily.Add(time.Hour), 0, "again"))
		app.Must(t, cancel(ada, "never"))
		app.Must(t, cancel(ada, "not there"))
		srv.Clock().Advance(3 * 24 * time.Hour)

		if r := due(t, app, "once", once); r.Reminder.Interval != nil || r.Reminder.Payload.Value != "" || r.Tag != nil || r.WorkId != nil {
			t.Errorf("once: %v", r)
		}
		if r := due(t, app, "daily", daily); r.Reminder.Interval.AsDuration() != 24*time.Hour || r.Reminder.Payload.Value != "pill" {
			t.Errorf("daily: %v", r)
		}
		if r := due(t, app, "moved", daily.Add(time.Hour)); r.Reminder.Payload.Value != "again" {
			t.Errorf("moved: %v", r)
		}
		due(t, app, "daily", daily.Add(24*time.Hour))
		due(t, app, "daily", daily.Add(48*time.Hour))
		app.Must(t, cancel(ada, "daily"))
		past := in(srv, -time.Hour)
		app.Must(t, add(ada, "past", past, 0, ""))
		due(t, app, "past", past)
		srv.Clock().Advance(3 * 24 * time.Hour)
		app.None(t)
		left, err := srv.Store().Reminders(srv.Org, app.ID(t, ada))
		if err != nil || len(left) != 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}

// What falls due while the server is down is told of once, and what is to come goes on.
// TestRemindersHaveALimit: one that replaces another is none more, one that has fired or is cancelled one less, and
// those of an adopted customer count.
func TestRemindersHaveALimit(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, func(c *server.Config) {
			patient(c)
			c.Limits = customer.DefaultLimits()
			c.Limits.Reminders = 2
		})
		app := srv.App(t)
		soon := srv.Clock().Now().Add(time.Hour).Truncate(time.Millisecond)
		full := func(key string) {
			t.Helper()
			if said := servertest.Verdict(app.Do(t, add(ada, key, soon, 0, ""))); said.OK || said.Code != "limit" || !strings.Contains(said.Description, "2") {
				t.Errorf("one reminder too many: %+v", said)
			}
		}
		added := func(key string, at time.Time) {
			t.Helper()
			if said := servertest.Verdict(app.Do(t, add(ada, key, at, 0, ""))); !said.OK {
				t.Errorf("%s: %+v", key, said)
			}
		}
		added("a", soon)
		added("b", soon.Add(time.Hour))
		full("c")
		added("b", soon.Add(24*time.Hour))
		app.Must(t, cancel(ada, "a"))
		app.Must(t, cancel(ada, "a"))
		added("c", soon)
		full("d")
		srv.Clock().Advance(2 * time.Hour)
		due(t, app, "c", soon)
		added("d", soon.Add(24*time.Hour))
		full("e")

		app.Must(t, add(grace, "f", soon.Add(24*time.Hour), 0, ""))
		app.Must(t, servertest.Adopt(app.ID(t, grace), app.ID(t, ada)))
		full("e") // "b", "d" and "f": an adoption may go beyond the limit
		app.Must(t, cancel(ada, "b"))
		full("e")
		app.Must(t, cancel(ada, "d"))
		added("e", soon.Add(24*time.Hour))
	})
}

func TestRemindersOverARestart(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		ahead := clock.New()
		srv := servertest.Start(t, store, patient, func(c *server.Config) { c.Clock = ahead })
		app := srv.App(t)
		first := in(srv, time.Hour)
		app.Must(t, add(ada, "hourly", first, time.Hour, ""))
		app.Must(t, add(ada, "once", first.Add(time.Minute), 0, ""))
		later := first.Add(10 * time.Hour)
		app.Must(t, add(ada, "later", later.Add(time.Minute), 0, ""))
		srv.Stop(t)
		ahead.Advance(10*time.Hour + time.Minute)

		again := servertest.StartAs(t, store, srv.Sandbox, patient, func(c *server.Config) { c.Clock = ahead })
		app = again.App(t)
		got := map[string]time.Time{}
		for range 2 {
			n := app.Next(t)
			got[n.GetReminder().GetReminder().GetKey()] = n.GetReminder().GetReminder().GetRemindAt().AsTime()
			n.OK()
		}
		if !got["hourly"].Equal(first.Add(9*time.Hour)) || !got["once"].Equal(first.Add(time.Minute)) {
			t.Fatalf("told of %v", got)
		}
		ahead.Advance(time.Hour)
		due(t, app, "hourly", later)
		due(t, app, "later", later.Add(time.Minute))
		app.None(t)
	})
}

// An app that is away gets its reminders when it is back; each app has its own.
func TestRemindersOfAnAppThatIsAway(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, patient)
		other := srv.AddApp(t, "55055")
		script, otherScript := srv.Simplex(t), srv.Connect(t, servertest.Login{App: other, Simplex: true})
		at := in(srv, time.Hour)
		script.Must(t, add(ada, "visit", at, 0, "mine"))
		otherScript.Must(t, add(ada, "visit", at, 0, "theirs"))
		otherScript.Must(t, cancel(ada, "none of mine"))
		srv.Clock().Advance(2 * time.Hour)
		app := srv.App(t)
		if r := due(t, app, "visit", at); r.Reminder.Payload.Value != "mine" {
			t.Errorf("%v", r)
		}
		if r := due(t, srv.Connect(t, servertest.Login{App: other}), "visit", at); r.Reminder.Payload.Value != "theirs" {
			t.Errorf("%v", r)
		}
		app.None(t)
	})
}

// Of the same key the one who adopts keeps their own; all others join.
func TestAdoptedReminders(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, patient)
		app := srv.App(t)
		const bob = "+254710000002"
		at := in(srv, time.Hour)
		app.Must(t, add(ada, "both", at, 0, "ada's"))
		app.Must(t, add(bob, "both", at.Add(time.Minute), 0, "bob's"))
		app.Must(t, add(bob, "bob's", at.Add(2*time.Minute), time.Hour, ""))
		id := app.ID(t, ada)
		app.Must(t, servertest.Adopt(id, app.ID(t, bob)))
		srv.Clock().Advance(80 * time.Minute)
		if r := due(t, app, "both", at); r.Reminder.Payload.Value != "ada's" {
			t.Errorf("%v", r)
		}
		n := app.Next(t)
		if n.CustomerId != id || n.GetReminder().GetReminder().GetKey() != "bob's" {
			t.Errorf("%v", n.ServerToAppCustomerNotification)
		}
		n.OK()
		app.None(t)
		app.Must(t, servertest.DeleteCustomer(ada))
		srv.Clock().Advance(24 * time.Hour)
		app.None(t)
		if timers, err := srv.Store().DueTimers(nil, in(srv, 1e5*time.Hour), 10); err != nil || len(timers) != 0 {
			t.Errorf("timers of nobody: %v, %v", timers, err)
		}
	})
}

// More is due at once than fits in memory: everything is told of, once, and what falls due meanwhile
// is not the last.
func TestManyAtOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, patient)
		app := srv.App(t)
		const many = 4000
		at := in(srv, time.Hour)
		for i := 0; i < many; i += 100 {
			pending := make([]*servertest.Pending, 100)
			for j := range pending {
				pending[j] = app.Go(t, add(fmt.Sprintf("+2547%08d", i+j), "all", at, 0, ""))
			}
			for _, p := range pending {
				p.Reply(t)
			}
		}
		app.Must(t, add(ada, "quiet", at.Add(100*time.Millisecond), 0, ""))
		srv.Clock().Advance(at.Sub(srv.Clock().Now()))
		first := app.Next(t) // the backlog is there
		srv.Clock().Advance(100 * time.Millisecond)
		seen, quiet := map[string]bool{}, 0
		for n := first; ; n = app.Next(t) {
			if n.GetReminder().GetReminder().GetKey() == "quiet" {
				quiet = len(seen)
			} else if seen[n.CustomerId] {
				t.Fatalf("%s was told of twice", n.CustomerId)
			}
			seen[n.CustomerId] = true
			n.OK()
			if len(seen) == many+1 {
				break
			}
		}
		if quiet > many*3/4 {
			t.Errorf("the quiet one came after %d of %d", quiet, many)
		}
		app.None(t)
	})
}
