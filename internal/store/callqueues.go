package store

import (
	"cmp"
	"slices"

	"github.com/elarian-go/elarian/internal/messaging"
)

// queueKey names a queue of calls: a name on a voice channel of an org.
type queueKey struct{ org, channel, name string }

// callQueues are the calls that wait, in order; a queue where nobody waits has no row.
var callQueues = &table[queueKey, messaging.CallQueue]{
	load: newStatement("org text, channel text, name text", `
		SELECT q.org_id, q.channel, q.name, q.doc
		FROM {{each call_queues q}} q.org_id = r.org AND q.channel = r.channel AND q.name = r.name {{for_update q}}`),
	insert: newStatement("org text, channel text, name text, doc blob", `
		INSERT INTO call_queues (org_id, channel, name, doc) {{values}}`),
	upsert: newStatement("org text, channel text, name text, doc blob", `
		INSERT INTO call_queues (org_id, channel, name, doc) {{values}}
		ON CONFLICT (org_id, channel, name) DO UPDATE SET doc = excluded.doc`),
	remove: newStatement("org text, channel text, name text", `
		DELETE FROM call_queues WHERE {{key org_id, channel, name}}`),
	bindKey: func(v *values, k queueKey) { v.text(k.org).text(k.channel).text(k.name) },
	bind: func(v *values, k queueKey, q *messaging.CallQueue) {
		v.text(k.org).text(k.channel).text(k.name).blob(encode(q))
	},
	scan: func(r row) (queueKey, *messaging.CallQueue, error) {
		q := &messaging.CallQueue{}
		return queueKey{r.text(0), r.text(1), r.text(2)}, q, decode(r.borrow(3), q)
	},
	clone: func(q *messaging.CallQueue) *messaging.CallQueue {
		return &messaging.CallQueue{Waiting: slices.Clone(q.Waiting)}
	},
	compare: func(a, b queueKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.channel, b.channel), cmp.Compare(a.name, b.name))
	},
}

// CallQueue has f change the queue of that name on a voice channel.
func (tx *Tx) CallQueue(org string, place messaging.QueuePlace, f func(q *messaging.CallQueue)) error {
	k := queueKey{org, place.Channel.Number, place.Name}
	found, err := tx.b.callQueues.find(tx.conn, k)
	if err != nil {
		return err
	}
	q := &messaging.CallQueue{}
	if found != nil {
		q = callQueues.clone(found)
	}
	if f(q); len(q.Waiting) == 0 {
		tx.b.callQueues.delete(k)
	} else {
		tx.b.callQueues.put(k, q, found != nil)
	}
	return nil
}
