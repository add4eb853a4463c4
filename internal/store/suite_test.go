package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/store/storetest"
	"github.com/elarian-go/elarian/internal/testpg"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(loadEnv); url != "" {
		loadUntilKilled(url)
	}
	code := m.Run()
	if left := storetest.Leaks(); left != "" {
		println("goroutines of the store that nobody waited for:\n" + left)
		code = max(code, 1)
	}
	os.Exit(code)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Database{URL: sqliteURL, Rows: sqliteRows, Exec: sqliteExec})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Database{URL: testpg.URL, Rows: postgresRows, Exec: postgresExec, Shared: true})
}

func sqliteURL(t testing.TB) string { return filepath.Join(t.TempDir(), "elarian.db") }

func withSQLite(t testing.TB, path string, f func(*sqlite.Conn) error) error {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	return errors.Join(f(c), c.Close())
}

func sqliteExec(t testing.TB, url, sql string) error {
	t.Helper()
	return withSQLite(t, url, func(c *sqlite.Conn) error { return sqlitex.ExecuteScript(c, sql, nil) })
}

func sqliteRows(t testing.TB, url string) (rows []storetest.Row) {
	t.Helper()
	err := withSQLite(t, url, func(c *sqlite.Conn) error {
		var tables []string
		err := sqlitex.ExecuteTransient(c, "SELECT name FROM sqlite_master WHERE type = 'table'", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			tables = append(tables, stmt.ColumnText(0))
			return nil
		}})
		if err != nil {
			return err
		}
		for _, table := range tables {
			err := sqlitex.ExecuteTransient(c, "SELECT * FROM "+table, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				row := storetest.Row{Table: table}
				for i := range stmt.ColumnCount() {
					b := make([]byte, stmt.ColumnLen(i))
					stmt.ColumnBytes(i, b)
					row.Data = append(row.Data, b)
				}
				rows = append(rows, row)
				return nil
			}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return rows
}

func withPostgres(t testing.TB, url string, f func(context.Context, *pgx.Conn) error) error {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	return errors.Join(f(ctx, c), c.Close(ctx))
}

func postgresExec(t testing.TB, url, sql string) error {
	t.Helper()
	return withPostgres(t, url, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.PgConn().Exec(ctx, sql).ReadAll()
		return err
	})
}

// What is in the journal stays also for the role that the tables belong to, which the program runs
// as: it has no right to change the journal, and where somebody gives it that the triggers refuse.
func TestJournalOnPostgres(t *testing.T) {
	t.Parallel()
	url := testpg.URL(t)
	s := open(t, url)
	defer s.stop()
	account := ledger.PurseAccount("org", "purse", "KES")
	if _, err := s.MoveCash(store.CashMove{Purse: store.Purse{Org: "org", ID: "purse", Currency: "KES"}, Amount: 1000}); err != nil {
		t.Fatal(err)
	}
	changes := []string{"UPDATE journal SET what = 'gift'", "DELETE FROM journal", "TRUNCATE journal",
		"UPDATE journal_entries SET amount = 5", "DELETE FROM journal_entries", "TRUNCATE journal_entries", "TRUNCATE journal, journal_entries"}
	refused := func(who, code, text string) {
		t.Helper()
		for _, sql := range changes {
			var pg *pgconn.PgError
			if err := postgresExec(t, url, sql); !errors.As(err, &pg) || pg.Code != code || !strings.Contains(pg.Message, text) {
				t.Errorf("%s, by %s: %v", sql, who, err)
			}
		}
	}
	var super bool
	if err := withPostgres(t, url, func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super)
	}); err != nil || super {
		t.Fatalf("the owner of the database is a superuser: %v, %v", super, err)
	}
	refused("the owner", "42501", "permission denied")
	if err := postgresExec(t, url, "GRANT ALL ON journal, journal_entries TO CURRENT_USER"); err != nil {
		t.Fatal(err)
	}
	refused("the owner with every right", "P0001", "append-only")
	if b, err := s.Balance(account); err != nil || b.Actual != 1000 {
		t.Errorf("the purse has %+v, %v", b, err)
	}
	if lines, err := s.Statement(account, 10); err != nil || len(lines) != 1 || lines[0].Amount != 1000 || lines[0].What != "deposit" {
		t.Errorf("the statement is %+v, %v", lines, err)
	}
}

func postgresRows(t testing.TB, url string) (rows []storetest.Row) {
	t.Helper()
	err := withPostgres(t, url, func(ctx context.Context, c *pgx.Conn) error {
		found, err := c.Query(ctx, "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'")
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			result := c.PgConn().ExecParams(ctx, "SELECT * FROM "+table, nil, nil, nil, []int16{1}).Read()
			if result.Err != nil {
				return result.Err
			}
			for _, row := range result.Rows {
				rows = append(rows, storetest.Row{Table: table, Data: row})
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return rows
}
