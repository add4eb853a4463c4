package elarian_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// cutter stands between clients and the server and cuts their connections when told.
type cutter struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newCutter(t *testing.T, target string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	c.wg.Go(c.run)
	t.Cleanup(func() {
		l.Close()
		c.cut()
		c.wg.Wait()
	})
	return c
}

func (c *cutter) address() string {
	_, port, _ := net.SplitHostPort(c.listener.Addr().String())
	return net.JoinHostPort("localhost", port) // the name that the certificate is for
}

func (c *cutter) run() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.target)
		if err != nil {
			client.Close()
			continue
		}
		c.mu.Lock()
		c.conns[client] = struct{}{}
		c.mu.Unlock()
		for _, pipe := range [][2]net.Conn{{client, server}, {server, client}} {
			c.wg.Go(func() {
				_, _ = io.Copy(pipe[0], pipe[1])
				client.Close()
				server.Close()
			})
		}
	}
}

func (c *cutter) cut() (n int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.Close()
		delete(c.conns, conn)
		n++
	}
	return n
}

// startCut starts a server, and gives how to reach it through a cutter.
func startCut(t *testing.T) (*elariantest.Server, elarian.Config, *cutter) {
	srv := elariantest.Start(t)
	config := srv.Config()
	c := newCutter(t, config.Address)
	config.Address = c.address()
	config.RetryFast()
	config.Logger = slog.New(slog.DiscardHandler)
	return srv, config, c
}

// With connections that are cut again and again, each command acts exactly once. An activity that
// acted twice would stand twice in the customer's state, a payment would have been paid twice.
func TestEachCommandActsOnce(t *testing.T) {
	srv, config, c := startCut(t)
	client, err := elarian.Connect(t.Context(), config)
	must(t, err)
	defer client.Close()

	const callers, calls = 16, 12
	var cuts atomic.Int32
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			customer := client.Customer(elarian.Cellular(number(i)))
			for j := range calls {
				if rand.N(8) == 0 { // while the others' commands are in flight
					cuts.Add(c.cut())
				}
				if err := customer.UpdateActivity(t.Context(), elarian.Activity{Source: "test", SessionID: "s", Key: fmt.Sprint(j)}); err != nil {
					t.Error(err)
				}
				if paid, err := client.InitiatePayment(t.Context(), srv.Purse(), customer.Wallet("w"), elarian.KES("1"), fmt.Sprint(j)); err != nil || paid.Status != elarian.PaymentSuccess {
					t.Errorf("%+v, %v", paid, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d connections were cut", cuts.Load())
	if cuts.Load() == 0 {
		t.Error("nothing was cut")
	}
	for i := range callers {
		state, err := client.Customer(elarian.Cellular(number(i))).GetState(t.Context())
		must(t, err)
		got := 0
		for _, s := range state.Activity.Sessions {
			got += len(s.Activities)
			for j, a := range s.Activities {
				if a.Key != fmt.Sprint(j) {
					t.Errorf("caller %d: activity %d is %s", i, j, a.Key)
				}
			}
		}
		if got != calls {
			t.Errorf("caller %d: %d activities, want %d", i, got, calls)
		}
		if has := state.Payment.Wallets["w"].Actual; has != elarian.MinorUnits("KES", calls*100) || len(state.Payment.Log) != calls {
			t.Errorf("caller %d: has %s by %d payments, want %d of KES 1", i, has, len(state.Payment.Log), calls)
		}
	}
}

// A phone's payments too, by the provider's name for each, and what the provider says of them later.
func TestEachReceivedPaymentIsOne(t *testing.T) {
	srv, config, c := startCut(t)
	simulator, err := elarian.ConnectSimulator(t.Context(), config)
	must(t, err)
	defer simulator.Close()

	const phones, payments = 8, 12
	var cuts atomic.Int32
	var wg sync.WaitGroup
	for i := range phones {
		wg.Go(func() {
			for j := range payments {
				if rand.N(6) == 0 { // while the others' commands are in flight
					cuts.Add(c.cut())
				}
				pays := elarian.SimulatedPayment{TransactionID: fmt.Sprint(i, "-", j), From: number(i), To: elarian.MobileMoney("83044"),
					Value: elarian.KES("1"), Status: elarian.PaymentPendingConfirmation}
				if err := simulator.ReceivePayment(t.Context(), pays); err != nil {
					t.Error(err)
				}
				if err := simulator.UpdatePaymentStatus(t.Context(), pays.TransactionID, elarian.PaymentSuccess); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if cuts.Load() == 0 {
		t.Error("nothing was cut")
	}
	client, err := elarian.Connect(t.Context(), srv.Config())
	must(t, err)
	defer client.Close()
	for i := range phones {
		state, err := client.Customer(elarian.Cellular(number(i))).GetState(t.Context())
		must(t, err)
		if log := state.Payment.Log; len(log) != payments || len(state.Payment.Pending) != 0 {
			t.Errorf("phone %d: %d payments, want %d", i, len(log), payments)
		}
	}
}

func number(i int) string { return fmt.Sprintf("+2547100000%02d", i) }
