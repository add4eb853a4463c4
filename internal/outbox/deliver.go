package outbox

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/store"
)

// pushInteractive queues a hop or an event of a call; its answer time runs from now on.
func (l *lane) pushInteractive(n *store.Notification) {
	t := &ticket{lane: l, n: n}
	o := l.app.outbox
	o.hops++
	t.timeout = o.clock.Outside(o.options.AnswerTime, func() { o.locked(func() { l.unanswered(t) }) })
	l.hops = append(l.hops, t)
	l.pump()
	n.Data = nil // whatever happens before it starts may change that
}

// unanswered: the answer time of an interactive notification is over. Nobody waits for the answer to the end of a
// session: it has as long as other notifications have, and what is behind it goes on meanwhile.
func (l *lane) unanswered(t *ticket) {
	o := l.app.outbox
	if t.n.Kind == ClosingKind && slices.Contains(l.flying, t) && o.options.NotificationTime > o.options.AnswerTime {
		t.late = true
		t.timeout = o.clock.Outside(o.options.NotificationTime-o.options.AnswerTime, func() {
			o.locked(func() { l.fail(t, "no answer") })
		})
		l.pump()
		return
	}
	l.fail(t, "the app did not answer in time")
}

// deliver reads the app data of this moment and sends.
func (l *lane) deliver(t *ticket) {
	o := l.app.outbox
	if t.conn == nil || t.conn.gone {
		t.conn = l.app.conn(l.subject)
	}
	if t.conn == nil {
		l.fail(t, "no app is connected")
		return
	}
	t.conn.inFlight++
	for _, other := range l.flying {
		if other != t && other.n != nil {
			t.overlaps, other.overlaps = true, true
		}
	}
	if !t.n.Interactive {
		t.timeout = o.clock.Outside(o.options.NotificationTime, func() {
			o.locked(func() { l.fail(t, "no answer") })
		})
	}
	if isPurse(t.n) {
		o.later(func() { l.send(t, customer.AppData{}) })
		return
	}
	if data := t.n.Data; data != nil {
		o.later(func() { l.send(t, *data) })
		return
	}
	o.later(func() {
		err := o.store.Read(&store.Read{
			Org: t.n.Org, Ref: customer.ByID(t.n.Subject), App: t.n.App,
			Done: func(v store.View, err error) { l.found(t, v, err) },
		})
		if err != nil {
			l.found(t, store.View{}, err)
		}
	})
}

// found goes on with what the store has about the customer.
func (l *lane) found(t *ticket, v store.View, err error) {
	o := l.app.outbox
	if err == nil && v.Record != nil && v.Record.AdoptedBy == "" && !v.AppData.Leased(o.clock.Now()) {
		l.send(t, v.AppData)
		return
	}
	o.locked(func() {
		switch {
		case t.over:
		case err != nil:
			o.failed("reading app data", err)
			l.fail(t, "the server has a problem")
		case v.Record == nil || v.Record.AdoptedBy != "":
			// Deleted or adopted just now: the row is gone or has moved.
			l.land(t)
			if t.n.Interactive {
				l.giveUp(t, "the customer is no more")
			}
			l.pump()
		default:
			// A lease that this process does not know of, as from before a restart.
			l.undo(t)
			if t.freed {
				t.freed = false
				l.pump()
				return
			}
			l.leaseFound(v.AppData.LeasedUntil)
		}
	})
}

// undo puts a ticket that was started back to the front.
func (l *lane) undo(t *ticket) {
	t.holding, t.overlaps = false, false
	timeout, conn := t.timeout, t.conn
	for i, other := range l.flying {
		if other == t {
			l.flying = append(l.flying[:i:i], l.flying[i+1:]...)
			break
		}
	}
	if conn != nil {
		conn.inFlight--
		t.conn = nil
	}
	if t.n != nil && t.n.Interactive {
		l.hops = append([]*ticket{t}, l.hops...)
		return
	}
	timeout.Stop()
	l.queue = append([]*ticket{t}, l.queue...)
}

// send sends the notification with the app data. It runs without the lock.
func (l *lane) send(t *ticket, data customer.AppData) {
	o := l.app.outbox
	var gone bool
	o.locked(func() {
		gone = t.over
		t.carried, t.sentAt = data, o.clock.Now()
		if !gone && !t.n.Interactive && l.hopHolds() {
			l.undo(t) // a hop has gone ahead since this one was started
			gone = true
		}
	})
	if gone {
		return
	}
	cancel := t.conn.Send(envelope(t.n, data), func(reply []byte, err error) {
		o.locked(func() { l.answered(t, reply, err) })
	})
	o.locked(func() {
		if t.over {
			o.later(cancel)
			return
		}
		t.cancel = cancel
		if !t.conn.Exact { // only now that it is on its way may the next one follow it
			t.holdBack = o.clock.After(o.options.HoldBack, func() {
				o.locked(func() {
					t.holding = false
					l.pump()
				})
			})
		}
	})
}

// hopHolds says whether a hop or an event of a call is under way.
func (l *lane) hopHolds() bool {
	return slices.ContainsFunc(l.flying, func(t *ticket) bool { return t.holding && t.n != nil && t.n.Interactive })
}

// answered takes the app's answer.
func (l *lane) answered(t *ticket, reply []byte, err error) {
	if t.over {
		return
	}
	if err != nil {
		l.fail(t, err.Error())
		return
	}
	o := l.app.outbox
	t.timeout.Stop()
	t.over, t.cancel = true, nil
	a := Answer{Notification: t.n, Carried: t.carried, Overlapped: t.overlaps, Reply: reply}
	o.later(func() {
		if o.Answered(a, func(err error) { o.locked(func() { l.stored(t, err) }) }) {
			o.locked(func() { l.goOn(t) })
		}
	})
}

// goOn ends a delivery whose row is about to be taken out.
func (l *lane) goOn(t *ticket) {
	if !slices.Contains(l.flying, t) {
		return // that is done already
	}
	l.acked = append(l.acked, t)
	l.delivered(t)
}

// stored goes on after the commit of what an answer asked for.
func (l *lane) stored(t *ticket, err error) {
	if i := slices.Index(l.acked, t); i >= 0 {
		l.acked = slices.Delete(l.acked, i, i+1)
		l.app.outbox.failed("taking out what was answered", err)
		l.more = l.more || err != nil // it comes again
		l.pump()
		return
	}
	if err != nil && !t.n.Interactive {
		t.over = false
		l.fail(t, err.Error())
		return
	}
	l.delivered(t)
}

func (l *lane) delivered(t *ticket) {
	o := l.app.outbox
	o.metrics.Delivered(t.n.Kind, o.clock.Now().Sub(t.sentAt))
	l.land(t)
	l.pump()
}

// fail ends a delivery without an answer.
func (l *lane) fail(t *ticket, reason string) {
	if t.over {
		return
	}
	o := l.app.outbox
	reason = shorten(reason)
	if t.cancel != nil {
		o.later(t.cancel)
	}
	if t.n.Interactive {
		for i, waiting := range l.hops {
			if waiting == t {
				l.hops = append(l.hops[:i:i], l.hops[i+1:]...)
				break
			}
		}
		l.land(t)
		l.giveUp(t, reason)
		l.pump()
		return
	}
	l.land(t)
	n := *t.n
	now := o.clock.Now()
	n.Attempts++
	n.Failure = reason
	n.DueAt = now.Add(o.pause(n.Attempts))
	if n.Since.IsZero() {
		n.Since = now
	}
	if now.Sub(n.Since) >= o.options.GiveUp {
		n.Dead = true
		o.metrics.Dead(n.Kind)
		o.log.Warn("a notification is put aside: the app did not take it", "org", n.Org, "app", n.App, "customer", n.Subject, "kind", n.Kind, "attempts", n.Attempts, "reason", n.Failure)
	} else {
		o.metrics.Retried(n.Kind)
		o.log.Info("a notification will be tried again", "app", n.App, "customer", n.Subject, "kind", n.Kind, "attempt", n.Attempts, "at", n.DueAt, "reason", n.Failure)
	}
	o.later(func() { o.reschedule(&n) })
	if n.Dead {
		l.pump()
		return
	}
	l.unpark()
	l.park(n.DueAt)
	l.pump()
}

// giveUp tells that an interactive notification gets no answer.
func (l *lane) giveUp(t *ticket, reason string) {
	t.over = true
	t.timeout.Stop()
	o := l.app.outbox
	o.later(func() { o.GaveUp(t.n, reason) })
}

// reschedule stores the time of the next attempt.
func (o *Outbox) reschedule(n *store.Notification) {
	err := o.store.Submit(&store.Unit{
		Route: n.Subject,
		Run: func(tx *store.Tx) error {
			waiting, err := tx.Waiting(n)
			if waiting {
				tx.Reschedule(n)
			}
			return err
		},
		Done: func(err error) { o.failed("storing the next attempt", err) },
	})
	o.failed("storing the next attempt", err)
}

// pause is how long to wait after the given number of failures.
func (o *Outbox) pause(attempts int64) time.Duration {
	d := o.options.FirstRetry
	for ; attempts > 1 && d < o.options.LastRetry; attempts-- {
		d *= 2
	}
	return min(d, o.options.LastRetry)
}

// shorten makes a text of an app's that every database takes: it may be any bytes.
func shorten(s string) string {
	const most = 500
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), most)], ""), "\x00", "")
}

// The fields of the wire's ServerToAppNotification and ServerToAppCustomerNotification that the
// envelope sets.
const (
	customerEntry = 1
	purseEntry    = 2
	customerID    = 3
	appDataField  = 4
	stringValue   = 2
	bytesValue    = 3
)

// PurseKind is the kind of notifications whose subject is a purse.
const PurseKind = "purse_payment_status"

// ClosingKind is the kind of the end of a session, or of what failed in it: nobody waits for its answer, but the
// next hop or event of a call waits for its turn.
const ClosingKind = "received_end"

func isPurse(n *store.Notification) bool { return n.Kind == PurseKind }

// envelope is the notification as it goes onto the wire: the stored body and the app data. That the
// order of fields is free saves decoding the body.
func envelope(n *store.Notification, data customer.AppData) []byte {
	entry := protowire.Number(customerEntry)
	if isPurse(n) {
		entry = purseEntry
	}
	var value []byte
	if data.Present {
		field := protowire.Number(stringValue)
		if data.Value.Binary {
			field = bytesValue
		}
		value = protowire.AppendTag(make([]byte, 0, len(data.Value.Data)+8), field, protowire.BytesType)
		value = protowire.AppendString(value, data.Value.Data)
	}
	size := len(n.Body)
	if data.Present {
		size += protowire.SizeTag(appDataField) + protowire.SizeBytes(len(value))
	}
	// Of a customer who was adopted since: of two ids the last one counts.
	moved := !isPurse(n) && !bytes.Contains(n.Body, []byte(n.Subject))
	if moved {
		size += protowire.SizeTag(customerID) + protowire.SizeBytes(len(n.Subject))
	}
	b := make([]byte, 0, size+protowire.SizeTag(entry)+protowire.SizeBytes(0)+8)
	b = protowire.AppendTag(b, entry, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = append(b, n.Body...)
	if data.Present {
		b = protowire.AppendTag(b, appDataField, protowire.BytesType)
		b = protowire.AppendBytes(b, value)
	}
	if moved {
		b = protowire.AppendTag(b, customerID, protowire.BytesType)
		b = protowire.AppendString(b, n.Subject)
	}
	return b
}
