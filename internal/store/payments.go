package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
)

// storedPayment is a payment's row: the payment, what it holds of which account, and what it has moved. Whose payment it is
// stands in columns, so that an adoption need not write the documents again.
type storedPayment struct {
	*payment.Payment
	heldAccount, held int64
	moved, reversed   int64 // the journal's transactions of it, 0 for none
}

type paymentKey struct{ org, id string }

func (a paymentKey) compare(b paymentKey) int {
	return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.id, b.id))
}

const (
	paymentColumns  = "org text, id text, debit text, credit text, pending bool, held_account int, held int, moved int, reversed int, doc blob"
	paymentResult   = "p.org_id, p.id, p.debit_customer, p.credit_customer, p.held_account, p.held, p.moved, p.reversed, p.doc"
	selectSomeOf    = "SELECT " + paymentResult + " FROM {{each payments p}} p.org_id = r.org AND p.id = r.id ORDER BY p.org_id, p.id "
	paymentIDColumn = "org text, id text"
)

// payments are locked after customers and before accounts.
var payments = &table[paymentKey, storedPayment]{
	load:       newStatement(paymentIDColumn, selectSomeOf+"{{for_update p}}"),
	loadInside: newStatement(paymentIDColumn, selectSomeOf+"{{for_update_nowait p}}"),
	insert: newStatement(paymentColumns, `
		INSERT INTO payments (org_id, id, debit_customer, credit_customer, pending, held_account, held, moved, reversed, doc) {{values}}`),
	// The customers are left as they are: their indexes, which are large, need not be written again.
	upsert: newStatement(paymentColumns, `
		UPDATE payments AS p SET pending = r.pending, held_account = r.held_account, held = r.held, moved = r.moved, reversed = r.reversed, doc = r.doc
		{{given}} p.org_id = r.org AND p.id = r.id`),
	bindKey: func(v *values, k paymentKey) { v.text(k.org).text(k.id) },
	bind: func(v *values, k paymentKey, p *storedPayment) {
		v.text(k.org).text(k.id).text(p.DebitCustomer).text(p.CreditCustomer).bool(p.Status.Pending()).int(p.heldAccount).int(p.held).int(p.moved).int(p.reversed).blob(encode(p.Payment))
	},
	scan: func(r row) (paymentKey, *storedPayment, error) {
		p, err := scanPayment(r, 0)
		return paymentKey{p.Org, p.ID}, p, err
	},
	clone: func(p *storedPayment) *storedPayment {
		c := *p
		c.Payment = p.Payment.Clone()
		return &c
	},
	compare: paymentKey.compare,
}

// latestPayments is how many payments of each side a state is made of, and how many pending ones.
const latestPayments = 100

const latestOf = `SELECT x.id FROM (SELECT y.id FROM payments y
	WHERE y.org_id = r.org AND y.%[1]s_customer = r.customer AND y.%[1]s_customer <> ''%[2]s ORDER BY y.id DESC LIMIT %[3]d) x`

// latestIDs are a customer's latest payments on either side, all together and those that are pending.
var latestIDs = func() string {
	var parts []string
	for _, side := range []string{"debit", "credit"} {
		parts = append(parts, fmt.Sprintf(latestOf, side, "", latestPayments), fmt.Sprintf(latestOf, side, " AND y.pending", latestPayments))
	}
	return strings.Join(parts, " UNION ")
}()

var (
	readPayments = newStatement("org text, customer text, i int",
		"SELECT r.i, "+paymentResult+" FROM {{each payments p}} p.org_id = r.org AND p.id IN ("+latestIDs+") ORDER BY p.org_id, p.id")
	selectPaymentsOf = newStatement(ofCustomer, `
		SELECT `+paymentResult+` FROM {{each payments p}} p.org_id = r.org
		AND (p.debit_customer = r.id AND p.debit_customer <> '' OR p.credit_customer = r.id AND p.credit_customer <> '') ORDER BY p.id`)
	moveDebits = newStatement(moveColumns, `
		UPDATE payments AS p SET debit_customer = r.new {{given}} p.org_id = r.org AND p.debit_customer = r.old AND p.debit_customer <> ''`)
	moveCredits = newStatement(moveColumns, `
		UPDATE payments AS p SET credit_customer = r.new {{given}} p.org_id = r.org AND p.credit_customer = r.old AND p.credit_customer <> ''`)
	moveHolds = newStatement("org text, customer text, old int, new int", `
		UPDATE payments AS p SET held_account = r.new {{given}} p.org_id = r.org AND p.debit_customer = r.customer AND p.debit_customer <> ''
		AND p.held_account = r.old AND p.held > 0`)
)

// peekPayments reads payments without a lock, for whom and what to lock.
var peekPayments = newStatement(paymentIDColumn, selectSomeOf)

// scanPayment reads the columns of paymentResult, from the given one on.
func scanPayment(r row, from int) (*storedPayment, error) {
	p := &storedPayment{Payment: &payment.Payment{}}
	err := decode(r.borrow(from+8), p.Payment)
	p.Org, p.ID, p.DebitCustomer, p.CreditCustomer = r.text(from), r.text(from+1), r.text(from+2), r.text(from+3)
	p.heldAccount, p.held, p.moved, p.reversed = r.int(from+4), r.int(from+5), r.int(from+6), r.int(from+7)
	if w := p.Debit.Wallet; w != nil {
		w.Customer = p.DebitCustomer
	}
	if w := p.Credit.Wallet; w != nil {
		w.Customer = p.CreditCustomer
	}
	return p, err
}

// PaymentName is a provider's own name for a payment; it is unique on a channel of an org.
type PaymentName struct {
	Org     string
	Channel payment.ChannelNumber
	ID      string
}

func (n PaymentName) compare(b PaymentName) int {
	return cmp.Or(cmp.Compare(n.Org, b.Org), cmp.Compare(n.ID, b.ID), cmp.Compare(n.Channel.Channel, b.Channel.Channel), cmp.Compare(n.Channel.Number, b.Channel.Number))
}

func (n PaymentName) bind(v *values) *values {
	return v.text(n.Org).text(n.ID).int(int64(n.Channel.Channel)).text(n.Channel.Number)
}

const paymentNameColumns = "org text, provider_id text, channel int, number text"

// paymentNames lead to payments. They stay when a customer is erased: a provider that repeats itself
// must not be believed twice.
var paymentNames = &table[PaymentName, string]{
	load: newStatement(paymentNameColumns, `
		SELECT n.org_id, n.provider_id, n.channel, n.number, n.payment_id
		FROM {{each payment_names n}} n.org_id = r.org AND n.provider_id = r.provider_id AND n.channel = r.channel AND n.number = r.number`),
	insert: newStatement(paymentNameColumns+", payment text", `
		INSERT INTO payment_names (org_id, provider_id, channel, number, payment_id) {{values}}`),
	bindKey: func(v *values, n PaymentName) { n.bind(v) },
	bind:    func(v *values, n PaymentName, id *string) { n.bind(v).text(*id) },
	scan: func(r row) (PaymentName, *string, error) {
		id := r.text(4)
		return PaymentName{r.text(0), payment.ChannelNumber{Channel: payment.Channel(r.int(2)), Number: r.text(3)}, r.text(1)}, &id, nil
	},
	clone:   func(id *string) *string { c := *id; return &c },
	compare: PaymentName.compare,
}

// NewPaymentID and NewPaymentIDAt make ids of payments that sort by time.
func (tx *Tx) NewPaymentID() string { return tx.store.ids.text(paymentPrefix, tx.now) }

// NewPaymentIDAt makes the id of a payment of another time, among whose ids it sorts.
func (tx *Tx) NewPaymentIDAt(t time.Time) string { return tx.store.ids.textAt(paymentPrefix, t) }

// AddPayment stores a new payment, and the provider's name for it where it has one: on no channel, where
// the payment is imported and was internal. It is to be changed no more but as Payment gives it.
func (tx *Tx) AddPayment(p *payment.Payment) error {
	tx.b.payments.put(paymentKey{p.Org, p.ID}, &storedPayment{Payment: p}, false)
	if p.ProviderID != "" {
		n, _ := p.Channel()
		id := p.ID
		tx.b.paymentNames.put(PaymentName{p.Org, n, p.ProviderID}, &id, false)
	}
	if err := tx.paymentChanged(p); err != nil {
		return err
	}
	return errors.Join(tx.keepPaymentNumber(p.Org, p.DebitCustomer, p.Debit.Customer), tx.keepPaymentNumber(p.Org, p.CreditCustomer, p.Credit.Customer))
}

// keepPaymentNumber notes the number of a side of a payment with the customer, whose state has it from then on.
func (tx *Tx) keepPaymentNumber(org, id string, side *payment.Customer) error {
	if side == nil {
		return nil
	}
	rec, err := tx.b.customers.edit(tx.conn, customerKey{org, id})
	if err == nil && rec != nil {
		rec.keepPaymentNumbers(*side)
	}
	return err
}

func (r *Record) keepPaymentNumbers(numbers ...payment.Customer) {
	for _, n := range numbers {
		if !slices.Contains(r.PaymentNumbers, n) {
			r.PaymentNumbers = append(r.PaymentNumbers, n)
		}
	}
}

// paymentChanged marks the customers of a payment as changed.
func (tx *Tx) paymentChanged(p *payment.Payment) error {
	for _, id := range p.Customers() {
		rec, err := tx.b.customers.edit(tx.conn, customerKey{p.Org, id})
		if err != nil {
			return err
		}
		if rec != nil { // else they were erased
			rec.HasPayments = true
			rec.Version++
		}
	}
	return nil
}

// Payment gives a payment, to change, nil where there is none. Its customers count as changed.
func (tx *Tx) Payment(org, id string) (*payment.Payment, error) {
	if !storable(id) {
		return nil, nil
	}
	p, err := tx.b.payments.edit(tx.conn, paymentKey{org, id})
	if err != nil || p == nil {
		return nil, err
	}
	return p.Payment, tx.paymentChanged(p.Payment)
}

// Move does to the money what a step of a payment asks for; the payment is one that the unit has added
// or got. A refusal, as of ledger.InsufficientFunds, names the party whose account it is about, and
// changes nothing.
func (tx *Tx) Move(p *payment.Payment, posting payment.Posting) error {
	stored, err := tx.b.payments.edit(tx.conn, paymentKey{p.Org, p.ID})
	if err != nil {
		return err
	}
	if stored == nil {
		return fmt.Errorf("move the money of payment %s: it is not stored", p.ID)
	}
	debit, credit := stored.Accounts()
	field := "debit_party"
	switch posting {
	case payment.Hold:
		err = tx.holdFunds(stored, debit)
	case payment.Release, payment.Settle:
		err = tx.releaseFunds(stored, debit)
	}
	if err != nil {
		return naming(field, err)
	}
	moved, moves := stored.Movement(posting)
	if !moves || debit == credit {
		return nil // both sides have become one wallet, by an adoption
	}
	id, err := tx.post(moved)
	switch {
	case err != nil:
	case posting == payment.Reverse:
		stored.reversed = id
	default:
		stored.moved = id
	}
	var refused *customer.Refusal
	if posting == payment.Reverse || errors.As(err, &refused) && refused.Code == customer.LimitReached {
		field = "credit_party"
	}
	return naming(field, err)
}

// naming puts the name of a field before the text of a refusal.
func naming(field string, err error) error {
	var refused *customer.Refusal
	if errors.As(err, &refused) {
		return customer.Refuse(refused.Code, "%s: %s", field, refused.Text)
	}
	return err
}

// PaymentNamed gives the id of the payment that a provider calls so, empty where there is none.
func (tx *Tx) PaymentNamed(n PaymentName) (string, error) {
	if !storable(n.ID) || !storable(n.Channel.Number) {
		return "", nil
	}
	id, err := tx.b.paymentNames.find(tx.conn, n)
	if err != nil || id == nil {
		return "", err
	}
	return *id, nil
}

// erasePayments takes a customer out of all their payments, which stay.
func (tx *Tx) erasePayments(org, id, reference string) error {
	var found []paymentKey
	err := inside(tx.conn, op{selectPaymentsOf, new(values).text(org).text(id), func(r row) error {
		k, p, err := payments.scan(r)
		tx.b.payments.batch[k] = slot[storedPayment]{value: p, stored: true}
		found = append(found, k)
		return err
	}})
	for _, k := range found {
		p, editErr := tx.b.payments.edit(tx.conn, k)
		if err = errors.Join(err, editErr); err == nil {
			p.Erase(id, reference)
		}
	}
	for _, move := range []*statement{moveDebits, moveCredits} {
		tx.Exec(move, new(values).text(org).text(id).text(reference))
	}
	return err
}

// PaymentFilter chooses payments; empty fields choose all.
type PaymentFilter struct {
	Org, Customer string
	Pending       bool
	Before        string // made before the payment of this id
}

// The bounds are single values, so that PostgreSQL reads just as many rows as it gives.
const selectPaymentsWhere = `
	SELECT ` + paymentResult + ` FROM payments AS p WHERE p.org_id = {{one org}} AND p.id < {{one before}}
	AND {{one customer}} IN ('', p.debit_customer, p.credit_customer) `

const paymentChoice = "org text, before text, customer text, lim int"

var (
	selectPayments = newStatement(paymentChoice, selectPaymentsWhere+"ORDER BY p.org_id DESC, p.id DESC LIMIT {{one lim}}")
	selectPending  = newStatement(paymentChoice, selectPaymentsWhere+"AND p.pending ORDER BY p.org_id DESC, p.id DESC LIMIT {{one lim}}")
)

// Payments reads the payments that the filter chooses, the latest first.
func (s *Store) Payments(f PaymentFilter, limit int) ([]*payment.Payment, error) {
	st := selectPayments
	if f.Pending {
		st = selectPending
	}
	v := new(values).text(f.Org).text(cmp.Or(f.Before, paymentPrefix+"g")).text(f.Customer).int(int64(limit)) // g is after all digits
	var found []*payment.Payment
	err := s.query(op{st, v, func(r row) error {
		p, err := scanPayment(r, 0)
		found = append(found, p.Payment)
		return err
	}})
	return found, err
}

// Payment reads a payment of an org, nil where there is none.
func (s *Store) Payment(org, id string) (*payment.Payment, error) {
	var found *payment.Payment
	err := s.query(op{peekPayments, new(values).text(org).text(id), func(r row) error {
		p, err := scanPayment(r, 0)
		found = p.Payment
		return err
	}})
	return found, err
}
