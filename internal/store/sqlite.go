package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// sqliteDB is a database file. One process serves it at a time, which the lock file holds.
type sqliteDB struct {
	path string
	lock *os.File
}

// ErrInUse is a database that another server has open.
var ErrInUse = errors.New("another elarian is using it")

func openSQLite(path string, exclusive bool) (*sqliteDB, error) {
	db := &sqliteDB{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// A new file is made here, so that nobody else reads it; SQLite gives its log the same mode. One
	// that is there is not opened: closing it would end the locks that this process has on it.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if !exclusive {
		return db, nil
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("database %s: %w", path, ErrInUse)
	}
	db.lock = lock
	return db, nil
}

// The settings hold for one connection only, so each gets them. synchronous=FULL is what makes a
// commit in WAL mode survive a power cut.
var sqlitePragmas = []string{"journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"}

func (db *sqliteDB) connect(readOnly bool) (conn, error) {
	// The cache is a bound in KiB, not a reservation; after a commit that split pages SQLite looks through
	// all of it, and what it lacks the system has. The log is folded back every 100 MB: a page that many
	// commits write is then written once, and 100 MB are read again quickly after a crash.
	settings := []string{"cache_size=-32768", "wal_autocheckpoint=25000"}
	if readOnly {
		settings = []string{"query_only=TRUE", "cache_size=-65536"}
	}
	c, err := sqlite.OpenConn(db.path, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", db.path, err)
	}
	c.SetBusyTimeout(10 * time.Second) // a command line beside the server
	for _, setting := range slices.Concat(sqlitePragmas, settings) {
		if err := sqlitex.ExecuteTransient(c, "PRAGMA "+setting, nil); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("open %s: %w", db.path, err)
		}
	}
	return &sqliteConn{c: c, prepared: make(map[*statement]*sqlite.Stmt)}, nil
}

func (db *sqliteDB) ddl(text string) string {
	text = appendOnly.ReplaceAllString(text, `
CREATE TRIGGER ${1}_kept BEFORE DELETE ON $1 BEGIN SELECT RAISE(ABORT, '$1 is append-only'); END;
CREATE TRIGGER ${1}_unchanged BEFORE UPDATE ON $1 BEGIN SELECT RAISE(ABORT, '$1 is append-only'); END;`)
	return strings.NewReplacer("{{blob}}", "BLOB", "{{rowid}}", "INTEGER", "{{clustered}}", " WITHOUT ROWID").Replace(text)
}

func (db *sqliteDB) conflict(err error) bool {
	code := sqlite.ErrCode(err).ToPrimary()
	return code == sqlite.ResultBusy || code == sqlite.ResultLocked
}

func (db *sqliteDB) unique(err error) bool {
	code := sqlite.ErrCode(err)
	return code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey
}

// lost: a file is there or not.
func (db *sqliteDB) lost(error) bool { return false }

func (db *sqliteDB) writers() int { return 1 }

func (db *sqliteDB) close() error {
	if db.lock == nil {
		return nil
	}
	return db.lock.Close()
}

type sqliteConn struct {
	c        *sqlite.Conn
	prepared map[*statement]*sqlite.Stmt
	scratch  []byte // what borrow gives
}

var (
	sqliteBeginWrite = &statement{sqlite: "BEGIN IMMEDIATE"}
	sqliteBeginRead  = &statement{sqlite: "BEGIN"}
	sqliteCommit     = &statement{sqlite: "COMMIT"}
	sqliteRollback   = &statement{sqlite: "ROLLBACK"}
)

func (c *sqliteConn) run(mode txMode, ops ...op) error {
	switch {
	case mode&txBeginWrite != 0:
		if err := c.exec(sqliteBeginWrite); err != nil {
			return err
		}
	case mode&txBeginRead != 0:
		if err := c.exec(sqliteBeginRead); err != nil {
			return err
		}
	}
	for _, o := range ops {
		if err := c.op(o); err != nil {
			return err
		}
	}
	if mode&txCommit != 0 {
		return c.exec(sqliteCommit)
	}
	return nil
}

func (c *sqliteConn) prepare(s *statement) (*sqlite.Stmt, error) {
	if stmt := c.prepared[s]; stmt != nil {
		return stmt, nil
	}
	stmt, trailing, err := c.c.PrepareTransient(s.sqlite)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", s.sqlite, err)
	}
	if trailing != 0 {
		return nil, fmt.Errorf("prepare %q: more than one statement", s.sqlite)
	}
	c.prepared[s] = stmt
	return stmt, nil
}

func (c *sqliteConn) exec(s *statement) error {
	stmt, err := c.prepare(s)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	if resetErr := stmt.Reset(); err == nil {
		err = resetErr
	}
	return err
}

func (c *sqliteConn) op(o op) error {
	stmt, err := c.prepare(o.statement)
	if err != nil {
		return err
	}
	width := len(o.statement.columns)
	if width == 0 {
		return c.step(stmt, o)
	}
	for cells := o.values.cells; len(cells) > 0; cells = cells[width:] {
		for i, col := range o.statement.columns {
			switch col.typ {
			case textColumn:
				stmt.BindText(i+1, cells[i].s)
			case blobColumn:
				if len(cells[i].b) == 0 {
					stmt.BindZeroBlob(i+1, 0) // nil would be NULL
				} else {
					stmt.BindBytes(i+1, cells[i].b)
				}
			default:
				stmt.BindInt64(i+1, cells[i].n)
			}
		}
		if err := c.step(stmt, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *sqliteConn) step(stmt *sqlite.Stmt, o op) error {
	for {
		more, err := stmt.Step()
		if err == nil && more && o.scan != nil {
			err = o.scan(sqliteRow{c, stmt})
		}
		if err != nil {
			_ = stmt.Reset()
			return err
		}
		if !more {
			return stmt.Reset()
		}
	}
}

func (c *sqliteConn) rollback() {
	if !c.c.AutocommitEnabled() {
		_ = c.exec(sqliteRollback)
	}
}

func (c *sqliteConn) script(text string) error { return sqlitex.ExecuteScript(c.c, text, nil) }

func (c *sqliteConn) close() error {
	for _, stmt := range c.prepared {
		_ = stmt.Finalize()
	}
	return c.c.Close()
}

type sqliteRow struct {
	conn *sqliteConn
	stmt *sqlite.Stmt
}

func (r sqliteRow) text(i int) string { return r.stmt.ColumnText(i) }
func (r sqliteRow) int(i int) int64   { return r.stmt.ColumnInt64(i) }
func (r sqliteRow) bool(i int) bool   { return r.stmt.ColumnInt64(i) != 0 }
func (r sqliteRow) blob(i int) []byte {
	b := make([]byte, r.stmt.ColumnLen(i))
	r.stmt.ColumnBytes(i, b)
	return b
}
func (r sqliteRow) borrow(i int) []byte {
	n := r.stmt.ColumnLen(i)
	if cap(r.conn.scratch) < n {
		r.conn.scratch = make([]byte, n+n/2)
	}
	b := r.conn.scratch[:n]
	r.stmt.ColumnBytes(i, b)
	return b
}
