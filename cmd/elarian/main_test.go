package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/envfile"
)

// binary is the program as users run it.
var binary string

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "elarian-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "elarian")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// environment is the test's own, without what elarian would read from it.
func environment(extra ...string) []string {
	ours := []string{"HOST", "PORT", "ORG_ID", "APP_ID", "API_KEY", "AUTH_TOKEN", "NODE_EXTRA_CA_CERTS"}
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		key, _, _ := strings.Cut(s, "=")
		return slices.Contains(ours, key) || strings.HasPrefix(key, "ELARIAN_")
	})
	return append(env, extra...)
}

// outcome is what a program did.
type outcome struct {
	out, err string
	code     int
}

// invocation is a program to run.
type invocation struct {
	dir   string
	env   []string
	stdin string
}

func (i invocation) run(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = i.dir, environment(i.env...), strings.NewReader(i.stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("elarian %q: %v %v", args, err, ctx.Err())
	}
	return outcome{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// runIn runs the program in a folder.
func runIn(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	return invocation{dir: dir}.run(t, args...)
}

// must runs the program, which has to succeed, and gives what it printed.
func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	got := runIn(t, dir, args...)
	if got.code != 0 {
		t.Fatalf("elarian %q: exit %d\n%s%s", args, got.code, got.out, got.err)
	}
	return strings.TrimSpace(got.out)
}

// refused checks that a program ended with one line on the standard error, which has this text.
func refused(t *testing.T, got outcome, code int, text string) {
	t.Helper()
	if got.code != code || !strings.Contains(got.err, text) {
		t.Errorf("exit %d, %q, want exit %d and %q", got.code, got.err, code, text)
	}
	if n := strings.Count(got.err, "\n"); n != 1 || !strings.HasPrefix(got.err, "elarian: ") {
		t.Errorf("%d lines on the standard error, want one:\n%s", n, got.err)
	}
	for _, noise := range []string{"Usage:", "goroutine", "panic"} {
		if strings.Contains(got.err+got.out, noise) {
			t.Errorf("the output has %q:\n%s", noise, got.err+got.out)
		}
	}
}

// process is a program that runs on.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string // of the output that is watched
	exited chan error

	mu  sync.Mutex
	all strings.Builder // that output so far
}

// launch starts the program; watchErr watches its standard error and not its output.
func launch(t *testing.T, i invocation, watchErr bool, args ...string) *process {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = i.dir, environment(i.env...), strings.NewReader(i.stdin)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, os.Stderr
	if watchErr {
		cmd.Stdout, cmd.Stderr = io.Discard, write
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	p := &process{t: t, cmd: cmd, lines: make(chan string, 1000), exited: make(chan error, 1)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(read); s.Scan(); {
			p.mu.Lock()
			p.all.WriteString(s.Text() + "\n")
			p.mu.Unlock()
			p.lines <- s.Text()
		}
	}()
	go func() { p.exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.exited
		p.exited <- nil
		_ = read.Close()
	})
	return p
}

// await waits for a line with this text and gives it.
func (p *process) await(text string) string {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("ended without a line with %q:\n%s", text, p.output())
			}
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			p.t.Fatalf("no line with %q within %s:\n%s", text, patience, p.output())
		}
	}
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// stop interrupts the program, which has to end well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		p.exited <- nil
		if err != nil {
			p.t.Errorf("after an interrupt: %v\n%s", err, p.output())
		}
	case <-time.After(patience):
		p.t.Fatalf("still there %s after an interrupt:\n%s", patience, p.output())
	}
}

// devServer is an elarian dev that is ready.
type devServer struct {
	*process
	dir  string // it runs there; its own folder is elarian-data in it
	vars envfile.Vars
}

// startDev runs elarian dev in a folder, on free ports.
func startDev(t *testing.T, dir string, args ...string) *devServer {
	t.Helper()
	p := launch(t, invocation{dir: dir}, false, append([]string{"dev", "--socket", "localhost:0", "--http", "localhost:0"}, args...)...)
	p.await("ready")
	vars, err := envfile.Read(filepath.Join(dir, "elarian-data", "env"))
	if err != nil {
		t.Fatal(err)
	}
	return &devServer{p, dir, vars}
}

// config is what an app of the sandbox connects with.
func (d *devServer) config() elarian.Config {
	c := phoneConfig(d.vars)
	c.Logger = quiet
	return c
}
