package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// Activity is something that a customer did, in your web shop, say. Activities with the same source,
// session id, number and app make a session.
type Activity struct {
	// Source is where it happened: "shop".
	Source string
	// SessionID is yours.
	SessionID string
	// Key is what happened: "checkout".
	Key        string
	Properties map[string]string
	// CreatedAt is the server's time of it; UpdateActivity does not read it.
	CreatedAt time.Time
}

// UpdateActivity records an activity of the customer and notifies this app of it
// ([Client.OnCustomerActivity]). The customer needs a number: one named by id is looked up.
func (c *Customer) UpdateActivity(ctx context.Context, activity Activity) error {
	cmd := &command{name: "UpdateActivity", field: fieldCustomerActivity, about: c}
	number, err := c.anyNumber(ctx)
	if err != nil {
		return cmd.failed(err)
	}
	cmd.fields = &pb.CustomerActivityCommand{
		CustomerNumber: number.proto(),
		Source:         activity.Source,
		SessionId:      activity.SessionID,
		Key:            activity.Key,
		Properties:     activity.Properties,
	}
	id, err := c.client.link.update(ctx, cmd)
	if err != nil {
		return err
	}
	c.learnID(id)
	return nil
}

func (c *Customer) anyNumber(ctx context.Context) (CustomerNumber, error) {
	if n := c.Number(); !n.IsZero() {
		return n, nil
	}
	if _, err := c.GetState(ctx); err != nil {
		return CustomerNumber{}, err
	}
	if n := c.Number(); !n.IsZero() {
		return n, nil
	}
	return CustomerNumber{}, ErrNoNumber
}

// ActivityNotice tells that a customer's activity was recorded.
type ActivityNotice struct {
	Notification
	Activity Activity
}

// OnCustomerActivity sets the handler of recorded activities, the reference's customerActivity.
func (c *Client) OnCustomerActivity(handler func(ctx context.Context, a *ActivityNotice) error) {
	c.handle(eventCustomerActivity, func(ctx context.Context, n *notice) (Body, error) {
		a := n.entry.GetCustomerActivity()
		return nil, handler(ctx, &ActivityNotice{
			Notification: n.Notification,
			Activity:     activity(a.GetSource(), a.GetSessionId(), a.GetActivity()),
		})
	})
}

func activity(source, sessionID string, a *pb.CustomerActivity) Activity {
	return Activity{
		Source:     source,
		SessionID:  sessionID,
		Key:        a.GetKey(),
		Properties: a.GetProperties(),
		CreatedAt:  moment(a.GetCreatedAt()),
	}
}
