package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/testpg"
)

// inFlight is how many units or reads wait at a time: 64 connections with 16 commands each.
const inFlight = 64 * 16

// benchCustomers is how many customers the load goes to.
const benchCustomers = 20_000

// A unit reads a customer, changes its metadata, and writes the customer, a history row and the
// reply kept for its idempotency key. Single is a transaction per unit.
func BenchmarkUnits(b *testing.B) {
	for _, db := range benchDatabases {
		b.Run(db.name, func(b *testing.B) {
			url := db.url(b)
			ids := fillBench(b, url, 0)
			for _, single := range []bool{false, true} {
				name := "batches"
				if single {
					name = "single"
				}
				b.Run(name, func(b *testing.B) {
					s := serveBench(b, store.Options{Single: single}, url)
					run := rand.Text()
					each(b, func(i int, done func(error)) error {
						return s.Submit(updateMetadata(ids[i*7919%len(ids)], run+strconv.Itoa(i), done))
					})
				})
			}
		})
	}
}

// A read is of a whole state with 5 tags, 5 metadata keys and 10 messages, or of the record alone, as
// where the rest is known by the record's version.
func BenchmarkReads(b *testing.B) {
	for _, db := range benchDatabases {
		b.Run(db.name, func(b *testing.B) {
			url := db.url(b)
			ids := fillBench(b, url, 10)
			for _, whole := range []bool{true, false} {
				name, messages := "state", 10
				if !whole {
					name, messages = "record", 0
				}
				b.Run(name, func(b *testing.B) {
					s := serveBench(b, store.Options{}, url)
					each(b, func(i int, done func(error)) error {
						return s.Read(&store.Read{Org: "org", Ref: customer.ByID(ids[i*7919%len(ids)]), App: "app",
							State: func(*store.Record) bool { return whole },
							Done: func(v store.View, err error) {
								if err == nil && len(v.Messages) != messages {
									err = fmt.Errorf("%d messages", len(v.Messages))
								}
								done(err)
							}})
					})
				})
			}
		})
	}
}

var benchDatabases = []struct {
	name string
	url  func(testing.TB) string
}{
	{"sqlite", func(tb testing.TB) string { return filepath.Join(tb.TempDir(), "bench.db") }},
	{"postgres", testpg.URL},
}

// serveBench opens and runs a store for one benchmark; it tells how many units shared a commit.
func serveBench(b *testing.B, o store.Options, url string) *store.Store {
	b.Helper()
	o.Serve = true
	s, err := store.Open(url, o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	var units, commits atomic.Int64
	s.Observe = func(n int, _ time.Duration) { units.Add(int64(n)); commits.Add(1) }
	go func() { stopped <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-stopped
		if err := s.Close(); err != nil {
			b.Error(err)
		}
		if commits.Load() > 0 {
			b.ReportMetric(float64(units.Load())/float64(commits.Load()), "units/commit")
		}
	})
	return s
}

// each calls start b.N times, with inFlight of them not done at any time, and waits for all.
func each(b *testing.B, start func(i int, done func(error)) error) {
	b.Helper()
	slots := make(chan struct{}, inFlight)
	var failed atomic.Value
	done := func(err error) {
		if err != nil {
			failed.CompareAndSwap(nil, err)
		}
		<-slots
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		slots <- struct{}{}
		if err := start(i, done); err != nil {
			b.Fatal(err)
		}
	}
	for range inFlight {
		slots <- struct{}{}
	}
	b.StopTimer()
	if err, _ := failed.Load().(error); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "units/s")
}

func updateMetadata(id, key string, done func(error)) *store.Unit {
	ref := customer.ByID(id)
	reply := store.IdempotencyKey{Org: "org", App: "app", Key: key}
	return &store.Unit{
		Route: id,
		Needs: store.Needs{Org: "org", Customers: []customer.Ref{ref}, Reply: reply},
		Run: func(tx *store.Tx) error {
			if first, err := tx.FirstReply(reply); err != nil || first != nil {
				return fmt.Errorf("a first reply: %v", err)
			}
			tx.Actor = customer.Actor{Kind: "app", ID: "el_app_0123456789abcdef"}
			rec, err := tx.Customer("org", ref)
			if err != nil {
				return err
			}
			if err := rec.UpdateMetadata(map[string]customer.Value{"plan": customer.Text(key)}, customer.DefaultLimits()); err != nil {
				return err
			}
			tx.Record(rec, "metadata.updated", "plan")
			tx.KeepReply(reply, []byte("12345678901234567890123456789012"), []byte(id))
			return nil
		},
		Done: done,
	}
}

// fillBench makes customers with 5 tags, 5 metadata keys and some messages each.
func fillBench(b *testing.B, url string, messages int) []string {
	b.Helper()
	s, err := store.Open(url, store.Options{Serve: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	defer func() {
		cancel()
		<-stopped
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	ids := make([]string, benchCustomers)
	slots := make(chan struct{}, inFlight)
	for i := range ids {
		slots <- struct{}{}
		ref := customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: "+2547" + strconv.Itoa(10_000_000+i)})
		err := s.Submit(&store.Unit{
			Route: ref.Number.Number, Needs: store.Needs{Org: "org", Customers: []customer.Ref{ref}},
			Run: func(tx *store.Tx) error {
				rec, err := tx.Customer("org", ref)
				if err != nil {
					return err
				}
				ids[i] = rec.ID
				return fill(tx, rec, messages)
			},
			Done: func(err error) {
				if err != nil {
					b.Error(err)
				}
				<-slots
			},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for range inFlight {
		slots <- struct{}{}
	}
	return ids
}

func fill(tx *store.Tx, rec *store.Record, messages int) error {
	var tags []customer.Tag
	for i := range 5 {
		n := strconv.Itoa(i)
		tags = append(tags, customer.Tag{Key: "tag" + n, Value: "value" + n})
		if err := rec.UpdateMetadata(map[string]customer.Value{"key" + n: customer.Text("some value " + n)}, customer.DefaultLimits()); err != nil {
			return err
		}
	}
	for range messages {
		tx.AddMessage(rec, &messaging.Message{
			ID: tx.NewMessageID(), Number: rec.Numbers[0], Channel: messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"},
			App: "el_app_0123456789abcdef", CreatedAt: tx.Now(), Status: messaging.Delivered,
			Out: &messaging.Outbound{Body: messaging.Body{Text: "Your visit is tomorrow at nine o'clock."}},
		})
	}
	return tx.UpdateTags(rec, tags, customer.DefaultLimits())
}
