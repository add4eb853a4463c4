package js_test

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// output is what a running program prints.
type output struct {
	lockedBuffer
	wrote chan struct{} // has something after each write
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.lockedBuffer.Write(p)
	select {
	case o.wrote <- struct{}{}:
	default:
	}
	return n, err
}

// expect waits until the program has printed the text.
func (o *output) expect(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.wrote:
		case <-deadline:
			t.Fatalf("the program has not printed %q, but\n%s", text, o.String())
		}
	}
}

// background starts a program that runs until it or the test ends: its context has to be the test's.
func background(t *testing.T, cmd *exec.Cmd) *output {
	t.Helper()
	out := &output{wrote: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the context has just ended, and with it the program
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd, out.String())
		}
	})
	return out
}
