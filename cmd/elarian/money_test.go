package main

import (
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
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
