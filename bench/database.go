package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// database makes empty databases of one kind, and removes them.
type database interface {
	name() string
	create(ctx context.Context) (url string, err error)
	close() error
	// sharing is how many stores of a transaction per command work side by side, as connections of an
	// ordinary program would.
	sharing() int
}

type sqliteDatabase struct {
	dir   string
	count int
}

func (d *sqliteDatabase) name() string { return "sqlite" }
func (d *sqliteDatabase) sharing() int { return 1 }
func (d *sqliteDatabase) close() error { return nil } // the folder goes as a whole
func (d *sqliteDatabase) create(context.Context) (string, error) {
	d.count++
	return filepath.Join(d.dir, fmt.Sprintf("%d.db", d.count)), nil
}

type postgresDatabase struct {
	admin   string
	created []string
}

func (d *postgresDatabase) name() string { return "postgres" }

// sharing: four stores of four writers each are 16 connections.
func (d *postgresDatabase) sharing() int { return 4 }

func (d *postgresDatabase) create(ctx context.Context) (string, error) {
	u, err := url.Parse(d.admin)
	if err != nil {
		return "", errors.New("--postgres is no URL")
	}
	name := "elarian_bench_" + strings.ToLower(rand.Text()[:12])
	if err := d.execute(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	d.created = append(d.created, name)
	u.Path = "/" + name
	return u.String(), nil
}

func (d *postgresDatabase) execute(ctx context.Context, sql string) error {
	c, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// close drops what was made, also when the run was interrupted.
func (d *postgresDatabase) close() error {
	var errs []error
	for _, name := range d.created {
		errs = append(errs, d.execute(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"))
	}
	d.created = nil
	return errors.Join(errs...)
}
