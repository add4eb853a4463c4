package store

import (
	"github.com/elarian-go/elarian/internal/customer"
)

// History rows are appended in the order of commits, which is what makes many of them cheap; each
// names the one before it of the same customer, and of an adoption also the adopted one's last.

type historyRow struct {
	org, customer         string
	id, previous, adopted int64
	entry                 customer.Entry
}

var insertHistory = newStatement(
	"id int, org text, customer text, previous int, adopted int, at int, kind text, actor text, what text, detail text", `
	INSERT INTO history (id, org_id, customer_id, previous, adopted, at, actor_kind, actor_id, what, detail) {{values}}`)

func (h *historyRow) bind(v *values) {
	v.int(h.id).text(h.org).text(h.customer).int(h.previous).int(h.adopted).int(millis(h.entry.At)).
		free(h.entry.Actor.Kind).free(h.entry.Actor.ID).free(h.entry.What).free(h.entry.Detail)
}

// Record appends an entry to the customer's history, and marks the customer as changed now.
func (tx *Tx) Record(r *Record, what, detail string) { tx.record(r, what, detail, 0) }

func (tx *Tx) record(r *Record, what, detail string, adopted int64) {
	h := historyRow{
		org: r.Org, customer: r.ID, id: tx.store.ids.number(tx.now), previous: r.History, adopted: adopted,
		entry: customer.Entry{At: tx.now, Actor: tx.Actor, What: what, Detail: detail},
	}
	tx.history = append(tx.history, h)
	r.History = h.id
	r.Version++
	r.UpdatedAt = tx.now
}

// chainOf walks a history from its latest entry, through adoptions.
const chainOf = `WITH RECURSIVE chain(id, previous, adopted) AS (
		SELECT h.id, h.previous, h.adopted FROM {{each history h}} h.id = r.head
		UNION ALL
		SELECT h.id, h.previous, h.adopted FROM history h JOIN chain c ON h.id = c.previous OR (c.adopted <> 0 AND h.id = c.adopted)
	) `

var (
	selectHistory = newStatement("head int, lim int", chainOf+`
		SELECT h.id, h.at, h.actor_kind, h.actor_id, h.what, h.detail FROM history h
		WHERE h.id IN (SELECT id FROM chain) ORDER BY h.id DESC LIMIT {{one lim}}`)
	deleteHistory = newStatement("head int", chainOf+`DELETE FROM history WHERE id IN (SELECT id FROM chain)`)
)

// History reads the latest entries of a customer, newest first.
func (s *Store) History(head int64, limit int) ([]customer.Entry, error) {
	var entries []customer.Entry
	err := s.query(op{selectHistory, new(values).int(head).int(int64(limit)), func(r row) error {
		entries = append(entries, customer.Entry{
			At: fromMillis(r.int(1)), Actor: customer.Actor{Kind: r.text(2), ID: r.text(3)}, What: r.text(4), Detail: r.text(5),
		})
		return nil
	}})
	return entries, err
}
