package store

import (
	"fmt"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/ledger"
)

// LedgerReport is what a check of the ledger has found.
type LedgerReport struct {
	Accounts, Transactions int64
	// Differences are sentences, none where all is right; of each kind the first maxDifferences.
	Differences []string
}

const maxDifferences = 100

// Sums are cast because PostgreSQL adds up integers to another type.
var (
	countAccounts     = newStatement("", "SELECT COUNT(*) FROM accounts")
	countTransactions = newStatement("", "SELECT COUNT(*) FROM journal")
	unbalancedTotals  = newStatement("", `
		SELECT a.org_id, a.currency, CAST(SUM(a.actual) AS BIGINT) FROM accounts a
		GROUP BY a.org_id, a.currency HAVING SUM(a.actual) <> 0 ORDER BY a.org_id, a.currency`)
	unbalancedTransactions = newStatement("lim int", `
		SELECT e.journal_id, a.currency, CAST(SUM(e.amount) AS BIGINT) FROM journal_entries e JOIN accounts a ON a.number = e.account
		GROUP BY e.journal_id, a.currency HAVING SUM(e.amount) <> 0 ORDER BY e.journal_id LIMIT {{one lim}}`)
	strayEntries = newStatement("lim int", `
		SELECT e.journal_id, e.account FROM journal_entries e LEFT JOIN accounts a ON a.number = e.account LEFT JOIN journal j ON j.id = e.journal_id
		WHERE a.number IS NULL OR j.id IS NULL ORDER BY e.journal_id LIMIT {{one lim}}`)
	emptyTransactions = newStatement("lim int", `
		SELECT j.id FROM journal j LEFT JOIN journal_entries e ON e.journal_id = j.id WHERE e.journal_id IS NULL ORDER BY j.id LIMIT {{one lim}}`)
	brokenChains = newStatement("lim int", accountResult+`, e.journal_id, e.amount, e.balance, COALESCE(p.balance, 0)
		FROM journal_entries e JOIN accounts a ON a.number = e.account
		LEFT JOIN journal_entries p ON p.journal_id = e.previous AND p.account = e.account
		WHERE e.balance <> COALESCE(p.balance, 0) + e.amount OR (e.previous <> 0 AND p.journal_id IS NULL) ORDER BY e.journal_id LIMIT {{one lim}}`)
	wrongBalances = newStatement("lim int", accountResult+`, COALESCE(e.total, 0), COALESCE(l.balance, 0)
		FROM accounts a LEFT JOIN (
			SELECT account, CAST(SUM(amount) AS BIGINT) AS total FROM journal_entries GROUP BY account
		) e ON e.account = a.number LEFT JOIN journal_entries l ON l.journal_id = a.latest AND l.account = a.number
		WHERE a.actual <> COALESCE(e.total, 0) OR a.actual <> COALESCE(l.balance, 0) ORDER BY a.number LIMIT {{one lim}}`)
	wrongHolds = newStatement("lim int", accountResult+`, COALESCE(p.total, 0)
		FROM accounts a LEFT JOIN (
			SELECT held_account, CAST(SUM(held) AS BIGINT) AS total FROM payments WHERE held > 0 GROUP BY held_account
		) p ON p.held_account = a.number
		WHERE a.held <> COALESCE(p.total, 0) ORDER BY a.number LIMIT {{one lim}}`)
	overdrawn  = newStatement("lim int", accountResult+` FROM accounts a WHERE a.kind <= 2 AND a.actual < a.held ORDER BY a.number LIMIT {{one lim}}`)
	staleHolds = newStatement("lim int", `
		SELECT p.id, p.held FROM payments p LEFT JOIN accounts a ON a.number = p.held_account
		WHERE p.held > 0 AND (NOT p.pending OR a.number IS NULL) ORDER BY p.id LIMIT {{one lim}}`)
)

// CheckLedger computes every balance again from the journal, as of one moment, and reports what differs.
func (s *Store) CheckLedger() (*LedgerReport, error) {
	report := &LedgerReport{}
	note := func(format string, args ...any) {
		report.Differences = append(report.Differences, fmt.Sprintf(format, args...))
	}
	limited := func(st *statement, scan func(row)) op {
		return op{st, new(values).int(maxDifferences), func(r row) error { scan(r); return nil }}
	}
	// of is a check that begins with the columns of an account.
	of := func(st *statement, scan func(a ledger.Account, b ledger.Balance, r row)) op {
		return limited(st, func(r row) {
			k, a, _ := scanAccount(r) // which reads columns, and cannot fail
			scan(k, a.Balance, r)
		})
	}
	err := s.queryAs(txWhole,
		op{countAccounts, &values{}, func(r row) error { report.Accounts = r.int(0); return nil }},
		op{countTransactions, &values{}, func(r row) error { report.Transactions = r.int(0); return nil }},
		op{unbalancedTotals, &values{}, func(r row) error {
			note("org %s: all accounts in %s together have %s, not zero", r.text(0), r.text(1), currency.Text(r.int(2), r.text(1)))
			return nil
		}},
		limited(unbalancedTransactions, func(r row) {
			note("transaction %d: its entries in %s add up to %s, not to zero", r.int(0), r.text(1), currency.Text(r.int(2), r.text(1)))
		}),
		limited(strayEntries, func(r row) {
			note("transaction %d: an entry of account number %d, where the account or the transaction is missing", r.int(0), r.int(1))
		}),
		limited(emptyTransactions, func(r row) { note("transaction %d: has no entries", r.int(0)) }),
		of(brokenChains, func(a ledger.Account, _ ledger.Balance, r row) {
			note("transaction %d: the %s has %s after an entry of %s, and had %s before", r.int(10), a,
				currency.Text(r.int(12), a.Currency), currency.Text(r.int(11), a.Currency), currency.Text(r.int(13), a.Currency))
		}),
		of(wrongBalances, func(a ledger.Account, b ledger.Balance, r row) {
			note("the %s of %s has %s, its entries add up to %s, after the latest it had %s", a, a.Org,
				currency.Text(b.Actual, a.Currency), currency.Text(r.int(10), a.Currency), currency.Text(r.int(11), a.Currency))
		}),
		of(wrongHolds, func(a ledger.Account, b ledger.Balance, r row) {
			note("the %s of %s holds %s, its payments under way hold %s", a, a.Org, currency.Text(b.Held, a.Currency), currency.Text(r.int(10), a.Currency))
		}),
		of(overdrawn, func(a ledger.Account, b ledger.Balance, _ row) {
			note("the %s of %s has %s available", a, a.Org, currency.Text(b.Available(), a.Currency))
		}),
		limited(staleHolds, func(r row) {
			note("payment %s holds %d minor units and is not pending, or holds them of no account", r.text(0), r.int(1))
		}),
	)
	return report, err
}
