package command

import (
	"cmp"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// TimerDue does what a timer waited for, and calls done then: with an error where it has to be tried
// again. A timer whose row is gone, or whose customer is, does nothing.
func (c *Commands) TimerDue(t store.Timer, done func(error)) {
	needs := store.Needs{Org: t.Org, Customers: []customer.Ref{customer.ByID(t.Customer)}, Timer: &t}
	var due func(*store.Tx, *store.Timer) error
	switch t.Kind {
	case deliveredTimer:
		due = c.deliveredDue
		needs.Messages = []string{t.Ref}
	case callTimer:
		due = c.callDue
	case sessionTimer:
		due = c.sessionDue
	case store.ReminderTimer:
		due = c.reminderDue
	case succeedsTimer, expiresTimer:
		due = c.paymentDue
		needs = store.Needs{Org: t.Org, Payments: []string{t.Ref}, Timer: &t}
	default:
		c.log.Error("a timer of an unknown kind", "kind", t.Kind)
		done(nil)
		return
	}
	err := c.store.Submit(&store.Unit{
		Route: cmp.Or(t.Customer, t.Ref),
		Needs: needs,
		Run: func(tx *store.Tx) error {
			there, err := tx.TakeTimer(&t)
			if err != nil || !there {
				return err
			}
			if err := due(tx, &t); refusal(err) == nil {
				return err
			}
			return nil // deleted or adopted meanwhile
		},
		Done: func(err error) {
			if err != nil {
				c.log.Error("a timer failed", "kind", t.Kind, "error", err)
			}
			done(err)
		},
	})
	if err != nil {
		done(err)
	}
}

// HeldBack says whether a timer that is due should wait: its app is connected and has as much before
// it as it can take. Fired all the same, it would stand behind that.
func (c *Commands) HeldBack(t store.Timer) bool {
	return t.Kind == store.ReminderTimer && !c.outbox.Room(t.Org, store.ReminderOf(&t).App)
}

// deliveredDue is the simulator's delivery of a message.
func (c *Commands) deliveredDue(tx *store.Tx, t *store.Timer) error {
	rec, err := tx.Customer(t.Org, customer.ByID(t.Customer))
	if err != nil {
		return err
	}
	return setStatus(tx, rec, t.Ref, messaging.Delivered, "")
}
