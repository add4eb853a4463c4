// Package testnode runs programs in JavaScript, for tests of examples.
package testnode

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Start runs a program of the test's folder, with the npm packages of the interoperation tests, and waits
// until it has printed ready. It runs until stop, or the end of the test.
func Start(t *testing.T, env []string, program, ready string) (stop func()) {
	t.Helper()
	modules, err := filepath.Abs("../../interop/js/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "elarian")); err != nil {
		t.Fatalf("%v: run make deps, which installs the npm packages", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", program)
	cmd.Env = append(append(os.Environ(), env...), "NODE_PATH="+modules)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), ready) {
			return stop
		}
	}
	t.Fatalf("%s has ended", program)
	return nil
}
