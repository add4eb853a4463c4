package store

import (
	"github.com/elarian-go/elarian/internal/messaging"
)

// sessions are those that are over; one that runs is part of the record.
var sessions = &table[messageKey, messaging.Ended]{
	load: newStatement("org text, customer text, id text", `
		SELECT s.org_id, s.customer_id, s.id, s.doc
		FROM {{each messaging_sessions s}} s.org_id = r.org AND s.customer_id = r.customer AND s.id = r.id`),
	upsert: newStatement("org text, customer text, id text, doc blob", `
		INSERT INTO messaging_sessions (org_id, customer_id, id, doc) {{values}}
		ON CONFLICT (org_id, customer_id, id) DO UPDATE SET doc = excluded.doc`),
	remove: newStatement("org text, customer text, id text", `
		DELETE FROM messaging_sessions WHERE {{key org_id, customer_id, id}}`),
	bindKey: func(v *values, k messageKey) { v.text(k.org).text(k.customer).text(k.id) },
	bind: func(v *values, k messageKey, e *messaging.Ended) {
		v.text(k.org).text(k.customer).text(k.id).blob(encode(e))
	},
	scan: func(r row) (messageKey, *messaging.Ended, error) {
		k := messageKey{r.text(0), r.text(1), r.text(2)}
		e := &messaging.Ended{}
		return k, e, decode(r.borrow(3), e)
	},
	clone: func(e *messaging.Ended) *messaging.Ended {
		c := *e
		return &c
	},
	compare: messageKey.compare,
}

var readSessions = newStatement("org text, customer text, i int", `
	SELECT r.i, s.doc FROM {{each messaging_sessions s}} s.org_id = r.org AND s.customer_id = r.customer
	AND s.id >= COALESCE((SELECT x.id FROM messaging_sessions x WHERE x.org_id = r.org AND x.customer_id = r.customer
		ORDER BY x.id DESC LIMIT 1 OFFSET 99), '')
	ORDER BY s.org_id, s.customer_id, s.id`)

// AddSession stores a session that is over.
func (tx *Tx) AddSession(rec *Record, e *messaging.Ended) {
	tx.b.sessions.put(messageKey{rec.Org, rec.ID, e.ID}, e, true)
	rec.HasSessions = true
}
