package outbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// delivery sets times that a slow machine does not reach by itself: tests advance the clock.
func delivery(change func(*outbox.Options)) func(*server.Config) {
	return func(c *server.Config) {
		c.Delivery = outbox.Options{AnswerTime: 10 * time.Minute, NotificationTime: 30 * time.Minute, HoldBack: 5 * time.Minute, Settle: time.Nanosecond, FirstRetry: time.Minute}
		if change != nil {
			change(&c.Delivery)
		}
	}
}

func phone(i int) string { return fmt.Sprintf("+2547%08d", i) }

// settle gives what should not happen the time to happen: some commits and reads, one after the other.
func settle(t *testing.T, srv *servertest.Server) {
	t.Helper()
	for range 5 {
		if err := srv.Store().Do(context.Background(), &store.Unit{Run: func(*store.Tx) error { return nil }}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := srv.Store().OutboxStats(); err != nil {
			t.Fatal(err)
		}
	}
}

// until waits for a state of the store.
func until(t *testing.T, srv *servertest.Server, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
		settle(t, srv)
	}
}

// waiting reads what waits for the sandbox's app about a customer.
func waiting(t *testing.T, srv *servertest.Server, id string) []*store.Notification {
	t.Helper()
	rows, err := srv.Store().Lane(srv.Org, srv.Sandbox.App, id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// emptied waits until everything is acknowledged.
func emptied(t *testing.T, srv *servertest.Server) {
	t.Helper()
	until(t, srv, "an empty outbox", func() bool {
		n, _, err := stats(srv)
		return err == nil && n == 0
	})
}

func stats(srv *servertest.Server) (waiting, dead int64, err error) { return srv.Store().OutboxStats() }

// key is the key of the activity that a notification tells.
func key(n *servertest.Notified) string { return n.GetCustomerActivity().GetActivity().GetKey() }

func about(n *servertest.Notified) string {
	return n.GetCustomerActivity().GetCustomerNumber().GetNumber()
}

// wantKey waits for the activity of this key.
func wantKey(t *testing.T, c *servertest.Conn, want string) *servertest.Notified {
	t.Helper()
	n := c.Next(t)
	if got := key(n); got != want {
		t.Fatalf("the notification tells %q, want %q: %v", got, want, n.ServerToAppCustomerNotification)
	}
	return n
}

func wantData(t *testing.T, n *servertest.Notified, want string) {
	t.Helper()
	if got, present := n.Data(); got != want || present != (want != "") {
		t.Fatalf("app data %q (%v), want %q", got, present, want)
	}
}

// leased waits for a lease that is granted with this data.
func leased(t *testing.T, p *servertest.Pending, want string) {
	t.Helper()
	r := p.Reply(t)
	if v := servertest.Verdict(r); !v.OK {
		t.Fatalf("no lease: %+v", v)
	}
	if got, present := servertest.Value(r); got != want || present != (want != "") {
		t.Fatalf("leased %q (%v), want %q", got, present, want)
	}
}

// historyOf reads a customer's history, newest first; an entry that has details begins with "!".
func historyOf(t *testing.T, srv *servertest.Server, id string) []string {
	t.Helper()
	v, err := srv.Store().View(context.Background(), &store.Read{Org: srv.Org, Ref: customer.ByID(id)})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := srv.Store().History(v.Record.History, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range entries {
		line := e.What
		if e.What == "app_data.updated" && e.Detail != "" {
			line = "!" + e.Detail
		}
		lines = append(lines, line)
	}
	return lines
}

// body is the body of a notification with a mark in the place of the org.
func body(mark, customer string) []byte {
	b, err := proto.Marshal(&pb.ServerToAppCustomerNotification{OrgId: mark, CustomerId: customer})
	if err != nil {
		panic(err)
	}
	return b
}

// fields reads the mark of body, and the app data.
func fields(payload []byte) (mark, data string) {
	m := &pb.ServerToAppNotification{}
	if err := proto.Unmarshal(payload, m); err != nil {
		panic(err)
	}
	return m.GetCustomer().GetOrgId(), m.GetCustomer().GetAppData().GetStringVal()
}
