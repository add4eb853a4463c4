// Package payment has the rules of one payment: who may pay whom, the statuses that it takes and in which
// order, and what each step does to the money. It knows accounts by their parties only: balances,
// holds and the journal are internal/ledger's.
package payment
