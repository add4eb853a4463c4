package store

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// Retention is how long things are kept; zero is for ever.
type Retention struct {
	Messages time.Duration // messages, and sessions that are over
	History  time.Duration // entries of customers' histories
}

// Sweep is how far a round through all customers has come.
type Sweep struct{ org, customer string }

const sweepPage = 500

var (
	selectOld = newStatement("org text, after text, before_message text, before_session text, lim int", `
		SELECT c.org_id, c.id,
			EXISTS (SELECT 1 FROM messages m WHERE m.org_id = c.org_id AND m.customer_id = c.id AND m.id < {{one before_message}})
			OR EXISTS (SELECT 1 FROM messaging_sessions s WHERE s.org_id = c.org_id AND s.customer_id = c.id AND s.id < {{one before_session}})
		FROM customers AS c WHERE (c.org_id, c.id) > ({{one org}}, {{one after}})
		ORDER BY c.org_id, c.id LIMIT {{one lim}}`)
	deleteOldMessages = newStatement("org text, customer text, before text", `
		DELETE FROM messages AS m {{using}} m.org_id = r.org AND m.customer_id = r.customer AND m.id < r.before`)
	deleteOldSessions = newStatement("org text, customer text, before text", `
		DELETE FROM messaging_sessions AS m {{using}} m.org_id = r.org AND m.customer_id = r.customer AND m.id < r.before`)
	deleteOldHistory = newStatement("before int", `
		DELETE FROM history WHERE id IN (SELECT h.id FROM {{each history h}} h.id < r.before ORDER BY h.id LIMIT 1000)`)
)

// Expire removes what is older than the retention says: of a page of customers from sweep on, and a
// part of the history. It gives where to go on, the zero Sweep at the end of a round.
func (s *Store) Expire(ctx context.Context, keep Retention, sweep Sweep) (Sweep, error) {
	if keep.History > 0 {
		before := (s.now().Add(-keep.History).UnixMilli() - epoch) << 22
		err := s.Do(ctx, &Unit{Run: func(tx *Tx) error {
			tx.Exec(deleteOldHistory, new(values).int(before))
			return nil
		}})
		if err != nil {
			return sweep, err
		}
	}
	if keep.Messages <= 0 {
		return Sweep{}, nil
	}
	cut := s.now().Add(-keep.Messages)
	beforeMessage, beforeSession := idBefore(messagePrefix, cut), idBefore(sessionPrefix, cut)
	var old []customerKey
	var last customerKey
	n := 0
	v := new(values).text(sweep.org).text(sweep.customer).text(beforeMessage).text(beforeSession).int(sweepPage)
	err := s.query(op{selectOld, v, func(r row) error {
		last = customerKey{r.text(0), r.text(1)}
		if n++; r.bool(2) {
			old = append(old, last)
		}
		return nil
	}})
	if err != nil {
		return sweep, err
	}
	for _, k := range old {
		if err := s.Do(ctx, expireUnit(k, beforeMessage, beforeSession)); err != nil {
			return sweep, err
		}
	}
	if n < sweepPage {
		return Sweep{}, nil
	}
	return Sweep{last.org, last.id}, nil
}

func expireUnit(k customerKey, beforeMessage, beforeSession string) *Unit {
	ref := customer.ByID(k.id)
	return &Unit{Route: k.id, Alone: true, Needs: Needs{Org: k.org, Customers: []customer.Ref{ref}}, Run: func(tx *Tx) error {
		rec, err := tx.b.customers.edit(tx.conn, k)
		if err != nil || rec == nil {
			return err
		}
		rec.Version++ // what readers keep ready is not true any more
		tx.Exec(deleteOldMessages, new(values).text(k.org).text(k.id).text(beforeMessage))
		tx.Exec(deleteOldSessions, new(values).text(k.org).text(k.id).text(beforeSession))
		return nil
	}}
}
