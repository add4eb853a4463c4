// Package bench measures an Elarian and sets each figure beside what limits it, measured in the same
// run: the store's own batches of the same rows, or a raw RSocket echo over the same connections. The
// two are measured in turns, so that a machine that is busy with something else slows both.
//
// Server and clients share this process, but for the memory of idle connections: there the server is a
// process of its own, started from the same program (see [IsServer]).
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options say what is measured, and on how much; zero values mean the defaults given here, which are
// those that the targets are about.
type Options struct {
	Time     time.Duration // of each figure, and as much of its limit; 5 s
	Only     []string      // names of rows; none is all of them
	Postgres string        // URL of a cluster: databases are made in it and dropped; "" leaves it out
	Dir      string        // for files, which are removed; the system's folder for temporary files
	Profile  string        // a folder for CPU and allocation profiles of the figures; "" for none
	Progress func(string)  // is told what is being measured

	Connections int // 64
	InFlight    int // commands on each connection; 16
	Customers   int // that commands go to; 20,000
	Phones      int // 64
	Idle        int // connections; 10,000
	Reminders   int // that are due in the same second; 100,000
	Broadcast   int // customers with a tag; 1,000,000
	Pending     int // reminders of customers, one each; 1,000,000
	Wallets     int // that one purse pays into; 100,000
}

func (o Options) withDefaults() Options {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&o.Connections, 64)
	set(&o.InFlight, 16)
	set(&o.Customers, 20_000)
	set(&o.Phones, 64)
	set(&o.Idle, 10_000)
	set(&o.Reminders, 100_000)
	set(&o.Broadcast, 1_000_000)
	set(&o.Pending, 1_000_000)
	set(&o.Wallets, 100_000)
	if o.Time == 0 {
		o.Time = 5 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

func (o *Options) lanes() int { return o.Connections * o.InFlight }

// Row is a figure beside its limit.
type Row struct {
	Name   string  `json:"name"`
	Store  string  `json:"store"` // sqlite or postgres
	What   string  `json:"what"`
	Figure float64 `json:"figure"`
	Unit   string  `json:"unit"`

	Limit     float64 `json:"limit"`
	LimitName string  `json:"limit_name"`
	Ratio     float64 `json:"ratio"` // figure to limit
	Target    string  `json:"target"`
	Met       bool    `json:"met"`

	// Percentiles of the time of one operation, in milliseconds; absent where time is not what it is about.
	P50 float64 `json:"p50_ms,omitempty"`
	P95 float64 `json:"p95_ms,omitempty"`
	P99 float64 `json:"p99_ms,omitempty"`

	// CPU is this process's processor time for one operation, in microseconds: of clients and server, and
	// of the store where it is SQLite. It says what the rate would be on a machine that has nothing else to do.
	CPU      float64 `json:"cpu_us,omitempty"`
	LimitCPU float64 `json:"limit_cpu_us,omitempty"`

	// Missing says why the row could not be measured.
	Missing string `json:"missing,omitempty"`
}

// Report is the table and where it was measured.
type Report struct {
	Machine string   `json:"machine"`
	Rows    []Row    `json:"rows"`
	Notes   []string `json:"notes,omitempty"`
}

// The rows' names, in the order of the table. All but Idle are measured on each database.
const (
	StoreBatches   = "store-batches"
	UpdateMetadata = "update-metadata"
	GetState       = "get-state"
	USSDHop        = "ussd-hop"
	USSDHops       = "ussd-hops"
	SMSRoundTrips  = "sms-roundtrips"
	HotPurse       = "hot-purse"
	Wallets        = "wallets"
	Reminders      = "reminders"
	Broadcast      = "broadcast"
	Pending        = "pending-reminders"
	Idle           = "idle-connections"
)

// Names lists the rows.
func Names() []string {
	return []string{StoreBatches, UpdateMetadata, GetState, USSDHop, USSDHops, SMSRoundTrips, HotPurse, Wallets, Reminders, Broadcast, Pending, Idle}
}

var measures = map[string]func(context.Context, *run, database) (Row, error){
	StoreBatches: storeBatches, UpdateMetadata: updateMetadata, GetState: getState, USSDHop: ussdHop, USSDHops: ussdHops,
	SMSRoundTrips: smsRoundTrips, HotPurse: hotPurse, Wallets: wallets, Reminders: reminders, Broadcast: broadcast, Pending: pending,
}

// run is one call of Run.
type run struct {
	Options
	dir    string
	system *system // of the database in hand, started when a row needs it
}

// Run measures.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	for _, name := range o.Only {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("%q is no row of the table: there are %s", name, strings.Join(Names(), ", "))
		}
	}
	r := &run{Options: o.withDefaults()}
	if r.dir, err = os.MkdirTemp(o.Dir, "elarian-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	report = &Report{Machine: fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version())}
	databases := []database{&sqliteDatabase{dir: r.dir}}
	if o.Postgres != "" {
		databases = append(databases, &postgresDatabase{admin: o.Postgres})
	} else {
		report.Notes = append(report.Notes, "PostgreSQL was not measured: say --postgres URL of a cluster in which databases may be made (make bench does)")
	}
	for _, db := range databases {
		rows, err := r.database(ctx, db)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", db.name(), err)
		}
		report.Rows = append(report.Rows, rows...)
	}
	if r.wanted(Idle) {
		r.Progress("sqlite " + Idle)
		row, err := idle(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Idle, err)
		}
		report.Rows = append(report.Rows, row)
	}
	return report, nil
}

func (r *run) wanted(name string) bool { return len(r.Only) == 0 || slices.Contains(r.Only, name) }

func (r *run) database(ctx context.Context, db database) (rows []Row, err error) {
	defer func() { err = errors.Join(err, r.stopSystem(), db.close()) }()
	for _, name := range Names() {
		measure := measures[name]
		if measure == nil || !r.wanted(name) {
			continue
		}
		r.Progress(db.name() + " " + name)
		runtime.GC()
		row, err := measure(ctx, r, db)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		row.Name, row.Store = name, db.name()
		row.Ratio = row.Figure / row.Limit
		rows = append(rows, row)
	}
	return rows, nil
}
