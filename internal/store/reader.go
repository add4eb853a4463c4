package store

import (
	"context"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

const (
	readers  = 2
	maxReads = 4096 // that wait

)

// Read asks for a customer as of now: at least everything that was committed before it was asked.
type Read struct {
	Org string
	Ref customer.Ref
	App string // asks for its app data too
	// State asks for messages and activities, called with the record: false leaves them out.
	State func(*Record) bool
	// Done gets what was found, on a goroutine of the store: it must not block.
	Done func(View, error)

	id string
}

// View is what a Read found.
type View struct {
	Record     *Record // nil where the ref leads to nobody
	AppData    customer.AppData
	Messages   []*messaging.Message // the latest 100, newest last
	Activities []*customer.ActivitySession
}

// Read queues a read. An error means that Done is not called.
func (s *Store) Read(r *Read) error {
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	select {
	case s.reads <- r:
		return nil
	default:
		return ErrBusy
	}
}

// View reads and waits.
func (s *Store) View(ctx context.Context, r *Read) (View, error) {
	type result struct {
		view View
		err  error
	}
	results := make(chan result, 1)
	r.Done = func(v View, err error) { results <- result{v, err} }
	if err := s.Read(r); err != nil {
		return View{}, err
	}
	select {
	case res := <-results:
		return res.view, res.err
	case <-ctx.Done():
		return View{}, ctx.Err()
	}
}

// reader answers the reads that wait, a batch in one transaction.
type reader struct {
	store *Store
	conn  conn
}

func (r *reader) run(ctx context.Context) {
	for {
		select {
		case first := <-r.store.reads:
			r.answer(r.gather(first))
		case <-ctx.Done():
			select {
			case first := <-r.store.reads:
				r.answer(r.gather(first))
			default:
				return
			}
		}
	}
}

func (r *reader) gather(first *Read) []*Read {
	batch := append(make([]*Read, 0, 16), first)
	for len(batch) < maxBatch {
		select {
		case next := <-r.store.reads:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

var (
	readCustomers = newStatement("org text, id text", `
		SELECT c.org_id, c.id, c.version, c.history, c.messages, c.doc
		FROM {{rows}} JOIN customers c ON c.org_id = r.org AND c.id = r.id`)
	readMessages = newStatement("org text, customer text", `
		SELECT m.org_id, m.customer_id, m.id, m.doc FROM {{rows}} JOIN messages m ON m.org_id = r.org AND m.customer_id = r.customer
		AND m.id IN (SELECT x.id FROM messages x WHERE x.org_id = r.org AND x.customer_id = r.customer ORDER BY x.id DESC LIMIT 100)
		ORDER BY m.org_id, m.customer_id, m.id`)
	readActivities = newStatement("org text, customer text", `
		SELECT s.org_id, s.customer_id, s.session_key, s.doc FROM {{rows}} JOIN activity_sessions s ON s.org_id = r.org AND s.customer_id = r.customer
		AND s.session_key IN (SELECT x.session_key FROM activity_sessions x WHERE x.org_id = r.org AND x.customer_id = r.customer
			ORDER BY x.updated_at DESC LIMIT 100)
		ORDER BY s.org_id, s.customer_id, s.updated_at`)
)

// answer reads for all of the batch and tells each what was found.
func (r *reader) answer(batch []*Read) {
	views := make(map[customerKey]*View, len(batch))
	data := make(map[AppDataKey]*customer.AppData)
	err := r.read(batch, views, data)
	if err != nil {
		r.conn.rollback()
		r.store.log.Error("a read failed", "error", err)
	}
	for _, req := range batch {
		if err != nil {
			req.Done(View{}, err)
			continue
		}
		var view View
		if v := views[customerKey{req.Org, req.id}]; v != nil {
			view = *v
		}
		if d := data[AppDataKey{req.Org, req.id, req.App}]; d != nil {
			view.AppData = *d
		}
		req.Done(view, nil)
	}
}

func (r *reader) read(batch []*Read, views map[customerKey]*View, data map[AppDataKey]*customer.AppData) error {
	if err := r.resolve(batch); err != nil {
		return err
	}
	var customerRows, appDataRows values
	for _, req := range batch {
		if req.id == "" {
			continue
		}
		if k := (customerKey{req.Org, req.id}); views[k] == nil {
			views[k] = &View{}
			customerRows.text(req.Org).text(req.id)
		}
		if k := (AppDataKey{req.Org, req.id, req.App}); req.App != "" && data[k] == nil {
			data[k] = &customer.AppData{}
			appDataRows.text(req.Org).text(req.id).text(req.App)
		}
	}
	ops := withRows(nil, op{readCustomers, &customerRows, func(out row) error {
		k, rec, err := scanCustomer(out)
		views[k].Record = rec
		return err
	}})
	ops = withRows(ops, op{appData.load, &appDataRows, func(out row) error {
		k, d, err := scanAppData(out)
		data[k] = d
		return err
	}})
	if err := r.conn.run(txInside, ops...); err != nil {
		return err
	}
	return r.conn.run(txCommit, r.state(batch, views)...)
}

// resolve begins the transaction and finds the ids of those that are named otherwise.
func (r *reader) resolve(batch []*Read) error {
	ids := make(map[numberKey]string)
	names := make(map[secondaryKey]holder)
	var numberRows, secondaryRows values
	for _, req := range batch {
		switch {
		case req.Ref.ID != "":
			req.id = req.Ref.ID
		case req.Ref.Number != customer.Number{}:
			numbers.bindKey(&numberRows, numberKey{req.Org, req.Ref.Number})
		default:
			secondaryIDs.bindKey(&secondaryRows, secondaryKey{req.Org, req.Ref.SecondaryID})
		}
	}
	ops := withRows(nil, op{numbers.load, &numberRows, func(out row) error {
		k, id, err := numbers.scan(out)
		ids[k] = *id
		return err
	}})
	ops = withRows(ops, op{secondaryIDs.load, &secondaryRows, func(out row) error {
		k, h, err := secondaryIDs.scan(out)
		names[k] = *h
		return err
	}})
	if err := r.conn.run(txBeginRead, ops...); err != nil {
		return err
	}
	now := r.store.now()
	for _, req := range batch {
		switch {
		case req.Ref.ID != "":
		case req.Ref.Number != customer.Number{}:
			req.id = ids[numberKey{req.Org, req.Ref.Number}]
		default:
			h := names[secondaryKey{req.Org, req.Ref.SecondaryID}]
			if (customer.SecondaryID{ExpiresAt: h.expiresAt}).Live(now) {
				req.id = h.id
			}
		}
	}
	return nil
}

// state gives the ops that read the messages and activities of those who ask for them.
func (r *reader) state(batch []*Read, views map[customerKey]*View) []op {
	asked := make(map[customerKey]bool)
	var messageRows, activityRows values
	for _, req := range batch {
		k := customerKey{req.Org, req.id}
		v := views[k]
		if req.State == nil || v == nil || v.Record == nil || asked[k] || !req.State(v.Record) {
			continue
		}
		asked[k] = true
		if v.Record.Messages > 0 {
			messageRows.text(k.org).text(k.id)
		}
		activityRows.text(k.org).text(k.id)
	}
	ops := withRows(nil, op{readMessages, &messageRows, func(out row) error {
		k, m, err := scanMessage(out)
		v := views[customerKey{k.org, k.customer}]
		v.Messages = append(v.Messages, m)
		return err
	}})
	return withRows(ops, op{readActivities, &activityRows, func(out row) error {
		k, s, err := scanActivity(out)
		v := views[customerKey{k.org, k.customer}]
		v.Activities = append(v.Activities, s)
		return err
	}})
}

// withRows appends an op that has rows to work on.
func withRows(ops []op, o op) []op {
	if len(o.values.cells) == 0 {
		return ops
	}
	return append(ops, o)
}
