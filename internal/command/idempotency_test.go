package command_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
)

func TestIdempotencyKey(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app := srv.App(t)
		send := func(key, text string) *pb.AppToServerCommandReply {
			return app.Must(t, servertest.WithKey(key, servertest.SendText(phone(1), text)))
		}
		first := send("k", "once")
		if again := send("k", "once"); !proto.Equal(first, again) {
			t.Errorf("the second reply %v is not the first %v", again, first)
		}
		// Also when both are in one batch.
		one, two := app.Go(t, servertest.WithKey("both", servertest.SendText(phone(1), "x"))), app.Go(t, servertest.WithKey("both", servertest.SendText(phone(1), "x")))
		if a, b := one.Reply(t), two.Reply(t); !proto.Equal(a, b) {
			t.Errorf("two at once: %v, %v", a, b)
		}
		if n := len(app.State(t, phone(1)).MessagingState.Messages); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
		for _, other := range []*pb.AppToServerCommand{
			servertest.SendText(phone(2), "once"), servertest.Activity(phone(1), "x"), servertest.UpdateAppData(phone(1), servertest.Text("x")), servertest.Adopt("a", "b"),
		} {
			if v := servertest.Verdict(app.Do(t, servertest.WithKey("k", other))); v.OK || !strings.Contains(v.Description, "idempotency_key") {
				t.Errorf("%v with a key that was used: %+v", other, v)
			}
		}
		// A refusal is a first reply too.
		taken := func() *pb.AppToServerCommand {
			return servertest.WithKey("r", servertest.UpdateSecondaryIDs(phone(3), servertest.Index("id", "1", time.Time{})))
		}
		app.Must(t, servertest.UpdateSecondaryIDs(phone(4), servertest.Index("id", "1", time.Time{})))
		refused(t, app, taken(), "secondary_id_taken", "id")
		app.Must(t, servertest.DeleteSecondaryIDs(phone(4), servertest.Mapping("id", "1")))
		refused(t, app, taken(), "secondary_id_taken", "id")
		// Another app of the org has keys of its own.
		other := srv.Connect(t, servertest.Login{App: srv.AddApp(t, "500"), Simplex: true})
		other.Must(t, servertest.WithKey("k", servertest.Activity(phone(1), "x")))

		srv.Stop(t)
		srv = servertest.StartAs(t, store, srv.Sandbox)
		app = srv.Simplex(t)
		if again := send("k", "once"); !proto.Equal(first, again) {
			t.Errorf("after a restart: %v, want %v", again, first)
		}
		srv.Clock().Advance(23*time.Hour + 50*time.Minute)
		if again := send("k", "once"); !proto.Equal(first, again) {
			t.Errorf("before the end of the day: %v, want %v", again, first)
		}
		srv.Clock().Advance(11 * time.Minute)
		if again := send("k", "once"); proto.Equal(first, again) {
			t.Error("after a day it is still the first reply")
		}
		for _, bad := range []string{strings.Repeat("k", 257), "a\x00"} {
			if r, err := app.Command(servertest.WithKey(bad, servertest.CreateCustomer(phone(1)))); err == nil || !strings.Contains(err.Error(), "idempotency_key") {
				t.Errorf("the key %.10q: %v, %v", bad, r, err)
			}
		}
	})
}

// TestConnectionsCut: clients of the Go SDK send numbered activities while their connections are cut at
// random moments; each has acted exactly once.
func TestConnectionsCut(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		const clients, workers, each = 4, 4, 20
		const cuts = 5 // of a client: it waits longer after each that comes soon
		srv := servertest.Start(t, store)
		ctx, cancel := context.WithTimeout(context.Background(), 4*servertest.Patience)
		defer cancel()
		var group sync.WaitGroup
		for n := range clients {
			proxy := servertest.NewProxy(t, srv.SocketAddr().String())
			config := srv.Config()
			config.Address = proxy.Address
			config.Logger = slog.New(slog.DiscardHandler)
			client, err := elarian.Connect(ctx, config)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var acked atomic.Int64
			for w := range workers {
				group.Go(func() {
					c := client.Customer(elarian.Cellular(phone(n*workers + w)))
					for i := range each {
						if err := c.UpdateActivity(ctx, elarian.Activity{Source: "test", SessionID: "s", Key: strconv.Itoa(i)}); err != nil {
							t.Errorf("worker %d of client %d: %v", w, n, err)
							return
						}
						if acked.Add(1)%(workers*each/(cuts+1)) == 0 {
							for range rand.IntN(1000) { // so that the others are anywhere
								runtime.Gosched()
							}
							proxy.Cut()
						}
					}
				})
			}
		}
		group.Wait()
		direct := srv.Simplex(t)
		for w := range clients * workers {
			sessions := direct.State(t, phone(w)).ActivityState.Sessions
			if len(sessions) != 1 || len(sessions[0].Activities) != each {
				t.Fatalf("worker %d: %d sessions, %v", w, len(sessions), sessions)
			}
			for i, a := range sessions[0].Activities {
				if a.Key != strconv.Itoa(i) {
					t.Fatalf("worker %d: number %s in the place of %d", w, a.Key, i)
				}
			}
		}
	})
}
