package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// serverEnv tells a process that it is the server whose memory is measured, and which: "elarian", or
// "echo" for the limit.
const serverEnv = "ELARIAN_BENCH_SERVER"

// IsServer says whether this process was started as the server of [Idle]: it has to call [RunServer].
func IsServer() bool { return os.Getenv(serverEnv) != "" }

// idleTarget is bytes of server memory for each connection.
const idleTarget = 50 << 10

// spareFiles are what a process opens besides the connections.
const spareFiles = 200

// idle measures what idle connections cost the server, beside a raw RSocket server's.
func idle(ctx context.Context, r *run) (Row, error) {
	row := Row{
		Name: Idle, Store: "sqlite", What: fmt.Sprintf("%d idle TLS connections, server memory each", r.Idle), Unit: "KiB",
		LimitName: "raw RSocket server", Target: fmt.Sprintf("≤ %d KiB", idleTarget>>10),
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return row, err
	}
	if limit.Max < uint64(r.Idle+spareFiles) {
		row.Missing = fmt.Sprintf("%d connections need %d open files and the limit is %d: raise it with ulimit -Hn %[2]d", r.Idle, r.Idle+spareFiles, limit.Max)
		return row, nil
	}
	raw, err := r.memoryOf(ctx, "echo")
	if err != nil {
		return row, err
	}
	each, err := r.memoryOf(ctx, "elarian")
	if err != nil {
		return row, err
	}
	row.Figure, row.Limit, row.Met = each/1024, raw/1024, each <= idleTarget
	row.Ratio = row.Figure / row.Limit
	return row, nil
}

// memoryOf gives the bytes that a server's process grows by for each idle connection.
func (r *run) memoryOf(ctx context.Context, kind string) (each float64, err error) {
	s, err := startServer(ctx, kind, filepath.Join(r.dir, "idle.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	before, err := s.memory()
	if err != nil {
		return 0, err
	}
	closers, err := s.connect(ctx, r.Idle)
	defer func() {
		var group sync.WaitGroup
		for _, c := range closers {
			group.Go(func() { _ = c.Close() })
		}
		group.Wait()
	}()
	if err != nil {
		return 0, err
	}
	// A while of being idle, with the signs of life that that means.
	select {
	case <-time.After(r.Time):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	after, err := s.memory()
	return float64(after-before) / float64(r.Idle), err
}

// idleServer is a server in a process of its own.
type idleServer struct {
	kind    string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	address address
}

// address is what the server's first line says.
type address struct {
	Socket        string
	Org, App, Key string
	CA            []byte // DER
}

func startServer(ctx context.Context, kind, database string) (*idleServer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &idleServer{kind: kind, cmd: exec.CommandContext(ctx, program, "bench")}
	s.cmd.Env = append(os.Environ(), serverEnv+"="+kind, "ELARIAN_BENCH_DATABASE="+database)
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewScanner(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := s.line()
	if err == nil {
		err = json.Unmarshal([]byte(line), &s.address)
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *idleServer) line() (string, error) {
	if !s.out.Scan() {
		return "", errors.Join(errors.New("the server process ended"), s.out.Err())
	}
	return s.out.Text(), nil
}

// memory asks for the bytes of memory that the process has from the system, without garbage.
func (s *idleServer) memory() (int64, error) {
	if _, err := io.WriteString(s.in, "memory\n"); err != nil {
		return 0, err
	}
	line, err := s.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(line, 10, 64)
}

func (s *idleServer) stop() error {
	_ = s.in.Close() // which ends it
	return s.cmd.Wait()
}

// dialers is how many connections are being made at once.
const dialers = 32

// connect makes idle connections: of an app that takes notifications, or raw ones.
func (s *idleServer) connect(ctx context.Context, count int) ([]io.Closer, error) {
	ca, err := x509.ParseCertificate(s.address.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	tlsConfig := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	var mu sync.Mutex
	var closers []io.Closer
	var failed error
	var group sync.WaitGroup
	for d := range dialers {
		group.Go(func() {
			for i := d; i < count && ctx.Err() == nil; i += dialers {
				c, err := s.dial(ctx, tlsConfig)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					closers = append(closers, c)
				}
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	group.Wait()
	return closers, errors.Join(failed, ctx.Err())
}

// keepAlive is the SDK's.
const keepAlive = 5 * time.Second

func (s *idleServer) dial(ctx context.Context, tlsConfig *tls.Config) (io.Closer, error) {
	if s.kind == "echo" {
		c, err := rsocket.Dial(ctx, "tls://"+s.address.Socket, &rsocket.Setup{KeepAlive: keepAlive}, nil, rsocket.Options{TLS: tlsConfig})
		if err != nil {
			return nil, err
		}
		return closer(func() error { return c.Close(nil) }), nil
	}
	c := elarian.New(elarian.Config{
		Address: s.address.Socket, OrgID: s.address.Org, AppID: s.address.App, APIKey: s.address.Key, TLS: tlsConfig,
		KeepAlive: keepAlive, Logger: slog.New(slog.DiscardHandler),
	})
	elarian.OnSMS(c, func(context.Context, *elarian.ReceivedMessage, *struct{}) (elarian.Body, error) { return nil, nil })
	return c, c.Connect(ctx)
}

type closer func() error

func (c closer) Close() error { return c() }

// RunServer is the other process: it serves until its input ends, and answers each line of it with
// the bytes of memory that it has.
func RunServer(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	var a address
	stop := func() error { return nil }
	switch os.Getenv(serverEnv) {
	case "echo":
		a, stop, err = serveEcho()
	default:
		a, stop, err = serveElarian(os.Getenv("ELARIAN_BENCH_DATABASE"))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", line)
	for lines := bufio.NewScanner(in); ctx.Err() == nil && lines.Scan(); {
		resident, err := resident()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d\n", resident)
	}
	return nil
}

func serveEcho() (address, func() error, error) {
	e, err := startEcho(context.Background(), 0)
	if err != nil {
		return address{}, nil, err
	}
	return address{Socket: e.address, CA: e.ca}, e.stop, nil
}

func serveElarian(database string) (address, func() error, error) {
	s, err := newSystem(database)
	if err != nil {
		return address{}, nil, err
	}
	return address{Socket: s.config.Address, Org: s.config.OrgID, App: s.config.AppID, Key: s.config.APIKey, CA: s.ca}, s.stop, nil
}

// resident is the process's memory after garbage collection: all of it, stacks, buffers and code.
func resident() (int64, error) {
	for range 2 { // pools empty over two collections
		debug.FreeOSMemory()
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("/proc/self/status has no VmRSS")
}
