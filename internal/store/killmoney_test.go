package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// stepOf gives the place of a unit among those of its worker, and the name of the one before it.
func stepOf(name string) (n int, before string) {
	i := strings.LastIndexByte(name, '.')
	n, err := strconv.Atoi(name[i+1:])
	if err != nil {
		panic(err)
	}
	return n, name[:i+1] + strconv.Itoa(n-1)
}

// loadPayment does what the unit of this name does with money. Of four units of a worker the first brings 3
// into the customer's wallet, the second pays 1 of it into the purse, the third sends 1 away, and the
// fourth settles that.
func loadPayment(tx *store.Tx, rec *store.Record, name string) error {
	channel := payment.ChannelNumber{Channel: payment.Cellular, Number: "83044"}
	wallet := payment.Party{Wallet: &payment.Wallet{Customer: rec.ID, ID: "w"}}
	person := payment.Party{Customer: &payment.Customer{Number: rec.Numbers[0], Channel: channel}}
	p := &payment.Payment{Org: "org", ID: tx.NewPaymentID(), App: "app", Currency: "KES", Narration: name, ProviderID: name,
		DebitCustomer: rec.ID, CreditCustomer: rec.ID, Amount: 1, Debit: wallet, CreatedAt: tx.Now()}
	posting := payment.Transfer
	n, before := stepOf(name)
	switch n % 4 {
	case 0:
		p.Flow, p.Status, p.Debit, p.Credit, p.Amount = payment.Inbound, payment.Success, person, wallet, 3
	case 1:
		p.Flow, p.Status, p.Credit, p.CreditCustomer = payment.Internal, payment.Success, payment.Party{Purse: "purse"}, ""
	case 2:
		p.Flow, p.Status, p.Credit = payment.Outbound, payment.PendingConfirmation, person
		posting = payment.Hold
	default:
		id, err := tx.PaymentNamed(store.PaymentName{Org: "org", Channel: channel, ID: before})
		if err != nil {
			return err
		}
		p, err := tx.Payment("org", id)
		if err != nil || p == nil {
			return errors.Join(err, fmt.Errorf("payment %s is not there", before))
		}
		posting, verdict := p.Next(payment.Success)
		if verdict != payment.News {
			return fmt.Errorf("payment %s is %s", before, p.Status)
		}
		p.Take(payment.Success, "", customer.Actor{}, tx.Now())
		return tx.Move(p, posting)
	}
	return errors.Join(tx.AddPayment(p), tx.Move(p, posting))
}

// verifyMoney looks for the payments of the units that were done: each is there once, has moved what it
// had to, and the books are right.
func verifyMoney(t *testing.T, s *store.Store, done []string) {
	t.Helper()
	report, err := s.CheckLedger()
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range report.Differences {
		t.Error(difference)
	}
	found := make(map[string]*payment.Payment)
	for filter := (store.PaymentFilter{Org: "org"}); ; {
		page, err := s.Payments(filter, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			if found[p.Narration] != nil {
				t.Errorf("the payment of unit %s is there twice", p.Narration)
			}
			found[p.Narration], filter.Before = p, p.ID
		}
		if len(page) == 0 {
			break
		}
	}
	for _, name := range done {
		n, before := stepOf(name)
		p := found[name]
		if n%4 == 3 {
			p = found[before]
		}
		if p == nil || n%4 != 2 && p.Status != payment.Success {
			t.Errorf("the payment of unit %s is %+v", name, p)
		}
	}
}
