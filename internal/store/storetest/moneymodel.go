package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// place is where money is in the model: a purse, the wallet of a person, or outside.
type place struct {
	kind string // "purse", "wallet", "outside"
	n    int    // which purse or person
}

type pot struct{ actual, held int64 }

// bill is a payment in the model.
type bill struct {
	id            string
	status        payment.Status
	amount        int64
	debit, credit place
	holds         bool
}

// bank is the world of money without a database. Persons are numbers from 1; whom a phone leads to can
// change.
type bank struct {
	pots    map[place]pot
	phones  [3]int
	persons int
	adopted map[int]int
	bills   []bill
	names   map[string]int // by the provider's id, the bill
}

func (b *bank) clone() *bank {
	c := *b
	c.pots, c.adopted, c.names, c.bills = maps.Clone(b.pots), maps.Clone(b.adopted), maps.Clone(b.names), slices.Clone(b.bills)
	return &c
}

// at follows adoptions.
func (b *bank) at(p place) place {
	for p.kind == "wallet" && b.adopted[p.n] != 0 {
		p.n = b.adopted[p.n]
	}
	return p
}

func (b *bank) person(phone int) int {
	if b.phones[phone] == 0 {
		b.persons++
		b.phones[phone] = b.persons
	}
	return b.phones[phone]
}

func (b *bank) move(from, to place, amount int64) error {
	from, to = b.at(from), b.at(to)
	source, target := b.pots[from], b.pots[to]
	switch {
	case from == to:
		return errFails
	case from.kind != "outside" && source.actual-source.held < amount:
		return customer.Refuse(ledger.InsufficientFunds, "")
	case to.kind != "outside" && target.actual+amount > ledger.MaxAmount:
		return customer.Refuse(customer.LimitReached, "")
	}
	source.actual -= amount
	target.actual += amount
	b.pots[from], b.pots[to] = source, target
	return nil
}

func (b *bank) hold(p place, amount int64) error {
	p = b.at(p)
	at := b.pots[p]
	if at.actual-at.held < amount {
		return customer.Refuse(ledger.InsufficientFunds, "")
	}
	at.held += amount
	b.pots[p] = at
	return nil
}

var errNoNews = errors.New("no news")

// tell gives a bill its next status.
func (b *bank) tell(x *bill, s payment.Status) error {
	was := x.status
	ends := was < 200 && s >= 200 && s != payment.Reversed
	switch {
	case was == s, was >= 200 && (was != payment.Success || s != payment.Reversed), was < 200 && s == payment.Reversed:
		return errNoNews
	case ends && x.holds:
		x.holds = false
		at := b.pots[b.at(x.debit)]
		at.held -= x.amount
		b.pots[b.at(x.debit)] = at
	}
	x.status = s
	switch {
	case b.at(x.debit) == b.at(x.credit): // by an adoption
	case s == payment.Success:
		return b.move(x.debit, x.credit, x.amount)
	case s == payment.Reversed:
		return b.move(x.credit, x.debit, x.amount)
	}
	return nil
}

// errand is a generated step. Its parties are 0 or 1 for a purse, 2 to 4 for the wallet of a phone.
type errand struct {
	kind       string
	from, to   int
	amount     int64
	status     payment.Status
	bill       int // which, of those there were before the group
	name       string
	who, other int // phones
	fails      bool
}

func errands() *rapid.Generator[errand] {
	return rapid.Custom(func(t *rapid.T) errand {
		return errand{
			kind: rapid.SampledFrom([]string{"deposit", "withdraw", "pay", "pay", "pay", "send", "send", "receive", "receive",
				"tell", "tell", "tell", "tell", "adopt", "delete"}).Draw(t, "kind"),
			from: rapid.IntRange(0, 4).Draw(t, "from"), to: rapid.IntRange(0, 4).Draw(t, "to"),
			amount: rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 100), rapid.Int64Range(1, 100), rapid.Int64Range(ledger.MaxAmount-50, ledger.MaxAmount)).Draw(t, "amount"),
			status: rapid.SampledFrom([]payment.Status{payment.Queued, payment.PendingConfirmation, payment.Success, payment.Success, payment.Failed, payment.Expired,
				payment.GatewayError, payment.Reversed}).Draw(t, "status"),
			bill: rapid.IntRange(0, 1000).Draw(t, "bill"), name: rapid.SampledFrom([]string{"", "", "M1", "M2", "M3"}).Draw(t, "name"),
			who: rapid.IntRange(0, 2).Draw(t, "who"), other: rapid.IntRange(0, 2).Draw(t, "other"),
			fails: rapid.IntRange(0, 9).Draw(t, "fails") == 0,
		}
	})
}

// do is the errand in the model; id is what the store called the payment that it made.
func (b *bank) do(e errand, bills int, id string) error {
	before := b.clone()
	err := b.apply(e, bills, id)
	if err == nil && e.fails {
		err = errFails
	}
	if err != nil {
		*b = *before
	}
	return err
}

func (b *bank) place(party int) place {
	if party < 2 {
		return place{"purse", party}
	}
	return place{"wallet", b.person(party - 2)}
}

var outside = place{kind: "outside"}

func (b *bank) apply(e errand, bills int, id string) error {
	switch e.kind {
	case "deposit":
		return b.move(outside, place{"purse", e.from % 2}, e.amount)
	case "withdraw":
		return b.move(place{"purse", e.from % 2}, outside, e.amount)
	case "pay":
		x := bill{id: id, status: payment.Success, amount: e.amount, debit: b.place(e.from), credit: b.place(e.to)}
		b.bills = append(b.bills, x)
		return b.move(x.debit, x.credit, x.amount)
	case "send":
		b.person(e.who)
		x := bill{id: id, status: payment.PendingConfirmation, amount: e.amount, debit: b.place(e.from), credit: outside, holds: true}
		b.bills = append(b.bills, x)
		return b.hold(x.debit, x.amount)
	case "receive":
		b.person(e.who)
		to := b.place(e.to)
		if _, known := b.names[e.name]; known {
			return errNoNews
		}
		x := bill{id: id, status: payment.Unspecified, amount: e.amount, debit: outside, credit: to}
		if e.name != "" {
			b.names[e.name] = len(b.bills)
		}
		var err error
		if x.status = e.status; e.status == payment.Success {
			err = b.move(x.debit, x.credit, x.amount)
		}
		b.bills = append(b.bills, x)
		return err
	case "tell":
		if bills == 0 {
			return errNoNews
		}
		return b.tell(&b.bills[e.bill%bills], e.status)
	case "adopt":
		return b.adopt(b.person(e.who), b.person(e.other))
	}
	erased := b.person(e.who)
	for i, n := range b.phones {
		if n == erased {
			b.phones[i] = 0
		}
	}
	return nil
}

func (b *bank) adopt(adopter, other int) error {
	if adopter == other {
		return customer.Refuse(customer.SameCustomer, "")
	}
	from, to := place{"wallet", other}, place{"wallet", adopter}
	was := b.pots[from]
	if was.actual > 0 {
		b.pots[from] = pot{actual: was.actual}
		if err := b.move(from, to, was.actual); err != nil {
			return err
		}
		now := b.pots[to]
		now.held += was.held
		b.pots[to] = now
	}
	b.adopted[other] = adopter
	for i, n := range b.phones {
		if n == other {
			b.phones[i] = adopter
		}
	}
	return nil
}

// inStore is the errand as a unit; it tells the id of a payment that it makes.
func (e errand) inStore(org string, bills []bill, id *string) *store.Unit {
	return &store.Unit{
		Alone: e.kind == "adopt" || e.kind == "delete", Route: org,
		Run: func(tx *store.Tx) error {
			*id = ""
			err := e.change(tx, org, bills, id)
			if err == nil && e.fails {
				return errFails
			}
			return err
		},
	}
}

func errandPhone(n int) customer.Ref { return phone(fmt.Sprint("+25471100000", n)) }

// party gives the account of one side of a payment, and its owner.
func (e errand) party(tx *store.Tx, org string, party int) (p payment.Party, owner string, err error) {
	if party < 2 {
		return payment.Party{Purse: fmt.Sprint("el_prs_", party)}, "", nil
	}
	rec, err := tx.Customer(org, errandPhone(party-2))
	if err != nil {
		return p, "", err
	}
	return payment.Party{Wallet: &payment.Wallet{Customer: rec.ID, ID: "w"}}, rec.ID, nil
}

func (e errand) change(tx *store.Tx, org string, bills []bill, id *string) (err error) {
	purse, operator := ledger.PurseAccount(org, fmt.Sprint("el_prs_", e.from%2), "KES"), ledger.OperatorAccount(org, "KES")
	p := &payment.Payment{Org: org, ID: tx.NewPaymentID(), App: app, Amount: e.amount, Currency: "KES"}
	switch e.kind {
	case "deposit":
		return tx.Post(ledger.Transfer("deposit", "", operator, purse, e.amount))
	case "withdraw":
		return tx.Post(ledger.Transfer("withdrawal", "", purse, operator, e.amount))
	case "pay":
		p.Flow, p.Status = payment.Internal, payment.Success
		if p.Debit, p.DebitCustomer, err = e.party(tx, org, e.from); err != nil {
			return err
		}
		if p.Credit, p.CreditCustomer, err = e.party(tx, org, e.to); err != nil {
			return err
		}
		if debit, credit := p.Accounts(); debit == credit {
			return errFails
		}
	case "send", "receive":
		rec, err := tx.Customer(org, errandPhone(e.who))
		if err != nil {
			return err
		}
		person := payment.Party{Customer: &payment.Customer{Number: rec.Numbers[0], Channel: paybill}}
		if e.kind == "send" {
			p.Flow, p.Status, p.Credit, p.CreditCustomer = payment.Outbound, payment.PendingConfirmation, person, rec.ID
			if p.Debit, p.DebitCustomer, err = e.party(tx, org, e.from); err != nil {
				return err
			}
			break
		}
		p.Flow, p.Status, p.Debit, p.DebitCustomer, p.ProviderID = payment.Inbound, e.status, person, rec.ID, e.name
		if p.Credit, p.CreditCustomer, err = e.party(tx, org, e.to); err != nil {
			return err
		}
		if known, err := tx.PaymentNamed(store.PaymentName{Org: org, Channel: paybill, ID: e.name}); err != nil || known != "" {
			return errors.Join(err, errNoNews)
		}
	case "tell":
		if len(bills) == 0 {
			return errNoNews
		}
		return e.tell(tx, org, bills[e.bill%len(bills)].id)
	case "adopt", "delete":
		return e.people(tx, org)
	}
	*id = p.ID
	if err := tx.AddPayment(p); err != nil {
		return err
	}
	posting := map[payment.Flow]payment.Posting{payment.Internal: payment.Transfer, payment.Outbound: payment.Hold}[p.Flow]
	if p.Flow == payment.Inbound && p.Status == payment.Success {
		posting = payment.Transfer
	}
	return tx.Move(p, posting)
}

func (e errand) tell(tx *store.Tx, org, id string) error {
	p, err := tx.Payment(org, id)
	if err != nil {
		return err
	}
	posting, verdict := p.Next(e.status)
	if verdict != payment.News {
		return errNoNews
	}
	p.Take(e.status, "", customer.Actor{}, tx.Now())
	return tx.Move(p, posting)
}

func (e errand) people(tx *store.Tx, org string) error {
	rec, err := tx.Customer(org, errandPhone(e.who))
	if err != nil {
		return err
	}
	if e.kind == "delete" {
		return tx.DeleteCustomer(rec)
	}
	other, err := tx.Customer(org, errandPhone(e.other))
	if err != nil {
		return err
	}
	return tx.Adopt(rec, other)
}

// start gives everybody something to begin with.
var start = []errand{
	{kind: "deposit", amount: 1000}, {kind: "deposit", from: 1, amount: 500},
	{kind: "pay", from: 0, to: 2, amount: 150}, {kind: "pay", from: 0, to: 3, amount: 150}, {kind: "pay", from: 0, to: 4, amount: 150},
}

// testMoneyModel does generated groups of errands, each group at once in one writer's queue, and compares
// all balances and payments with the model.
func testMoneyModel(t *testing.T, db Database) {
	s := serve(t, db.URL(t))
	var worlds atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		org := fmt.Sprint("el_org_", worlds.Add(1))
		b := &bank{pots: map[place]pot{}, adopted: map[int]int{}, names: map[string]int{}}
		for n := range rapid.IntRange(2, 9).Draw(rt, "groups") {
			group := start
			if n > 0 {
				group = rapid.SliceOfN(errands(), 1, 8).Draw(rt, "group")
			}
			bills := slices.Clone(b.bills)
			ids, errs := make([]string, len(group)), make([]error, len(group))
			var all sync.WaitGroup
			for i, e := range group {
				u := e.inStore(org, bills, &ids[i])
				u.Done = func(err error) { errs[i] = err; all.Done() }
				all.Add(1)
				if err := s.Submit(u); err != nil {
					rt.Fatal(err)
				}
			}
			all.Wait()
			for i, e := range group {
				if want := b.do(e, len(bills), ids[i]); text(want) != text(errs[i]) {
					rt.Fatalf("%+v: the store says %v, the model %v", e, errs[i], want)
				}
			}
			b.compare(rt, t, s, org)
		}
	})
	s.checkLedger(t)
}

func (b *bank) compare(rt *rapid.T, t *testing.T, s *server, org string) {
	check := func(a ledger.Account, at place) {
		got, err := s.Balance(a)
		if want := b.pots[b.at(at)]; err != nil || got.Actual != want.actual || got.Held != want.held {
			rt.Fatalf("the %s has %+v, %v; the model %+v", a, got, err, want)
		}
	}
	for i := range 2 {
		check(ledger.PurseAccount(org, fmt.Sprint("el_prs_", i), "KES"), place{"purse", i})
	}
	for _, x := range b.bills {
		p, err := s.Payment(org, x.id)
		if err != nil || p == nil || p.Status != x.status || p.Amount != x.amount {
			rt.Fatalf("a payment is %+v, %v; the model has %+v", p, err, x)
		}
		debit, credit := p.Accounts()
		if x.debit != outside {
			check(debit, x.debit)
		}
		if x.credit != outside {
			check(credit, x.credit)
		}
	}
	for i, n := range b.phones {
		if n == 0 {
			continue
		}
		v := s.viewIn(t, org, errandPhone(i))
		for _, p := range v.Payments {
			if !slices.Contains(p.Customers(), v.Record.ID) {
				rt.Fatalf("%s is shown a payment of %v", v.Record.ID, p.Customers())
			}
		}
		for _, w := range v.Wallets {
			if want := b.pots[place{"wallet", n}]; w.Balance.Actual != want.actual || w.Balance.Held != want.held {
				rt.Fatalf("%s is shown %+v, the model has %+v", v.Record.ID, w, want)
			}
		}
	}
}
