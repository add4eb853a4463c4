package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

const purse = "el_prs_a"

var (
	purseAccount   = ledger.PurseAccount(org, purse, "KES")
	outsideAccount = ledger.ChannelAccount(org, "cellular", "83044", "KES")
	paybill        = payment.ChannelNumber{Channel: payment.Cellular, Number: "83044"}
)

// deposit puts money into a purse.
func (s *server) deposit(t testing.TB, account ledger.Account, amount int64) {
	t.Helper()
	s.do(t, func(tx *store.Tx) error {
		return tx.Post(ledger.Transfer("deposit", "", ledger.OperatorAccount(account.Org, account.Currency), account, amount))
	})
}

// balance reads what an account has.
func (s *server) balance(t testing.TB, a ledger.Account) (b ledger.Balance) {
	t.Helper()
	s.do(t, func(tx *store.Tx) (err error) {
		b, err = tx.Balance(a)
		return err
	})
	return b
}

// paid is a payment from the purse to a wallet, or to a phone where the wallet is empty.
func paid(tx *store.Tx, rec *store.Record, wallet string, amount int64) *payment.Payment {
	p := &payment.Payment{
		Org: org, ID: tx.NewPaymentID(), App: app, Flow: payment.Internal, Debit: payment.Party{Purse: purse}, CreditCustomer: rec.ID,
		Amount: amount, Currency: "KES", Status: payment.Success, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if wallet != "" {
		p.Credit.Wallet = &payment.Wallet{Customer: rec.ID, ID: wallet}
	} else {
		p.Flow, p.Status = payment.Outbound, payment.PendingConfirmation
		p.Credit.Customer = &payment.Customer{Number: rec.Numbers[0], Channel: paybill}
	}
	return p
}

// pay adds a payment and does the first step of its money.
func pay(tx *store.Tx, p *payment.Payment) error {
	posting := payment.Transfer
	if p.Flow == payment.Outbound {
		posting = payment.Hold
	}
	return errors.Join(tx.AddPayment(p), tx.Move(p, posting))
}

// take gives a payment its next status.
func (s *server) take(t testing.TB, id string, status payment.Status) error {
	t.Helper()
	return s.tryUnit(t, &store.Unit{Needs: store.Needs{Org: org, Payments: []string{id}}, Run: func(tx *store.Tx) error {
		p, err := tx.Payment(org, id)
		if err != nil {
			return err
		}
		posting, verdict := p.Next(status)
		if verdict != payment.News {
			return fmt.Errorf("payment %s is %s and was told %s", id, p.Status, status)
		}
		p.Take(status, "", customer.Actor{}, tx.Now())
		return tx.Move(p, posting)
	}})
}

// checkLedger computes all balances again.
func (s *server) checkLedger(t testing.TB) {
	t.Helper()
	report, err := s.CheckLedger()
	must(t, err)
	for _, difference := range report.Differences {
		t.Error(difference)
	}
}

func testMoney(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	s.deposit(t, purseAccount, 1000)
	ref := phone("+254711000001")
	var wallet, out string
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		p := paid(tx, rec, "w", 300)
		wallet = p.ID
		return pay(tx, p)
	})
	s.change(t, ref, func(tx *store.Tx, rec *store.Record) error {
		p := paid(tx, rec, "", 500)
		p.ProviderID = "MPESA1"
		out = p.ID
		return pay(tx, p)
	})
	refused(t, s.tryChange(t, ref, func(tx *store.Tx, rec *store.Record) error { return pay(tx, paid(tx, rec, "", 201)) }), ledger.InsufficientFunds)
	refused(t, s.tryChange(t, ref, func(tx *store.Tx, rec *store.Record) error { return pay(tx, paid(tx, rec, "w", 201)) }), ledger.InsufficientFunds)
	if b := s.balance(t, purseAccount); b.Actual != 700 || b.Held != 500 || b.Sequence != 3 {
		t.Fatalf("with a payment under way: %+v", b)
	}
	s.do(t, func(tx *store.Tx) error {
		if id, err := tx.PaymentNamed(store.PaymentName{Org: org, Channel: paybill, ID: "MPESA1"}); err != nil || id != out {
			return fmt.Errorf("MPESA1 is %q, %v", id, err)
		}
		if id, err := tx.PaymentNamed(store.PaymentName{Org: "el_org_b", Channel: paybill, ID: "MPESA1"}); err != nil || id != "" {
			return fmt.Errorf("MPESA1 of another org is %q, %v", id, err)
		}
		return nil
	})
	must(t, s.take(t, out, payment.Success))
	must(t, s.take(t, wallet, payment.Reversed))
	if b := s.balance(t, purseAccount); b.Actual != 500 || b.Held != 0 {
		t.Fatalf("when all is settled: %+v", b)
	}
	s.checkLedger(t)
	if b := s.balance(t, outsideAccount); b.Actual != 500 {
		t.Fatalf("outside: %+v", b)
	}
	lines, err := s.Statement(purseAccount, 10)
	must(t, err)
	var amounts, balances []int64
	for _, l := range lines {
		amounts, balances = append(amounts, l.Amount), append(balances, l.Balance)
	}
	if !slices.Equal(amounts, []int64{300, -500, -300, 1000}) || !slices.Equal(balances, []int64{500, 200, 700, 1000}) {
		t.Fatalf("the statement is %v, with balances %v", amounts, balances)
	}
	if lines, err = s.Statement(purseAccount, 2); err != nil || len(lines) != 2 || lines[0].Payment != wallet || lines[1].What != "payment" {
		t.Fatalf("the two latest lines are %+v, %v", lines, err)
	}
	if lines, err = s.PaymentLines(org, wallet); err != nil || len(lines) != 4 || lines[0].Account != purseAccount || lines[0].Amount != -300 {
		t.Fatalf("the lines of a payment are %+v, %v", lines, err)
	}
}

// The journal stays as it was written, whoever asks.
func testAppendOnly(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	s.deposit(t, purseAccount, 1000)
	for _, sql := range []string{
		"UPDATE journal_entries SET amount = 5", "DELETE FROM journal_entries", "UPDATE journal SET what = 'gift'", "DELETE FROM journal",
		"INSERT INTO journal_entries SELECT * FROM journal_entries",
	} {
		if err := db.Exec(t, s.url, sql); err == nil {
			t.Errorf("%s is done", sql)
		}
	}
	if lines, err := s.Statement(purseAccount, 10); err != nil || len(lines) != 1 || lines[0].Amount != 1000 || lines[0].What != "deposit" {
		t.Fatalf("the statement is %+v, %v", lines, err)
	}
}

// What is wrong in the books is found, each kind of it.
func testLedgerCheck(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	s.deposit(t, purseAccount, 1000)
	s.deposit(t, ledger.PurseAccount(org, purse, "UGX"), 70)
	s.change(t, phone("+254711000001"), func(tx *store.Tx, rec *store.Record) error { return pay(tx, paid(tx, rec, "", 400)) })
	report, err := s.CheckLedger()
	must(t, err)
	if report.Accounts != 4 || report.Transactions != 2 || len(report.Differences) != 0 {
		t.Fatalf("%+v", report)
	}
	const kes = " WHERE kind = 1 AND currency = 'KES'"
	for _, c := range []struct {
		wrong, right, want string
		differences        int
	}{
		{"UPDATE accounts SET actual = actual + 1" + kes, "UPDATE accounts SET actual = actual - 1" + kes, "the purse el_prs_a in KES of el_org_a has KES 10.01, its entries add up to KES 10.00, after the latest it had KES 10.00", 2},
		{"UPDATE accounts SET latest = latest + 1" + kes, "UPDATE accounts SET latest = latest - 1" + kes, "its entries add up to KES 10.00, after the latest it had KES 0.00", 1},
		{"UPDATE accounts SET held = held - 400" + kes, "UPDATE accounts SET held = held + 400" + kes, "holds KES 0.00, its payments under way hold KES 4.00", 1},
		{"UPDATE payments SET pending = FALSE", "UPDATE payments SET pending = TRUE", "holds 400 minor units and is not pending", 1},
		{"UPDATE accounts SET number = number + 1000000 WHERE currency = 'UGX'", "UPDATE accounts SET number = number - 1000000 WHERE currency = 'UGX'", "where the account or the transaction is missing", 4},
		{"INSERT INTO journal SELECT 7, org_id, at, what, payment_id, note, actor_kind, actor_id FROM journal WHERE id = (SELECT MIN(id) FROM journal)", "", "transaction 7: has no entries", 1},
		{"INSERT INTO journal_entries SELECT 7, number, 5, 5, 1, 0 FROM accounts" + kes, "", "transaction 7: its entries in KES add up to KES 0.05, not to zero", 2},
		{"INSERT INTO journal_entries SELECT 7, number, -5, 5, 1, 0 FROM accounts WHERE kind = 4 AND currency = 'KES'", "", "has KES 0.05 after an entry of KES -0.05, and had KES 0.00 before", 3},
	} {
		must(t, db.Exec(t, s.url, c.wrong))
		report, err := s.CheckLedger()
		must(t, err)
		if len(report.Differences) != c.differences || !strings.Contains(strings.Join(report.Differences, "\n"), c.want) {
			t.Errorf("%s: %q", c.wrong, report.Differences)
		}
		if c.right != "" {
			must(t, db.Exec(t, s.url, c.right))
		}
	}
}
