package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// output is how a command shows what it has: as a table, or as JSON for programs.
type output struct{ json bool }

func (o *output) register(c *cobra.Command) {
	c.PersistentFlags().BoolVar(&o.json, "json", false, "show the result as JSON")
}

// list shows rows, each with as many cells as there are titles.
func (o *output) list(w io.Writer, items any, titles []string, rows [][]string) error {
	if o.json {
		return writeJSON(w, items)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "none")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{titles}, rows...) {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// limitFlag registers --limit.
func limitFlag(c *cobra.Command, n *int, usual int, usage string) {
	*n = usual
	c.Flags().Var((*limit)(n), "limit", usage)
}

// limit is how many things are listed: 1 or more.
type limit int

func (l *limit) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New("use a number from 1 on")
	}
	*l = limit(n)
	return nil
}

func (l *limit) String() string { return strconv.Itoa(int(*l)) }
func (l *limit) Type() string   { return "number" }

// one shows a single thing: for people its line, which scripts can use as well.
func (o *output) one(w io.Writer, item any, line string) error {
	if o.json {
		return writeJSON(w, item)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// each makes one thing of each other.
func each[A, B any](all []A, f func(A) B) []B {
	out := make([]B, 0, len(all)) // [] in JSON, not null
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}
