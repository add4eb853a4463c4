package store

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
)

// The journal is written once: no statement here changes or deletes of it, and the database refuses any.
// Like a history, it is appended in the order of commits; each entry names the transaction before it
// of the same account.
var (
	insertJournal = newStatement("id int, org text, at int, what text, payment text, note text, actor text, actor_id text", `
		INSERT INTO journal (id, org_id, at, what, payment_id, note, actor_kind, actor_id) {{values}}`)
	insertEntries = newStatement("journal int, account int, amount int, balance int, sequence int, previous int", `
		INSERT INTO journal_entries (journal_id, account, amount, balance, sequence, previous) {{values}}`)
)

// Post moves money: it appends the transaction to the journal and changes the balances of its accounts
// with it. A refusal, as of ledger.InsufficientFunds, changes nothing.
func (tx *Tx) Post(t ledger.Transaction) error {
	_, err := tx.post(t)
	return err
}

// post is Post, and gives the transaction's number.
func (tx *Tx) post(t ledger.Transaction) (id int64, err error) {
	accounts := make([]storedAccount, 0, len(t.Entries))
	after, err := t.Post(func(a ledger.Account) (ledger.Balance, error) {
		found, err := tx.account(a)
		accounts = append(accounts, found)
		return found.Balance, err
	})
	if err != nil {
		return 0, err
	}
	id = tx.store.ids.number(tx.now)
	tx.journal.int(id).text(t.Entries[0].Account.Org).int(millis(tx.now)).text(t.What).text(t.Payment).free(t.Note).free(tx.Actor.Kind).free(tx.Actor.ID)
	for i, e := range t.Entries {
		a, previous := accounts[i], accounts[i].latest
		a.Balance, a.latest = after[i], id
		number, err := tx.setAccount(e.Account, a)
		if err != nil {
			return 0, err
		}
		tx.entries.int(id).int(number).int(e.Amount).int(a.Actual).int(a.Sequence).int(previous)
	}
	return id, nil
}

// Line is an entry of the journal, seen from its account.
type Line struct {
	Journal int64 // the transaction's number
	At      time.Time
	What    string
	Payment string
	Note    string
	Actor   customer.Actor
	Account ledger.Account
	Amount  int64
	Balance int64 // the account's after it
}

const selectLines = `
	SELECT j.id, j.at, j.what, j.payment_id, j.note, j.actor_kind, j.actor_id,
		a.org_id, a.kind, a.owner_id, a.id, a.currency, e.amount, e.balance
	FROM `

var (
	// selectStatement walks an account's entries from the latest one.
	selectStatement = newStatement(accountKeyColumns+", lim int", `
		WITH RECURSIVE chain(id, account, n) AS (
			SELECT a.latest, a.number, 1 FROM {{each accounts a}}
			a.org_id = r.org AND a.kind = r.kind AND a.owner_id = r.owner AND a.id = r.id AND a.currency = r.currency
			UNION ALL
			SELECT e.previous, c.account, c.n + 1 FROM chain c JOIN journal_entries e ON e.journal_id = c.id AND e.account = c.account
			WHERE c.n < {{one lim}}
		)`+selectLines+`chain c JOIN journal_entries e ON e.journal_id = c.id AND e.account = c.account
			JOIN journal j ON j.id = e.journal_id JOIN accounts a ON a.number = e.account
		ORDER BY c.n LIMIT {{one lim}}`)
	selectPaymentLines = newStatement("org text, payment text", selectLines+`
		{{each payments p JOIN journal j ON j.id IN (p.moved, p.reversed) JOIN journal_entries e ON e.journal_id = j.id JOIN accounts a ON a.number = e.account}}
		p.org_id = r.org AND p.id = r.payment ORDER BY j.id = p.reversed, e.amount`)
)

func (s *Store) lines(st *statement, v *values) ([]Line, error) {
	var lines []Line
	err := s.query(op{st, v, func(r row) error {
		lines = append(lines, Line{
			Journal: r.int(0), At: fromMillis(r.int(1)), What: r.text(2), Payment: r.text(3), Note: r.text(4), Actor: customer.Actor{Kind: r.text(5), ID: r.text(6)},
			Account: ledger.Account{Org: r.text(7), Kind: ledger.Kind(r.int(8)), Owner: r.text(9), ID: r.text(10), Currency: r.text(11)},
			Amount:  r.int(12), Balance: r.int(13),
		})
		return nil
	}})
	return lines, err
}

// Statement reads the latest entries of an account, newest first.
func (s *Store) Statement(a ledger.Account, limit int) ([]Line, error) {
	v := new(values)
	bindAccount(v, a)
	return s.lines(selectStatement, v.int(int64(limit)))
}

// PaymentLines reads what a payment has moved, in the order in which it did.
func (s *Store) PaymentLines(org, payment string) ([]Line, error) {
	return s.lines(selectPaymentLines, new(values).text(org).text(payment))
}
