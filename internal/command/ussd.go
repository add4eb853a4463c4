package command

import (
	"fmt"
	"strings"
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
	closing := in.parts[0].USSD.Status != messaging.USSDActive
	var page *messaging.Menu // that is shown without asking the app
	err := c.store.Submit(&store.Unit{
		Route: route(in.org, customer.ByNumber(in.number)),
		Needs: store.Needs{Org: in.org, Customers: []customer.Ref{customer.ByNumber(in.number)}, App: in.channel.App},
		Run: func(tx *store.Tx) (err error) {
			if page, err = c.nextPage(tx, in); err != nil || page != nil {
				return err
			}
			kind := hopKind
			if closing {
				kind = closingKind
			}
			n, rec, err := c.receive(tx, in, kind)
			switch {
			case err != nil:
			case closing:
				c.hangUp(tx, rec, in)
			default:
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
			case page != nil:
				c.reply(r, marshal(simulatorReply(menuPB(*page))), "page")
			case closing:
				c.reply(r, marshal(simulatorReply(nil)), "closed")
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
	if menu == nil || menu.Text == "" {
		c.endHop(n, "the app answered without a menu", &a, reply, finish)
		return
	}
	var stored bool
	var shown *pb.OutboundMessage
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
			shown = c.showMenu(tx, rec, n.App, received, reply.Message)
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
				c.reply(hop.request, marshal(simulatorReply(shown)), "ok")
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

// showMenu stores the app's menu as a message of the customer and gives what the phone shows of it: all,
// or the first page. A terminal menu that is shown to its end ends the session.
func (c *Commands) showMenu(tx *store.Tx, rec *store.Record, app string, received *pb.ReceivedMessageNotification, m *pb.OutboundMessage) *pb.OutboundMessage {
	number, channel := numberOf(received.CustomerNumber), channelOf(received.ChannelNumber)
	out := outboundOf(m)
	tx.AddMessage(rec, &messaging.Message{
		ID: tx.NewMessageID(), Number: number, Channel: channel, App: app, Session: received.SessionId.GetValue(),
		InReplyTo: received.MessageId, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Out: out, Status: messaging.Delivered,
	})
	tx.Record(rec, "message.sent", channel.String())
	first, rest, more := out.Body.USSD.Page()
	state := messaging.State(rec.Channels, number, channel)
	if state == nil || state.Session == nil || state.Session.ID != received.SessionId.GetValue() {
		return m // the session is over: nobody looks
	}
	s := state.Session
	s.Join(app)
	s.Pages, s.More, s.Terminal = rest, more, out.Body.USSD.Terminal
	if len(rest) == 0 && s.Terminal {
		c.endSession(tx, rec, state, messaging.NormalClearing)
	} else {
		c.renewHop(tx, s, channel, rec.Org)
	}
	if len(rest) == 0 {
		return m
	}
	return menuPB(first)
}

// nextPage answers a hop that asks for the rest of a long menu, nil where it does not.
func (c *Commands) nextPage(tx *store.Tx, in *incoming) (*messaging.Menu, error) {
	ref := customer.ByNumber(in.number)
	found, err := tx.Find(in.org, ref)
	if err != nil || found == nil {
		return nil, err
	}
	state := messaging.State(found.Channels, in.number, in.channel.Number)
	if state == nil || !state.Session.Live(tx.Now()) || state.Session.ProviderID != in.session ||
		len(state.Session.Pages) == 0 || strings.TrimSpace(in.parts[0].USSD.Text) != state.Session.More || in.parts[0].USSD.Status != messaging.USSDActive {
		return nil, nil
	}
	tx.Actor = customer.Actor{Kind: "phone", ID: in.number.Number}
	rec, err := tx.Customer(in.org, ref)
	if err != nil {
		return nil, err
	}
	state = messaging.State(rec.Channels, in.number, in.channel.Number)
	s := state.Session
	page := &messaging.Menu{Text: s.Pages[0]}
	if s.Pages = s.Pages[1:]; len(s.Pages) == 0 && s.Terminal {
		page.Terminal = true
		c.endSession(tx, rec, state, messaging.NormalClearing)
	} else {
		c.renewHop(tx, s, in.channel.Number, in.org)
	}
	tx.Record(rec, "ussd.page", in.channel.Number.String())
	return page, nil
}

// renewHop gives the phone its time for the next input.
func (c *Commands) renewHop(tx *store.Tx, s *messaging.Session, channel messaging.ChannelNumber, org string) {
	found, _ := c.Directory().MessagingChannel(org, channel)
	if d, _ := found.Settings.SessionTime(channel.Channel); d > 0 {
		s.ExpiresAt = tx.Now().Add(d)
	}
}

// hangUp ends the session of a phone that tells that it is over.
func (c *Commands) hangUp(tx *store.Tx, rec *store.Record, in *incoming) {
	state := messaging.State(rec.Channels, in.number, in.channel.Number)
	reason := messaging.NormalClearing
	if in.parts[0].USSD.Status == messaging.USSDAppError {
		reason = messaging.SessionFailure
	}
	c.endSession(tx, rec, state, reason)
}

func menuPB(m messaging.Menu) *pb.OutboundMessage {
	return outboundPB(&messaging.Outbound{Body: messaging.Body{USSD: &m}})
}

// gaveUp ends a hop that got no answer.
func (c *Commands) gaveUp(n *store.Notification, reason string) {
	if n.Kind == callKind {
		c.callGaveUp(n, reason)
		return
	}
	if n.Kind == closingKind {
		c.tellLater(n)
		return
	}
	c.endHop(n, reason, nil, nil, func(error) {})
}

// tellLater has the app told of the end of a session when it can, as of any message.
func (c *Commands) tellLater(n *store.Notification) {
	again := *n
	again.Interactive, again.Kind = false, receivedKind
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Run: func(tx *store.Tx) error {
			waiting, err := tx.Waiting(n)
			if waiting {
				tx.Renotify(&again)
			}
			return err
		},
		Done: func(err error) {
			if err != nil {
				c.log.Error("the end of a session is told after the next start only", "customer", n.Subject, "error", err)
			}
		},
	})
	if err != nil {
		c.log.Error("the end of a session is told after the next start only", "customer", n.Subject, "error", err)
	}
}

// endHop closes the phone's session politely, and the app gets the hop again as app_error when it can.
// An answer without a menu may still have app data.
func (c *Commands) endHop(n *store.Notification, reason string, a *outbox.Answer, reply *pb.ServerToAppNotificationReply, finish func(error)) {
	c.log.Warn("a USSD session ends: no menu", "org", n.Org, "app", n.App, "customer", n.Subject, "reason", reason)
	again := *n
	var stored bool
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			stored = false
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
			again.Kind, again.Body = closingKind, body
			c.failHop(tx, rec, n)
			tx.Record(rec, "ussd.failed", detail([]string{reason}))
			tx.Renotify(&again)
			if a != nil {
				stored, err = c.storeAnswer(tx, rec, a, reply)
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
			if err == nil && stored {
				c.outbox.Free(n.Org, n.App, n.Subject)
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

// failHop ends the session of a hop that failed.
func (c *Commands) failHop(tx *store.Tx, rec *store.Record, n *store.Notification) {
	received, err := receivedOf(n)
	if err != nil {
		return
	}
	state := messaging.State(rec.Channels, numberOf(received.CustomerNumber), channelOf(received.ChannelNumber))
	if state != nil && state.Session != nil && state.Session.ID == received.SessionId.GetValue() {
		c.endSession(tx, rec, state, messaging.SessionFailure)
	}
}

func apologyPB() *pb.OutboundMessage { return menuPB(messaging.Menu{Text: apology, Terminal: true}) }

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
		if u := p.GetUssd(); u != nil {
			u.Status = pb.UssdSessionStatus_USSD_SESSION_STATUS_APP_ERROR
		}
	}
	return marshal(body), nil
}
