package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// holdings are the accounts that a test moves money among: some purses, and a wallet of each of some
// customers.
type holdings struct {
	customers []string
	accounts  []ledger.Account
	parties   []payment.Party
}

func (s *server) holdings(t testing.TB, purses, wallets int, each int64) *holdings {
	t.Helper()
	h := &holdings{}
	for i := range purses {
		h.parties = append(h.parties, payment.Party{Purse: fmt.Sprint("el_prs_", i)})
		h.accounts = append(h.accounts, ledger.PurseAccount(org, fmt.Sprint("el_prs_", i), "KES"))
	}
	for i := range wallets {
		id := s.create(t, phone(fmt.Sprint("+2547110000", 10+i)))
		h.customers = append(h.customers, id)
		h.parties = append(h.parties, payment.Party{Wallet: &payment.Wallet{Customer: id, ID: "w"}})
		h.accounts = append(h.accounts, ledger.WalletAccount(org, id, "w", "KES"))
	}
	for _, a := range h.accounts {
		s.deposit(t, a, each)
	}
	return h
}

// payment is one between two of the accounts, or out of one where to is -1.
func (h *holdings) payment(from, to int, amount int64) *payment.Payment {
	p := &payment.Payment{Org: org, App: app, Flow: payment.Internal, Debit: h.parties[from], Amount: amount, Currency: "KES", Status: payment.Success}
	if to >= 0 {
		p.Credit = h.parties[to]
	} else {
		p.Flow, p.Status = payment.Outbound, payment.PendingConfirmation
		p.Credit = payment.Party{Business: &payment.Destination{Channel: payment.Cellular, Source: "83044", Number: "400200"}}
	}
	if p.Debit.Wallet != nil {
		p.DebitCustomer = p.Debit.Wallet.Customer
	}
	if p.Credit.Wallet != nil {
		p.CreditCustomer = p.Credit.Wallet.Customer
	}
	return p
}

// Hundreds of payments among few accounts, in all directions, from several servers: none is lost or done
// twice, none is in the way of another for good, and nobody spends what they do not have.
func testTransfers(t *testing.T, db Database) {
	all := servers(t, db)
	const purses, wallets, start, units = 3, 3, 200, 600
	h := all[0].holdings(t, purses, wallets, start)
	outside := ledger.ChannelAccount(org, "cellular", "83044", "KES")
	var net [purses + wallets]atomic.Int64
	var left, refusals atomic.Int64
	inParallel(units, func(i int) {
		s := all[i%len(all)]
		from, to, amount := rand.IntN(len(h.accounts)), rand.IntN(len(h.accounts)+1)-1, 1+rand.Int64N(90)
		if to == from {
			to = -1
		}
		var id string
		unit := &store.Unit{Route: fmt.Sprint(i), Needs: store.Needs{Org: org}, Run: func(tx *store.Tx) error {
			p := h.payment(from, to, amount)
			p.ID, id = tx.NewPaymentID(), ""
			if err := pay(tx, p); err != nil {
				return err
			}
			id = p.ID
			return nil
		}}
		if i%3 > 0 { // else it comes to need them on the way
			p := h.payment(from, to, amount)
			debit, credit := p.Accounts()
			unit.Needs.Accounts = []ledger.Account{debit, credit}
			for _, c := range p.Customers() {
				unit.Needs.Customers = append(unit.Needs.Customers, customer.ByID(c))
			}
		}
		err := s.tryUnit(t, unit)
		var refused *customer.Refusal
		switch {
		case errors.As(err, &refused) && refused.Code == ledger.InsufficientFunds:
			refusals.Add(1)
			return
		case err != nil:
			t.Errorf("payment %d: %v", i, err)
			return
		case to >= 0:
			net[from].Add(-amount)
			net[to].Add(amount)
			return
		}
		status := []payment.Status{payment.Success, payment.Failed, payment.Expired}[i%3]
		if err := all[rand.IntN(len(all))].take(t, id, status); err != nil {
			t.Errorf("payment %d is not settled: %v", i, err)
		}
		if status == payment.Success {
			net[from].Add(-amount)
			left.Add(amount)
		}
	})
	for i, a := range h.accounts {
		if b := all[0].balance(t, a); b.Actual != start+net[i].Load() || b.Held != 0 || b.Available() < 0 {
			t.Errorf("the %s has %+v, want %d", a, b, start+net[i].Load())
		}
	}
	if b := all[0].balance(t, outside); b.Actual != left.Load() {
		t.Errorf("outside has %+v, want %d", b, left.Load())
	}
	if n := refusals.Load(); n == 0 || n > units*4/5 {
		t.Errorf("%d of %d were refused for lack of funds", n, units)
	}
	all[0].checkLedger(t)
}
