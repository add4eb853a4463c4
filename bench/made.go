package bench

import (
	"errors"
	"strconv"
	"sync"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// made is a unit that makes the i-th of the customers that a row is about, and does something to them.
func (s *system) made(i int, do func(*store.Tx, *store.Record) error) *store.Unit {
	return made(s.org, "+2541"+strconv.Itoa(10_000_000+i), do)
}

func made(org, number string, do func(*store.Tx, *store.Record) error) *store.Unit {
	ref := customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: number})
	return &store.Unit{
		Route: org + number, Needs: store.Needs{Org: org, Customers: []customer.Ref{ref}},
		Run: func(tx *store.Tx) error {
			rec, err := tx.Customer(org, ref)
			if err != nil {
				return err
			}
			return do(tx, rec)
		},
	}
}

// limitCustomer is one that only limits are about.
func limitCustomer(lane int) customer.Ref {
	return customer.ByNumber(customer.Number{Provider: customer.Cellular, Number: "+2542" + strconv.Itoa(10_000_000+lane)})
}

// each does that many units.
func each(s *store.Store, count int, unit func(i int) *store.Unit) error {
	slots := make(chan struct{}, 1024)
	var mu sync.Mutex
	var failed error
	done := func(err error) {
		mu.Lock()
		failed = errors.Join(failed, err)
		mu.Unlock()
		<-slots
	}
	for i := range count {
		slots <- struct{}{}
		u := unit(i)
		u.Done = done
		if err := s.Submit(u); err != nil {
			done(err)
		}
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
	return failed
}
