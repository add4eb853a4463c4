// Package ledger has the rules of money: amounts, accounts, journal transactions and holds. Amounts are
// whole minor units of a currency (cents, where it has two decimals), so that they add up exactly.
//
// Money moves by transactions of the journal, and by nothing else. The entries of one add up to zero
// in each currency; an account's balance is the sum of its entries.
package ledger
