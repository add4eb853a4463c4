package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/elarian-go/elarian"
)

func TestOperatorsLookAfterPurses(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "a.db")
	inA := func(args ...string) []string { return append(args, "--store", database) }
	live := must(t, dir, inA("org", "add", "Live", "--live")...)
	purse := must(t, dir, inA("purse", "add", "Fees")...)
	if list := must(t, dir, inA("purse", "list")...); !strings.Contains(list, "KES 0.00") {
		t.Errorf("a live org's new purse: %s", list)
	}
	if got := must(t, dir, inA("purse", "deposit", purse, "2500.50", "--note", "bank slip 381")...); got != purse+" has KES 2,500.50 available" {
		t.Errorf("deposit says %q", got)
	}
	if got := must(t, dir, inA("purse", "withdraw", purse, "500")...); got != purse+" has KES 2,000.50 available" {
		t.Errorf("withdraw says %q", got)
	}
	refused(t, runIn(t, dir, inA("purse", "withdraw", purse, "2000.51")...), 1, "KES 2,000.50 available")
	for _, amount := range []string{"0", "-5", "1.005", "1,000", "x", "90071992547409.93"} {
		refused(t, runIn(t, dir, "purse", "deposit", "--store", database, "--", purse, amount), 1, amount)
	}
	refused(t, runIn(t, dir, inA("purse", "deposit", "el_prs_x", "5")...), 1, "no purse el_prs_x")
	lines := decode[[]lineView](t, must(t, dir, inA("purse", "statement", "--json")...))
	if len(lines) != 2 || lines[0].What != "withdrawal" || lines[0].Amount != "KES -500.00" || lines[1].Note != "bank slip 381" || !strings.HasPrefix(lines[1].Who, "operator") {
		t.Errorf("the statement is %+v", lines)
	}

	// A sandbox's purse holds money from the start, each, in its own currency.
	test := must(t, dir, inA("org", "add", "Test")...)
	for range 2 {
		got := decode[purseView](t, must(t, dir, inA("purse", "add", "Play", "--org", test, "--currency", "ugx", "--json")...))
		if got.Available != "UGX 1,000,000" {
			t.Errorf("a sandbox's new purse: %+v", got)
		}
	}
	if purses := decode[[]purseView](t, must(t, dir, inA("purse", "list", "--org", live, "--json")...)); len(purses) != 1 || purses[0].Available != "KES 2,000.50" {
		t.Errorf("the live org's purses: %+v", purses)
	}

	if got := must(t, dir, inA("ledger", "check")...); got != "5 accounts and 4 transactions checked, 0 differences" {
		t.Errorf("the check says %q", got)
	}
	c, err := sqlite.OpenConn(database, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(c, "UPDATE accounts SET actual = actual + 1 WHERE org_id = '"+live+"' AND kind = 1", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	got := runIn(t, dir, inA("ledger", "check")...)
	refused(t, got, 1, "wrong in 2 places")
	if !strings.Contains(got.out, "the purse "+purse+" in KES of "+live+" has KES 2,000.51, its entries add up to KES 2,000.50") {
		t.Errorf("the check says %s", got.out)
	}
	report := decode[ledgerView](t, runIn(t, dir, inA("ledger", "check", "--json")...).out)
	if report.Accounts != 5 || len(report.Differences) != 2 {
		t.Errorf("as JSON: %+v", report)
	}
}

// What a provider does not answer an operator does, beside the running server, and the app is told.
func TestOperatorsSettlePayments(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	phone, err := elarian.ConnectSimulator(ctx, d.config()) // that does not answer a checkout
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	client := elarian.New(d.config())
	told := make(chan elarian.PaymentStatus, 10)
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		told <- p.Status
		return nil
	})
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	expect := func(want elarian.PaymentStatus) {
		t.Helper()
		select {
		case got := <-told:
			if got != want {
				t.Fatalf("the app is told %v, want %v", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("the app is not told %v", want)
		}
	}
	ada := client.Customer(elarian.Cellular("+254710000001"))
	purse := elarian.Purse(decode[[]purseView](t, must(t, dir, "purse", "list", "--json"))[0].ID)
	paid, err := client.InitiatePayment(ctx, ada.Account(elarian.MobileMoney("83044")), purse, elarian.KES("150.50"), "order 7")
	if err != nil {
		t.Fatal(err)
	}
	expect(elarian.PaymentPendingConfirmation)

	pending := decode[[]paymentView](t, must(t, dir, "payment", "list", "--pending", "--json"))
	if len(pending) != 1 || pending[0].ID != paid.TransactionID || pending[0].Amount != "KES 150.50" || pending[0].Status != "pending_confirmation" {
		t.Fatalf("pending are %+v", pending)
	}
	refused(t, runIn(t, dir, "payment", "settle", paid.TransactionID, "--status", "queued"), 2, "settles nothing")
	refused(t, runIn(t, dir, "payment", "settle", "el_txn_x"), 1, "no payment el_txn_x")
	refused(t, runIn(t, dir, "payment", "reverse", paid.TransactionID), 2, "--yes")
	refused(t, runIn(t, dir, "payment", "reverse", paid.TransactionID, "--yes"), 1, "reversed cannot follow")
	if got := must(t, dir, "payment", "settle", paid.TransactionID, "--description", "receipt QK12"); got != paid.TransactionID+" is success" {
		t.Errorf("settle says %q", got)
	}
	expect(elarian.PaymentSuccess)
	refused(t, runIn(t, dir, "payment", "settle", paid.TransactionID, "--status", "failed"), 1, "failed cannot follow")
	if left := must(t, dir, "payment", "list", "--pending"); left != "none" {
		t.Errorf("still pending are %s", left)
	}
	if got := must(t, dir, "purse", "list"); !strings.Contains(got, "KES 1,000,150.50") {
		t.Errorf("the purse: %s", got)
	}
	second := must(t, dir, "org", "add", "Second") // from then on only what is named is found by itself
	refused(t, runIn(t, dir, "payment", "list"), 1, "say which by --org")
	refused(t, runIn(t, dir, "payment", "show", "el_txn_x"), 1, "no org has a payment el_txn_x")
	refused(t, runIn(t, dir, "payment", "show", paid.TransactionID, "--org", second), 1, "has no payment")
	for _, limit := range []string{"0", "-1", "x"} {
		refused(t, runIn(t, dir, "payment", "list", "--limit", limit), 2, "a number from 1 on")
	}
	must(t, dir, "payment", "reverse", paid.TransactionID, "--yes")
	expect(elarian.PaymentReversed)
	shown := must(t, dir, "payment", "show", paid.TransactionID)
	for _, want := range []string{"KES 150.50  reversed", "+254710000001 by cellular", "receipt QK12", "contradicts", "order 7", "payment.reversed", "KES -150.50"} {
		if !strings.Contains(shown, want) {
			t.Errorf("payment show lacks %q:\n%s", want, shown)
		}
	}
	if v := decode[paymentView](t, must(t, dir, "payment", "show", paid.TransactionID, "--json")); len(v.Journal) != 4 || len(v.History) < 4 {
		t.Errorf("as JSON: %+v", v)
	}
	if got := must(t, dir, "ledger", "check"); !strings.Contains(got, "0 differences") {
		t.Errorf("the check says %s", got)
	}
}
