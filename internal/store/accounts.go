package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
)

// storedAccount is an account's row. The number is what the journal knows it by, so that an entry need not
// change when a wallet's owner is forgotten.
type storedAccount struct {
	ledger.Balance
	number int64
	latest int64 // the journal's latest transaction of it, 0 for none
}

const accountKeyColumns = "org text, kind int, owner text, id text, currency text"

const accountResult = `
	SELECT a.org_id, a.kind, a.owner_id, a.id, a.currency, a.number, a.actual, a.held, a.sequence, a.latest`

const selectAccounts = accountResult + `
	FROM {{each accounts a}} a.org_id = r.org AND a.kind = r.kind AND a.owner_id = r.owner AND a.id = r.id AND a.currency = r.currency
	ORDER BY a.org_id, a.kind, a.owner_id, a.id, a.currency `

// accounts are locked after customers, in the order of their keys. Those that a batch names wait for
// each other's locks: a purse that all pay from is no reason to try again.
var accounts = &table[ledger.Account, storedAccount]{
	load:       newStatement(accountKeyColumns, selectAccounts+"{{for_update a}}"),
	loadInside: newStatement(accountKeyColumns, selectAccounts+"{{for_update_nowait a}}"),
	insert: newStatement(accountKeyColumns+", number int, actual int, held int, sequence int, latest int", `
		INSERT INTO accounts (org_id, kind, owner_id, id, currency, number, actual, held, sequence, latest) {{values}}`),
	upsert: newStatement(accountKeyColumns+", number int, actual int, held int, sequence int, latest int", `
		UPDATE accounts AS a SET actual = r.actual, held = r.held, sequence = r.sequence, latest = r.latest
		{{given}} a.org_id = r.org AND a.kind = r.kind AND a.owner_id = r.owner AND a.id = r.id AND a.currency = r.currency AND a.number = r.number`),
	bindKey: bindAccount,
	bind: func(v *values, k ledger.Account, a *storedAccount) {
		bindAccount(v, k)
		v.int(a.number).int(a.Actual).int(a.Held).int(a.Sequence).int(a.latest)
	},
	scan:    scanAccount,
	clone:   func(a *storedAccount) *storedAccount { c := *a; return &c },
	compare: ledger.Account.Compare,
}

func bindAccount(v *values, a ledger.Account) {
	v.text(a.Org).int(int64(a.Kind)).text(a.Owner).text(a.ID).text(a.Currency)
}

func scanAccount(r row) (ledger.Account, *storedAccount, error) {
	return ledger.Account{Org: r.text(0), Kind: ledger.Kind(r.int(1)), Owner: r.text(2), ID: r.text(3), Currency: r.text(4)},
		&storedAccount{Balance: ledger.Balance{Actual: r.int(6), Held: r.int(7), Sequence: r.int(8)}, number: r.int(5), latest: r.int(9)}, nil
}

func checkAccount(a ledger.Account) error {
	if storable(a.Org) && storable(a.Owner) && storable(a.ID) && storable(a.Currency) {
		return nil
	}
	return customer.Refuse(customer.InvalidRequest, "%s: its id is not a text", a.Kind)
}

// Balance gives what an account has, nothing where it is not there yet.
func (tx *Tx) Balance(a ledger.Account) (ledger.Balance, error) {
	found, err := tx.account(a)
	return found.Balance, err
}

func (tx *Tx) account(a ledger.Account) (storedAccount, error) {
	if err := checkAccount(a); err != nil {
		return storedAccount{}, err
	}
	found, err := tx.b.accounts.find(tx.conn, a)
	if err != nil || found == nil {
		return storedAccount{}, err
	}
	return *found, nil
}

// setAccount stores what an account has now, and, of a wallet, that its owner has changed.
func (tx *Tx) setAccount(k ledger.Account, a storedAccount) (number int64, err error) {
	if k.Kind == ledger.Wallet {
		rec, err := tx.b.customers.edit(tx.conn, customerKey{k.Org, k.Owner})
		switch {
		case err != nil:
			return 0, err
		case rec != nil:
			rec.HasWallets = true
			rec.Version++
		case a.number == 0 && !strings.HasPrefix(k.Owner, referencePrefix): // whose owner was erased
			return 0, fmt.Errorf("%s: there is no such customer", k)
		}
	}
	if a.number == 0 {
		a.number = tx.store.ids.number(tx.now)
	}
	known, err := tx.b.accounts.slot(tx.conn, k)
	tx.b.accounts.put(k, &a, known.stored)
	return a.number, err
}

// holdFunds keeps the amount of a payment on the account that it debits.
func (tx *Tx) holdFunds(p *storedPayment, k ledger.Account) error {
	if p.held != 0 {
		return fmt.Errorf("payment %s holds %d already", p.ID, p.held)
	}
	a, err := tx.account(k)
	if err != nil {
		return err
	}
	if a.Balance, err = k.Hold(a.Balance, p.Amount); err != nil {
		return err
	}
	p.heldAccount, err = tx.setAccount(k, a)
	p.held = p.Amount
	return err
}

// releaseFunds makes what a payment holds available again.
func (tx *Tx) releaseFunds(p *storedPayment, k ledger.Account) error {
	a, err := tx.account(k)
	switch {
	case err != nil:
		return err
	case p.held == 0 || p.heldAccount != a.number:
		return fmt.Errorf("payment %s holds nothing of the %s", p.ID, k)
	}
	if a.Balance, err = k.Release(a.Balance, p.held); err != nil {
		return err
	}
	p.heldAccount, p.held = 0, 0
	_, err = tx.setAccount(k, a)
	return err
}

// Wallet is what a customer has in one wallet and currency. Of one id the currency that it had first
// comes first: an adoption can bring others.
type Wallet struct {
	Account ledger.Account
	Balance ledger.Balance
}

const selectWallets = accountResult + `
	FROM {{each accounts a}} a.org_id = r.org AND a.kind = 2 AND a.owner_id = r.id
	ORDER BY a.org_id, a.kind, a.owner_id, a.id, a.number `

var (
	readAccount     = newStatement(accountKeyColumns, selectAccounts)
	readWallets     = newStatement("org text, id text, i int", strings.Replace(selectWallets, "a.latest", "a.latest, r.i", 1))
	selectWalletsOf = newStatement(ofCustomer, selectWallets)
	lockWalletsOf   = newStatement(ofCustomer, selectWallets+"{{for_update_nowait a}}")
	eraseOwner      = newStatement("org text, id text, reference text", `
		UPDATE accounts AS a SET owner_id = r.reference {{given}} a.org_id = r.org AND a.kind = 2 AND a.owner_id = r.id`)
)

// walletsOf gives the wallets of a customer, in hand from then on. Where the customer is locked, nobody
// makes another one.
func (tx *Tx) walletsOf(org, id string) (found []Wallet, err error) {
	var keys []ledger.Account
	err = inside(tx.conn, op{lockWalletsOf, new(values).text(org).text(id), func(r row) error {
		k, a, err := scanAccount(r)
		if _, known := tx.b.accounts.batch[k]; !known {
			tx.b.accounts.batch[k] = slot[storedAccount]{value: a, stored: true}
		}
		keys = append(keys, k)
		return err
	}})
	for _, k := range keys {
		a, findErr := tx.account(k)
		err = errors.Join(err, findErr)
		found = append(found, Wallet{k, a.Balance})
	}
	return found, err
}

// Wallets gives the wallets of a customer.
func (tx *Tx) Wallets(rec *Record) ([]Wallet, error) {
	if !rec.HasWallets {
		return nil, nil
	}
	return tx.walletsOf(rec.Org, rec.ID)
}

// Wallets reads the wallets of a customer.
func (s *Store) Wallets(rec *Record) ([]Wallet, error) {
	var found []Wallet
	err := s.query(op{selectWalletsOf, new(values).text(rec.Org).text(rec.ID), func(r row) error {
		k, a, err := scanAccount(r)
		found = append(found, Wallet{k, a.Balance})
		return err
	}})
	return found, err
}

// ensureWallet has the owner have the wallet, be it with nothing in it.
func (tx *Tx) ensureWallet(k ledger.Account) error {
	a, err := tx.account(k)
	if err != nil || a.number != 0 {
		return err
	}
	a.Sequence++
	_, err = tx.setAccount(k, a)
	return err
}

// adoptWallets adds the wallets of an adopted customer to those of the same id and currency, with what
// is held of them. The unit has to be Alone.
func (tx *Tx) adoptWallets(rec *Record, adopted string) error {
	found, err := tx.walletsOf(rec.Org, adopted)
	if err != nil {
		return err
	}
	for _, w := range found {
		from, to := w.Account, w.Account
		to.Owner = rec.ID
		old, err := tx.account(from)
		if err != nil {
			return err
		}
		held := old.Held
		old.Held = 0
		if _, err := tx.setAccount(from, old); err != nil {
			return err
		}
		if old.Actual == 0 { // and nothing is held
			if err := tx.ensureWallet(to); err != nil {
				return err
			}
			continue
		}
		if err := tx.Post(ledger.Transfer("customer.adopted", "", from, to, old.Actual)); err != nil {
			return err
		}
		if held == 0 {
			continue
		}
		own, err := tx.account(to)
		if err != nil {
			return err
		}
		own.Held += held
		if _, err := tx.setAccount(to, own); err != nil {
			return err
		}
		tx.Exec(moveHolds, new(values).text(rec.Org).text(adopted).int(old.number).int(own.number))
	}
	return nil
}
