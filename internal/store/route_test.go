package store

import (
	"fmt"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
)

// TestRoutesByIDFollowTheNumber: what names a customer by id goes to the writer of their number.
func TestRoutesByIDFollowTheNumber(t *testing.T) {
	s := &Store{}
	for i := range 4 {
		s.writers = append(s.writers, &writer{store: s, index: i})
	}
	moved := 0
	for i := range 100 {
		number := customer.Number{Provider: customer.Cellular, Number: fmt.Sprintf("+2547%08d", i)}
		id := fmt.Sprint("id", i)
		byNumber := &Unit{Route: "org" + number.Number, Needs: Needs{Org: "org", Customers: []customer.Ref{customer.ByNumber(number)}}}
		byID := &Unit{Route: id}
		before := s.route(byID)
		b := newBatch(false)
		b.numbers.batch[numberKey{"org", number}] = slot[string]{value: &id}
		w := s.route(byNumber)
		w.learn(b, []*Unit{byNumber, {Route: "purse", Needs: byNumber.Needs}})
		if s.route(byID) != w {
			t.Fatalf("%s goes to writer %d, its number to %d", id, s.route(byID).index, w.index)
		}
		if before != w {
			moved++
		}
	}
	if moved == 0 {
		t.Error("every id went to its number's writer before that was known")
	}
}

// TestRoutesAreBounded: the latest are known, and those long ago forgotten.
func TestRoutesAreBounded(t *testing.T) {
	var r routes
	for i := range 3 * maxRoutes {
		r.learn(fmt.Sprint(i), i%4)
	}
	if n := len(r.young) + len(r.old); n > 2*maxRoutes {
		t.Errorf("%d customers are remembered", n)
	}
	if _, ok := r.find("0"); ok {
		t.Error("the first one is still known")
	}
	if w, ok := r.find(fmt.Sprint(3*maxRoutes - 1)); !ok || w != (3*maxRoutes-1)%4 {
		t.Errorf("the last one: %d %v", w, ok)
	}
}
