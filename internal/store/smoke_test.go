package store

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
)

func TestSmoke(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "x.db"), Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	n, _ := customer.Number{Provider: customer.Cellular, Number: "+254711000001"}.Normalize()
	ref := customer.ByNumber(n)
	for range 3 {
		err = s.Do(ctx, &Unit{Needs: Needs{Org: "o", Customers: []customer.Ref{ref}}, Run: func(tx *Tx) error {
			rec, err := tx.Customer("o", ref)
			if err != nil {
				return err
			}
			if err := rec.UpdateMetadata(map[string]customer.Value{"a": customer.Text("b")}, customer.DefaultLimits()); err != nil {
				return err
			}
			tx.Record(rec, "metadata.updated", "a")
			return tx.UpdateTags(rec, []customer.Tag{{Key: "T", Value: "x"}}, customer.DefaultLimits())
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.View(ctx, &Read{Org: "o", Ref: ref, App: "a", State: func(*Record) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", v.Record)
	h, err := s.History(v.Record.History, 10)
	t.Log(h, err)
	cancel()
	<-stopped
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
