package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/bench"
)

func newBenchCommand() *cobra.Command {
	var o bench.Options
	var seconds float64
	var show output
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: each figure beside its limit",
		Long: `Measures commands, states, USSD hops and idle connections, and shows each figure beside what limits it,
measured in the same run. Rows: ` + strings.Join(bench.Names(), ", ") + `.

All files are temporary ones. On PostgreSQL, databases are made in the cluster and dropped again.`,
		Example: `  elarian bench
  elarian bench --only update-metadata --seconds 10
  elarian bench --postgres postgres://postgres@localhost/postgres --json`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if bench.IsServer() {
				return bench.RunServer(c.Context(), os.Stdin, os.Stdout)
			}
			if seconds <= 0 {
				return usageError{fmt.Errorf("--seconds %g: must be more than 0", seconds)}
			}
			o.Time = time.Duration(seconds * float64(time.Second))
			o.Progress = func(what string) { fmt.Fprintf(c.ErrOrStderr(), "measuring %s …\n", what) }
			report, err := bench.Run(c.Context(), o)
			if err != nil {
				return err
			}
			return showReport(c.OutOrStdout(), report, show.json)
		},
	}
	f := c.Flags()
	f.Float64Var(&seconds, "seconds", 5, "time for each figure, and as much for its limit")
	f.StringSliceVar(&o.Only, "only", nil, "measure these rows only")
	f.StringVar(&o.Postgres, "postgres", os.Getenv("ELARIAN_TEST_POSTGRES"), "URL of a PostgreSQL in which databases may be made (default: $ELARIAN_TEST_POSTGRES)")
	f.IntVar(&o.Customers, "customers", 20_000, "customers in the database")
	f.IntVar(&o.Reminders, "reminders", 100_000, "reminders that are due in the same second")
	f.IntVar(&o.Pending, "pending", 1_000_000, "reminders that a server starts with")
	f.IntVar(&o.Wallets, "wallets", 100_000, "wallets that one purse pays into")
	f.IntVar(&o.Broadcast, "broadcast", 1_000_000, "customers that a message by tag goes to")
	f.StringVar(&o.Dir, "dir", "", "folder for temporary files: the disk that is measured (default: the system's)")
	f.StringVar(&o.Profile, "profile", "", "folder for CPU and allocation profiles of the figures")
	f.Lookup("postgres").DefValue = ""
	show.register(c)
	return c
}

func showReport(w io.Writer, r *bench.Report, asJSON bool) error {
	if asJSON {
		return writeJSON(w, r)
	}
	return r.Write(w)
}
