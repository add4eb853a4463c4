package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresDB is a database of a PostgreSQL server; any number of servers of ours may use it.
type postgresDB struct{ config *pgx.ConnConfig }

func openPostgres(url string) (*postgresDB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("store URL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	// Writers rely on seeing what was committed while they waited for a lock.
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	config.RuntimeParams["application_name"] = "elarian"
	// Every statement finds its rows by keys. A plan that was made while a table was new and empty may read
	// all of it, and is kept when the table has grown. What has no key to go by still reads a table, at a
	// cost so high in the planner's eyes that it would compile the statement each time: hence jit.
	for _, way := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		config.RuntimeParams[way] = "off"
	}
	// That way is the same for one row and for many: planned once for each connection, not a third of the time.
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	return &postgresDB{config}, nil
}

func (db *postgresDB) connect(bool) (conn, error) {
	c := &postgresConn{config: db.config}
	return c, c.ensure()
}

func (db *postgresDB) ddl(text string) string {
	text = appendOnly.ReplaceAllString(text, `
CREATE FUNCTION ${1}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$$$ BEGIN RAISE EXCEPTION '$1 is append-only'; END $$$$;
CREATE TRIGGER ${1}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON $1 FOR EACH STATEMENT EXECUTE FUNCTION ${1}_refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON $1 FROM PUBLIC, CURRENT_USER;`)
	return strings.NewReplacer("{{blob}}", "BYTEA", "{{rowid}}", "BIGINT", "{{clustered}}", "").Replace(text)
}

// conflict knows a row that somebody else made meanwhile, one that is locked, deadlocks and failed
// serialisation.
func (db *postgresDB) conflict(err error) bool {
	code := pgCode(err)
	return db.unique(err) || code == "55P03" || code == "40P01" || code == "40001"
}

func (db *postgresDB) unique(err error) bool { return pgCode(err) == "23505" }

// lostError is the end of a connection, or that there was none to be had.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func (db *postgresDB) lost(err error) bool {
	var lost *lostError
	return errors.As(err, &lost)
}

// pgCode is the SQLSTATE of an error of the database, "" for other errors.
func pgCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// writers is how many batches commit side by side: while one waits for its sync the others run. More than there
// are cores make the batches smaller, and what is done dearer.
func (db *postgresDB) writers() int { return min(max(2, runtime.GOMAXPROCS(0)), 8) }

func (db *postgresDB) close() error { return nil }

type postgresConn struct {
	config *pgx.ConnConfig
	c      *pgx.Conn
}

// ensure connects when there is no connection, or the last one broke.
func (c *postgresConn) ensure() error {
	if c.c != nil && !c.c.IsClosed() {
		return nil
	}
	fresh, err := pgx.ConnectConfig(context.Background(), c.config)
	if err != nil {
		return &lostError{fmt.Errorf("connect to PostgreSQL: %w", err)}
	}
	c.c = fresh
	return nil
}

func (c *postgresConn) run(mode txMode, ops ...op) error {
	if mode&(txBeginWrite|txBeginRead) != 0 {
		if err := c.ensure(); err != nil {
			return err
		}
	}
	var batch pgx.Batch
	none := func(pgx.Rows) error { return nil }
	if mode&txBeginWrite != 0 {
		batch.Queue("BEGIN").Query(none)
	}
	if mode&txBeginRead != 0 {
		batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").Query(none)
	}
	if mode&txWhole != 0 {
		batch.Queue("SELECT set_config(name, 'on', true) FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS name").Query(none)
		batch.Queue("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)").Query(none)
	}
	for _, o := range ops {
		batch.Queue(o.statement.postgres, arrays(o)...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if o.scan == nil {
					continue
				}
				if err := o.scan(postgresRow{rows.RawValues()}); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	if mode&txCommit != 0 {
		batch.Queue("COMMIT").Query(none)
	}
	if batch.Len() == 0 {
		return nil
	}
	err := c.c.SendBatch(context.Background(), &batch).Close()
	if err != nil && c.c.IsClosed() {
		return &lostError{err}
	}
	return err
}

// arrays turns the rows into one array per column.
func arrays(o op) []any {
	width := len(o.statement.columns)
	if width == 0 {
		return nil
	}
	cells := o.values.cells
	n := len(cells) / width
	args := make([]any, width)
	for i, col := range o.statement.columns {
		switch col.typ {
		case textColumn:
			a := make([]string, n)
			for j := range a {
				a[j] = cells[j*width+i].s
			}
			args[i] = a
		case intColumn:
			a := make([]int64, n)
			for j := range a {
				a[j] = cells[j*width+i].n
			}
			args[i] = a
		case boolColumn:
			a := make([]bool, n)
			for j := range a {
				a[j] = cells[j*width+i].n != 0
			}
			args[i] = a
		case blobColumn:
			a := make([][]byte, n)
			for j := range a {
				if a[j] = cells[j*width+i].b; a[j] == nil {
					a[j] = []byte{}
				}
			}
			args[i] = a
		}
	}
	return args
}

func (c *postgresConn) rollback() {
	if c.c == nil || c.c.IsClosed() || c.c.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := c.c.Exec(ctx, "ROLLBACK"); err != nil {
		_ = c.c.Close(ctx) // ensure connects again
	}
}

func (c *postgresConn) script(text string) error {
	_, err := c.c.PgConn().Exec(context.Background(), text).ReadAll()
	return err
}

func (c *postgresConn) close() error {
	if c.c == nil {
		return nil
	}
	return c.c.Close(context.Background())
}

// postgresRow reads values in the binary format, which pgx asks for with these types.
type postgresRow struct{ raw [][]byte }

func (r postgresRow) text(i int) string   { return string(r.raw[i]) }
func (r postgresRow) int(i int) int64     { return int64(binary.BigEndian.Uint64(r.raw[i])) }
func (r postgresRow) bool(i int) bool     { return r.raw[i][0] != 0 }
func (r postgresRow) blob(i int) []byte   { return append([]byte{}, r.raw[i]...) }
func (r postgresRow) borrow(i int) []byte { return r.raw[i] }
