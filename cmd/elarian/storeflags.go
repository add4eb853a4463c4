package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

const defaultDir = "./elarian-data"

// storeFlags say which database a command works on.
type storeFlags struct{ store, dir string }

func (f *storeFlags) register(c *cobra.Command) {
	c.PersistentFlags().StringVar(&f.store, "store", "", "database: a file, sqlite://PATH or postgres://… (default: $ELARIAN_STORE, or else that of --dir)")
	c.PersistentFlags().StringVar(&f.dir, "dir", defaultDir, "folder of elarian dev, whose database is used")
}

// url is the database's: --store, --dir where that is given, $ELARIAN_STORE, the default folder's.
func (f *storeFlags) url(c *cobra.Command) (string, error) {
	if f.store != "" {
		return f.store, nil
	}
	if env := os.Getenv("ELARIAN_STORE"); env != "" && !c.Flags().Changed("dir") {
		return env, nil
	}
	saved, err := sandbox.ReadSaved(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if saved.Store != "" {
		return saved.Store, nil
	}
	return filepath.Join(f.dir, sandbox.Database), nil
}

// open opens the database. Where it is a file that is not there that is an error, unless it may be made.
func (f *storeFlags) open(c *cobra.Command, mayMake bool) (*store.Store, error) {
	location, err := f.url(c)
	if err != nil {
		return nil, err
	}
	if path, ok := sqlitePath(location); ok && !mayMake {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no database at %s: start %q first, or say --dir or --store", path, "elarian dev")
		}
	}
	return store.Open(location, store.Options{})
}

// with opens the database for f and closes it after.
func (f *storeFlags) with(c *cobra.Command, mayMake bool, do func(st *store.Store, d *store.Directory) error) error {
	st, err := f.open(c, mayMake)
	if err != nil {
		return err
	}
	d, err := st.Directory(nil)
	if err == nil {
		err = do(st, d)
	}
	return errors.Join(err, st.Close())
}

// sqlitePath gives the path of a SQLite database.
func sqlitePath(location string) (string, bool) {
	scheme, rest, found := strings.Cut(location, "://")
	switch {
	case !found:
		return location, true
	case scheme == "sqlite":
		path, err := url.PathUnescape(rest)
		return path, err == nil
	}
	return "", false
}

// storeName describes a database for people, without its password.
func storeName(location string) string {
	if path, ok := sqlitePath(location); ok {
		return "SQLite " + shortPath(path)
	}
	u, err := url.Parse(location)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL " + u.Host + u.Path
}

// shortPath is a path as people write it: from here where it is below.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return abs
	}
	return "./" + rel
}
