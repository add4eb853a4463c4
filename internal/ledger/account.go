package ledger

import (
	"cmp"
	"fmt"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
)

// Kind is what an account is for.
type Kind int64

// The kinds of accounts. Purses and wallets hold money of the org and its customers, and never go
// below zero. The others are where money comes from and goes to: their balance is what has left
// through them, less what has come in, so that all accounts together have nothing.
const (
	Purse    Kind = 1 // of an org
	Wallet   Kind = 2 // of a customer
	Channel  Kind = 3 // outside, by a payment channel: mobile money, airtime
	Operator Kind = 4 // outside, by an operator's deposits and withdrawals
)

func (k Kind) String() string {
	switch k {
	case Purse:
		return "purse"
	case Wallet:
		return "wallet"
	case Channel:
		return "channel"
	case Operator:
		return "operator"
	}
	return fmt.Sprintf("kind %d", int64(k))
}

// Account names an account. It comes into being by the first entry.
type Account struct {
	Org      string
	Kind     Kind
	Owner    string // of a wallet the customer's id, else empty
	ID       string // the purse's or wallet's id; of a channel its kind and number, as "cellular 83044"
	Currency string
}

// PurseAccount is the account of a purse.
func PurseAccount(org, purse, currency string) Account {
	return Account{Org: org, Kind: Purse, ID: purse, Currency: currency}
}

// WalletAccount is what a customer has in a wallet in one currency.
func WalletAccount(org, owner, wallet, currency string) Account {
	return Account{Org: org, Kind: Wallet, Owner: owner, ID: wallet, Currency: currency}
}

// ChannelAccount is what is outside of a payment channel, named by its kind and number.
func ChannelAccount(org, kind, number, currency string) Account {
	return Account{Org: org, Kind: Channel, ID: kind + " " + number, Currency: currency}
}

// OperatorAccount is where operators' deposits come from.
func OperatorAccount(org, currency string) Account {
	return Account{Org: org, Kind: Operator, Currency: currency}
}

// Compare orders accounts; locks are taken in this order.
func (a Account) Compare(b Account) int {
	return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Owner, b.Owner),
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Currency, b.Currency))
}

func (a Account) String() string {
	switch a.Kind {
	case Wallet:
		return fmt.Sprintf("wallet %s of %s in %s", a.ID, a.Owner, a.Currency)
	case Operator:
		return "operator's account in " + a.Currency
	}
	return fmt.Sprintf("%s %s in %s", a.Kind, a.ID, a.Currency)
}

// inside says whether the account holds money that can be spent.
func (a Account) inside() bool { return a.Kind == Purse || a.Kind == Wallet }

// Balance is what an account has, in minor units.
type Balance struct {
	Actual   int64 // the sum of its entries
	Held     int64 // of that, what payments under way will take
	Sequence int64 // grows with each change
}

// Available is what can be spent.
func (b Balance) Available() int64 { return b.Actual - b.Held }

// InsufficientFunds is the code of a debit beyond what is available.
const InsufficientFunds customer.Code = "insufficient_funds"

func (a Account) insufficient(b Balance, wanted int64) error {
	return customer.Refuse(InsufficientFunds, "the %s has %s available, which is less than %s",
		a, currency.Text(b.Available(), a.Currency), currency.Text(wanted, a.Currency))
}

// Hold keeps an amount for a payment under way: less is available, the actual balance stays.
func (a Account) Hold(b Balance, amount int64) (Balance, error) {
	switch {
	case amount <= 0:
		return b, fmt.Errorf("hold %d of the %s: not an amount", amount, a)
	case !a.inside():
		return b, fmt.Errorf("hold of the %s: nothing is held outside", a)
	case amount > b.Available():
		return b, a.insufficient(b, amount)
	}
	b.Held += amount
	b.Sequence++
	return b, nil
}

// Release ends a hold: the amount is available again.
func (a Account) Release(b Balance, amount int64) (Balance, error) {
	if amount <= 0 || amount > b.Held {
		return b, fmt.Errorf("release %d of the %s, which holds %d", amount, a, b.Held)
	}
	b.Held -= amount
	b.Sequence++
	return b, nil
}
