package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

// smsTarget is the round trips in a second that many phones have to reach.
const smsTarget = 2000

// lostAfter is when a reply is not slow, but lost.
const lostAfter = time.Minute

var smsChannel = messaging.ChannelNumber{Channel: messaging.SMS, Number: sandbox.ShortCode}

// writers are phones that write to an app by SMS and wait for what it answers. They share a connection:
// every simulator of an org gets every message, so that more would measure how often it is sent out.
type writers struct {
	app     *elarian.Client
	phones  *elarian.Simulator
	first   int // of their numbers
	replies []chan elarian.Body
	lanes   map[string]int // the phone that has a number
}

func (s *system) writers(ctx context.Context, count int) (*writers, error) {
	w := &writers{
		app: elarian.New(s.config), phones: elarian.NewSimulator(s.config), first: s.dialled, lanes: make(map[string]int, count),
	}
	s.dialled += count
	elarian.OnSMS(w.app, func(_ context.Context, m *elarian.ReceivedMessage, _ *struct{}) (elarian.Body, error) {
		return elarian.Text("Thank you for " + m.Text), nil
	})
	if err := w.app.Connect(ctx); err != nil {
		return nil, err
	}
	for lane := range count {
		w.replies = append(w.replies, make(chan elarian.Body, 1))
		w.lanes[phoneNumber(w.first+lane)] = lane
	}
	w.phones.OnSendMessage(w.heard)
	if err := w.phones.Connect(ctx); err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

func (w *writers) heard(ctx context.Context, m *elarian.SimulatedDelivery) error {
	lane, ok := w.lanes[m.To.Number]
	if !ok {
		return nil
	}
	select {
	case w.replies[lane] <- m.Message.Body:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writers) stop() {
	_ = w.phones.Close()
	_ = w.app.Close()
}

func (w *writers) load() load {
	return blocking(len(w.replies), func(ctx context.Context, lane, i int) error {
		text := strconv.Itoa(i)
		_, err := w.phones.ReceiveMessage(ctx, elarian.SimulatedMessage{
			From: phoneNumber(w.first + lane), To: elarian.SMS(sandbox.ShortCode), Parts: []elarian.Part{elarian.Text(text)},
		})
		if err != nil {
			return err
		}
		select {
		case reply := <-w.replies[lane]:
			if want := elarian.Text("Thank you for " + text); reply != want {
				return fmt.Errorf("SMS %d was answered with %v", i, reply)
			}
			return nil
		case <-time.After(lostAfter):
			return fmt.Errorf("SMS %d was not answered within %v", i, lostAfter)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// smsRoundTrips sets the SMS of many phones and their answers beside the same commits, without sockets.
func smsRoundTrips(ctx context.Context, r *run, db database) (Row, error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return Row{}, err
	}
	w, err := s.writers(ctx, r.Phones)
	if err != nil {
		return Row{}, err
	}
	defer w.stop()
	got, of, err := r.inTurns(ctx, db.name()+"."+SMSRoundTrips, w.load(), smsCommits(s, w.first, r.Phones))
	if err != nil {
		return Row{}, err
	}
	row := Row{
		What: fmt.Sprintf("SMS to an app and its reply, %d phones", r.Phones), Figure: got.rate(), Unit: "round trips/s",
		Limit: of[0].rate(), LimitName: "the same commits, no socket", Target: fmt.Sprintf("≥ %d", smsTarget),
	}
	row.Met = row.Figure >= smsTarget
	got.into(&row)
	row.LimitCPU = of[0].cpuEach()
	return row, nil
}

// smsCommits is the load of what a round trip writes, in its two commits, on the same store. What makes
// the reply delivered later is left out of both: it is not waited for.
func smsCommits(s *system, offset, lanes int) load {
	db := s.server.Store()
	return chained(lanes, func(lane, i int, done func(error)) {
		trip := &tripRows{org: s.org, number: customer.Number{Provider: customer.Cellular, Number: phoneNumber(limitPhones + offset + lane)}, text: strconv.Itoa(i)}
		ref := customer.ByNumber(trip.number)
		first := &store.Unit{Route: trip.number.Number, Needs: store.Needs{Org: s.org, Customers: []customer.Ref{ref}}, Run: trip.received}
		first.Done = func(err error) {
			if err != nil {
				done(err)
				return
			}
			id := trip.notification.Subject
			second := &store.Unit{
				Route: id, Needs: store.Needs{Org: s.org, Customers: []customer.Ref{customer.ByID(id)}, App: limitApp}, Run: trip.answered, Done: done,
			}
			if err := db.Submit(second); err != nil {
				done(err)
			}
		}
		if err := db.Submit(first); err != nil {
			done(err)
		}
	})
}

// tripRows writes what the commands of a round trip write.
type tripRows struct {
	org          string
	number       customer.Number
	text         string
	message      string // the id of what the customer wrote
	notification store.Notification
}

func (t *tripRows) received(tx *store.Tx) error {
	tx.Actor = customer.Actor{Kind: "phone", ID: t.number.Number}
	rec, err := tx.Customer(t.org, customer.ByNumber(t.number))
	if err != nil {
		return err
	}
	t.message = tx.NewMessageID()
	tx.AddMessage(rec, &messaging.Message{
		ID: t.message, Inbound: true, Number: t.number, Channel: smsChannel, App: limitApp, CreatedAt: tx.Now(),
		Parts: []messaging.Part{{Text: t.text}}, Status: messaging.Received,
	})
	tx.Record(rec, "message.received", smsChannel.String()+" "+t.message)
	t.notification = tx.Notify(store.Notification{
		Org: t.org, App: limitApp, Subject: rec.ID, Kind: "received_message", Body: make([]byte, 256),
	})
	return nil
}

func (t *tripRows) answered(tx *store.Tx) error {
	tx.Actor = customer.Actor{Kind: "app", ID: limitApp}
	tx.Answered(&t.notification)
	rec, err := tx.Customer(t.org, customer.ByID(t.notification.Subject))
	if err != nil {
		return err
	}
	m := &messaging.Message{
		ID: tx.NewMessageID(), Number: t.number, Channel: smsChannel, App: limitApp, InReplyTo: t.message, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		Out: &messaging.Outbound{Body: messaging.Body{Text: "Thank you for " + t.text}}, Status: messaging.Sent,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.sent", smsChannel.String()+" "+m.ID)
	return nil
}
