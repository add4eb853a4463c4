package store

import (
	"context"
	"sync"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
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
	// Known, which may be nil, is asked first: true says that this version of the customer is known
	// already. The Record then has no more than what was asked with.
	Known func(org, id string, version int64) bool
	// State asks for messages and activities, called with the record: false leaves them out.
	State func(*Record) bool
	// Done gets what was found, on a goroutine of the store: it must not block. Others may have
	// got the same: it is not to be changed.
	Done func(View, error)
}

// View is what a Read found.
type View struct {
	Record     *Record // nil where the ref leads to nobody
	AppData    customer.AppData
	Messages   []*messaging.Message // the latest 100, newest last
	Activities []*customer.ActivitySession
	Sessions   []*messaging.Ended // the latest 100 that are over, newest last
	// Payments are at least the latest 100, and the latest 100 that are pending, newest last.
	Payments []*payment.Payment
	Wallets  []Wallet
}

// Read queues a read. An error means that Done is not called.
func (s *Store) Read(r *Read) error {
	if err := checkRef(&r.Ref); err != nil {
		return err
	}
	if !storable(r.App) {
		return customer.Refuse(customer.InvalidRequest, "app %q: not a text", r.App)
	}
	return s.reads.push(r)
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

// readQueue holds the reads that wait for a reader; mu guards the fields named after it.
type readQueue struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []*Read
	closed  bool
}

func (q *readQueue) push(r *Read) error {
	q.mu.Lock()
	switch {
	case q.closed:
		q.mu.Unlock()
		return ErrClosed
	case len(q.waiting) >= maxReads:
		q.mu.Unlock()
		return ErrBusy
	}
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // readers enough are told already
	}
	return nil
}

// take appends the reads for the next transaction to batch.
func (q *readQueue) take(batch []*Read) []*Read {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), maxBatch)
	batch = append(batch, q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return batch
}

// close refuses further reads, once none waits; it says whether that is so.
func (q *readQueue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.closed = true
	}
	return q.closed
}

// reader answers the reads that wait, a batch in one transaction.
type reader struct {
	store *Store
	conn  conn
}

// run answers until ctx ends, and then what still waits.
func (r *reader) run(ctx context.Context) {
	var batch []*Read
	for {
		if batch = r.store.reads.take(batch[:0]); len(batch) > 0 {
			r.answer(batch)
			clear(batch)
			continue
		}
		select {
		case <-r.store.reads.wake:
		case <-ctx.Done():
			if r.store.reads.close() {
				return
			}
		}
	}
}

// answer reads for all of the batch together or, where that fails for a reason that lies in one of
// them, for smaller and smaller parts.
func (r *reader) answer(batch []*Read) {
	found, err := r.try(batch)
	if err != nil && r.store.dialect.lost(err) {
		found, err = r.try(batch) // on a new connection
	}
	switch {
	case err == nil:
		found.tell(batch)
	case len(batch) > 1 && !r.store.dialect.lost(err):
		half := len(batch) / 2
		r.answer(batch[:half])
		r.answer(batch[half:])
	default:
		r.store.log.Error("a read failed", "reads", len(batch), "error", err)
		for _, req := range batch {
			req.Done(View{}, err)
		}
	}
}

func (r *reader) try(batch []*Read) (*findings, error) {
	f := newFindings(batch)
	err := r.conn.run(txBeginRead, f.customers(r.store.now())...)
	if err == nil {
		err = r.conn.run(txCommit, f.details()...)
	}
	if err != nil {
		r.conn.rollback()
	}
	return f, err
}
