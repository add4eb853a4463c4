package work_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

func patient(c *server.Config) {
	c.Delivery = outbox.Options{NotificationTime: 1e6 * time.Hour, HoldBack: time.Nanosecond, GiveUp: 1e6 * time.Hour}
}

func send(tag *pb.IndexMapping, from *pb.MessagingChannelNumber, message *pb.OutboundMessage) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessageTag{SendMessageTag: &pb.SendMessageTagCommand{
		Tag: tag, ChannelNumber: from, Message: message}}}
}

func addReminder(tag *pb.IndexMapping, r *pb.CustomerReminder) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_AddCustomerReminderTag{AddCustomerReminderTag: &pb.AddCustomerReminderTagCommand{Tag: tag, Reminder: r}}}
}

func cancelReminder(tag *pb.IndexMapping, key string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CancelCustomerReminderTag{CancelCustomerReminderTag: &pb.CancelCustomerReminderTagCommand{Tag: tag, Key: key}}}
}

var (
	gold = servertest.Mapping("Plan", "gold")
	sms  = servertest.SMSChannel(sandbox.ShortCode)
	hi   = servertest.TextMessage("hi")
)

func number(i int) string { return fmt.Sprintf("+2547100%05d", i) }

// tagged gives customers the tag.
func tagged(t *testing.T, app *servertest.Conn, numbers ...string) {
	t.Helper()
	for _, n := range numbers {
		app.Must(t, servertest.UpdateTags(n, servertest.Index("plan", "gold", time.Time{})))
	}
}

// done waits until the work is done.
func done(t *testing.T, srv *servertest.Server, id string) *store.Work {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); {
		works, err := srv.Store().Works(srv.Org, 100)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(works, func(w *store.Work) bool { return w.ID == id })
		if i >= 0 && works[i].Done {
			return works[i]
		}
		if err := srv.Store().Do(context.Background(), &store.Unit{Run: func(*store.Tx) error { return nil }}); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("work %s is not done in time", id)
	return nil
}

func workID(t *testing.T, r *pb.AppToServerCommandReply) string {
	t.Helper()
	tag := r.GetTagCommand()
	if !tag.GetStatus() || !strings.HasPrefix(tag.GetWorkId().GetValue(), "el_wrk_") {
		t.Fatalf("answered with %v", r)
	}
	return tag.WorkId.Value
}

// phones waits for a message on each of that many phones, and gives their numbers in order.
func phones(t *testing.T, simulator *servertest.Conn, count int) []string {
	t.Helper()
	numbers := make([]string, count)
	for i := range numbers {
		n := simulator.Next(t)
		numbers[i] = n.Simulator.GetSendMessage().GetCustomerNumber().GetNumber()
		n.OK()
	}
	slices.Sort(numbers)
	return numbers
}

func TestMessagesByTag(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app, simulator := srv.App(t), srv.Simulator(t)
		const count = 450
		var want []string
		for i := range count {
			want = append(want, number(i))
		}
		tagged(t, app, want...)
		app.Must(t, servertest.UpdateTags("+254720000001", servertest.Index("plan", "silver", time.Time{})))
		app.Must(t, servertest.UpdateTags("+254720000002", servertest.Index("plan", "gold", srv.Clock().Now().Add(time.Minute))))
		app.Must(t, servertest.UpdateTags("+254720000003", servertest.Index("plan", "gold", time.Time{})))
		app.Must(t, servertest.DeleteTags("+254720000003", "PLAN"))
		srv.Clock().Advance(time.Hour) // the second one's tag is gone

		id := workID(t, app.Do(t, send(gold, sms, hi)))
		tagged(t, app, "+254720000004")
		if got := phones(t, simulator, count); !slices.Equal(got, want) {
			t.Errorf("%d phones: %q", len(got), got)
		}
		if w := done(t, srv, id); w.Succeeded != count || w.Failed != 0 || w.Kind != store.SendMessageWork || w.App != srv.Sandbox.App {
			t.Errorf("%+v", w)
		}
		srv.Clock().Advance(time.Minute)
		statuses := map[string][]pb.MessageDeliveryStatus{}
		for range 2 * count {
			n := app.Next(t)
			statuses[n.CustomerId] = append(statuses[n.CustomerId], n.GetMessageStatus().GetStatus())
			n.OK()
		}
		for id, got := range statuses {
			if !slices.Equal(got, []pb.MessageDeliveryStatus{pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT, pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED}) {
				t.Errorf("%s: %v", id, got)
			}
		}
		app.None(t)
		simulator.None(t)
	})
}

// Each customer is told of as section 8 says: who blocked the channel, or has no number on it, gets nothing.
func TestMessagesByTagThatAreRefused(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app, simulator := srv.App(t), srv.Simulator(t)
		tagged(t, app, number(1), number(2))
		app.Must(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateMessagingConsent{UpdateMessagingConsent: &pb.UpdateMessagingConsentCommand{
			CustomerNumber: servertest.Cellular(number(1)), ChannelNumber: sms, Update: pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK}}})
		app.Next(t).OK()
		telegram := &pb.CustomerNumber{Provider: pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_TELEGRAM, Number: "77"}
		app.Must(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateCustomerTag{UpdateCustomerTag: &pb.UpdateCustomerTagCommand{
			Customer: &pb.UpdateCustomerTagCommand_CustomerNumber{CustomerNumber: telegram}, Updates: []*pb.CustomerIndex{servertest.Index("plan", "gold", time.Time{})}}}})

		w := done(t, srv, workID(t, app.Do(t, send(gold, sms, hi))))
		if w.Succeeded != 1 || w.Failed != 2 || w.Failure == "" {
			t.Errorf("%+v", w)
		}
		if got := phones(t, simulator, 1); got[0] != number(2) {
			t.Errorf("a message to %q", got)
		}
		got := map[string]int{}
		for range 3 {
			n := app.Next(t)
			if s := n.GetMessageStatus(); s.GetMessageId() == "" {
				t.Errorf("%v", n.ServerToAppCustomerNotification)
			} else if s.Status == pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT {
				all := app.State(t, number(1)).MessagingState.Messages
				m := all[len(all)-1].GetSent()
				if m.GetMessageId() != s.MessageId || m.Status != s.Status || m.Description.GetValue() != s.Description.GetValue() || m.Message.GetBody().GetText() != "hi" {
					t.Errorf("told of %v, the state shows %v", s, m)
				}
			}
			got[strings.TrimPrefix(n.GetMessageStatus().GetStatus().String(), "MESSAGE_DELIVERY_STATUS_")]++
			n.OK()
		}
		if got["SENT"] != 1 || got["NO_CONSENT"] != 1 || got["CUSTOMER_NUMBER_NOT_FOUND"] != 1 {
			t.Errorf("statuses %v", got)
		}
	})
}

func TestRefusedWorks(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t))
	app := srv.Simplex(t)
	at := timestamppb.New(srv.Clock().Now())
	for _, test := range []struct {
		cmd  *pb.AppToServerCommand
		says string
	}{
		{send(nil, sms, hi), "tag.key"},
		{send(servertest.Mapping("", "gold"), sms, hi), "tag.key"},
		{send(servertest.Mapping(strings.Repeat("k", 257), ""), sms, hi), "tag.key"},
		{send(servertest.Mapping("plan", strings.Repeat("v", 257)), sms, hi), "tag.value"},
		{send(gold, nil, hi), "channel_number"},
		{send(gold, servertest.SMSChannel("12345"), hi), "channel_number"},
		{send(gold, servertest.Channel(pb.MessagingChannel_MESSAGING_CHANNEL_USSD, sandbox.USSDCode), servertest.MenuAnswer("hi", true).Message), "channel_number"},
		{send(gold, sms, nil), "message.body"},
		{send(gold, sms, servertest.TextMessage(" ")), "message.body"},
		{send(gold, sms, servertest.MenuAnswer("hi", true).Message), "message.body"},
		{addReminder(nil, &pb.CustomerReminder{Key: "k", RemindAt: at}), "tag.key"},
		{addReminder(gold, nil), "reminder"},
		{addReminder(gold, &pb.CustomerReminder{RemindAt: at}), "reminder.key"},
		{addReminder(gold, &pb.CustomerReminder{Key: "k"}), "reminder.remind_at"},
		{cancelReminder(nil, "k"), "tag.key"},
		{cancelReminder(gold, ""), "key"},
	} {
		r := app.Do(t, test.cmd).GetTagCommand()
		if r == nil || r.Status || r.WorkId != nil || r.ErrorCode == "" || !strings.Contains(r.Description, test.says) {
			t.Errorf("%v is answered with %v, want something about %s", test.cmd, r, test.says)
		}
	}
	if works, err := srv.Store().Works(srv.Org, 10); err != nil || len(works) != 0 {
		t.Errorf("works %v, %v", works, err)
	}
}

func TestRemindersByTag(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app := srv.App(t)
		tagged(t, app, number(1), number(2), number(3))
		at := srv.Clock().Now().Add(time.Hour).Truncate(time.Second)
		id := workID(t, app.Do(t, addReminder(gold, &pb.CustomerReminder{Key: "renew", RemindAt: timestamppb.New(at)})))
		done(t, srv, id)
		app.Must(t, servertest.DeleteTags(number(3), "plan"))
		done(t, srv, workID(t, app.Do(t, cancelReminder(gold, "renew"))))
		tagged(t, app, number(4))
		srv.Clock().Advance(2 * time.Hour)
		n := app.Next(t) // of the one that had lost the tag when it was cancelled
		r := n.GetReminder()
		if n.CustomerId != app.ID(t, number(3)) || r.GetReminder().GetKey() != "renew" || !r.Reminder.RemindAt.AsTime().Equal(at) || r.Reminder.Payload == nil {
			t.Errorf("%v", n.ServerToAppCustomerNotification)
		}
		if r.GetWorkId().GetValue() != id || r.GetTag().GetMapping().GetKey() == "" || r.GetTag().GetMapping().GetValue().GetValue() != "gold" || r.GetTag().ExpiresAt == nil {
			t.Errorf("tag %v of work %v", r.Tag, r.WorkId)
		}
		n.OK()
		app.None(t)
	})
}

// setRate bounds how many messages a second go out.
func setRate(t *testing.T, srv *servertest.Server, perSecond float64) {
	t.Helper()
	channel := messaging.ChannelNumber{Channel: messaging.SMS, Number: sandbox.ShortCode}
	if err := srv.Store().SetChannelSettings(srv.Org, channel, messaging.Settings{Rate: perSecond}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Refresh(); err != nil {
		t.Fatal(err)
	}
}

// The rate is by the server's clock: without that moving on, little goes out.
func TestRate(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t), patient)
	app, simulator := srv.App(t), srv.Simulator(t)
	const count = 20
	for i := range count {
		tagged(t, app, number(i))
	}
	setRate(t, srv, 1.0/3600)
	id := workID(t, app.Do(t, send(gold, sms, hi)))
	for range count {
		phones(t, simulator, 1)
		simulator.None(t)
		srv.Clock().Advance(61 * time.Minute)
	}
	if w := done(t, srv, id); w.Succeeded != count {
		t.Errorf("%+v", w)
	}
}

// A work that an operator cancels, beside the server, ends where it stands.
func TestCancelledWork(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app, simulator := srv.App(t), srv.Simulator(t)
		tagged(t, app, number(1), number(2), number(3))
		setRate(t, srv, 1.0/3600)
		id := workID(t, app.Do(t, send(gold, sms, hi)))
		phones(t, simulator, 1)

		beside, err := store.Open(db, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer beside.Close()
		for range 2 { // the second time changes nothing
			if w, err := beside.CancelWork(srv.Org, id); err != nil || !w.Cancelled || !w.Done || w.Succeeded != 1 {
				t.Errorf("%+v, %v", w, err)
			}
		}
		if w, err := beside.CancelWork("el_org_other", id); w != nil || err != nil {
			t.Errorf("of another org: %+v, %v", w, err)
		}
		srv.Clock().Advance(10 * time.Hour)
		if w := done(t, srv, id); w.Succeeded != 1 || !w.Cancelled {
			t.Errorf("%+v", w)
		}
		simulator.None(t)

		setRate(t, srv, 0)
		whole := workID(t, app.Do(t, send(gold, sms, hi)))
		phones(t, simulator, 3)
		done(t, srv, whole)
		if w, err := beside.CancelWork(srv.Org, whole); err != nil || w.Cancelled {
			t.Errorf("one that is done: %+v, %v", w, err)
		}
	})
}

// Whoever adopts whom while a work runs, each person gets one message.
func TestAdoptionsWhileAWorkRuns(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app, simulator := srv.App(t), srv.Simulator(t)
		const count = 8 // customers' ids sort by when they were made
		ids := make([]string, count)
		for i := range count {
			if i != 0 && i != 7 {
				tagged(t, app, number(i))
			}
			ids[i] = app.ID(t, number(i))
		}
		setRate(t, srv, 1.0/3600)
		id := workID(t, app.Do(t, send(gold, sms, hi)))
		got := phones(t, simulator, 1)
		srv.Clock().Advance(61 * time.Minute)
		got = append(got, phones(t, simulator, 1)...)
		if !slices.Equal(got, []string{number(1), number(2)}) {
			t.Fatalf("first to %q", got)
		}
		app.Must(t, servertest.Adopt(ids[0], ids[3])) // before the cursor, without the tag: is to get 3's
		app.Must(t, servertest.Adopt(ids[4], ids[1])) // behind it: has got 1's
		app.Must(t, servertest.Adopt(ids[7], ids[5])) // behind it, without the tag: has it now
		messages := 0
		for range 3 { // 0 or 3, 6, and 7 or 5
			srv.Clock().Advance(61 * time.Minute)
			phones(t, simulator, 1)
			messages++
		}
		srv.Clock().Advance(10 * time.Hour)
		if w := done(t, srv, id); w.Succeeded != int64(2+messages) || w.Failed != 0 {
			t.Errorf("%+v", w)
		}
		simulator.None(t)
	})
}

// The clock waits for what can be done: one Advance does all pages, at the channel's rate.
func TestAdvanceWaitsForWorks(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db, patient)
		app := srv.App(t)
		const count = 220
		for i := range count {
			tagged(t, app, number(i))
		}
		id := workID(t, app.Do(t, addReminder(gold, &pb.CustomerReminder{Key: "k", RemindAt: timestamppb.New(srv.Clock().Now().Add(48 * time.Hour))})))
		srv.Clock().Advance(0)
		expectDone(t, srv, id, count)

		setRate(t, srv, 1)
		id = workID(t, app.Do(t, send(gold, sms, hi)))
		srv.Clock().Advance(count / 2 * time.Second)
		w, err := srv.Store().Works(srv.Org, 1)
		if err != nil || w[0].ID != id || w[0].Done || w[0].Succeeded < count/2-5 || w[0].Succeeded > count/2+5 {
			t.Errorf("half way: %+v, %v", w, err)
		}
		srv.Clock().Advance(count/2*time.Second + 5*time.Second)
		expectDone(t, srv, id, count)
	})
}

func expectDone(t *testing.T, srv *servertest.Server, id string, count int64) {
	t.Helper()
	works, err := srv.Store().Works(srv.Org, 1)
	if err != nil || works[0].ID != id || !works[0].Done || works[0].Succeeded != count {
		t.Errorf("%+v, %v", works, err)
	}
}
