package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// What the limits write to, where there is no sandbox.
const (
	limitOrg = "el_org_0123456789abcdef0123456789abcdef"
	limitApp = "el_app_0123456789abcdef0123456789abcdef"
)

// running is a store that serves, without anything around it.
type running struct {
	*store.Store
	cancel context.CancelFunc
	done   chan error
}

func serve(url string, o store.Options) (*running, error) {
	o.Serve = true
	s, err := store.Open(url, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{s, cancel, make(chan error, 1)}
	go func() { r.done <- s.Run(ctx) }()
	return r, nil
}

func (r *running) stop() error {
	r.cancel()
	return errors.Join(<-r.done, r.Close())
}

// storeBatches sets the store's batches beside a transaction for each command.
func storeBatches(ctx context.Context, r *run, db database) (Row, error) {
	url, err := db.create(ctx)
	if err != nil {
		return Row{}, err
	}
	s, err := serve(url, store.Options{})
	if err != nil {
		return Row{}, err
	}
	customers, err := fill(s.Store, limitOrg, r.Customers, 0)
	if err := errors.Join(err, s.stop()); err != nil {
		return Row{}, err
	}
	batches := opened(url, 1, false, r.lanes(), customers)
	single := opened(url, db.sharing(), true, r.lanes(), customers)
	got, limit, err := r.inTurns(ctx, db.name()+"."+StoreBatches, batches, single)
	if err != nil {
		return Row{}, err
	}
	row := Row{
		What: fmt.Sprintf("the store's batches, %d units in flight", r.lanes()), Figure: got.rate(), Unit: "units/s",
		Limit: limit[0].rate(), LimitName: "a transaction per command", Target: "≥ 5 × limit",
	}
	row.Met = row.Figure >= 5*row.Limit
	got.into(&row)
	row.LimitCPU = limit[0].cpuEach()
	return row, nil
}

// opened is the load of updates on stores that are open for one turn each.
func opened(url string, stores int, single bool, lanes int, customers []string) load {
	keys := newKeys()
	return func(ctx context.Context, d time.Duration) (got sample, err error) {
		all := make([]*running, stores)
		defer func() {
			for _, s := range all {
				if s != nil {
					err = errors.Join(err, s.stop())
				}
			}
		}()
		for i := range all {
			if all[i], err = serve(url, store.Options{Single: single}); err != nil {
				return got, err
			}
		}
		return updates(func(lane int) *store.Store { return all[lane%stores].Store }, limitOrg, lanes, customers, keys)(ctx, d)
	}
}

// updates is the load of what UpdateMetadata writes: the customer, a history row, and the reply kept
// for the idempotency key.
func updates(of func(lane int) *store.Store, org string, lanes int, customers []string, keys *keys) load {
	return chained(lanes, func(lane, i int, done func(error)) {
		id := customers[(lane*7919+i*104_729)%len(customers)]
		key := store.IdempotencyKey{Org: org, App: limitApp, Key: keys.next()}
		ref := customer.ByID(id)
		err := of(lane).Submit(&store.Unit{
			Route: id,
			Needs: store.Needs{Org: org, Customers: []customer.Ref{ref}, Reply: key},
			Run: func(tx *store.Tx) error {
				if first, err := tx.FirstReply(key); err != nil || first != nil {
					return errors.Join(err, errors.New("a first reply to a new key"))
				}
				tx.Actor = customer.Actor{Kind: "app", ID: limitApp}
				rec, err := tx.Customer(org, ref)
				if err != nil {
					return err
				}
				if err := rec.UpdateMetadata(map[string]customer.Value{metadataKey: customer.Text(metadataValue(lane, i))}, customer.DefaultLimits()); err != nil {
					return err
				}
				tx.Record(rec, "metadata.updated", metadataKey)
				tx.KeepReply(key, []byte(id), make([]byte, 54)) // as long as the real ones
				return nil
			},
			Done: done,
		})
		if err != nil {
			done(err)
		}
	})
}

const metadataKey = "plan"

func metadataValue(lane, i int) string { return strconv.Itoa(lane) + "-" + strconv.Itoa(i) }

// keys makes idempotency keys as long as the SDK's, and in order of time as those are.
type keys struct {
	mu    sync.Mutex
	start int64
	n     int
}

func newKeys() *keys { return &keys{start: time.Now().UnixNano()} }

func (k *keys) next() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n++
	return fmt.Sprintf("%016x%012x", k.start, k.n)
}

// filledNumber is the number of the i-th customer that fill makes.
func filledNumber(i int) customer.Number {
	return customer.Number{Provider: customer.Cellular, Number: "+2547" + strconv.Itoa(10_000_000+i)}
}

// fill makes customers with 5 tags, 5 metadata keys and some messages, and gives their ids.
func fill(s *store.Store, org string, count, messages int) ([]string, error) {
	ids := make([]string, count)
	return ids, each(s, count, func(i int) *store.Unit {
		return made(org, filledNumber(i).Number, func(tx *store.Tx, rec *store.Record) error {
			ids[i] = rec.ID
			return describe(tx, rec, messages)
		})
	})
}

func describe(tx *store.Tx, rec *store.Record, messages int) error {
	tags := make([]customer.Tag, 5)
	for i := range tags {
		n := strconv.Itoa(i)
		tags[i] = customer.Tag{Key: "tag" + n, Value: "value" + n}
		if err := rec.UpdateMetadata(map[string]customer.Value{"key" + n: customer.Text("some value " + n)}, customer.DefaultLimits()); err != nil {
			return err
		}
	}
	for range messages {
		tx.AddMessage(rec, &messaging.Message{
			ID: tx.NewMessageID(), Number: rec.Numbers[0], Channel: messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"},
			App: limitApp, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Status: messaging.Delivered,
			Out: &messaging.Outbound{Body: messaging.Body{Text: "Your visit is tomorrow at nine o'clock."}},
		})
	}
	return tx.UpdateTags(rec, tags, customer.DefaultLimits())
}
