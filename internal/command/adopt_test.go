package command_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
)

// TestAdopt: one customer takes another over, with all that belongs to it.
func TestAdopt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		c, other := srv.Simplex(t), srv.Connect(t, servertest.Login{App: srv.AddApp(t, "500"), Simplex: true})
		const a, b = "+254710000001", "+254710000002"
		idA, idB := c.ID(t, a), c.ID(t, b)
		for number, name := range map[string]string{a: "a", b: "b"} {
			c.Must(t, servertest.UpdateTags(number, servertest.Index("both", name, time.Time{}), servertest.Index("tag"+name, name, time.Time{})))
			c.Must(t, servertest.UpdateMetadata(number, map[string]*pb.DataMapValue{"both": servertest.Text(name), name: servertest.Text(name)}))
			c.Must(t, servertest.UpdateSecondaryIDs(number, servertest.Index("id"+name, name, time.Time{})))
			c.Must(t, servertest.SendText(number, name))
			c.Must(t, servertest.Activity(number, name))
			other.Must(t, servertest.UpdateAppData(number, servertest.Text(name)))
		}
		c.Must(t, servertest.UpdateAppData(b, servertest.Text("b")))
		c.Must(t, servertest.Lease(b))
		waits := c.Go(t, servertest.Lease(b))
		c.State(t, b)

		refused(t, c, servertest.Adopt(idA, idA), "same_customer", idA)
		refused(t, c, servertest.Adopt(idA, "el_cst_nobody"), "not_found", "el_cst_nobody")
		refused(t, c, servertest.Adopt("el_cst_nobody", idB), "not_found", "el_cst_nobody")
		refused(t, c, servertest.Adopt("", idB), "invalid_request", "customer_id")
		refused(t, c, servertest.Adopt(idA, ""), "invalid_request", "other_customer")
		v := servertest.Verdict(c.Must(t, servertest.Adopt(idA, idB)))
		if v.ID != idA {
			t.Errorf("adopted by %s, want %s", v.ID, idA)
		}
		if got := servertest.Verdict(waits.Reply(t)); got.OK || got.Code == "" {
			t.Errorf("who waited for the lease of the adopted one: %+v", got)
		}
		s := c.State(t, b)
		if s.CustomerId != idA {
			t.Errorf("the number leads to %s, want %s", s.CustomerId, idA)
		}
		want(t, "tags", tagsOf(s), map[string]string{"both": "a", "taga": "a", "tagb": "b"})
		want(t, "secondary ids", mappings(s.IdentityState.SecondaryIds), map[string]string{"ida": "a", "idb": "b"})
		if m := s.IdentityState.Metadata; len(m) != 3 || m["both"].GetStringVal() != "a" || m["b"].GetStringVal() != "b" {
			t.Errorf("metadata %v", m)
		}
		if len(s.MessagingState.Messages) != 2 || len(s.ActivityState.Sessions) != 2 || len(s.ActivityState.CustomerNumbers) != 2 {
			t.Errorf("the state %v", s)
		}
		if got := servertest.Verdict(c.Must(t, servertest.GetStateBySecondaryID("idb", "b"))).ID; got != idA {
			t.Errorf("the secondary id leads to %s, want %s", got, idA)
		}
		refused(t, c, servertest.GetStateByID(idB), "decommissioned", idA)
		refused(t, c, servertest.Adopt(idA, idB), "decommissioned", idA)
		refused(t, c, servertest.Adopt(idB, idA), "decommissioned", idA)
		if v, _ := servertest.Value(other.Must(t, servertest.Lease(a))); v != "a" {
			t.Errorf("app data of the other app %q: the adopter's wins", v)
		}
		// The lease of the adopted one's app data moved with it.
		lease := c.Go(t, servertest.Lease(a))
		c.State(t, a)
		lease.Waits(t)
		c.Must(t, servertest.UpdateAppData(b, servertest.Text("joined")))
		if v, _ := servertest.Value(lease.Reply(t)); v != "joined" {
			t.Errorf("leased %q", v)
		}
		c.Must(t, servertest.DeleteAppData(a))

		// What waited for the app comes, and names the adopter. Both messages are delivered.
		app := srv.App(t)
		srv.Clock().Advance(time.Second)
		for range 4 {
			n := app.Next(t)
			if n.CustomerId != idA {
				t.Errorf("a notification names %s, want %s: %v", n.CustomerId, idA, n.ServerToAppCustomerNotification)
			}
			n.OK()
		}
		for _, m := range c.State(t, a).MessagingState.Messages {
			if m.GetSent().GetStatus() != 300 {
				t.Errorf("not delivered: %v", m)
			}
		}
		// By a number that nobody has yet, and by secondary id.
		cmd := servertest.Adopt(idA, "")
		cmd.GetAdoptCustomerState().OtherCustomer = &pb.AdoptCustomerStateCommand_OtherCustomerNumber{OtherCustomerNumber: servertest.Cellular("+254710000009")}
		c.Must(t, cmd)
		if got := c.State(t, "+254710000009").CustomerId; got != idA {
			t.Errorf("the new number leads to %s, want %s", got, idA)
		}
		c.Must(t, servertest.UpdateSecondaryIDs("+254710000010", servertest.Index("ten", "10", time.Time{})))
		cmd.GetAdoptCustomerState().OtherCustomer = &pb.AdoptCustomerStateCommand_OtherSecondaryId{OtherSecondaryId: servertest.Mapping("ten", "10")}
		c.Must(t, cmd)
		if got := c.State(t, "+254710000010").CustomerId; got != idA {
			t.Errorf("the number leads to %s, want %s", got, idA)
		}
	})
}

// TestAdoptWhileNotified: a notification in flight about the adopted one is not lost, and what comes
// after it is about the adopter.
func TestAdoptWhileNotified(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app := srv.App(t)
		idA, idB := app.ID(t, phone(1)), app.ID(t, phone(2))
		for i := range 3 {
			app.Must(t, servertest.Activity(phone(2), fmt.Sprint(i)))
		}
		flying := app.Next(t)
		app.Must(t, servertest.Adopt(idA, idB))
		flying.Answer(servertest.DataUpdate("of the adopted"))
		seen := map[string]bool{}
		for len(seen) < 3 {
			n := app.Next(t)
			if n.CustomerId != idA {
				t.Errorf("a notification names %s, want %s", n.CustomerId, idA)
			}
			seen[n.GetCustomerActivity().GetActivity().GetKey()] = true
			n.OK()
		}
	})
}

// TestDelete: everything is gone, and the number is a new customer.
func TestDelete(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		c := srv.Simplex(t)
		id := c.ID(t, phone(1))
		c.Must(t, servertest.UpdateTags(phone(1), servertest.Index("k", "v", time.Time{})))
		c.Must(t, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("id", "1", time.Time{})))
		c.Must(t, servertest.UpdateMetadata(phone(1), map[string]*pb.DataMapValue{"k": servertest.Text("v")}))
		c.Must(t, servertest.UpdateAppData(phone(1), servertest.Text("x")))
		c.Must(t, servertest.SendText(phone(1), "x"))
		c.Must(t, servertest.Activity(phone(1), "x"))
		c.Must(t, servertest.Lease(phone(1)))
		waits := c.Go(t, servertest.Lease(phone(1)))
		c.State(t, phone(1))
		c.Must(t, servertest.DeleteCustomer(phone(1)))
		if v := servertest.Verdict(waits.Reply(t)); v.OK || !strings.Contains(v.Description, id) {
			t.Errorf("who waited for the lease: %+v", v)
		}
		refused(t, c, servertest.GetStateByID(id), "not_found", id)
		refused(t, c, servertest.GetStateBySecondaryID("id", "1"), "not_found", "secondary_id")
		app := srv.App(t)
		srv.Clock().Advance(time.Minute)
		s := c.State(t, phone(1))
		if s.CustomerId == id || len(s.IdentityState.Tags)+len(s.IdentityState.Metadata)+len(s.IdentityState.SecondaryIds)+len(s.MessagingState.Messages)+len(s.ActivityState.Sessions) != 0 {
			t.Errorf("something is left: %v", s)
		}
		if v, there := servertest.Value(c.Must(t, servertest.Lease(phone(1)))); there {
			t.Errorf("app data is left: %q", v)
		}
		c.Must(t, servertest.DeleteAppData(phone(1)))
		c.Must(t, servertest.Activity(phone(1), "new"))
		n := app.Next(t)
		if n.CustomerId != s.CustomerId || n.GetCustomerActivity().GetActivity().GetKey() != "new" {
			t.Errorf("notified %v", n.ServerToAppCustomerNotification)
		}
		n.OK()
	})
}
