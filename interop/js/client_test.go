// Package js_test drives the published JavaScript client, unmodified, against a real server in this
// process. Each *.test.js is a program of tests about one thing; a new one is found by its name.
package js_test

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testpg"
)

// patience is for one program; the longest waits for timeouts of the client and takes 20 s.
const patience = 3 * time.Minute

// The programs spend their time waiting, each for a second until its client calls itself connected.
const sideBySide = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

var variants = []struct {
	name, transport string
	store           func(t *testing.T) []elariantest.Option
}{
	{"tls", "tls", onSQLite},
	{"websocket", "ws", onSQLite},
	{"postgres", "tls", onPostgres},
}

func onSQLite(*testing.T) []elariantest.Option { return nil }

func onPostgres(t *testing.T) []elariantest.Option {
	return []elariantest.Option{elariantest.WithStore(testpg.URL(t))}
}

func TestPublishedClient(t *testing.T) {
	programs := programs(t)
	for _, v := range variants {
		for _, program := range programs {
			t.Run(v.name+"/"+strings.TrimSuffix(program, ".test.js"), func(t *testing.T) {
				t.Parallel()
				srv := start(t, v.store(t)...)
				runTests(t, program, append(srv.Env(), "TRANSPORT="+v.transport))
			})
		}
	}
}

// programs lists the tests. It reads everything that Node will, so that go test knows a cached result
// from a stale one.
func programs(t *testing.T) (tests []string) {
	t.Helper()
	if _, err := os.ReadFile("node_modules/elarian/package.json"); err != nil {
		t.Fatalf("%v: run make test, which installs the npm packages", err)
	}
	for _, pattern := range []string{"package-lock.json", "*.js", "programs/*.js"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			if _, err := os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, ".test.js") {
				tests = append(tests, path)
			}
		}
	}
	return tests
}

// start starts a server whose log is shown when the test fails.
func start(t *testing.T, opts ...elariantest.Option) *elariantest.Server {
	t.Helper()
	var log lockedBuffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log:\n%s", log.String())
		}
	})
	return elariantest.Start(t, append(opts, elariantest.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
}

var (
	passed = regexp.MustCompile(`(?m)^ok \d+ - (.*)$`)
	failed = regexp.MustCompile(`(?m)^not ok \d+ - (.*)$|# (?:SKIP|TODO)\b.*$`)
)

// runTests runs a program of Node's test runner, which prints TAP.
func runTests(t *testing.T, program string, env []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := node(ctx, env, program)
	out, err := cmd.CombinedOutput()
	bad := failed.FindAllString(string(out), -1)
	good := passed.FindAllStringSubmatch(string(out), -1)
	if err != nil || len(bad) > 0 || len(good) == 0 || !bytes.Contains(out, []byte("\n# finished\n")) {
		t.Fatalf("%s: %v\n%s\n%s", program, err, strings.Join(bad, "\n"), out)
	}
	for _, name := range good {
		t.Log(name[1])
	}
}

// node runs a program in the server's environment. Killed at the deadline, it does not keep the pipes.
func node(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
