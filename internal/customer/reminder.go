package customer

import "time"

// MinInterval is the shortest time between two occurrences of a reminder.
const MinInterval = time.Minute

// lastReminder is the latest time that a reminder can be for.
var lastReminder = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// Reminder is what an app wants to be told about a customer at a time: once, or with an interval
// again and again, at At + n·Interval.
type Reminder struct {
	Key      string        `cbor:"-"`
	At       time.Time     `cbor:"1,keyasint"`           // the first occurrence
	Interval time.Duration `cbor:"2,keyasint,omitempty"` // 0: once
	Payload  string        `cbor:"3,keyasint,omitempty"`
	// Tag and Work say by which tag and which work it was set, empty where an app named the customer.
	Tag  Tag    `cbor:"4,keyasint,omitzero"`
	Work string `cbor:"5,keyasint,omitempty"`
	// Next is the occurrence that is told of next.
	Next time.Time `cbor:"6,keyasint"`
}

// Check refuses a reminder that is missing something or goes beyond a limit.
func (r *Reminder) Check(limits Limits) error {
	if err := limits.checkKey("reminder.key", r.Key); err != nil {
		return err
	}
	switch {
	case r.At.IsZero():
		return Refuse(InvalidRequest, "reminder.remind_at: missing")
	case r.Interval < 0:
		return Refuse(InvalidRequest, "reminder.interval: negative")
	case r.Interval > 0 && r.Interval < MinInterval:
		return Refuse(InvalidRequest, "reminder.interval: %s is shorter than the %s that a reminder repeats at the most often", r.Interval, MinInterval)
	case !isText(r.Payload):
		return Refuse(InvalidRequest, "reminder.payload: not a text: it has a zero byte, or is no UTF-8")
	case len(r.Payload) > limits.ValueBytes:
		return Refuse(LimitReached, "reminder.payload: %d bytes are over the limit of %d", len(r.Payload), limits.ValueBytes)
	}
	return nil
}

// CheckReminderKey refuses what cannot be the key of a reminder.
func (l Limits) CheckReminderKey(key string) error { return l.checkKey("key", key) }

// CheckReminders refuses one more reminder for a customer who has as many as this.
func (l Limits) CheckReminders(has int) error {
	if has >= l.Reminders {
		return Refuse(LimitReached, "reminder: the customer would have %d reminders, over the limit of %d", has+1, l.Reminders)
	}
	return nil
}

// Start says that At is what comes first. An app that is told late, as after the server was down, is
// told of the latest occurrence that has come, once.
func (r *Reminder) Start() { r.Next = r.At }

// Fire tells of an occurrence whose time has come: at is when it was meant to be. It moves the
// reminder to the next one after now; more is false where there is none.
func (r *Reminder) Fire(now time.Time) (at time.Time, more bool) {
	at = r.Next
	if r.Interval <= 0 {
		return at, false
	}
	// In whole milliseconds: a time.Duration spans 292 years only.
	step := r.Interval.Milliseconds()
	if late := now.UnixMilli() - at.UnixMilli(); late > 0 {
		at = time.UnixMilli(at.UnixMilli() + late/step*step).UTC()
	}
	r.Next = time.UnixMilli(at.UnixMilli() + step).UTC()
	return at, !r.Next.After(lastReminder)
}
