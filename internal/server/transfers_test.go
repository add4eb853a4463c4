package server_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/testpg"
)

// transfers are payments among few accounts, each with so much at first, and to phones outside.
type transfers struct {
	parties  []*pb.PaymentCounterParty
	accounts []ledger.Account
	net      []atomic.Int64 // shillings that each account has more than at first
	paid     atomic.Int64   // payments that were made
	refused  atomic.Int64   // for lack of money
	given    atomic.Int64   // back, as the phone did not take it
}

// newTransfers makes purses in the database, before servers have it, and funds them.
func newTransfers(t *testing.T, c child, purses int, each int64) *transfers {
	t.Helper()
	st, err := store.Open(c.Store, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := c.Box.Ensure(st); err != nil {
		t.Fatal(err)
	}
	all := &transfers{}
	for i := range purses {
		purse, err := st.AddPurse(store.Purse{Org: c.Box.Org, Name: fmt.Sprint("purse ", i), Currency: sandbox.Currency})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.MoveCash(store.CashMove{Purse: purse, Amount: each * 100}); err != nil {
			t.Fatal(err)
		}
		all.add(servertest.Purse(purse.ID), purse.Account())
	}
	return all
}

func (a *transfers) add(party *pb.PaymentCounterParty, account ledger.Account) {
	a.parties, a.accounts = append(a.parties, party), append(a.accounts, account)
}

// Two servers in processes of their own take payments among the same few accounts at once, in all
// directions, some of them twice under one key, once by each server: none is lost or done twice, nobody spends
// what they do not have, none is in the way of another for good, and both servers tell of the same balances.
func TestTransfersOfTwoServers(t *testing.T) {
	t.Parallel()
	const purses, wallets, each, payments = 3, 3, 200, 600
	c := child{Store: testpg.URL(t), Box: sandbox.New()}
	all := newTransfers(t, c, purses, each)
	var servers [2]*process
	var callers, phones [2]*servertest.Conn
	for i := range servers {
		servers[i] = startChild(t, c)
		defer servers[i].kill()
		callers[i], phones[i] = servers[i].Simplex(t), servers[i].Simulator(t)
	}
	for w := range wallets {
		id := callers[0].ID(t, phone(w))
		callers[0].Must(t, servertest.Pay(servertest.Purse(c.Box.Purse), servertest.Wallet(id, "w"), servertest.KES(each)))
		all.add(servertest.Wallet(id, "w"), ledger.WalletAccount(c.Box.Org, id, "w", sandbox.Currency))
	}
	all.net = make([]atomic.Int64, len(all.parties))

	var group sync.WaitGroup
	for i := range payments {
		group.Go(func() { all.one(t, i, callers, phones) })
	}
	group.Wait()
	if n := all.refused.Load(); n == 0 || n > payments*4/5 {
		t.Errorf("%d of %d were refused for lack of money", n, payments)
	}
	if all.given.Load() == 0 {
		t.Error("no payment has failed")
	}

	for w := range wallets {
		for i, app := range callers {
			b := app.State(t, phone(w)).PaymentState.Wallets["w"]
			if want := float64(each + all.net[purses+w].Load()); b.GetActual().GetAmount() != want {
				t.Errorf("server %d says that wallet %d has %v, want %v", i, w, b, want)
			}
		}
	}
	for _, s := range servers { // politely, which is with all that they have said
		_ = s.stdin.Close()
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("a server stopped with %v", err)
		}
	}
	made := checkBooks(t, c)
	delete(made, "for a test") // what the wallets had at first
	if len(made) != int(all.paid.Load()) {
		t.Errorf("%d payments are there, %d were answered", len(made), all.paid.Load())
	}
	for name, n := range made {
		if n != 1 {
			t.Errorf("%s was made %d times", name, n)
		}
	}
	st, err := store.Open(c.Store, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for i, account := range all.accounts {
		b, err := st.Balance(account)
		if want := (each + all.net[i].Load()) * 100; err != nil || b.Actual != want || b.Available() < 0 {
			t.Errorf("the %s has %+v, %v; want %d", account, b, err, want)
		}
	}
}

// one makes a payment, and where it goes to a phone has the phone's answer come by the other server.
func (a *transfers) one(t *testing.T, i int, callers, phones [2]*servertest.Conn) {
	from, to, amount := rand.IntN(len(a.parties)), rand.IntN(len(a.parties)+1), 1+rand.Int64N(90)
	outside := to == from || to == len(a.parties)
	credit := servertest.MobileMoney(phone(i % 5))
	if !outside {
		credit = a.parties[to]
	}
	cmd := servertest.Pay(a.parties[from], credit, servertest.KES(float64(amount)))
	cmd.GetInitiatePayment().Narration = fmt.Sprint("payment ", i)
	cmd = servertest.WithKey(fmt.Sprint("payment ", i), cmd)

	var replies [2]*pb.InitiatePaymentReply
	var group sync.WaitGroup
	for s, app := range callers {
		if s != i%2 && i%4 > 0 {
			continue
		}
		group.Go(func() {
			reply, err := app.Command(cmd)
			if err != nil {
				t.Errorf("payment %d: %v", i, err)
			}
			replies[s] = reply.GetInitiatePayment()
		})
	}
	group.Wait()
	reply := replies[i%2]
	if other := replies[1-i%2]; i%4 == 0 && (reply.GetTransactionId().GetValue() != other.GetTransactionId().GetValue() || reply.GetStatus() != other.GetStatus()) {
		t.Errorf("payment %d was answered with %v and %v", i, reply, other)
	}
	switch reply.GetStatus() {
	case pb.PaymentStatus_PAYMENT_STATUS_INSUFFICIENT_FUNDS:
		a.refused.Add(1)
		return
	case pb.PaymentStatus_PAYMENT_STATUS_SUCCESS, pb.PaymentStatus_PAYMENT_STATUS_PENDING_CONFIRMATION:
	default:
		t.Errorf("payment %d: %v", i, reply)
		return
	}
	a.paid.Add(1)
	switch {
	case !outside:
		a.net[to].Add(amount)
	case a.failed(t, reply.TransactionId.GetValue(), i, phones[1-i%2]):
		a.given.Add(1)
		return
	}
	a.net[from].Add(-amount)
}

// failed has the simulator say what came of a payment, and tells whether that is that it failed: where
// it is too late to say so, it has succeeded.
func (a *transfers) failed(t *testing.T, id string, i int, phone *servertest.Conn) bool {
	status := pb.PaymentStatus_PAYMENT_STATUS_SUCCESS
	if i%2 == 0 {
		status = pb.PaymentStatus_PAYMENT_STATUS_FAILED
	}
	reply, err := phone.Simulate(servertest.UpdatePaymentStatus(id, status))
	if err != nil || !reply.Status && reply.ErrorCode != "contradicts" {
		t.Errorf("payment %d is not settled: %v, %v", i, reply, err)
	}
	return i%2 == 0 && reply.GetStatus()
}
