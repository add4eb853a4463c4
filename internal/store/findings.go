package store

import (
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

// findings is what one transaction reads for a batch of reads. Each ref is looked up once; i in the
// statements is its place in found, or of app data that of the read in the batch.
type findings struct {
	batch   []*Read
	found   []View
	place   []int // of each read in found
	twin    []int // of each read the next one with the same place, -1 after the last
	reads   []int // of each place the first of its reads
	appData []customer.AppData
}

const maxMessages = 100 // that a state shows, see readLatestMessages

type refKey struct {
	org string
	ref customer.Ref
}

func newFindings(batch []*Read) *findings {
	f := &findings{
		batch: batch, place: make([]int, len(batch)), twin: make([]int, len(batch)), reads: make([]int, 0, len(batch)),
		appData: make([]customer.AppData, len(batch)),
	}
	places := make(map[refKey]int, len(batch))
	for n, req := range batch {
		k := refKey{req.Org, req.Ref}
		i, known := places[k]
		if !known {
			i = len(places)
			places[k] = i
			f.reads = append(f.reads, -1)
		}
		f.place[n], f.twin[n], f.reads[i] = i, f.reads[i], n
	}
	f.found = make([]View, len(places))
	return f
}

var (
	readByID = newStatement("org text, id text, i int", `
		SELECT r.i, c.version, c.history, c.messages, c.doc, c.id FROM {{each customers c}} c.org_id = r.org AND c.id = r.id`)
	readByNumber = newStatement("org text, provider int, number text, part text, i int", `
		SELECT r.i, c.version, c.history, c.messages, c.doc, c.id FROM {{each customer_numbers n CROSS JOIN customers c}}
		n.org_id = r.org AND n.provider = r.provider AND n.number = r.number AND n.partition = r.part
		AND c.org_id = n.org_id AND c.id = n.customer_id`)
	readBySecondaryID = newStatement("org text, k text, v text, now int, i int", `
		SELECT r.i, c.version, c.history, c.messages, c.doc, c.id FROM {{each customer_secondary_ids s CROSS JOIN customers c}}
		s.org_id = r.org AND s.key = r.k AND s.value = r.v AND (s.expires_at = 0 OR s.expires_at > r.now)
		AND c.org_id = s.org_id AND c.id = s.customer_id`)
	readAppData = newStatement("org text, customer text, app text, i int", `
		SELECT r.i, d.present, d.is_binary, d.value, d.leased_until
		FROM {{each app_data d}} d.org_id = r.org AND d.customer_id = r.customer AND d.app_id = r.app`)
	readMessages = newStatement("org text, customer text, i int", `
		SELECT r.i, m.id, m.doc FROM {{each messages m}} m.org_id = r.org AND m.customer_id = r.customer
		ORDER BY m.org_id, m.customer_id, m.id`)
	readLatestMessages = newStatement("org text, customer text, i int", `
		SELECT r.i, m.id, m.doc FROM {{each messages m}} m.org_id = r.org AND m.customer_id = r.customer
		AND m.id >= COALESCE((SELECT x.id FROM messages x WHERE x.org_id = r.org AND x.customer_id = r.customer
			ORDER BY x.id DESC LIMIT 1 OFFSET 99), '')
		ORDER BY m.org_id, m.customer_id, m.id`)
	readActivities = newStatement("org text, customer text, i int", `
		SELECT r.i, s.doc FROM {{each activity_sessions s}} s.org_id = r.org AND s.customer_id = r.customer
		AND s.session_key IN (SELECT x.session_key FROM activity_sessions x WHERE x.org_id = r.org AND x.customer_id = r.customer
			ORDER BY x.updated_at DESC LIMIT 100)
		ORDER BY s.org_id, s.customer_id, s.updated_at`)
)

// customers gives the ops that read the records.
func (f *findings) customers(now time.Time) []op {
	var byID, byNumber, bySecondaryID values
	byID.cells = make([]cell, 0, len(readByID.columns)*len(f.found)) // most are by id
	orgs := make([]string, len(f.found))
	for n, req := range f.batch {
		i := f.place[n]
		if orgs[i] != "" {
			continue
		}
		orgs[i] = req.Org
		switch {
		case req.Ref.ID != "":
			byID.text(req.Org).text(req.Ref.ID).int(int64(i))
		case req.Ref.Number != customer.Number{}:
			numberKey{req.Org, req.Ref.Number}.bind(&byNumber)
			byNumber.int(int64(i))
		default:
			bySecondaryID.text(req.Org).text(req.Ref.SecondaryID.Key).text(req.Ref.SecondaryID.Value).int(millis(now)).int(int64(i))
		}
	}
	scan := func(out row) error {
		i := out.int(0)
		rec := &Record{Version: out.int(1), History: out.int(2), Messages: out.int(3)}
		rec.Org, rec.ID = orgs[i], out.text(5)
		f.found[i].Record = rec
		if f.known(int(i), rec) {
			return nil
		}
		return decode(out.borrow(4), rec)
	}
	ops := withRows(nil, op{readByID, &byID, scan})
	ops = withRows(ops, op{readByNumber, &byNumber, scan})
	return withRows(ops, op{readBySecondaryID, &bySecondaryID, scan})
}

// known says whether all who read this customer know this version of it.
func (f *findings) known(place int, rec *Record) bool {
	all := true
	for n := f.reads[place]; n >= 0; n = f.twin[n] {
		known := f.batch[n].Known
		all = known != nil && known(rec.Org, rec.ID, rec.Version) && all
	}
	return all
}

// details gives the ops that read what else is asked about those who were found.
func (f *findings) details() []op {
	var appDataRows, messageRows, latestRows, activityRows, sessionRows, paymentRows, walletRows values
	asked := make([]bool, len(f.found))
	for n, req := range f.batch {
		i := f.place[n]
		rec := f.found[i].Record
		if rec == nil {
			continue
		}
		if req.App != "" {
			appDataRows.text(rec.Org).text(rec.ID).text(req.App).int(int64(n))
		}
		if req.State == nil || asked[i] || !req.State(rec) {
			continue
		}
		asked[i] = true
		switch {
		case rec.Messages > maxMessages:
			latestRows.text(rec.Org).text(rec.ID).int(int64(i))
		case rec.Messages > 0:
			messageRows.text(rec.Org).text(rec.ID).int(int64(i))
		}
		if rec.HasActivities {
			activityRows.text(rec.Org).text(rec.ID).int(int64(i))
		}
		if rec.HasPayments {
			paymentRows.text(rec.Org).text(rec.ID).int(int64(i))
		}
		if rec.HasWallets {
			walletRows.text(rec.Org).text(rec.ID).int(int64(i))
		}
		if rec.HasSessions {
			sessionRows.text(rec.Org).text(rec.ID).int(int64(i))
		}
	}
	ops := withRows(nil, op{readAppData, &appDataRows, func(out row) error {
		f.appData[out.int(0)] = customer.AppData{
			Present: out.bool(1), Value: customer.Value{Binary: out.bool(2), Data: string(out.borrow(3))}, LeasedUntil: fromMillis(out.int(4)),
		}
		return nil
	}})
	message := func(out row) error {
		v := &f.found[out.int(0)]
		m := &messaging.Message{ID: out.text(1)}
		v.Messages = append(v.Messages, m)
		return decode(out.borrow(2), m)
	}
	ops = withRows(ops, op{readMessages, &messageRows, message})
	ops = withRows(ops, op{readLatestMessages, &latestRows, message})
	ops = withRows(ops, op{readSessions, &sessionRows, func(out row) error {
		v := &f.found[out.int(0)]
		e := &messaging.Ended{}
		v.Sessions = append(v.Sessions, e)
		return decode(out.borrow(1), e)
	}})
	ops = withRows(ops, op{readPayments, &paymentRows, func(out row) error {
		p, err := scanPayment(out, 1)
		v := &f.found[out.int(0)]
		v.Payments = append(v.Payments, p.Payment)
		return err
	}})
	ops = withRows(ops, op{readWallets, &walletRows, func(out row) error {
		k, a, err := scanAccount(out)
		v := &f.found[out.int(10)]
		v.Wallets = append(v.Wallets, Wallet{k, a.Balance})
		return err
	}})
	return withRows(ops, op{readActivities, &activityRows, func(out row) error {
		v := &f.found[out.int(0)]
		s := &customer.ActivitySession{}
		v.Activities = append(v.Activities, s)
		return decode(out.borrow(1), s)
	}})
}

// tell gives each read what was found for it.
func (f *findings) tell(batch []*Read) {
	for n, req := range batch {
		v := f.found[f.place[n]]
		v.AppData = f.appData[n]
		req.Done(v, nil)
	}
}

// withRows appends an op that has rows to work on.
func withRows(ops []op, o op) []op {
	if len(o.values.cells) == 0 {
		return ops
	}
	return append(ops, o)
}
