package rsocket

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// idleConnections is enough to make what is shared by all of them negligible.
const idleConnections = 1000

// TestMemoryOfIdleConnections: an idle TLS connection costs the server at most 50 KiB, everything
// included, and one goroutine. The clients run in a process of their own.
func TestMemoryOfIdleConnections(t *testing.T) {
	if target := os.Getenv("RSOCKET_IDLE_TARGET"); target != "" {
		idleClients(t, target)
		return
	}
	var mu sync.Mutex
	count := 0
	all := make(chan struct{})
	target := serve(t, &Server{Accept: func(context.Context, *Setup, *Conn) (Handler, error) {
		return func(r *Request) {
			echo(r)
			mu.Lock()
			defer mu.Unlock()
			if count++; count == idleConnections {
				close(all)
			}
		}, nil
	}}, "tls")
	before, goroutines := inUse(), runtime.NumGoroutine()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryOfIdleConnections$")
	cmd.Env = append(os.Environ(), "RSOCKET_IDLE_TARGET="+target)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, "request of every client", all)
	each := (inUse() - before) / idleConnections
	perConn := float64(runtime.NumGoroutine()-goroutines) / idleConnections
	t.Logf("%d bytes and %.2f goroutines for each of %d idle TLS connections", each, perConn, idleConnections)
	if each > 50<<10 {
		t.Errorf("%d bytes for each connection", each)
	}
	if perConn > 1.1 {
		t.Errorf("%.2f goroutines for each connection", perConn)
	}
	if err := stdin.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// inUse is the memory of heap and stacks after garbage collection.
func inUse() int {
	var m runtime.MemStats
	for range 3 { // stacks shrink and pools empty over several collections
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// idleClients connects, asks once, and stays until its input is closed.
func idleClients(t *testing.T, target string) {
	config := clientTLS()
	config.InsecureSkipVerify = true // the certificate is that of another process
	for i := range idleConnections {
		c, err := Dial(testContext(t), target, &Setup{KeepAlive: time.Minute, Lifetime: time.Hour}, nil, Options{TLS: config})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close(nil) }()
		if _, err := c.Request(testContext(t), []byte(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}
