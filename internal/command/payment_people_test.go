package command_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// Wallets of an adopted customer join the adopter's, with what is held of them; payments that run go on.
func TestAdoptionWithMoney(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, true)
		ada, joan := b.app.ID(t, phone(1)), b.app.ID(t, phone(2))
		dollars := b.AddPurse(t, "USD", 100_00)
		fund := func(customer, wallet string, amount float64) {
			b.pay(t, servertest.Purse(b.purse), servertest.Wallet(customer, wallet), amount, paySuccess)
		}
		fund(ada, "savings", 100)
		fund(joan, "savings", 200)
		fund(joan, "loan", 50)
		b.app.Must(t, servertest.Pay(servertest.Purse(dollars), servertest.Wallet(ada, "cash"), &pb.Cash{CurrencyCode: "USD", Amount: 7}))
		fund(joan, "cash", 10)
		fund(joan, "spent", 1)
		b.pay(t, servertest.Wallet(joan, "spent"), servertest.Purse(b.purse), 1, paySuccess)

		fails := b.pay(t, servertest.Wallet(joan, "savings"), servertest.MobileMoney(phone(2)), 150, payPending).TransactionId.GetValue()
		succeeds := b.pay(t, servertest.Wallet(joan, "loan"), servertest.MobileMoney(phone(9)), 50, payPending).TransactionId.GetValue()
		checkout := b.pay(t, servertest.MobileMoney(phone(2)), servertest.Wallet(joan, "savings"), 5, payPending).TransactionId.GetValue()
		for _, id := range []string{fails, succeeds} {
			b.updated(t, id, payPending) // and so they do not succeed by themselves
		}
		b.app.Must(t, servertest.Adopt(ada, joan))

		state := b.app.State(t, phone(2))
		if state.CustomerId != ada {
			t.Fatalf("the number leads to %s", state.CustomerId)
		}
		wallets := state.PaymentState.Wallets
		if s := wallets["savings"]; s.GetActual().GetAmount() != 300 || s.GetAvailable().GetAmount() != 150 || len(s.Pending) != 2 {
			t.Errorf("savings %v", s)
		}
		if cash, other := wallets["cash"], wallets["cash (KES)"]; cash.GetActual().GetAmount() != 7 || cash.CurrencyCode != "USD" || other.GetActual().GetAmount() != 10 || len(wallets) != 5 {
			t.Errorf("the wallets are %v", wallets)
		}
		if spent := wallets["spent"]; spent.GetCurrencyCode() != "KES" || spent.GetActual().GetAmount() != 0 || spent.GetSequenceNr() == 0 {
			t.Errorf("the wallet with nothing in it is %v", spent)
		}
		fund(ada, "spent", 3)
		b.WantWallet(t, ada, "spent", 3_00, 3_00)
		if len(state.PaymentState.TransactionLog) != 7 || len(state.PaymentState.PendingTransactions) != 3 {
			t.Errorf("%d payments that are final, %d pending", len(state.PaymentState.TransactionLog), len(state.PaymentState.PendingTransactions))
		}
		for _, p := range append(state.PaymentState.TransactionLog, state.PaymentState.PendingTransactions...) {
			for _, side := range []*pb.PaymentCounterParty{p.DebitParty, p.CreditParty} {
				if w := side.GetWallet(); w != nil && w.CustomerId != ada {
					t.Errorf("a payment with the wallet of %s", w.CustomerId)
				}
			}
		}

		b.updated(t, fails, payFailed)
		b.toldAtLast(t, ada, fails, payFailed)
		b.WantWallet(t, ada, "savings", 300_00, 300_00)
		b.updated(t, succeeds, paySuccess)
		b.WantWallet(t, ada, "loan", 0, 0)
		b.updated(t, checkout, paySuccess)
		b.toldAtLast(t, ada, checkout, paySuccess)
		b.WantWallet(t, ada, "savings", 305_00, 305_00)
		b.WantWallet(t, joan, "savings", 0, 0)
		b.updated(t, succeeds, payReversed)
		b.WantWallet(t, ada, "loan", 50_00, 50_00)
		b.pay(t, servertest.Wallet(joan, "loan"), servertest.Purse(b.purse), 1, payGone)
		b.WantLedger(t)
	})
}

// A number that paid once is in the state for good, however many payments there have been since, and
// whoever has it now.
func TestPaymentNumbersStay(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, true)
		ada, joan := b.app.ID(t, phone(1)), b.app.ID(t, phone(2))
		b.pay(t, servertest.Purse(b.purse), servertest.Phone(phone(2), pb.PaymentChannel_PAYMENT_CHANNEL_AIRTIME), 1, payPending)
		b.app.Must(t, servertest.Adopt(ada, joan))
		for range 101 {
			b.app.Go(t, servertest.Pay(servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), servertest.KES(1)))
		}
		b.pay(t, servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), 1, payPending)
		b.wait(t, time.Minute)
		state := b.app.State(t, phone(1)).PaymentState
		if len(state.TransactionLog) != 100 {
			t.Errorf("%d payments are in the state", len(state.TransactionLog))
		}
		var numbers, channels []string
		for _, n := range state.CustomerNumbers {
			numbers = append(numbers, n.Number)
		}
		for _, n := range state.ChannelNumbers {
			channels = append(channels, n.Channel.String())
		}
		if !slices.Contains(numbers, phone(1)) || !slices.Contains(numbers, phone(2)) || len(numbers) != 2 || len(channels) != 2 {
			t.Errorf("the numbers are %v, by %v", numbers, channels)
		}
	})
}

// toldAtLast is customerTold after others, which are of before or come again because of an adoption.
func (b *bank) toldAtLast(t *testing.T, customer, id string, want pb.PaymentStatus) {
	t.Helper()
	for {
		n := b.app.Next(t)
		n.OK()
		if told := n.GetPaymentStatus(); n.GetCustomerId() == customer && told.GetTransactionId() == id && told.GetStatus() == want {
			return
		}
	}
}

// Who is deleted leaves the money behind under a random reference: what runs goes on to its end, and
// nothing leads from it to the person.
func TestDeletionWithMoney(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, true)
		ada, joan := b.app.ID(t, phone(1)), b.app.ID(t, phone(2))
		b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 100, paySuccess)
		b.pay(t, servertest.Wallet(ada, "w"), servertest.Wallet(joan, "w"), 30, paySuccess)
		byItself := b.pay(t, servertest.Purse(b.purse), servertest.MobileMoney(phone(1)), 10, payPending)
		answered := b.pay(t, servertest.Wallet(ada, "w"), servertest.MobileMoney(phone(1)), 20, payPending).TransactionId.GetValue()
		b.updated(t, answered, payPending)
		b.received(t, "MPESA1", 5, paySuccess)
		checkout := b.pay(t, servertest.MobileMoney(phone(1)), servertest.Wallet(ada, "new"), 7, payPending).TransactionId.GetValue()
		for range 6 {
			b.app.Next(t).OK()
		}
		before := b.purseOf(t)

		b.app.Must(t, servertest.DeleteCustomer(phone(1)))
		if state := b.app.State(t, phone(2)).PaymentState; len(state.TransactionLog) != 1 || state.TransactionLog[0].Narration != nil ||
			!strings.HasPrefix(state.TransactionLog[0].DebitParty.GetWallet().GetCustomerId(), "el_ref_") {
			t.Errorf("who got money of who is gone has %v", state)
		}
		b.wait(t, time.Minute) // which names the number, and so makes another customer of it
		b.WantPurse(t, b.purse, "KES", 890_00, 890_00)
		b.updated(t, answered, payFailed)
		b.updated(t, checkout, paySuccess) // into a wallet that nobody had before
		b.received(t, "MPESA1", 5, paySuccess)
		if after := b.purseOf(t); after != before {
			t.Errorf("the channel's purse has %d, had %d", after, before)
		}
		b.app.None(t)
		if reply := b.update(t, byItself.TransactionId.GetValue(), payFailed); reply.Status || reply.ErrorCode != "contradicts" {
			t.Errorf("a late answer: %v", reply)
		}
		if fresh := b.app.State(t, phone(1)); fresh.CustomerId == ada || len(fresh.PaymentState.TransactionLog) != 0 || len(fresh.PaymentState.Wallets) != 0 {
			t.Errorf("the number has %v", fresh)
		}
		b.WantLedger(t)
	})
}

// Nothing answers for a live org's payments by itself, nor do simulators: they wait for an operator.
func TestPaymentsOfALiveOrg(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		live := srv.AddOrg(t, true)
		sandboxOrg := srv.Org
		srv.Org = live.Org // whose purses and accounts the helpers name from now on
		purse := srv.AddPurse(t, "KES", 100_00)
		if err := srv.Store().AddPaymentChannel(store.PaymentChannel{Org: live.Org, Kind: 1, Number: "83044", App: live.App, Purse: purse}); err != nil {
			t.Fatal(err)
		}
		if err := srv.Refresh(); err != nil {
			t.Fatal(err)
		}
		app := srv.Connect(t, live)
		reply := app.Must(t, servertest.Pay(servertest.Purse(purse), servertest.MobileMoney(phone(1)), servertest.KES(40))).GetInitiatePayment()
		app.Must(t, servertest.Pay(servertest.MobileMoney(phone(1)), servertest.Purse(purse), servertest.KES(40)))
		srv.Clock().Advance(24 * time.Hour)
		srv.WantPurse(t, purse, "KES", 60_00, 100_00)
		if state := app.State(t, phone(1)).PaymentState; len(state.PendingTransactions) != 2 {
			t.Errorf("the state is %v", state)
		}
		srv.Org = sandboxOrg
		phones := srv.Simulator(t)
		if reply, err := phones.Simulate(servertest.UpdatePaymentStatus(reply.TransactionId.GetValue(), paySuccess)); err != nil || reply.Status || reply.ErrorCode != "not_found" {
			t.Errorf("a simulator of another org: %v, %v", reply, err)
		}
		srv.WantLedger(t)
	})
}

// An app that answers a purse's notification with app data or a message has answered it.
func TestPurseNotificationsHaveNoAppData(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, false)
		other := b.AddPurse(t, "KES", 0)
		for _, answer := range []*pb.ServerToAppNotificationReply{servertest.DataUpdate("x"), {Message: servertest.TextMessage("x")}} {
			b.pay(t, servertest.Purse(b.purse), servertest.Purse(other), 1, paySuccess)
			n := b.app.Next(t)
			if n.Purse.GetPurseId() != b.purse {
				t.Fatalf("told %v", n.Purse)
			}
			n.Answer(answer)
		}
		b.wait(t, time.Hour)
		b.app.None(t)
	})
}

// History brought in shows and moves nothing, once; what the provider says later of live payments is not it.
func TestReplayedPayments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, true)
		ada := b.app.ID(t, phone(1))
		at := b.Clock().Now().Add(-240 * time.Hour).Truncate(time.Second)
		replay := func(id string, debit, credit *pb.PaymentCounterParty, status pb.PaymentStatus) *pb.ReplayPaymentReply {
			t.Helper()
			return b.app.Must(t, servertest.ReplayPayment(id, at, debit, credit, servertest.KES(12.5), status)).GetReplayPayment()
		}
		update := func(number, id string, status pb.PaymentStatus) *pb.AppToServerCommand {
			return servertest.ReplayPaymentStatus(number, id, at.Add(time.Hour), status)
		}
		person, purse := servertest.MobileMoney(phone(1)), servertest.Purse(b.purse)
		first := replay("OLD1", person, purse, payPending)
		if again := replay("OLD1", person, purse, paySuccess); again.TransactionId.GetValue() != first.TransactionId.GetValue() || again.DebitCustomerId.GetValue() != ada {
			t.Errorf("%v, then %v", first, again)
		}
		inside := replay("OLD2", purse, servertest.Wallet(ada, "old"), paySuccess)
		if again := replay("OLD2", purse, servertest.Wallet(ada, "old"), paySuccess); again.TransactionId.GetValue() != inside.TransactionId.GetValue() || again.CreditCustomerId.GetValue() != ada {
			t.Errorf("%v, then %v", inside, again)
		}
		state := b.app.State(t, phone(1)).PaymentState
		if len(state.PendingTransactions) != 1 || len(state.TransactionLog) != 1 || len(state.Wallets) != 0 || !state.PendingTransactions[0].CreatedAt.AsTime().Equal(at) {
			t.Errorf("the state is %v", state)
		}
		b.app.Must(t, update(phone(1), "OLD1", paySuccess))
		b.app.Must(t, update(phone(1), "OLD1", payFailed)) // cannot follow
		b.app.Must(t, update(phone(1), "OLD1", payReversed))
		if log := b.app.State(t, phone(1)).PaymentState.TransactionLog; len(log) != 2 || log[0].Status != payReversed || !log[0].UpdatedAt.AsTime().Equal(at.Add(time.Hour)) || log[0].ProviderTransactionId.GetValue() != "OLD1" {
			t.Errorf("the log is %v", log)
		}

		refused(t, b.app, update(phone(1), "NEVER", paySuccess), "not_found", "provider_transaction_id")
		refused(t, b.app, update(phone(2), "OLD1", paySuccess), "not_found", "provider_transaction_id")
		refused(t, b.app, servertest.ReplayPayment("OLD3", time.Time{}, person, purse, servertest.KES(1), paySuccess), "invalid_request", "created_at")
		refused(t, b.app, servertest.ReplayPayment("OLD3", b.Clock().Now().Add(48*time.Hour), person, purse, servertest.KES(1), paySuccess), "invalid_request", "created_at")
		refused(t, b.app, servertest.ReplayPayment("OLD3", at, purse, servertest.Wallet("el_cst_nobody", "w"), servertest.KES(1), paySuccess), "not_found", "credit_party.wallet.customer_id")
		refused(t, b.app, servertest.ReplayPayment("OLD3", at, person, person, servertest.KES(1), paySuccess), "invalid_request", "credit_party")
		b.received(t, "LIVE1", 5, paySuccess)
		b.app.Next(t).OK()
		refused(t, b.app, update(phone(1), "LIVE1", payReversed), "invalid_request", "provider_transaction_id")
		if reply := b.update(t, "OLD2", payReversed); reply.Status || reply.ErrorCode != "not_found" {
			t.Errorf("a provider's answer to an imported payment: %v", reply)
		}
		b.received(t, "OLD1", 12.5, paySuccess) // the same payment, which was imported: it moves nothing

		b.WantPurse(t, b.purse, "KES", 1000_00, 1000_00)
		b.wait(t, time.Hour)
		b.app.None(t)
		b.phones.None(t)
		b.WantLedger(t)
	})
}

// What was paid is in the histories of both customers, with who did it.
func TestHistoryOfPayments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		b := startBank(t, db, true)
		ada, joan := b.app.ID(t, phone(1)), b.app.ID(t, phone(2))
		b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 100, paySuccess)
		id := b.pay(t, servertest.Wallet(ada, "w"), servertest.MobileMoney(phone(2)), 30, payPending).TransactionId.GetValue()
		b.updated(t, id, payFailed)
		for _, id := range []string{ada, joan} {
			rec, err := b.Store().Find(t.Context(), b.Org, customer.ByID(id))
			if err != nil {
				t.Fatal(err)
			}
			entries, err := b.Store().History(rec.History, 2)
			if err != nil {
				t.Fatal(err)
			}
			last, before := entries[0], entries[1]
			if last.What != "payment.failed" || last.Actor.Kind != "provider" || !strings.HasPrefix(last.Detail, "KES 30.00 el_txn_") ||
				before.What != "payment.pending_confirmation" || before.Actor != (customer.Actor{Kind: "app", ID: b.Sandbox.App}) {
				t.Errorf("the history of %s ends with %+v", id, entries)
			}
		}
	})
}
