package rsocket

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkEcho measures request/response with both ends in this process.
func BenchmarkEcho(b *testing.B) {
	for _, kind := range kinds {
		for _, inFlight := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/64x%d", kind, inFlight), func(b *testing.B) {
				benchEcho(b, kind, 64, inFlight)
			})
		}
	}
}

func benchEcho(b *testing.B, kind string, conns, inFlight int) {
	target := serve(b, &Server{Accept: acceptAll(echo)}, kind)
	clients := make([]*Conn, conns)
	for i := range clients {
		clients[i] = dial(b, target, Setup{}, nil, Options{})
	}
	payload := make([]byte, 64)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	lanes := conns * inFlight
	for lane := range lanes {
		left := b.N / lanes
		if lane < b.N%lanes {
			left++
		}
		if left == 0 {
			continue
		}
		wg.Add(1)
		c := clients[lane%conns]
		var next func([]byte, error)
		next = func(_ []byte, err error) {
			if err != nil {
				b.Error(err)
				left = 1
			}
			if left--; left == 0 {
				wg.Done()
				return
			}
			c.Send(payload, next)
		}
		c.Send(payload, next)
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
