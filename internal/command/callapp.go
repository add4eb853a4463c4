package command

import (
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// sorry is what a phone hears when the app has failed.
const sorry = "Sorry, this service is not available right now. Please call again later."

// callAnswered carries out the plan of an app's answer to an event of a call, where the call waits for it.
func (c *Commands) callAnswered(a outbox.Answer, reply *pb.ServerToAppNotificationReply, finish func(error)) {
	n := a.Notification
	received, err := receivedOf(n)
	if err != nil {
		c.callGaveUp(n, err.Error())
		finish(err)
		return
	}
	var stored bool
	err = c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}, App: n.App},
		Run: func(tx *store.Tx) error {
			stored = false
			tx.Actor = customer.Actor{Kind: "app", ID: n.App}
			tx.Answered(n)
			w := c.callWork(tx, n.Org)
			rec, err := w.customer(n.Subject)
			if err != nil || rec == nil {
				return err
			}
			if stored, err = c.storeAnswer(tx, rec, &a, reply); err != nil {
				return err
			}
			return w.planned(rec, n.App, received, reply.GetMessage())
		},
		Done: func(err error) {
			if err == nil && stored {
				c.outbox.Free(n.Org, n.App, n.Subject)
			}
			finish(err)
		},
	})
	if err != nil {
		c.callGaveUp(n, err.Error())
		finish(err)
	}
}

// planned stores the plan as a message of the customer and carries it out.
func (w *callWork) planned(rec *store.Record, app string, received *pb.ReceivedMessageNotification, m *pb.OutboundMessage) error {
	state := sessionState(rec, received.SessionId.GetValue())
	if state == nil || state.Session.Call == nil || state.Session.Call.Asked != received.MessageId {
		return nil // the call goes its own way, or is over
	}
	session := state.Session.ID
	var plan []messaging.VoiceAction
	if m.GetBody() != nil {
		out := outboundOf(m)
		err := out.CheckBody(messaging.Voice)
		if err != nil {
			return w.fail(rec, session, err.Error())
		}
		plan = out.Body.Voice
		w.tx.AddMessage(rec, &messaging.Message{
			ID: w.tx.NewMessageID(), Number: state.Number, Channel: state.Channel, App: app, Session: session,
			InReplyTo: received.MessageId, CreatedAt: w.tx.Now(), UpdatedAt: w.tx.Now(), Out: out, Status: messaging.Delivered,
		})
		w.tx.Record(rec, "message.sent", state.Channel.String())
	}
	return w.onCall(rec, session, func(call *messaging.Call, env *messaging.CallEnv) messaging.CallTurn { return call.Next(env, plan) })
}

// fail ends a call whose app gave no plan that can be carried out.
func (w *callWork) fail(rec *store.Record, session, reason string) error {
	w.c.log.Warn("a call ends: no plan", "org", w.org, "customer", rec.ID, "session", session, "reason", reason)
	w.tx.Record(rec, "call.failed", detail([]string{reason}))
	if state := sessionState(rec, session); state != nil {
		h := w.hearing(rec, state)
		h.failure = reason
		h.heard = append(h.heard, messaging.VoiceAction{Say: &messaging.Say{Text: sorry}})
	}
	return w.onCall(rec, session, (*messaging.Call).Fail)
}

// callGaveUp is an event of a call that the app did not answer: it comes again, and nobody waits for its answer.
// Where the call waits for the answer, it ends.
func (c *Commands) callGaveUp(n *store.Notification, reason string) {
	again := *n
	err := c.store.Submit(&store.Unit{
		Route: n.Subject,
		Needs: store.Needs{Org: n.Org, Customers: []customer.Ref{customer.ByID(n.Subject)}},
		Run: func(tx *store.Tx) error {
			waiting, err := tx.Waiting(n)
			if err != nil || !waiting {
				return err
			}
			again.Kind = closingKind // before what follows from it here
			w := c.callWork(tx, n.Org)
			rec, err := w.customer(n.Subject)
			if err != nil {
				return err
			}
			if rec == nil {
				tx.Answered(n)
				return nil
			}
			received, err := receivedOf(n)
			if err != nil {
				return err
			}
			tx.Renotify(&again)
			state := sessionState(rec, received.SessionId.GetValue())
			if state == nil || state.Session.Call == nil || state.Session.Call.Asked != received.MessageId {
				return nil
			}
			return w.fail(rec, state.Session.ID, reason)
		},
		Done: func(err error) {
			if err != nil {
				c.log.Error("ending a call failed", "org", n.Org, "customer", n.Subject, "error", err)
			}
		},
	})
	if err != nil {
		c.log.Error("ending a call failed", "org", n.Org, "customer", n.Subject, "error", err)
	}
}
