package store

import (
	"cmp"
	"time"
)

// IdempotencyTime is how long the first reply to a key is kept.
const IdempotencyTime = 24 * time.Hour

// IdempotencyKey names a command that an app may send twice.
type IdempotencyKey struct{ Org, App, Key string }

// FirstReply is what a command was answered with, and a hash of the command.
type FirstReply struct {
	Command, Reply []byte
	At             time.Time
}

var idempotency = &table[IdempotencyKey, FirstReply]{
	load: newStatement("org text, app text, k text", `
		SELECT i.org_id, i.app_id, i.key, i.command, i.reply, i.at
		FROM {{each idempotency i}} i.org_id = r.org AND i.app_id = r.app AND i.key = r.k`),
	insert: newStatement("org text, app text, k text, command blob, reply blob, at int", `
		INSERT INTO idempotency (org_id, app_id, key, command, reply, at) {{values}}`),
	upsert: newStatement("org text, app text, k text, command blob, reply blob, at int", `
		INSERT INTO idempotency (org_id, app_id, key, command, reply, at) {{values}}
		ON CONFLICT (org_id, app_id, key) DO UPDATE SET command = excluded.command, reply = excluded.reply, at = excluded.at`),
	bindKey: func(v *values, k IdempotencyKey) { v.text(k.Org).text(k.App).text(k.Key) },
	bind: func(v *values, k IdempotencyKey, f *FirstReply) {
		v.text(k.Org).text(k.App).text(k.Key).blob(f.Command).blob(f.Reply).int(millis(f.At))
	},
	scan: func(r row) (IdempotencyKey, *FirstReply, error) {
		return IdempotencyKey{r.text(0), r.text(1), r.text(2)}, &FirstReply{r.blob(3), r.blob(4), fromMillis(r.int(5))}, nil
	},
	compare: func(a, b IdempotencyKey) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.App, b.App), cmp.Compare(a.Key, b.Key))
	},
}

// FirstReply gives what the key was answered with within IdempotencyTime, nil for nothing.
func (tx *Tx) FirstReply(k IdempotencyKey) (*FirstReply, error) {
	f, err := tx.b.idempotency.find(tx.conn, k)
	if f != nil && !tx.now.Before(f.At.Add(IdempotencyTime)) {
		return nil, err
	}
	return f, err
}

// KeepReply keeps the reply to a key.
func (tx *Tx) KeepReply(k IdempotencyKey, command, reply []byte) {
	tx.b.idempotency.put(k, &FirstReply{command, reply, tx.now}, false)
}

var purgeIdempotency = newStatement("before int", `
	DELETE FROM idempotency WHERE (org_id, app_id, key) IN (
		SELECT i.org_id, i.app_id, i.key FROM {{each idempotency i}} i.at < r.before ORDER BY i.at LIMIT 1000)`)

var purgeTokens = newStatement("before int", `
	DELETE FROM auth_tokens WHERE (org_id, hash) IN (
		SELECT t.org_id, t.hash FROM {{each auth_tokens t}} t.expires_at < r.before ORDER BY t.expires_at LIMIT 1000)`)

// Purge removes up to 1,000 replies, tokens and recordings each whose time is over.
func (tx *Tx) Purge() {
	tx.Exec(purgeIdempotency, new(values).int(millis(tx.now.Add(-IdempotencyTime))))
	tx.Exec(purgeTokens, new(values).int(millis(tx.now)))
	tx.Exec(purgeWorks, new(values).text(idTime(workPrefix, tx.now.Add(-workTime))))
	tx.Exec(purgeRecordings, new(values).int(millis(tx.now)))
}
