package command

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// apology is what a phone shows when the app gave no menu.
const apology = "Sorry, this service is not available right now. Please try again later."

// hops are the phones that wait for an app's answer, by the id of the notification.
type hops struct {
	mu      sync.Mutex // guards waiting
	waiting map[int64]*hop
}

// hop is one input of a USSD session and the phone that waits for the menu.
type hop struct {
	request *Request
	in      *incoming
}

func (h *hops) put(id int64, hop *hop) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[id] = hop
}

// take gives the phone that waits, nil where nobody does, and it waits no more.
func (h *hops) take(id int64) *hop {
	h.mu.Lock()
	defer h.mu.Unlock()
	hop := h.waiting[id]
	delete(h.waiting, id)
	return hop
}

// receiveHop stores the hop and notifies the app; the phone's reply waits for the app's.
func (c *Commands) receiveHop(r *Request, in *incoming) {
	if in.session == "" {
		c.refuseSimulator(r, customer.Refuse(customer.InvalidRequest, "session_id: empty: a USSD hop needs one"))
		return
	}
	hop := &hop{request: r, in: in}
	err := c.store.Submit(&store.Unit{
		Route: route(in.org, customer.ByNumber(in.number)),
		Needs: store.Needs{Org: in.org, Customers: []customer.Ref{customer.ByNumber(in.number)}},
		Run: func(tx *store.Tx) error {
			n, err := c.receive(tx, in, hopKind)
			if err == nil {
				tx.After(func() { c.hops.put(n.ID, hop) })
			}
			return err
		},
		Done: func(err error) {
			switch {
			case refusal(err) != nil:
				c.refuseSimulator(r, refusal(err))
			case err != nil:
				c.failed(r, err)
			}
		},
	})
	if err != nil {
		c.failed(r, err)
	}
}

// hopAnswered stores the menu and the app data, and shows the menu.
func (c *Commands) hopAnswered(a outbox.Answer, reply *pb.ServerToAppNotificationReply, finish func(error)) {
	n := a.Notification
	menu := reply.GetMessage().GetBody().GetUssd()
	received, err := receivedOf(n)
	if err != nil {
		c.endHop(n, err.Error(), &a, reply, finish)
		return
	}
	over := hungUp(received)
	if (menu == nil || menu.Text == "") && !over {
		c.endHop(n, "the app answered without a menu", &a, reply, finish)
		return
	}
	var stored bool
	err = c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			tx.Actor = customer.Actor{Kind: "app", ID: n.App}
			tx.Answered(n)
			rec, err := tx.Customer(n.Org, customer.ByID(n.Subject))
			if err != nil {
				return err
			}
			if !over {
				addMenu(tx, rec, n.App, received, reply.Message)
			}
			stored, err = c.storeAnswer(tx, rec, &a, reply)
			return err
		},
		Done: func(err error) {
			hop := c.hops.take(n.ID)
			switch {
			case err != nil && hop != nil && refusal(err) != nil:
				c.refuseSimulator(hop.request, refusal(err))
			case err != nil && hop != nil:
				c.failed(hop.request, err)
			case hop != nil:
				c.reply(hop.request, marshal(simulatorReply(reply.Message)), "ok")
			}
			if err == nil && stored {
				c.outbox.Free(n.Org, n.App, n.Subject)
			}
			finish(err)
		},
	})
	if err != nil {
		c.gaveUp(n, err.Error())
		finish(err)
	}
}

// addMenu stores the app's menu as a message of the customer.
func addMenu(tx *store.Tx, rec *store.Record, app string, received *pb.ReceivedMessageNotification, menu *pb.OutboundMessage) {
	tx.AddMessage(rec, &messaging.Message{
		ID: tx.NewMessageID(), Number: numberOf(received.CustomerNumber), Channel: channelOf(received.ChannelNumber), App: app,
		Session: received.SessionId.GetValue(), InReplyTo: received.MessageId, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		Out: outboundOf(menu), Status: messaging.Delivered,
	})
	tx.Record(rec, "message.sent", channelOf(received.ChannelNumber).String())
}

// hungUp says whether a hop only tells that the session is over: nobody waits for a menu.
func hungUp(hop *pb.ReceivedMessageNotification) bool {
	for _, p := range hop.GetParts() {
		if u := p.GetUssd(); u != nil {
			return u.Status != pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE
		}
	}
	return false
}

// gaveUp ends a hop that got no answer.
func (c *Commands) gaveUp(n *store.Notification, reason string) {
	c.endHop(n, reason, nil, nil, func(error) {})
}

// endHop closes the phone's session politely, and the app gets the hop again as app_error when it can.
// An answer without a menu may still have app data.
func (c *Commands) endHop(n *store.Notification, reason string, a *outbox.Answer, reply *pb.ServerToAppNotificationReply, finish func(error)) {
	c.log.Warn("a USSD session ends: no menu", "org", n.Org, "app", n.App, "customer", n.Subject, "reason", reason)
	again := *n
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			tx.Actor = customer.Actor{Kind: "system"}
			rec, err := tx.Customer(n.Org, customer.ByID(n.Subject))
			if refusal(err) != nil {
				tx.Answered(n)
				return nil
			}
			if err != nil {
				return err
			}
			waiting, err := tx.Waiting(n)
			if err != nil || !waiting {
				return err
			}
			body, err := asAppError(n)
			if err != nil {
				return err
			}
			again.Interactive, again.Kind, again.Body = false, receivedKind, body
			tx.Record(rec, "ussd.failed", detail([]string{reason}))
			tx.Renotify(&again)
			if a != nil {
				_, err = c.storeAnswer(tx, rec, a, reply)
			}
			return err
		},
		Done: func(err error) {
			if hop := c.hops.take(n.ID); hop != nil {
				if err != nil && refusal(err) == nil {
					c.failed(hop.request, err)
				} else {
					c.reply(hop.request, marshal(&pb.SimulatorToServerCommandReply{
						Description: reason, ErrorCode: "app_error", Message: apologyPB(),
					}), "app_error")
				}
			}
			finish(err)
		},
	})
	if err != nil {
		if hop := c.hops.take(n.ID); hop != nil {
			c.failed(hop.request, err)
		}
		finish(err)
	}
}

func apologyPB() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Ussd{
		Ussd: &pb.UssdMenuMessageBody{Text: apology, IsTerminal: true}}}}
}

// receivedOf reads the message of a stored notification.
func receivedOf(n *store.Notification) (*pb.ReceivedMessageNotification, error) {
	body := &pb.ServerToAppCustomerNotification{}
	if err := proto.Unmarshal(n.Body, body); err != nil {
		return nil, fmt.Errorf("a stored notification: %w", err)
	}
	return body.GetReceivedMessage(), nil
}

// asAppError is the notification of a hop with the status that says that it failed.
func asAppError(n *store.Notification) ([]byte, error) {
	body := &pb.ServerToAppCustomerNotification{}
	if err := proto.Unmarshal(n.Body, body); err != nil {
		return nil, fmt.Errorf("a stored notification: %w", err)
	}
	for _, p := range body.GetReceivedMessage().GetParts() {
		if u := p.GetUssd(); u != nil && !hungUp(body.GetReceivedMessage()) {
			u.Status = pb.UssdSessionStatus_USSD_SESSION_STATUS_APP_ERROR
		}
	}
	return marshal(body), nil
}
