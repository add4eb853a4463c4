package testpg

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	a, b := URL(t), URL(t)
	query(t, a, "CREATE TABLE t (i INT)")
	query(t, b, "CREATE TABLE t (i INT)")
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	var db string
	t.Run("inner", func(t *testing.T) { db = URL(t) })
	if _, err := connect(t, db); err == nil {
		t.Fatalf("%s is still there", db)
	}
}

// What was committed is there after a kill, on the same address; what was not is not.
func TestKilledClusterStartsAgain(t *testing.T) {
	pg := Cluster(t, Options{})
	db := pg.URL(t)
	query(t, db, "CREATE TABLE t (i INT)")
	query(t, db, "INSERT INTO t VALUES (1)")
	open, err := connect(t, db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Exec(t.Context(), "BEGIN; INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Exec(t.Context(), "COMMIT"); err == nil {
		t.Fatal("a backend outlived the kill")
	}
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := connect(t, db)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Fatalf("count %d, %v; want the one committed row", n, err)
	}
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A test process that is killed leaves neither processes nor files behind: its janitor sees to it.
func TestKilledTestLeavesNothing(t *testing.T) {
	if os.Getenv("TESTPG_CHILD") != "" {
		pg, err := New(Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("\nready " + pg.AdminURL() + " " + pg.dir + "\n")
		select {} // until killed
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledTestLeavesNothing$", "-test.v")
	child.Env = append(os.Environ(), "TESTPG_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address, dir := readReady(t, out)
	if _, err := connect(t, address); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed, as we wanted
	deadline := time.After(patience)
	for {
		_, statErr := os.Stat(dir)
		_, dialErr := connect(t, address)
		if errors.Is(statErr, os.ErrNotExist) && dialErr != nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("still there: folder %v, server %v", statErr == nil, dialErr == nil)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func readReady(t *testing.T, r io.Reader) (address, dir string) {
	t.Helper()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		seen.Write(buf[:n])
		if _, after, ok := strings.Cut(seen.String(), "\nready "); ok && strings.Contains(after, "\n") {
			fields := strings.Fields(after)
			return fields[0], fields[1]
		}
		if err != nil {
			t.Fatalf("the child said %q, then: %v", seen.String(), err)
		}
	}
}

func connect(t *testing.T, address string) (*pgx.Conn, error) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

func query(t *testing.T, address, sql string) {
	t.Helper()
	if err := execute(address, sql); err != nil {
		t.Fatal(err)
	}
}
