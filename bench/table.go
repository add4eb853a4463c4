package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Write writes the table for people.
func (r *Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s; clients and server on this machine\n\n", r.Machine)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STORE\tWHAT\tFIGURE\tLIMIT\tRATIO\tTARGET\tMET\tP50 ms\tP95 ms\tP99 ms\tCPU µs\tOF LIMIT")
	for _, row := range r.Rows {
		if row.Missing != "" {
			fmt.Fprintf(t, "%s\t%s\tnot measured\t-\t-\t%s\t-\t\t\t\t\t\n", row.Store, row.What, row.Target)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s %s\t%s (%s)\t%.2f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.Store, row.What, number(row.Figure), row.Unit, number(row.Limit), row.LimitName,
			row.Ratio, row.Target, yes(row.Met), some(row.P50), some(row.P95), some(row.P99), some(row.CPU), some(row.LimitCPU))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, row := range r.Rows {
		if row.Missing != "" {
			fmt.Fprintf(w, "\n%s: %s\n", row.Name, row.Missing)
		}
	}
	for _, note := range r.Notes {
		if _, err := fmt.Fprintf(w, "\n%s\n", note); err != nil {
			return err
		}
	}
	return nil
}

func number(f float64) string {
	if f < 100 {
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func some(f float64) string {
	if f == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", f)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
