package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

// broadcast sets a message to all customers with a tag beside its commits without sockets: until the
// simulator has every message, and the app has been told of both statuses of each. The percentiles are
// of the time from a status to its notification.
func broadcast(ctx context.Context, r *run, db database) (row Row, err error) {
	url, err := db.create(ctx)
	if err != nil {
		return row, err
	}
	s, err := newSystem(url)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	tag := elarian.Tag{Key: "survey", Value: "yes"}
	err = each(s.server.Store(), r.Broadcast, func(i int) *store.Unit {
		return s.made(i, func(tx *store.Tx, rec *store.Record) error {
			return tx.UpdateTags(rec, []customer.Tag{{Key: tag.Key, Value: tag.Value}}, customer.DefaultLimits())
		})
	})
	if err != nil {
		return row, err
	}
	b := newBroadcasted(r.Broadcast)
	phones := elarian.NewSimulator(s.config)
	phones.OnSendMessage(func(context.Context, *elarian.SimulatedDelivery) error {
		b.received.Add(1)
		return nil
	})
	if err := phones.Connect(ctx); err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, phones.Close()) }()
	app := elarian.New(s.config)
	app.OnMessageStatus(func(_ context.Context, n *elarian.MessageStatusNotice) error {
		b.status(n.Status, s.server.Clock().Now().Sub(n.CreatedAt))
		return nil
	})
	if err := app.Connect(ctx); err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()

	debug.FreeOSMemory()
	peak := watchMemory()
	stop, err := r.profile(db.name() + "." + Broadcast)
	if err != nil {
		return row, err
	}
	start, cpu := time.Now(), processorTime()
	if _, err := app.SendMessageByTag(ctx, tag, elarian.SMS(sandbox.ShortCode), elarian.Text("Would you come again? Answer YES or NO.")); err != nil {
		return row, err
	}
	select {
	case <-b.all:
	case <-ctx.Done():
		err = ctx.Err()
	}
	took := time.Since(start)
	cpu = processorTime() - cpu
	before, most := peak()
	if err := errors.Join(err, stop()); err != nil {
		return row, err
	}
	if got := b.received.Load(); got != int64(r.Broadcast) || b.failed.Load() > 0 {
		return row, fmt.Errorf("phones got %d messages of %d, %d failed", got, r.Broadcast, b.failed.Load())
	}
	limit, err := broadcastCommits(s.server.Store(), r.lanes()).timed(ctx, max(r.Time, time.Second))
	if err != nil {
		return row, fmt.Errorf("the limit: %w", err)
	}
	row = Row{
		What:   fmt.Sprintf("a message by tag to %d customers, with both statuses; memory of all, at first and at the most: %d and %d MiB", r.Broadcast, before, most),
		Figure: float64(r.Broadcast) / took.Seconds(), Unit: "messages/s",
		Limit: limit.rate(), LimitName: "the same commits, no socket", Target: "≥ 3000",
		CPU: float64(cpu.Microseconds()) / float64(r.Broadcast), LimitCPU: limit.cpuEach(),
	}
	lag := &sample{latencies: b.lags}
	row.P50, row.P95, row.P99 = lag.percentile(50), lag.percentile(95), lag.percentile(99)
	row.Met = row.Figure >= 3000
	return row, nil
}

// broadcasted counts what comes of a broadcast; all is closed when both statuses of all are there.
type broadcasted struct {
	received, failed atomic.Int64
	all              chan struct{}

	mu   sync.Mutex
	left int
	lags []time.Duration // of every hundredth
}

func newBroadcasted(count int) *broadcasted {
	return &broadcasted{left: 2 * count, all: make(chan struct{})}
}

func (b *broadcasted) status(s elarian.MessageStatus, lag time.Duration) {
	if s.Failed() {
		b.failed.Add(1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left%100 == 0 {
		b.lags = append(b.lags, max(lag, time.Microsecond))
	}
	if b.left--; b.left == 0 {
		close(b.all)
	}
}

// watchMemory looks at the process's memory until stop is called, which gives MiB.
func watchMemory() (stop func() (before, most int)) {
	before := residentMiB()
	most := before
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, residentMiB())
			case <-end:
				return
			}
		}
	}()
	return func() (int, int) {
		close(end)
		<-ended
		return before, max(most, residentMiB())
	}
}

// residentMiB is the memory that the process has from the system, or what Go has where that is not known.
func residentMiB() int {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
				return kib >> 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.Sys >> 20)
}

// broadcastCommits is the load of what a message by tag writes: to send it, to tell of that, the answer,
// and the same for its delivery.
func broadcastCommits(s *store.Store, lanes int) load {
	sms := messaging.ChannelNumber{Channel: messaging.SMS, Number: sandbox.ShortCode}
	return chained(lanes, func(lane, i int, done func(error)) {
		ref := limitCustomer(lane)
		m := &messaging.Message{
			Number: ref.Number, Channel: sms, App: limitApp, Status: messaging.Sent,
			Out: &messaging.Outbound{Body: messaging.Body{Text: "Would you come again? Answer YES or NO."}},
		}
		var n store.Notification
		tell := func(tx *store.Tx, what string, change func(*store.Record) error) error {
			rec, err := tx.Customer(limitOrg, ref)
			if err != nil {
				return err
			}
			if err := change(rec); err != nil {
				return err
			}
			tx.Record(rec, what, m.ID)
			n = tx.Notify(store.Notification{Org: limitOrg, App: limitApp, Subject: rec.ID, Kind: "message_status", Body: make([]byte, 200)})
			return nil
		}
		steps := []func(tx *store.Tx) error{
			func(tx *store.Tx) error {
				return tell(tx, "message.sent", func(rec *store.Record) error {
					m.ID, m.CreatedAt, m.UpdatedAt = tx.NewMessageID(), tx.Now(), tx.Now()
					tx.AddMessage(rec, m)
					return nil
				})
			},
			func(tx *store.Tx) error { tx.Answered(&n); return nil },
			func(tx *store.Tx) error {
				return tell(tx, "message.status", func(rec *store.Record) error {
					stored, err := tx.Message(rec, m.ID)
					if err == nil {
						stored.SetStatus(messaging.Delivered, "", tx.Now())
					}
					return err
				})
			},
			func(tx *store.Tx) error { tx.Answered(&n); return nil },
		}
		var next func(step int)
		next = func(step int) {
			u := &store.Unit{Route: limitOrg + ref.Number.Number, Needs: store.Needs{Org: limitOrg, Customers: []customer.Ref{ref}}, Run: steps[step]}
			u.Done = func(err error) {
				if err != nil || step == len(steps)-1 {
					done(err)
					return
				}
				next(step + 1)
			}
			if err := s.Submit(u); err != nil {
				done(err)
			}
		}
		next(0)
	})
}
