package store

import (
	"fmt"
	"regexp"
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

// statement is one SQL text for both databases. PostgreSQL gets all rows of values that go in at once,
// by unnest; SQLite runs the prepared statement once a row. The columns of these rows are r.NAME in
// the text, and these forms stand for the difference:
//
//	{{values}}      the rows, as INSERT takes them
//	{{each t x}}    in FROM: the rows of table t, called x, for each of ours; conditions follow
//	{{given}}       in UPDATE, for FROM our rows WHERE; conditions follow
//	{{using}}       the same in DELETE
//	{{key a, b}}    a condition: columns a, b are those of one of our rows
//	{{one n}}       r.n, where there is one row
//	{{for_update c}} locks the rows of c that were read; {{for_update_nowait c}} fails where it would wait
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
	s.sqlite, s.postgres = s.forSQLite(), s.forPostgres()
	return s
}

var (
	formPattern   = regexp.MustCompile(`{{(\w+) ?([^}]*)}}`)
	columnPattern = regexp.MustCompile(`\br\.\w+\b`)
)

// render puts in what the forms stand for.
func (s *statement) render(form func(name, arg string) string) string {
	return formPattern.ReplaceAllStringFunc(s.text, func(match string) string {
		parts := formPattern.FindStringSubmatch(match)
		return form(parts[1], parts[2])
	})
}

func (s *statement) forSQLite() string {
	parameters := make([]string, len(s.columns))
	byName := make(map[string]string, len(s.columns))
	for i, c := range s.columns {
		parameters[i] = fmt.Sprintf("?%d", i+1)
		byName["r."+c.name] = parameters[i]
	}
	all := "(" + strings.Join(parameters, ", ") + ")"
	text := s.render(func(name, arg string) string {
		switch name {
		case "values":
			return "VALUES " + all
		case "each":
			return strings.Replace(arg, " ", " AS ", 1) + " WHERE"
		case "given", "using":
			return "WHERE"
		case "key":
			return "(" + arg + ") = " + all
		case "one":
			return byName["r."+arg]
		case "for_update", "for_update_nowait":
			return ""
		}
		panic("store: form " + name)
	})
	return columnPattern.ReplaceAllStringFunc(text, func(column string) string {
		if p, known := byName[column]; known {
			return p
		}
		panic(fmt.Sprintf("store: column %s of %q", column, s.text))
	})
}

func (s *statement) forPostgres() string {
	types := map[columnType]string{textColumn: "text", intColumn: "bigint", boolColumn: "boolean", blobColumn: "bytea"}
	args, names := make([]string, len(s.columns)), make([]string, len(s.columns))
	for i, c := range s.columns {
		args[i] = fmt.Sprintf("$%d::%s[]", i+1, types[c.typ])
		names[i] = c.name
	}
	rows := "unnest(" + strings.Join(args, ", ") + ") AS r(" + strings.Join(names, ", ") + ")"
	return s.render(func(name, arg string) string {
		switch name {
		case "values":
			return "SELECT * FROM " + rows
		case "each":
			return rows + " CROSS JOIN " + strings.Replace(arg, " ", " AS ", 1) + " WHERE"
		case "given":
			return "FROM " + rows + " WHERE"
		case "using":
			return "USING " + rows + " WHERE"
		case "key":
			return "(" + arg + ") IN (SELECT * FROM " + rows + ")"
		case "one":
			return "(SELECT r." + arg + " FROM " + rows + ")"
		case "for_update":
			return "FOR UPDATE OF " + arg
		case "for_update_nowait":
			return "FOR UPDATE OF " + arg + " NOWAIT"
		}
		panic("store: form " + name)
	})
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

// free is a text for people, which may come from anywhere: what cannot be stored is left out.
func (v *values) free(s string) *values {
	if !storable(s) {
		s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\ufffd")
	}
	return v.text(s)
}

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
	blob(i int) []byte   // a copy
	borrow(i int) []byte // good until the next borrow or row
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
	txWhole         // the ops read whole tables: PostgreSQL joins them as it likes, not by keys
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
	// lost says whether the connection broke: another one may work.
	lost(error) bool
	writers() int
	close() error
}
