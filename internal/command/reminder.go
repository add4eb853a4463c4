package command

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

func (c *Commands) addCustomerReminder(r *appRequest, m *pb.AddCustomerReminderCommand) {
	c.changeReminder(r, "add_customer_reminder", m, func(tx *store.Tx, rec *store.Record) error {
		reminder, err := c.reminderOf(m.Reminder)
		if err != nil {
			return err
		}
		return c.addReminder(tx, rec, r.Caller.App, *reminder)
	})
}

func (c *Commands) cancelCustomerReminder(r *appRequest, m *pb.CancelCustomerReminderCommand) {
	c.changeReminder(r, "cancel_customer_reminder", m, func(tx *store.Tx, rec *store.Record) error {
		if err := c.options.Limits.CheckReminderKey(m.Key); err != nil {
			return err
		}
		return cancelReminder(tx, rec, r.Caller.App, m.Key)
	})
}

func (c *Commands) changeReminder(r *appRequest, name string, m namesCustomer, apply func(tx *store.Tx, rec *store.Record) error) {
	r.name = name
	ref, err := customerOf(m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.do(r, work{customers: []customer.Ref{ref}, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		rec, err := tx.Customer(r.Caller.Org, ref)
		if err != nil {
			return nil, err
		}
		if err := apply(tx, rec); err != nil {
			return nil, err
		}
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerAppData{
			UpdateCustomerAppData: &pb.UpdateCustomerAppDataReply{Status: true, Description: "done", CustomerId: wrapperspb.String(rec.ID)}}}, nil
	}})
}

func (c *Commands) addReminder(tx *store.Tx, rec *store.Record, app string, r customer.Reminder) error {
	if err := tx.SetReminder(rec, app, r, c.options.Limits); err != nil {
		return err
	}
	tx.Record(rec, "reminder.added", r.Key)
	return nil
}

// cancelReminder takes a reminder away; none is no error.
func cancelReminder(tx *store.Tx, rec *store.Record, app, key string) error {
	there, err := tx.CancelReminder(rec, app, key)
	if there {
		tx.Record(rec, "reminder.cancelled", key)
	}
	return err
}

// reminderDue tells the app of an occurrence and sets the next.
func (c *Commands) reminderDue(tx *store.Tx, t *store.Timer) error {
	rec, err := tx.Customer(t.Org, customer.ByID(t.Customer))
	if err != nil {
		return err
	}
	r, err := tx.FireReminder(rec, t)
	if err != nil || r == nil {
		return err
	}
	app := store.ReminderOf(t).App
	tx.Record(rec, "reminder.due", r.Key)
	notify(tx, rec, app, "reminder", reminderPB(r))
	return nil
}

// reminderOf reads and checks a reminder.
func (c *Commands) reminderOf(m *pb.CustomerReminder) (*customer.Reminder, error) {
	if m == nil {
		return nil, customer.Refuse(customer.InvalidRequest, "reminder: missing")
	}
	r := &customer.Reminder{Key: m.Key, At: timeOf(m.RemindAt), Interval: intervalOf(m.Interval), Payload: m.Payload.GetValue()}
	if err := r.Check(c.options.Limits); err != nil {
		return nil, err
	}
	r.Start()
	return r, nil
}

// intervalOf reads how often a reminder repeats; absent and zero are never.
func intervalOf(d *durationpb.Duration) time.Duration {
	if d == nil || d.Seconds == 0 && d.Nanos == 0 {
		return 0
	}
	if i := d.AsDuration().Truncate(time.Millisecond); i != 0 {
		return i
	}
	return time.Millisecond // which is refused for being short
}

// reminderPB always has the wrappers set that clients read unchecked.
func reminderPB(r *customer.Reminder) *pb.ServerToAppCustomerNotification {
	n := &pb.ReminderNotification{Reminder: &pb.CustomerReminder{Key: r.Key, RemindAt: timePB(r.Next), Payload: wrapperspb.String(r.Payload)}}
	if r.Interval > 0 {
		n.Reminder.Interval = durationpb.New(r.Interval)
	}
	if r.Work != "" {
		n.Tag, n.WorkId = indexPB(r.Tag.Key, r.Tag.Value, r.Tag.ExpiresAt), wrapperspb.String(r.Work)
	}
	return &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_Reminder{Reminder: n}}
}
