package ledger

import (
	"fmt"

	"github.com/elarian-go/elarian/internal/currency"
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
	What    string  // names the movement, as "deposit" or "payment.settled"
	Payment string  // the id of the payment that moved, empty for none
	Note    string  // an operator's words
	Entries []Entry // one of each account
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
	seen := make(map[Account]bool, len(t.Entries))
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
		case seen[a]:
			return fmt.Errorf("transaction %s: two entries of the %s", t.What, a)
		}
		seen[a] = true
		sums[a.Currency] += e.Amount
	}
	for code, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("transaction %s: its entries in %s add up to %d, not to zero", t.What, code, sum)
		}
	}
	return nil
}

// Post gives the balances after each entry, in their order, and changes nothing. before gives those of
// now. It refuses with InsufficientFunds where a purse or wallet would have less available than
// nothing, and with customer.LimitReached where one would have more than MaxAmount.
func (t Transaction) Post(before func(Account) (Balance, error)) ([]Balance, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	after := make([]Balance, len(t.Entries))
	for i, e := range t.Entries {
		a := e.Account
		b, err := before(a)
		if err != nil {
			return nil, err
		}
		after[i] = Balance{Actual: b.Actual + e.Amount, Held: b.Held, Sequence: b.Sequence + 1}
		switch sum := after[i].Actual; {
		case sum > mostOutside || sum < -mostOutside:
			return nil, fmt.Errorf("transaction %s: the %s has more than can be counted", t.What, a)
		case !a.inside():
		case e.Amount < 0 && after[i].Available() < 0:
			return nil, a.insufficient(b, -e.Amount)
		case e.Amount > 0 && sum > MaxAmount:
			return nil, customer.Refuse(customer.LimitReached, "the %s cannot have more than %s", a, currency.Text(MaxAmount, a.Currency))
		}
	}
	return after, nil
}

// mostOutside bounds the balance of an account outside, so that it can be counted on.
const mostOutside = 1 << 62
