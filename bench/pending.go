package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

const (
	// starts is how often a server is started on a database.
	starts = 5
	// startSlack and memorySlack are what pending reminders may add to a start and to its memory.
	startSlack  = 100 * time.Millisecond
	memorySlack = 16 << 20
)

// pending sets the start of a server with many pending reminders, in a process of its own, beside that of
// one without. The percentiles are of the starts.
func pending(ctx context.Context, r *run, db database) (Row, error) {
	none, least, err := r.started(ctx, db, 0)
	if err != nil {
		return Row{}, err
	}
	many, most, err := r.started(ctx, db, r.Pending)
	if err != nil {
		return Row{}, err
	}
	row := Row{
		What:   fmt.Sprintf("start with %d pending reminders, median; memory then %.1f MiB, without %.1f", r.Pending, mib(most), mib(least)),
		Figure: many.percentile(50), Unit: "ms",
		Limit: none.percentile(50), LimitName: "without any", Target: fmt.Sprintf("≤ limit + %d ms, + %d MiB", startSlack.Milliseconds(), memorySlack>>20),
	}
	row.P50, row.P95, row.P99 = many.percentile(50), many.percentile(95), many.percentile(99)
	row.Met = row.Figure <= row.Limit+float64(startSlack.Milliseconds()) && most-least <= memorySlack
	return row, nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// started makes customers with a reminder each, due over a year from tomorrow on, and starts servers; memory
// is that of the last one.
func (r *run) started(ctx context.Context, db database, reminders int) (times *sample, memory int64, err error) {
	url, err := db.create(ctx)
	if err != nil {
		return nil, 0, err
	}
	s, err := newSystem(url)
	if err != nil {
		return nil, 0, err
	}
	first := s.server.Clock().Now().Add(24 * time.Hour)
	err = each(s.server.Store(), reminders, func(i int) *store.Unit {
		at := first.Add(time.Duration(i) * (365 * 24 * time.Hour / time.Duration(reminders)))
		return s.remind(i, customer.Reminder{Key: "visit", At: at, Next: at, Payload: "tomorrow at nine"})
	})
	if err := errors.Join(err, s.stop()); err != nil {
		return nil, 0, err
	}
	times = &sample{}
	for range starts {
		begin := time.Now()
		server, err := startServer(ctx, "elarian", url)
		if err != nil {
			return nil, 0, err
		}
		times.latencies = append(times.latencies, time.Since(begin))
		memory, err = server.memory()
		if err := errors.Join(err, server.stop()); err != nil {
			return nil, 0, err
		}
	}
	return times, memory, nil
}
