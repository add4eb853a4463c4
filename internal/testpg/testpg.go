package testpg

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// AdminEnv names the environment variable with the URL of a running cluster, in which tests may
// make databases. internal/testpg/run sets it, so that the packages of one go test run share one
// cluster. Without it each test process starts its own, when the first test asks.
const AdminEnv = "ELARIAN_TEST_POSTGRES"

// shared starts this process's own cluster, once. Nothing closes it but the end of the process,
// which its janitor sees.
var shared = sync.OnceValues(func() (*Server, error) { return New(Options{}) })

// URL makes a database for this test and gives its address, with its owner, who has no rights but to it. It
// goes when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return database(t, AdminURL(t))
}

// AdminURL is the address of a database that others can be made from, with a superuser.
func AdminURL(t testing.TB) string {
	t.Helper()
	if admin := os.Getenv(AdminEnv); admin != "" {
		return admin
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.AdminURL()
}

// Cluster starts a cluster for this test alone, which it may Kill and Start again.
func Cluster(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// URL makes a database in this cluster and gives its address. It goes with the cluster.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	u, _ := createDatabase(t, s.AdminURL())
	return u
}

func database(t testing.TB, admin string) string {
	t.Helper()
	u, name := createDatabase(t, admin)
	t.Cleanup(func() {
		for _, sql := range []string{"DROP DATABASE " + name + " WITH (FORCE)", "DROP ROLE " + name} {
			if err := execute(admin, sql); err != nil {
				t.Errorf("testpg: %v", err)
			}
		}
	})
	return u
}

// createDatabase makes a database that belongs to an ordinary role of the same name, as a careful operator
// does: a superuser would get past what the program denies itself.
func createDatabase(t testing.TB, admin string) (address, name string) {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("%s: %v", AdminEnv, err)
	}
	name = "test_" + strings.ToLower(rand.Text()[:16])
	for _, sql := range []string{"CREATE ROLE " + name + " LOGIN PASSWORD '" + name + "'", "CREATE DATABASE " + name + " OWNER " + name + " TEMPLATE template0"} {
		if err := execute(admin, sql); err != nil {
			t.Fatalf("testpg: %v", err)
		}
	}
	u.Path, u.User = "/"+name, url.UserPassword(name, name)
	return u.String(), name
}

func execute(admin, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
