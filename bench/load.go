package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// rounds is how many turns a figure and its limit take.
const rounds = 5

// sample is what was measured of one thing so far.
type sample struct {
	took      time.Duration
	cpu       time.Duration // that this process used meanwhile
	finished  int           // operations, with those that ended after the time and have no latency here
	latencies []time.Duration
}

func (s *sample) add(o sample) {
	s.took += o.took
	s.cpu += o.cpu
	s.finished += o.finished
	s.latencies = append(s.latencies, o.latencies...)
}

// rate is operations in a second.
func (s *sample) rate() float64 { return float64(len(s.latencies)) / s.took.Seconds() }

// percentile gives the latency that p of 100 operations stay within, in milliseconds.
func (s *sample) percentile(p int) float64 {
	if len(s.latencies) == 0 {
		return 0
	}
	slices.Sort(s.latencies)
	return float64(s.latencies[(len(s.latencies)-1)*p/100]) / float64(time.Millisecond)
}

func (s *sample) into(row *Row) {
	row.CPU = s.cpuEach()
	row.P50, row.P95, row.P99 = s.percentile(50), s.percentile(95), s.percentile(99)
}

// cpuEach is the processor time of one operation in microseconds.
func (s *sample) cpuEach() float64 {
	return float64(s.cpu) / float64(time.Microsecond) / float64(max(1, s.finished))
}

// load is how one thing is done, over and over on some lanes at once.
type load func(ctx context.Context, d time.Duration) (sample, error)

// blocking is a load whose operation returns when it is done; i counts those of the lane.
func blocking(lanes int, operation func(ctx context.Context, lane, i int) error) load {
	counts := make([]int, lanes)
	return func(ctx context.Context, d time.Duration) (sample, error) {
		latencies, before := make([][]time.Duration, lanes), sum(counts)
		var failed atomic.Pointer[error]
		var group sync.WaitGroup
		start := time.Now()
		end := start.Add(d)
		for lane := range lanes {
			group.Go(func() {
				for last := time.Now(); last.Before(end) && failed.Load() == nil; counts[lane]++ {
					if err := operation(ctx, lane, counts[lane]); err != nil {
						failed.CompareAndSwap(nil, &err)
						return
					}
					now := time.Now()
					if now.Before(end) {
						latencies[lane] = append(latencies[lane], now.Sub(last))
					}
					last = now
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			return sample{}, *err
		}
		return sample{took: d, finished: sum(counts) - before, latencies: slices.Concat(latencies...)}, nil
	}
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// chained is a load whose operation calls done when it is done, from any goroutine.
func chained(lanes int, start func(lane, i int, done func(error))) load {
	counts := make([]int, lanes)
	return func(ctx context.Context, d time.Duration) (sample, error) {
		latencies, before := make([][]time.Duration, lanes), sum(counts)
		var failed atomic.Pointer[error]
		var group sync.WaitGroup
		end := time.Now().Add(d)
		group.Add(lanes)
		for lane := range lanes {
			last := time.Now()
			var next func(error)
			next = func(err error) {
				now := time.Now()
				counts[lane]++
				if err != nil {
					failed.CompareAndSwap(nil, &err)
				}
				if now.Before(end) {
					latencies[lane] = append(latencies[lane], now.Sub(last))
				}
				if last = now; failed.Load() != nil || ctx.Err() != nil || !now.Before(end) {
					group.Done()
					return
				}
				start(lane, counts[lane], next)
			}
			start(lane, counts[lane], next)
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			return sample{}, *err
		}
		return sample{took: d, finished: sum(counts) - before, latencies: slices.Concat(latencies...)}, ctx.Err()
	}
}

// timed runs a load for d and notes the processor time.
func (l load) timed(ctx context.Context, d time.Duration) (sample, error) {
	before := processorTime()
	s, err := l(ctx, d)
	s.cpu = processorTime() - before
	return s, err
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// inTurns measures a figure and what limits it, turn by turn, after each has run once for nothing.
func (r *run) inTurns(ctx context.Context, name string, figure load, limits ...load) (sample, []sample, error) {
	var got sample
	of := make([]sample, len(limits))
	turn := r.Time / rounds
	for round := range rounds + 1 {
		for i, limit := range limits {
			s, err := limit.timed(ctx, turn)
			if err != nil {
				return got, nil, fmt.Errorf("the limit: %w", err)
			}
			if round > 0 {
				of[i].add(s)
			}
		}
		stop, err := r.profile(fmt.Sprintf("%s.%d", name, round))
		if err != nil {
			return got, nil, err
		}
		s, err := figure.timed(ctx, turn)
		if err := stop(); err != nil {
			return got, nil, err
		}
		if err != nil {
			return got, nil, err
		}
		if round > 0 {
			got.add(s)
		}
	}
	return got, of, nil
}

// profile writes profiles until stop is called: NAME.cpu and NAME.allocs.
func (r *run) profile(name string) (stop func() error, err error) {
	if r.Profile == "" {
		return func() error { return nil }, nil
	}
	cpu, err := os.Create(filepath.Join(r.Profile, name+".cpu"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		_ = cpu.Close()
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		if err := cpu.Close(); err != nil {
			return err
		}
		runtime.GC() // what was allocated shows after a collection
		allocs, err := os.Create(filepath.Join(r.Profile, name+".allocs"))
		if err != nil {
			return err
		}
		defer allocs.Close()
		return pprof.Lookup("allocs").WriteTo(allocs, 0)
	}, nil
}
