package elarian

import (
	"context"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// The fields of AppToServerCommand's oneof.
const (
	fieldAddCustomerReminder    protowire.Number = 5
	fieldCancelCustomerReminder protowire.Number = 7
)

// Reminder is what this app wants to be told about a customer at a time. An app has one reminder of a
// key for a customer.
type Reminder struct {
	// Key names the reminder, at most 256 bytes (the server's default).
	Key string
	// At is when to remind, to the millisecond. A time in the past reminds at once.
	At time.Time
	// Every repeats the reminder, at At + n·Every, until it is cancelled: at least a minute. Zero
	// reminds once.
	Every time.Duration
	// Payload comes back with the reminder, at most 64 KiB (the server's default).
	Payload string
}

// AddReminder sets a reminder of the customer, in place of the one of the same key. [Client.OnReminder]
// is told when its time has come, within a second. What falls into a time when the server is down is
// told of once when it is up again; what falls into a time when the app is away, when it is back.
//
// An interval of less than a minute is [ErrInvalidRequest], and so is no key or no time; a key or
// payload that is too long is [ErrLimit].
func (c *Customer) AddReminder(ctx context.Context, r Reminder) error {
	return c.update(ctx, "AddReminder", fieldAddCustomerReminder, &pb.AddCustomerReminderCommand{Reminder: r.proto()})
}

// CancelReminder takes the reminder with this key away. One that is not there is no error.
func (c *Customer) CancelReminder(ctx context.Context, key string) error {
	return c.update(ctx, "CancelReminder", fieldCancelCustomerReminder, &pb.CancelCustomerReminderCommand{Key: key})
}

func (r Reminder) proto() *pb.CustomerReminder {
	out := &pb.CustomerReminder{Key: r.Key, Payload: wrapperspb.String(r.Payload)}
	if !r.At.IsZero() {
		out.RemindAt = timestamppb.New(r.At)
	}
	if r.Every != 0 {
		out.Interval = durationpb.New(r.Every)
	}
	return out
}

// ReminderNotice tells that the time of a reminder has come.
type ReminderNotice struct {
	Notification
	// Reminder is the reminder with At as the time that it was due now, which of a repeated one is not
	// the first.
	Reminder Reminder
	// Tag and WorkID are of a reminder that [Client.AddCustomerReminderByTag] has set, otherwise zero.
	Tag    Tag
	WorkID string
}

// OnReminder sets the handler of reminders, the reference's reminder. A handler that returns an error
// is told again later: after 1 s, then doubling, for a day. Once it has returned nil, it is not told
// of that time again.
func (c *Client) OnReminder(handler func(ctx context.Context, r *ReminderNotice) error) {
	c.handle(eventReminder, func(ctx context.Context, n *notice) (Body, error) {
		m := n.entry.GetReminder()
		r := m.GetReminder()
		return nil, handler(ctx, &ReminderNotice{
			Notification: n.Notification,
			Reminder: Reminder{
				Key: r.GetKey(), At: moment(r.GetRemindAt()), Every: r.GetInterval().AsDuration(), Payload: r.GetPayload().GetValue(),
			},
			Tag: Tag{
				Key: m.GetTag().GetMapping().GetKey(), Value: m.GetTag().GetMapping().GetValue().GetValue(), ExpiresAt: moment(m.GetTag().GetExpiresAt()),
			},
			WorkID: m.GetWorkId().GetValue(),
		})
	})
}
