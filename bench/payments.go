package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

// Payments in a second that have to be reached.
const walletsTarget = 5000

var hotPurseTargets = map[string]float64{"sqlite": 3000, "postgres": 2000}

// hotPurse sets payments out of one purse to phones beside the same units put straight into the same
// store. Each succeeds a second later, which goes on meanwhile in the turns of both.
func hotPurse(ctx context.Context, r *run, db database) (Row, error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return Row{}, err
	}
	target := hotPurseTargets[db.name()]
	row := Row{What: fmt.Sprintf("payments out of one purse, %d × %d", r.Connections, r.InFlight), Target: fmt.Sprintf("≥ %.0f", target)}
	err = s.pay(ctx, r, &row, db.name()+"."+HotPurse, r.lanes(), func(lane, i int) paid {
		n := (lane*7919 + i*104_729) % r.Customers
		number := filledNumber(n)
		return paid{
			to:   elarian.CustomerAccount{Number: elarian.Cellular(number.Number), Channel: elarian.MobileMoney(sandbox.Paybill)},
			ref:  customer.ByNumber(number),
			flow: payment.Outbound,
			credit: payment.Party{Customer: &payment.Customer{
				Number: number, Channel: payment.ChannelNumber{Channel: payment.Cellular, Number: sandbox.Paybill}}},
		}
	})
	row.Met = row.Figure >= target
	return row, err
}

// wallets sets payments from a purse to many wallets beside the same units.
func wallets(ctx context.Context, r *run, db database) (Row, error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return Row{}, err
	}
	ids := make([]string, r.Wallets)
	err = each(s.server.Store(), len(ids), func(i int) *store.Unit {
		return s.made(i, func(_ *store.Tx, rec *store.Record) error { ids[i] = rec.ID; return nil })
	})
	if err != nil {
		return Row{}, err
	}
	row := Row{What: fmt.Sprintf("payments from a purse to %d wallets, %d × %d", r.Wallets, r.Connections, r.InFlight), Target: fmt.Sprintf("≥ %d", walletsTarget)}
	err = s.pay(ctx, r, &row, db.name()+"."+Wallets, r.lanes(), func(lane, i int) paid {
		id := ids[(lane*7919+i*104_729)%len(ids)]
		return paid{
			to: elarian.Wallet{CustomerID: id, ID: walletName}, ref: customer.ByID(id), flow: payment.Internal,
			credit: payment.Party{Wallet: &payment.Wallet{Customer: id, ID: walletName}},
		}
	})
	row.Met = row.Figure >= walletsTarget
	return row, err
}

const walletName = "savings"

// paid says who is paid, to the SDK and to the store.
type paid struct {
	to     elarian.Party
	ref    customer.Ref
	flow   payment.Flow
	credit payment.Party
}

// pay measures payments of a cent from the sandbox's purse, and their limit, into the row.
func (s *system) pay(ctx context.Context, r *run, row *Row, name string, lanes int, who func(lane, i int) paid) error {
	clients, stop, err := s.clients(ctx, r.Connections)
	if err != nil {
		return err
	}
	defer stop()
	cent := elarian.KES("0.01")
	figure := blocking(lanes, func(ctx context.Context, lane, i int) error {
		_, err := clients[lane%len(clients)].InitiatePayment(ctx, elarian.Purse(s.purse), who(lane, i).to, cent, "a cent")
		return err
	})
	keys := newKeys()
	limit := chained(lanes, func(lane, i int, done func(error)) {
		u := s.payUnit(who(lane, i), store.IdempotencyKey{Org: s.org, App: limitApp, Key: keys.next()})
		u.Done = done
		if err := s.server.Store().Submit(u); err != nil {
			done(err)
		}
	})
	got, of, err := r.inTurns(ctx, name, figure, limit)
	if err != nil {
		return err
	}
	row.Figure, row.Unit, row.Limit, row.LimitName, row.LimitCPU = got.rate(), "payments/s", of[0].rate(), "the same units, no socket", of[0].cpuEach()
	got.into(row)
	return nil
}

// payUnit writes what InitiatePayment writes.
func (s *system) payUnit(to paid, key store.IdempotencyKey) *store.Unit {
	accounts := []ledger.Account{ledger.PurseAccount(s.org, s.purse, sandbox.Currency)}
	if w := to.credit.Wallet; w != nil {
		accounts = append(accounts, ledger.WalletAccount(s.org, w.Customer, w.ID, sandbox.Currency))
	}
	return &store.Unit{
		Route: s.purse,
		Needs: store.Needs{Org: s.org, Customers: []customer.Ref{to.ref}, Accounts: accounts, Reply: key},
		Run: func(tx *store.Tx) error {
			tx.Actor = customer.Actor{Kind: "app", ID: limitApp}
			rec, err := tx.Customer(s.org, to.ref)
			if err != nil {
				return err
			}
			p := &payment.Payment{
				Org: s.org, ID: tx.NewPaymentID(), App: s.config.AppID, Flow: to.flow, Debit: payment.Party{Purse: s.purse}, Credit: to.credit,
				CreditCustomer: rec.ID, Amount: 1, Currency: sandbox.Currency, Narration: "a cent", CreatedAt: tx.Now(),
			}
			if err := tx.AddPayment(p); err != nil {
				return err
			}
			first := payment.Success
			if to.flow == payment.Outbound {
				first = payment.PendingConfirmation
				tx.Schedule(store.Timer{DueAt: tx.Now().Add(time.Second), Kind: "payment.succeeds", Org: s.org, Customer: s.purse, Ref: p.ID})
			}
			posting, _ := p.Next(first)
			if err := tx.Move(p, posting); err != nil {
				return err
			}
			p.Take(first, "", tx.Actor, tx.Now())
			tx.Record(rec, "payment."+first.String(), p.ID)
			tx.Notify(store.Notification{Org: s.org, App: s.config.AppID, Subject: rec.ID, Kind: "payment_status", Body: make([]byte, 200)})
			tx.KeepReply(key, []byte(p.ID), make([]byte, 150))
			return nil
		},
	}
}
