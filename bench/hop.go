package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

// hopsInSession is how many hops a USSD session has.
const hopsInSession = 3

// visit is the app's data: each hop reads and changes it.
type visit struct {
	Step int    `json:"step"`
	Last string `json:"last"`
}

// phones are an app and phones that dial it, each with a connection of its own.
type phones struct {
	app   *elarian.Client
	all   []*elarian.Simulator
	first int // of their numbers: the phones of each row are others, who begin at the first step
}

func (s *system) phones(ctx context.Context, count int) (*phones, error) {
	p := &phones{app: elarian.New(s.config), first: s.dialled}
	s.dialled += count
	elarian.OnUSSD(p.app, func(_ context.Context, hop *elarian.USSDHop, v *visit) (elarian.Menu, error) {
		v.Step, v.Last = (v.Step+1)%hopsInSession, hop.Text
		if v.Step == 0 {
			return elarian.End("Thank you, see you soon."), nil
		}
		return elarian.Ask("Welcome to Afya Clinic\n1. Book an appointment\n2. My appointments"), nil
	})
	if err := p.app.Connect(ctx); err != nil {
		return nil, err
	}
	for range count {
		phone, err := elarian.ConnectSimulator(ctx, s.config)
		if err != nil {
			p.stop()
			return nil, err
		}
		p.all = append(p.all, phone)
	}
	return p, nil
}

func (p *phones) stop() {
	for _, phone := range p.all {
		_ = phone.Close()
	}
	_ = p.app.Close()
}

func (p *phones) load() load {
	return blocking(len(p.all), func(ctx context.Context, lane, i int) error {
		answer, err := p.all[lane].ReceiveMessage(ctx, elarian.SimulatedMessage{
			From: phoneNumber(p.first + lane), To: elarian.USSD(sandbox.USSDCode), SessionID: session(p.first+lane, i),
			Parts: []elarian.Part{elarian.USSDInput{Text: strconv.Itoa(i % 9)}},
		})
		if err != nil {
			return err
		}
		menu, ok := answer.Body.(elarian.Menu)
		if want := i%hopsInSession == hopsInSession-1; !ok || menu.Terminal != want {
			return fmt.Errorf("hop %d was answered with %+v", i, answer)
		}
		return nil
	})
}

func phoneNumber(lane int) string { return "+2547" + strconv.Itoa(50_000_000+lane) }
func session(lane, i int) string  { return fmt.Sprintf("session-%d-%d", lane, i/hopsInSession) }
func hopApp(n int) customer.AppData {
	return customer.AppData{Present: true, Value: customer.Text(fmt.Sprintf(`{"step":%d}`, n))}
}

// ussdHop sets one phone's hop beside two commits, four echoes and half a millisecond.
func ussdHop(ctx context.Context, r *run, db database) (Row, error) {
	got, of, err := r.hops(ctx, db, USSDHop, 1)
	if err != nil {
		return Row{}, err
	}
	commits, echoes := of[0].percentile(50), of[1].percentile(50)
	row := Row{
		What: "a USSD hop, one phone, median", Figure: got.percentile(50), Unit: "ms",
		Limit: commits + 4*echoes + 0.5, LimitName: fmt.Sprintf("2 commits %.2f + 4 echoes %.2f + 0.5 ms", commits, 4*echoes),
		Target: "≤ limit",
	}
	row.Met = row.Figure <= row.Limit
	got.into(&row)
	return row, nil
}

// ussdHops sets the hops of many phones beside the same commits for as many, without sockets.
func ussdHops(ctx context.Context, r *run, db database) (Row, error) {
	got, of, err := r.hops(ctx, db, USSDHops, r.Phones)
	if err != nil {
		return Row{}, err
	}
	row := Row{
		What: fmt.Sprintf("USSD hops, %d phones", r.Phones), Figure: got.rate(), Unit: "hops/s",
		Limit: of[0].rate(), LimitName: "the same commits, no socket", Target: "≥ 4000",
	}
	row.Met = row.Figure >= 4000
	got.into(&row)
	row.LimitCPU = of[0].cpuEach()
	return row, nil
}

// hops measures hops, and as limits their two commits and an echo.
func (r *run) hops(ctx context.Context, db database, name string, count int) (got sample, of []sample, err error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return got, nil, err
	}
	p, err := s.phones(ctx, count)
	if err != nil {
		return got, nil, err
	}
	defer p.stop()
	e, err := startEcho(ctx, 1)
	if err != nil {
		return got, nil, err
	}
	defer func() { err = errors.Join(err, e.stop()) }()
	return r.inTurns(ctx, db.name()+"."+name, p.load(), hopCommits(s, p.first, count), e.load(1))
}

// limitPhones is the first phone of the limit, which are others than those that hop.
const limitPhones = 1_000_000

// hopCommits is the load of what a hop writes, in its two commits, on the same store. The notification
// is for an app that is never connected: nothing takes it.
func hopCommits(s *system, offset, lanes int) load {
	db := s.server.Store()
	return chained(lanes, func(lane, i int, done func(error)) {
		hop := &hopRows{org: s.org, number: customer.Number{Provider: customer.Cellular, Number: phoneNumber(limitPhones + offset + lane)}, session: session(lane, i), count: i}
		ref := customer.ByNumber(hop.number)
		first := &store.Unit{Route: s.org + hop.number.Number, Needs: store.Needs{Org: s.org, Customers: []customer.Ref{ref}}, Run: hop.received}
		first.Done = func(err error) {
			if err != nil {
				done(err)
				return
			}
			id := hop.notification.Subject
			second := &store.Unit{
				Route: id, Needs: store.Needs{Org: s.org, Customers: []customer.Ref{customer.ByID(id)}, App: limitApp}, Run: hop.answered, Done: done,
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

// hopRows writes what the commands of a hop write.
type hopRows struct {
	org          string
	number       customer.Number
	session      string
	count        int
	notification store.Notification
}

var ussdChannel = messaging.ChannelNumber{Channel: messaging.USSD, Number: sandbox.USSDCode}

func (h *hopRows) received(tx *store.Tx) error {
	tx.Actor = customer.Actor{Kind: "phone", ID: h.number.Number}
	rec, err := tx.Customer(h.org, customer.ByNumber(h.number))
	if err != nil {
		return err
	}
	m := &messaging.Message{
		ID: tx.NewMessageID(), Inbound: true, Number: h.number, Channel: ussdChannel, App: limitApp, Session: h.session, CreatedAt: tx.Now(),
		Parts: []messaging.Part{{USSD: &messaging.USSDInput{Status: messaging.USSDActive, Text: "1"}}}, Status: messaging.Received,
	}
	tx.AddMessage(rec, m)
	tx.Record(rec, "message.received", ussdChannel.String()+" "+m.ID)
	h.notification = tx.Notify(store.Notification{
		Org: h.org, App: limitApp, Subject: rec.ID, Kind: "received_hop", Body: make([]byte, 256),
	})
	return nil
}

func (h *hopRows) answered(tx *store.Tx) error {
	tx.Actor = customer.Actor{Kind: "app", ID: limitApp}
	tx.Answered(&h.notification)
	rec, err := tx.Customer(h.org, customer.ByID(h.notification.Subject))
	if err != nil {
		return err
	}
	tx.AddMessage(rec, &messaging.Message{
		ID: tx.NewMessageID(), Number: h.number, Channel: ussdChannel, App: limitApp, Session: h.session, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		Out: &messaging.Outbound{Body: messaging.Body{Text: "Welcome to Afya Clinic"}}, Status: messaging.Delivered,
	})
	tx.Record(rec, "message.sent", ussdChannel.String())
	d, err := tx.AppData(rec, limitApp)
	if err != nil {
		return err
	}
	*d = hopApp(h.count)
	tx.Record(rec, "app_data.updated", "")
	return nil
}
