package store

import (
	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
)

// Account is where the purse's money is.
func (p Purse) Account() ledger.Account { return ledger.PurseAccount(p.Org, p.ID, p.Currency) }

// Balance reads what an account has.
func (s *Store) Balance(a ledger.Account) (ledger.Balance, error) {
	var b ledger.Balance
	v := new(values)
	bindAccount(v, a)
	err := s.query(op{readAccount, v, func(r row) error {
		_, found, err := scanAccount(r)
		b = found.Balance
		return err
	}})
	return b, err
}

// CashMove is money that an operator puts into a purse, or takes out where the amount is negative.
type CashMove struct {
	Purse  Purse
	Amount int64 // in minor units
	By     customer.Actor
	Note   string
	// First leaves it where the purse had a deposit before.
	First bool
}

// MoveCash carries it out, in a commit of its own, and gives what the purse has then.
func (s *Store) MoveCash(m CashMove) (b ledger.Balance, err error) {
	account := m.Purse.Account()
	operator := ledger.OperatorAccount(m.Purse.Org, m.Purse.Currency)
	move := ledger.Transfer("deposit", "", operator, account, m.Amount)
	if m.Amount < 0 {
		move = ledger.Transfer("withdrawal", "", account, operator, -m.Amount)
	}
	move.Note = m.Note
	err = s.Apply(&Unit{Needs: Needs{Org: m.Purse.Org, Accounts: []ledger.Account{account, operator}}, Run: func(tx *Tx) error {
		tx.Actor = m.By
		outside, err := tx.Balance(operator)
		if err != nil {
			return err
		}
		if b, err = tx.Balance(account); err != nil {
			return err
		}
		if !m.First || outside.Sequence == 0 || b.Sequence == 0 {
			if err := tx.Post(move); err != nil {
				return err
			}
		}
		b, err = tx.Balance(account)
		return err
	}})
	return b, err
}

// sandboxCash is what a new purse of a sandbox has, in units of its currency.
const sandboxCash = 1_000_000

// FillPurse gives a sandbox's purse its first money, once.
func (s *Store) FillPurse(p Purse) (ledger.Balance, error) {
	decimals, _ := currency.Decimals(p.Currency)
	amount := int64(sandboxCash)
	for range decimals {
		amount *= 10
	}
	return s.MoveCash(CashMove{Purse: p, Amount: amount, By: customer.Actor{Kind: "system"}, Note: "sandbox", First: true})
}
