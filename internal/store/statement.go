package store

import (
	"fmt"
	"strings"
)

// columnType is the type of a column of the rows that go into a statement.
type columnType int

const (
	textColumn columnType = iota
	intColumn
	boolColumn
	blobColumn
)

type column struct {
	name string
	typ  columnType
}

// statement is one SQL text for both databases. {{rows}} in it stands for the rows of values that go
// in, a table named r with the statement's columns: PostgreSQL gets them all at once by unnest,
// SQLite runs the prepared statement once a row. {{for_update c}} locks the rows of c that were read.
type statement struct {
	text    string
	columns []column

	sqlite, postgres string
}

// newStatement reads the columns from a list as "org text, n int, live bool, doc blob".
func newStatement(columns, text string) *statement {
	s := &statement{text: text}
	if columns != "" {
		for _, c := range strings.Split(columns, ",") {
			name, typ, _ := strings.Cut(strings.TrimSpace(c), " ")
			types := map[string]columnType{"text": textColumn, "int": intColumn, "bool": boolColumn, "blob": blobColumn}
			t, known := types[typ]
			if !known {
				panic(fmt.Sprintf("store: column %q of %q", c, text))
			}
			s.columns = append(s.columns, column{name, t})
		}
	}
	s.sqlite = s.render(sqliteRows(s.columns), func(string) string { return "" })
	s.postgres = s.render(postgresRows(s.columns), func(table string) string { return "FOR UPDATE OF " + table })
	return s
}

func (s *statement) render(rows string, forUpdate func(table string) string) string {
	text := strings.ReplaceAll(s.text, "{{rows}}", rows)
	if before, rest, found := strings.Cut(text, "{{for_update "); found {
		table, after, _ := strings.Cut(rest, "}}")
		text = before + forUpdate(table) + after
	}
	return text
}

func sqliteRows(columns []column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("?%d AS %s", i+1, c.name)
	}
	return "(SELECT " + strings.Join(parts, ", ") + ") AS r"
}

func postgresRows(columns []column) string {
	types := map[columnType]string{textColumn: "text", intColumn: "bigint", boolColumn: "boolean", blobColumn: "bytea"}
	args, names := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		args[i] = fmt.Sprintf("$%d::%s[]", i+1, types[c.typ])
		names[i] = c.name
	}
	return "unnest(" + strings.Join(args, ", ") + ") AS r(" + strings.Join(names, ", ") + ")"
}

// cell is one value; which field holds it is the column's type (a bool is 0 or 1 in n).
type cell struct {
	s string
	n int64
	b []byte
}

// values are the rows that go into a statement, one after the other.
type values struct{ cells []cell }

func (v *values) text(s string) *values { v.cells = append(v.cells, cell{s: s}); return v }
func (v *values) int(n int64) *values   { v.cells = append(v.cells, cell{n: n}); return v }
func (v *values) blob(b []byte) *values { v.cells = append(v.cells, cell{b: b}); return v }
func (v *values) bool(b bool) *values {
	var n int64
	if b {
		n = 1
	}
	return v.int(n)
}

// row is one row that comes out of a statement.
type row interface {
	text(i int) string
	int(i int) int64
	bool(i int) bool
	blob(i int) []byte // a copy
}

// op is a statement with its rows; scan gets each row that comes out.
type op struct {
	statement *statement
	values    *values
	scan      func(row) error
}

// txMode says what of a transaction a call of conn.run is.
type txMode int

const (
	txBeginWrite txMode = 1 << iota
	txBeginRead
	txCommit
	txInside txMode = 0
)

// conn is one connection to the database; one goroutine uses it at a time.
type conn interface {
	// run does the ops in order. An error leaves the transaction to be rolled back.
	run(mode txMode, ops ...op) error
	rollback()
	// script runs statements without values, as those of a migration, inside the transaction.
	script(text string) error
	close() error
}

// dialect is a database: how to reach it, and what differs in its DDL and its errors.
type dialect interface {
	connect(readOnly bool) (conn, error)
	ddl(text string) string
	// conflict says whether another writer was in the way: running the batch again can help.
	conflict(error) bool
	// unique says whether the row was there already.
	unique(error) bool
	writers() int
	close() error
}
