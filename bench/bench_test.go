package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/bench"
	"github.com/elarian-go/elarian/internal/testpg"
)

// TestMain is also the server of the idle connections, which is started from the same program.
func TestMain(m *testing.M) {
	if bench.IsServer() {
		if err := bench.RunServer(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every row is measured, on both databases, and nothing is left behind. How fast says nothing here.
func TestRows(t *testing.T) {
	dir := t.TempDir()
	report, err := bench.Run(t.Context(), bench.Options{
		Time: 250 * time.Millisecond, Dir: dir, Postgres: testpg.AdminURL(t),
		Connections: 2, InFlight: 2, Customers: 20, Phones: 2, Idle: 10, Reminders: 200, Broadcast: 500, Pending: 300, Wallets: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, store := range []string{"sqlite", "postgres"} {
		for _, name := range bench.Names() {
			if name != bench.Idle {
				want = append(want, store+" "+name)
			}
		}
	}
	want = append(want, "sqlite "+bench.Idle)
	for _, row := range report.Rows {
		got = append(got, row.Store+" "+row.Name)
		if row.Missing != "" || row.Figure == 0 || row.Limit == 0 || row.Ratio == 0 || row.Target == "" {
			t.Errorf("%+v", row)
		}
		if row.Name != bench.Idle && (row.P50 <= 0 || row.P95 < row.P50 || row.P99 < row.P95) {
			t.Errorf("%s %s: percentiles %v %v %v", row.Store, row.Name, row.P50, row.P95, row.P99)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	var table strings.Builder
	if err := report.Write(&table); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(table.String(), "\n"); lines < len(want)+3 {
		t.Errorf("table of %d lines:\n%s", lines, &table)
	}
	if _, err := json.Marshal(report); err != nil {
		t.Error(err)
	}
}

func TestOnly(t *testing.T) {
	o := bench.Options{Time: 10 * time.Millisecond, Dir: t.TempDir(), Only: []string{bench.StoreBatches}, Customers: 10, Connections: 1}
	report, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 1 || report.Rows[0].Name != bench.StoreBatches {
		t.Errorf("%+v", report.Rows)
	}
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "--postgres") {
		t.Errorf("notes %q", report.Notes)
	}
	o.Only = []string{"nonsense"}
	if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), bench.GetState) {
		t.Errorf("an unknown row: %v", err)
	}
}
