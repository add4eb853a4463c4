package ledger

import (
	"errors"
	"fmt"

	"github.com/elarian-go/elarian/internal/customer"
)

// Entry is one line of a transaction: more on the account, or less where the amount is negative.
type Entry struct {
	Account Account
	Amount  int64
}

// Transaction is one movement of money. It names nobody: whom a wallet belongs to stands with the
// account, so that the journal can stay when the person is forgotten.
type Transaction struct {
	What    string // names the movement, as "deposit" or "payment.settled"
	Payment string // the id of the payment that moved, empty for none
	Note    string // an operator's words
	Entries []Entry
}

// Transfer is a transaction from one account to another.
func Transfer(what, payment string, from, to Account, amount int64) Transaction {
	return Transaction{What: what, Payment: payment, Entries: []Entry{{from, -amount}, {to, amount}}}
}

// Check refuses a transaction that would make money or lose some. That is a mistake of the program's:
// it is not for users.
func (t Transaction) Check() error {
	if len(t.Entries) < 2 {
		return fmt.Errorf("transaction %s: has %d entries, not two", t.What, len(t.Entries))
	}
	sums := make(map[string]int64, 1)
	for _, e := range t.Entries {
		a := e.Account
		switch {
		case a.Org == "" || a.Org != t.Entries[0].Account.Org:
			return fmt.Errorf("transaction %s: accounts of org %q and %q", t.What, t.Entries[0].Account.Org, a.Org)
		case CheckCurrency("", a.Currency) != nil:
			return fmt.Errorf("transaction %s: currency %q", t.What, a.Currency)
		case (a.Kind == Wallet) != (a.Owner != ""):
			return fmt.Errorf("transaction %s: %s with owner %q", t.What, a.Kind, a.Owner)
		case e.Amount == 0 || e.Amount > MaxAmount || e.Amount < -MaxAmount:
			return fmt.Errorf("transaction %s: an entry of %d", t.What, e.Amount)
		}
		sums[a.Currency] += e.Amount
	}
	for currency, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("transaction %s: its entries in %s add up to %d, not to zero", t.What, currency, sum)
		}
	}
	return nil
}

// errTooMuch is more than can be counted outside.
var errTooMuch = errors.New("the account has more than can be counted")

// Post gives the balances after each entry, in their order, and changes nothing. before gives those of
// now. It refuses with InsufficientFunds where a purse or wallet would have less available than
// nothing, and with customer.LimitReached where one would have more than MaxAmount.
func (t Transaction) Post(before func(Account) (Balance, error)) ([]Balance, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	now := make(map[Account]Balance, len(t.Entries))
	net := make(map[Account]int64, len(t.Entries))
	after := make([]Balance, len(t.Entries))
	for i, e := range t.Entries {
		b, known := now[e.Account]
		if !known {
			var err error
			if b, err = before(e.Account); err != nil {
				return nil, err
			}
		}
		const most = 1 << 62
		if sum := b.Actual + e.Amount; sum > most || sum < -most {
			return nil, fmt.Errorf("%s: %w", e.Account, errTooMuch)
		}
		b.Actual += e.Amount
		b.Sequence++
		now[e.Account], after[i] = b, b
		net[e.Account] += e.Amount
	}
	for _, e := range t.Entries {
		a, b, change := e.Account, now[e.Account], net[e.Account]
		switch {
		case !a.inside():
		case change < 0 && b.Available() < 0:
			b.Actual -= change
			return nil, a.insufficient(b, -change)
		case change > 0 && b.Actual > MaxAmount:
			return nil, customer.Refuse(customer.LimitReached, "credit_party: the %s cannot have more than %s", a, Text(a.Currency, MaxAmount))
		}
	}
	return after, nil
}
