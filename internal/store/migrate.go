package store

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

var (
	schemaTable   = "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)"
	schemaVersion = newStatement("", "SELECT COALESCE(MAX(version), 0) FROM schema_versions")
	schemaApplied = newStatement("version int, at int", "INSERT INTO schema_versions (version, applied_at) {{values}}")
	// schemaLock keeps two servers that start at once from migrating side by side. SQLite's write
	// transaction does that by itself.
	schemaLock = &statement{sqlite: "SELECT 1", postgres: "SELECT pg_advisory_xact_lock(7310241)::text"}
)

// appendOnly stands for what keeps a table from being changed but by INSERT: triggers that refuse and, on
// PostgreSQL, that the user who owns the table, which the program runs as, has no right to. Statements
// of a superuser, and those that alter the table, get past that.
var appendOnly = regexp.MustCompile(`{{append_only (\w+)}}`)

// migrate brings the tables up to date, each step in the order of the files' names and all in one
// transaction.
func migrate(c conn, d dialect, now time.Time) error {
	steps, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return err
	}
	err = func() error {
		if err := c.run(txBeginWrite, op{schemaLock, &values{}, nil}); err != nil {
			return err
		}
		if err := c.script(schemaTable); err != nil {
			return err
		}
		var have int64
		if err := c.run(txInside, op{schemaVersion, &values{}, func(r row) error { have = r.int(0); return nil }}); err != nil {
			return err
		}
		if have > int64(len(steps)) {
			return fmt.Errorf("the database has schema %d, this program knows up to %d: use a newer elarian", have, len(steps))
		}
		for i, step := range steps[have:] {
			version := have + int64(i) + 1
			if n, err := strconv.ParseInt(step.Name()[:4], 10, 64); err != nil || n != version {
				return fmt.Errorf("migration %s: not number %d", step.Name(), version)
			}
			text, err := migrations.ReadFile("migrations/" + step.Name())
			if err != nil {
				return err
			}
			if err := c.script(d.ddl(string(text))); err != nil {
				return fmt.Errorf("migration %s: %w", step.Name(), err)
			}
			if err := c.run(txInside, op{schemaApplied, new(values).int(version).int(millis(now)), nil}); err != nil {
				return err
			}
		}
		return c.run(txCommit)
	}()
	if err != nil {
		c.rollback()
	}
	return err
}
