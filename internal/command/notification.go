package command

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// notify puts a customer notification into the outbox; n has its entry set.
func notify(tx *store.Tx, rec *store.Record, app, kind string, n *pb.ServerToAppCustomerNotification) store.Notification {
	return tx.Notify(store.Notification{
		Org: rec.Org, App: app, Subject: rec.ID, Kind: kind, Interactive: kind == hopKind || kind == callKind || kind == closingKind, Body: notificationBody(tx, rec, app, n),
	})
}

func notificationBody(tx *store.Tx, rec *store.Record, app string, n *pb.ServerToAppCustomerNotification) []byte {
	n.OrgId, n.AppId, n.CustomerId, n.CreatedAt = rec.Org, app, rec.ID, timestamppb.New(tx.Now())
	return marshal(n)
}

// answered does what an app's answer to a notification asks for: the new app data, the message, and
// the end of the notification, in one commit. It returns true where the answer only acknowledges.
func (c *Commands) answered(a outbox.Answer, finish func(error)) (acknowledged bool) {
	n := a.Notification
	reply := &pb.ServerToAppNotificationReply{}
	if err := proto.Unmarshal(a.Reply, reply); err != nil {
		err = fmt.Errorf("the answer is no ServerToAppNotificationReply: %w", err)
		if n.Interactive {
			c.gaveUp(n, err.Error())
		}
		finish(err)
		return false
	}
	switch {
	case n.Kind == callKind:
		c.callAnswered(a, reply, finish)
		return false
	case n.Kind == hopKind:
		c.hopAnswered(a, reply, finish)
		return false
	case reply.Message == nil && (reply.DataUpdate == nil || reply.DataUpdate.Data == nil || a.Carried.Echoes(valueOf(reply.DataUpdate.Data))):
		return c.acknowledged(n, finish)
	}
	var stored bool
	var send func()
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			stored, send = false, nil
			tx.Actor = customer.Actor{Kind: "app", ID: n.App}
			tx.Answered(n)
			rec, err := tx.Customer(n.Org, customer.ByID(n.Subject))
			if refusal(err) != nil {
				return nil // deleted or adopted meanwhile: there is nobody to answer
			}
			if err != nil {
				return err
			}
			if stored, err = c.storeAnswer(tx, rec, &a, reply); err != nil {
				return err
			}
			send, err = c.sendAnswer(tx, rec, n, reply.Message)
			return err
		},
		Done: func(err error) {
			if err == nil && stored {
				c.outbox.Free(n.Org, n.App, n.Subject)
			}
			if err == nil && send != nil {
				send()
			}
			finish(err)
		},
	})
	if err != nil {
		finish(err)
	}
	return false
}

// acknowledged takes a notification out of the outbox; nobody waits for that.
func (c *Commands) acknowledged(n *store.Notification, finish func(error)) bool {
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Lazy:  true,
		Run: func(tx *store.Tx) error {
			tx.Answered(n)
			return nil
		},
		Done: finish,
	})
	if err != nil {
		finish(err)
	}
	return err == nil
}

// storeAnswer stores the answer's app data, which one that is too large loses.
func (c *Commands) storeAnswer(tx *store.Tx, rec *store.Record, a *outbox.Answer, reply *pb.ServerToAppNotificationReply) (stored bool, err error) {
	if reply.DataUpdate == nil || reply.DataUpdate.Data == nil {
		return false, nil
	}
	d, err := tx.AppData(rec, a.Notification.App)
	if err != nil {
		return false, err
	}
	update := valueOf(reply.DataUpdate.Data)
	stored, err = d.Answer(&update, a.Carried, c.options.Limits)
	if refused := refusal(err); refused != nil {
		c.log.Warn("the app data of an answer is refused", "org", rec.Org, "app", a.Notification.App, "customer", rec.ID, "reason", refused.Text)
		return false, nil
	}
	if stored {
		what := ""
		if a.Overlapped {
			what = "two notifications were unanswered at once: the last answer's app data holds"
		}
		tx.Record(rec, "app_data.updated", what)
	}
	return stored, err
}

// sendAnswer sends the message of an answer to a message: as a reply to it, on its channel.
func (c *Commands) sendAnswer(tx *store.Tx, rec *store.Record, n *store.Notification, m *pb.OutboundMessage) (send func(), err error) {
	if m == nil || n.Kind != receivedKind {
		return nil, nil
	}
	received, err := receivedOf(n)
	if err != nil {
		return nil, err
	}
	out := outgoing{
		org: n.Org, app: n.App, number: numberOf(received.GetCustomerNumber()), channel: channelOf(received.GetChannelNumber()),
		message: outboundOf(m), inReplyTo: received.GetMessageId(),
	}
	if out.channel.Channel.Interactive() {
		return nil, nil // the session is over
	}
	_, send, err = c.send(tx, rec, &out)
	if reply := messageRefusal(err); reply != nil {
		c.log.Warn("the message of an answer is refused", "org", n.Org, "app", n.App, "customer", rec.ID, "reason", reply.GetSendMessage().Description)
		return nil, nil
	}
	return send, err
}
