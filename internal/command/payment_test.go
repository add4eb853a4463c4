package command_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
)

// The statuses of payments, short to write.
const (
	paySuccess  = pb.PaymentStatus_PAYMENT_STATUS_SUCCESS
	payPending  = pb.PaymentStatus_PAYMENT_STATUS_PENDING_CONFIRMATION
	payFailed   = pb.PaymentStatus_PAYMENT_STATUS_FAILED
	payExpired  = pb.PaymentStatus_PAYMENT_STATUS_EXPIRED
	payRejected = pb.PaymentStatus_PAYMENT_STATUS_REJECTED
	payReversed = pb.PaymentStatus_PAYMENT_STATUS_REVERSED
	payShort    = pb.PaymentStatus_PAYMENT_STATUS_INSUFFICIENT_FUNDS

	payInvalid      = pb.PaymentStatus_PAYMENT_STATUS_INVALID_REQUEST
	payNotSupported = pb.PaymentStatus_PAYMENT_STATUS_NOT_SUPPORTED
	payNoPurse      = pb.PaymentStatus_PAYMENT_STATUS_INVALID_PURSE
	payNoParty      = pb.PaymentStatus_PAYMENT_STATUS_INVALID_COUNTER_PARTY
	payNoChannel    = pb.PaymentStatus_PAYMENT_STATUS_INVALID_CHANNEL_NUMBER
	payGone         = pb.PaymentStatus_PAYMENT_STATUS_DECOMMISSIONED_CUSTOMER_ID

	airtime = pb.PaymentChannel_PAYMENT_CHANNEL_AIRTIME
)

// bank is a server with an app, a simulator where one is asked for, and a purse of KES 1,000.00.
type bank struct {
	*servertest.Server
	app, phones *servertest.Conn
	purse       string
}

// still has the server's time stand, so that no payment ends by itself before the test says so.
func still(c *server.Config) { c.Clock = clock.Still() }

func startBank(t *testing.T, store string, simulated bool) *bank {
	t.Helper()
	b := &bank{Server: servertest.Start(t, store, still)}
	b.app, b.purse = b.App(t), b.AddPurse(t, "KES", 1000_00)
	if simulated {
		b.phones = b.Simulator(t)
	}
	return b
}

// pay initiates a payment that has to take the status, and gives the reply.
func (b *bank) pay(t *testing.T, debit, credit *pb.PaymentCounterParty, amount float64, want pb.PaymentStatus) *pb.InitiatePaymentReply {
	t.Helper()
	reply := b.app.Do(t, servertest.Pay(debit, credit, servertest.KES(amount))).GetInitiatePayment()
	if reply.GetStatus() != want {
		t.Fatalf("status %s (%s), want %s", reply.GetStatus(), reply.GetDescription(), want)
	}
	return reply
}

// customerTold waits for the status of a payment as a customer notification.
func (b *bank) customerTold(t *testing.T, customer, id string, want pb.PaymentStatus) {
	t.Helper()
	n := b.app.Next(t)
	n.OK()
	told := n.GetPaymentStatus()
	if n.GetCustomerId() != customer || told.GetTransactionId() != id || told.GetStatus() != want || n.OrgId != b.Org || n.AppId != b.Sandbox.App || n.CreatedAt == nil {
		t.Fatalf("told %v %v, want %s about %s of %s", n.ServerToAppCustomerNotification, n.Purse, want, id, customer)
	}
}

// purseTold waits for the status of a payment as a purse notification.
func (b *bank) purseTold(t *testing.T, purse, id string, want pb.PaymentStatus) {
	t.Helper()
	n := b.app.Next(t)
	n.OK()
	p := n.Purse
	if p.GetPurseId() != purse || p.GetPaymentStatus().GetTransactionId() != id || p.GetPaymentStatus().GetStatus() != want || p.GetOrgId() != b.Org || p.GetAppId() != b.Sandbox.App || p.GetCreatedAt() == nil {
		t.Fatalf("told %v %v, want %s about %s of %s", n.ServerToAppCustomerNotification, p, want, id, purse)
	}
}

// wait puts the clock forward, once the server has read what the app has answered.
func (b *bank) wait(t *testing.T, d time.Duration) {
	t.Helper()
	b.app.ID(t, phone(1))
	b.Clock().Advance(d)
}

// update has the simulator say something of a payment.
func (b *bank) update(t *testing.T, id string, status pb.PaymentStatus) *pb.SimulatorToServerCommandReply {
	t.Helper()
	return b.simulate(t, servertest.UpdatePaymentStatus(id, status))
}

func (b *bank) simulate(t *testing.T, cmd *pb.SimulatorToServerCommand) *pb.SimulatorToServerCommandReply {
	t.Helper()
	reply, err := b.phones.Simulate(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func (b *bank) updated(t *testing.T, id string, status pb.PaymentStatus) {
	t.Helper()
	if reply := b.update(t, id, status); !reply.Status {
		t.Fatalf("%s: %s", status, reply.Description)
	}
}

// Between purses and wallets the money is there at once, and the app is told of it.
func TestInternalPayments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, false)
		ada, joan := b.app.ID(t, phone(1)), b.app.ID(t, phone(2))
		other := b.AddPurse(t, "KES", 0)

		in := b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "savings"), 300.25, paySuccess)
		if in.CreditCustomerId.GetValue() != ada || in.DebitCustomerId != nil || !strings.HasPrefix(in.TransactionId.GetValue(), "el_txn_") {
			t.Errorf("the reply is %v", in)
		}
		b.customerTold(t, ada, in.TransactionId.GetValue(), paySuccess)

		across := b.pay(t, servertest.Wallet(ada, "savings"), servertest.Wallet(joan, "savings"), 100, paySuccess)
		if across.DebitCustomerId.GetValue() != ada || across.CreditCustomerId.GetValue() != joan {
			t.Errorf("the reply is %v", across)
		}
		b.customerTold(t, joan, across.TransactionId.GetValue(), paySuccess)
		out := b.pay(t, servertest.Wallet(joan, "savings"), servertest.Purse(other), 99.99, paySuccess)
		b.customerTold(t, joan, out.TransactionId.GetValue(), paySuccess)
		between := b.pay(t, servertest.Purse(b.purse), servertest.Purse(other), 1, paySuccess)
		b.purseTold(t, b.purse, between.TransactionId.GetValue(), paySuccess)

		b.WantPurse(t, b.purse, "KES", 698_75, 698_75)
		b.WantPurse(t, other, "KES", 100_99, 100_99)
		b.WantWallet(t, ada, "savings", 200_25, 200_25)
		b.WantWallet(t, joan, "savings", 1, 1)
		b.WantLedger(t)

		state := b.app.State(t, phone(1)).PaymentState
		wallet := state.Wallets["savings"]
		if len(state.TransactionLog) != 2 || len(state.PendingTransactions) != 0 || len(state.Wallets) != 1 ||
			wallet.GetAvailable().GetAmount() != 200.25 || wallet.GetActual().GetAmount() != 200.25 || wallet.CurrencyCode != "KES" || wallet.SequenceNr != 2 {
			t.Errorf("the state is %v", state)
		}
		first := state.TransactionLog[0]
		if first.TransactionId != in.TransactionId.GetValue() || first.DebitParty.GetPurse().GetPurseId() != b.purse || first.CreditParty.GetWallet().GetCustomerId() != ada ||
			first.Value.GetAmount() != 300.25 || first.Status != paySuccess || first.Narration.GetValue() != "for a test" || first.AppId.GetValue() != b.Sandbox.App {
			t.Errorf("the first is %v", first)
		}
	})
}

// Money that goes out is held until the provider has answered; in a sandbox that comes by itself.
func TestPayouts(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		ada := b.app.ID(t, phone(1))
		b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 500, paySuccess)
		b.app.Next(t).OK()

		// By itself, after a second.
		out := b.pay(t, servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), 200, payPending)
		id := out.TransactionId.GetValue()
		b.customerTold(t, ada, id, payPending)
		sent := b.phones.Next(t).Simulator.GetSendCustomerPayment()
		if sent.GetTransactionId() != id || sent.GetPurse().GetPurseId() != b.purse || sent.CustomerId != ada || sent.Value.GetAmount() != 200 || sent.AppId != b.Sandbox.App ||
			sent.OrgId != b.Org || sent.CustomerNumber.GetPartition() == nil || sent.ChannelNumber.GetNumber() != sandbox.Paybill {
			t.Errorf("the simulator got %v", sent)
		}
		b.WantPurse(t, b.purse, "KES", 300_00, 500_00)
		b.wait(t, time.Second)
		b.customerTold(t, ada, id, paySuccess)
		b.WantPurse(t, b.purse, "KES", 300_00, 300_00)

		// Out of a wallet, airtime, which the provider refuses.
		out = b.pay(t, servertest.Wallet(ada, "w"), servertest.Phone(phone(2), airtime), 100, payPending)
		id = out.TransactionId.GetValue()
		joan := out.CreditCustomerId.GetValue()
		b.customerTold(t, joan, id, payPending)
		if sent := b.phones.Next(t).Simulator.GetSendCustomerPayment(); sent.GetWallet().GetWalletId() != "w" || sent.GetWallet().GetCustomerId() != ada {
			t.Errorf("the simulator got %v", sent)
		}
		pending := b.app.State(t, phone(1)).PaymentState
		wallet := pending.Wallets["w"]
		if len(pending.PendingTransactions) != 1 || wallet.GetAvailable().GetAmount() != 400 || wallet.GetActual().GetAmount() != 500 || wallet.Pending[id].GetValue().GetAmount() != 100 {
			t.Errorf("the state is %v", pending)
		}
		if s := b.app.State(t, phone(2)).PaymentState; len(s.CustomerNumbers) != 1 || len(s.ChannelNumbers) != 1 || s.ChannelNumbers[0].Channel != airtime || len(s.Wallets) != 0 {
			t.Errorf("the state of who is paid is %v", s)
		}
		b.updated(t, id, payRejected)
		b.customerTold(t, joan, id, payRejected)
		b.WantWallet(t, ada, "w", 500_00, 500_00)

		// To a business. A status that a simulator has set keeps it from succeeding by itself.
		out = b.pay(t, servertest.Purse(b.purse), servertest.Business("400200"), 50, payPending)
		id = out.TransactionId.GetValue()
		b.purseTold(t, b.purse, id, payPending)
		if sent := b.phones.Next(t).Simulator.GetSendChannelPayment(); sent.GetDestination() != "400200" || sent.GetSource() != sandbox.Paybill || sent.GetAccount() == nil || sent.GetPurse().GetPurseId() != b.purse {
			t.Errorf("the simulator got %v", sent)
		}
		b.updated(t, id, payPending)
		b.wait(t, time.Minute)
		b.app.None(t)
		b.WantPurse(t, b.purse, "KES", 250_00, 300_00)
		b.updated(t, id, paySuccess)
		b.purseTold(t, b.purse, id, paySuccess)
		b.WantPurse(t, b.purse, "KES", 250_00, 250_00)

		// And back.
		b.updated(t, id, payReversed)
		b.purseTold(t, b.purse, id, payReversed)
		b.WantPurse(t, b.purse, "KES", 300_00, 300_00)

		// To a business out of a wallet, whose customer it is about.
		out = b.pay(t, servertest.Wallet(ada, "w"), servertest.Business("400200"), 30, payPending)
		id = out.TransactionId.GetValue()
		b.customerTold(t, ada, id, payPending)
		if sent := b.phones.Next(t).Simulator.GetSendChannelPayment(); sent.GetTransactionId() != id || sent.GetWallet().GetCustomerId() != ada || sent.GetWallet().GetWalletId() != "w" || sent.GetValue().GetAmount() != 30 {
			t.Errorf("the simulator got %v", sent)
		}
		b.WantWallet(t, ada, "w", 470_00, 500_00)
		b.wait(t, time.Second)
		b.customerTold(t, ada, id, paySuccess)
		b.WantWallet(t, ada, "w", 470_00, 470_00)
		b.app.None(t)
		b.WantLedger(t)
	})
}

// A customer is asked to pay: with a simulator it decides, in two minutes; without one they approve.
func TestCheckout(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, false)
		ada := b.app.ID(t, phone(1))

		asked := b.pay(t, servertest.MobileMoney(phone(1)), servertest.Purse(b.purse), 40, payPending)
		id := asked.TransactionId.GetValue()
		if asked.DebitCustomerId.GetValue() != ada {
			t.Errorf("the reply is %v", asked)
		}
		b.customerTold(t, ada, id, payPending)
		b.wait(t, 4*time.Second)
		b.app.None(t)
		b.WantPurse(t, b.purse, "KES", 1000_00, 1000_00)
		b.wait(t, time.Second)
		b.customerTold(t, ada, id, paySuccess)
		b.WantPurse(t, b.purse, "KES", 1040_00, 1040_00)

		b.phones = b.Simulator(t)
		asked = b.pay(t, servertest.MobileMoney(phone(1)), servertest.Wallet(ada, "w"), 60, payPending)
		id = asked.TransactionId.GetValue()
		b.customerTold(t, ada, id, payPending)
		checkout := b.phones.Next(t).Simulator.GetCheckoutPayment()
		if checkout.GetTransactionId() != id || checkout.CustomerId != ada || checkout.GetWallet().GetWalletId() != "w" || checkout.CustomerNumber.GetPartition() == nil || checkout.Value.GetAmount() != 60 {
			t.Errorf("the simulator got %v", checkout)
		}
		b.wait(t, time.Minute)
		b.app.None(t)
		b.updated(t, id, paySuccess)
		b.customerTold(t, ada, id, paySuccess)
		b.WantWallet(t, ada, "w", 60_00, 60_00)

		asked = b.pay(t, servertest.MobileMoney(phone(1)), servertest.Purse(b.purse), 60, payPending)
		id = asked.TransactionId.GetValue()
		b.customerTold(t, ada, id, payPending)
		if checkout := b.phones.Next(t).Simulator.GetCheckoutPayment(); checkout.GetPurse().GetPurseId() != b.purse {
			t.Errorf("the simulator got %v", checkout)
		}
		b.wait(t, 2*time.Minute)
		b.customerTold(t, ada, id, payExpired)
		b.wait(t, time.Hour)
		b.app.None(t)
		b.WantPurse(t, b.purse, "KES", 1040_00, 1040_00)
		b.WantLedger(t)
	})
}

// Money that comes unasked: the channel's app is told, its purse has it once it is a success, and the
// provider's transaction id stands for one payment.
func TestReceivedPayments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		before := b.purseOf(t)
		b.received(t, "MPESA1", 10, paySuccess)
		n := b.app.Next(t)
		n.OK()
		got := n.GetReceivedPayment()
		id := got.GetTransactionId()
		if !strings.HasPrefix(id, "el_txn_") || got.PurseId != b.Sandbox.Purse || got.Status != paySuccess || got.Value.GetAmount() != 10 || got.CustomerNumber.GetNumber() != phone(1) || got.ChannelNumber.GetNumber() != sandbox.Paybill {
			t.Fatalf("told %v", n)
		}
		b.WantPurse(t, b.Sandbox.Purse, "KES", before+10_00, before+10_00)
		b.received(t, "MPESA1", 10, paySuccess)
		if again := b.simulate(t, servertest.ReceivePayment("MPESA1", phone(1), servertest.KES(11), paySuccess)); again.Status || again.ErrorCode != "contradicts" || !strings.Contains(again.Description, "KES 10.00") {
			t.Errorf("another amount under the same id: %v", again)
		}
		b.WantPurse(t, b.Sandbox.Purse, "KES", before+10_00, before+10_00)

		// One that is pending first, known by the provider's id too.
		b.received(t, "MPESA2", 20, pb.PaymentStatus_PAYMENT_STATUS_PENDING_VALIDATION)
		second := b.app.Next(t)
		second.OK()
		b.WantPurse(t, b.Sandbox.Purse, "KES", before+10_00, before+10_00)
		b.updated(t, "MPESA2", paySuccess)
		b.customerTold(t, n.CustomerId, second.GetReceivedPayment().GetTransactionId(), paySuccess)
		b.WantPurse(t, b.Sandbox.Purse, "KES", before+30_00, before+30_00)

		// One that failed.
		b.received(t, "MPESA3", 30, payFailed)
		if n := b.app.Next(t); n.GetReceivedPayment().GetStatus() != payFailed {
			t.Errorf("told %v", n)
		} else {
			n.OK()
		}
		b.updated(t, id, payReversed)
		b.customerTold(t, n.CustomerId, id, payReversed)
		b.WantPurse(t, b.Sandbox.Purse, "KES", before+20_00, before+20_00)
		b.app.None(t)
		b.WantLedger(t)

		state := b.app.State(t, phone(1)).PaymentState
		if len(state.TransactionLog) != 3 || state.TransactionLog[0].ProviderTransactionId.GetValue() != "MPESA1" || state.TransactionLog[0].Status != payReversed || len(state.CustomerNumbers) != 1 {
			t.Errorf("the state is %v", state)
		}
	})
}

func (b *bank) received(t *testing.T, id string, amount float64, status pb.PaymentStatus) {
	t.Helper()
	if reply := b.simulate(t, servertest.ReceivePayment(id, phone(1), servertest.KES(amount), status)); !reply.Status {
		t.Fatal(reply.Description)
	}
}

// purseOf is what the sandbox's purse has.
func (b *bank) purseOf(t *testing.T) int64 {
	t.Helper()
	return b.Balance(t, ledger.PurseAccount(b.Org, b.Sandbox.Purse, "KES")).Actual
}

// Late, repeated and contradictory answers of a provider change nothing that is final.
func TestAnswersOfAProvider(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		pending := func() string {
			id := b.pay(t, servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), 100, payPending).TransactionId.GetValue()
			b.app.Next(t).OK()
			return id
		}
		for _, test := range []struct {
			answers string // each a status and, of one that is refused, an x
			left    int64  // of the purse, after all before
		}{
			{"300 300 400x 402x 101x 500 500 300x 400x", 1000_00},
			{"400 400 300x 500x 402x", 1000_00},
			{"402 300x 101x", 1000_00},
			{"403 300x", 1000_00},
			{"500x 103 102 300 101x", 900_00},
			{"209 300x", 900_00},
			{"500x", 800_00}, // which is no answer: it succeeds by itself
		} {
			id := pending()
			for _, answer := range strings.Fields(test.answers) {
				var status int32
				if _, err := fmt.Sscanf(strings.TrimSuffix(answer, "x"), "%d", &status); err != nil {
					t.Fatal(err)
				}
				reply := b.update(t, id, pb.PaymentStatus(status))
				if refused := strings.HasSuffix(answer, "x"); reply.Status == refused || refused && (reply.ErrorCode != "contradicts" || reply.Description == "") {
					t.Errorf("%s of %s: %v", answer, test.answers, reply)
				}
			}
			b.wait(t, time.Hour)
			b.WantPurse(t, b.purse, "KES", test.left, test.left)
		}
		if reply := b.update(t, "el_txn_unknown", paySuccess); reply.Status || reply.ErrorCode != "not_found" {
			t.Errorf("an unknown id: %v", reply)
		}
		if reply := b.update(t, pending(), pb.PaymentStatus(7)); reply.Status || !strings.Contains(reply.Description, "status") {
			t.Errorf("no status: %v", reply)
		}
		b.WantLedger(t)
	})
}

// Many answers at once, to the same payments: each payment takes one of them, and its money moves so.
func TestAnswersAtOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		const payments, phones = 20, 4
		var ids []string
		for range payments {
			ids = append(ids, b.pay(t, servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), 10, payPending).TransactionId.GetValue())
		}
		var taken [payments][2]atomic.Int32
		var group errgroup.Group
		for n := range phones {
			c := b.Simulator(t)
			group.Go(func() error {
				for i, id := range ids {
					success := (n+i)%2 == 0
					status := payFailed
					if success {
						status = paySuccess
					}
					reply, err := c.Simulate(servertest.UpdatePaymentStatus(id, status))
					if err != nil {
						return err
					}
					if reply.Status && success {
						taken[i][0].Add(1)
					} else if reply.Status {
						taken[i][1].Add(1)
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		left := int64(1000_00)
		for i := range taken {
			succeeded, failed := taken[i][0].Load(), taken[i][1].Load()
			if (succeeded == 0) == (failed == 0) {
				t.Errorf("%d were told that %s is a success, %d that it failed", succeeded, ids[i], failed)
			}
			if succeeded > 0 {
				left -= 10_00
			}
		}
		b.WantPurse(t, b.purse, "KES", left, left)
		b.WantLedger(t)
	})
}

// A reversal of what has been spent since is refused, and noted; once there is money again it goes through.
func TestReversalWithoutMoney(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		ada := b.app.ID(t, phone(1))
		in := b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 100, paySuccess).TransactionId.GetValue()
		b.pay(t, servertest.Wallet(ada, "w"), servertest.Purse(b.purse), 1, paySuccess)
		if reply := b.update(t, in, payReversed); reply.Status || reply.ErrorCode != "insufficient_funds" || !strings.Contains(reply.Description, "KES 99.00") {
			t.Errorf("the reversal: %v", reply)
		}
		b.WantWallet(t, ada, "w", 99_00, 99_00)
		b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 1, paySuccess)
		b.updated(t, in, payReversed)
		b.WantWallet(t, ada, "w", 0, 0)
		b.WantPurse(t, b.purse, "KES", 1000_00, 1000_00)
		b.WantLedger(t)
	})
}

// The same key is the same payment, whatever came of it; another payment needs another key.
func TestPaymentOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, false)
		ada := b.app.ID(t, phone(1))
		pay := func(key string, amount float64) *pb.InitiatePaymentReply {
			return b.app.Do(t, servertest.WithKey(key, servertest.Pay(servertest.Purse(b.purse), servertest.Wallet(ada, "w"), servertest.KES(amount)))).GetInitiatePayment()
		}
		first, again := pay("order-1", 600), pay("order-1", 600)
		if first.Status != paySuccess || again.Status != paySuccess || first.TransactionId.GetValue() != again.TransactionId.GetValue() {
			t.Errorf("%v, then %v", first, again)
		}
		if other := pay("order-1", 601); other.Status != pb.PaymentStatus_PAYMENT_STATUS_DUPLICATE_REQUEST || !strings.Contains(other.Description, "idempotency_key") {
			t.Errorf("another amount with the key: %v", other)
		}
		if short := pay("order-2", 600); short.Status != payShort || short.TransactionId != nil {
			t.Errorf("%v", short)
		}
		b.WantPurse(t, b.purse, "KES", 400_00, 400_00)
		b.WantWallet(t, ada, "w", 600_00, 600_00)
		b.WantLedger(t)
	})
}
