package command_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
)

func phone(i int) string { return fmt.Sprintf("+2547%08d", i) }

// refused wants the command turned down with the code and a description that names something.
func refused(t *testing.T, c *servertest.Conn, cmd *pb.AppToServerCommand, code, names string) {
	t.Helper()
	v := servertest.Verdict(c.Do(t, cmd))
	if v.OK || v.Code != code || !strings.Contains(v.Description, names) {
		t.Errorf("%v: %+v, want the code %q and a description that names %q", shortly(cmd), v, code, names)
	}
}

func shortly(m proto.Message) string {
	s := fmt.Sprint(m)
	return s[:min(len(s), 200)]
}

func tagsOf(s *pb.CustomerStateReplyData) map[string]string { return mappings(s.IdentityState.Tags) }

func mappings(all []*pb.CustomerIndex) map[string]string {
	found := map[string]string{}
	for _, i := range all {
		if i.Mapping.Value == nil || i.ExpiresAt == nil {
			found[i.Mapping.Key] = "a field is missing that clients read unchecked"
			continue
		}
		found[i.Mapping.Key] = i.Mapping.Value.Value
	}
	return found
}

func want[K comparable](t *testing.T, what string, got map[K]string, pairs map[K]string) {
	t.Helper()
	if len(got) != len(pairs) {
		t.Errorf("%s: %v, want %v", what, got, pairs)
		return
	}
	for k, v := range pairs {
		if got[k] != v {
			t.Errorf("%s: %v, want %v", what, got, pairs)
		}
	}
}

func TestCustomersByNumber(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		c := srv.Simplex(t)
		id := c.ID(t, "+254710000001")
		for _, same := range []string{"+254710000001", "+254 710-000-001", "254710000001", "00254710000001"} {
			if got := c.ID(t, same); got != id {
				t.Errorf("%q is %s, want %s", same, got, id)
			}
		}
		if len(id) != 39 || !strings.HasPrefix(id, "el_cst_") {
			t.Errorf("id %q", id)
		}
		partition := servertest.CreateCustomer("+254710000001")
		partition.GetCreateCustomer().CustomerNumber.Partition = servertest.Mapping("", "other").Value
		if got := servertest.Verdict(c.Must(t, partition)).ID; got == id {
			t.Error("the number in another partition is the same customer")
		}
		partition.GetCreateCustomer().CustomerNumber.Partition.Value = ""
		if got := servertest.Verdict(c.Must(t, partition)).ID; got != id {
			t.Error("the empty partition is another customer than none")
		}
		mail := func(address string) string {
			cmd := servertest.CreateCustomer(address)
			cmd.GetCreateCustomer().CustomerNumber.Provider = pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_EMAIL
			return servertest.Verdict(c.Must(t, cmd)).ID
		}
		if mail("Ann@Example.org") != mail("ann@example.ORG") {
			t.Error("e-mail addresses differ by case")
		}
		for _, bad := range []string{"", " ", "abc", "+", "+25471\x000", strings.Repeat("1", 129), "0x12"} {
			refused(t, c, servertest.CreateCustomer(bad), "invalid_request", "customer_number")
		}
		refused(t, c, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CreateCustomer{CreateCustomer: &pb.CreateCustomerCommand{}}}, "invalid_request", "customer_number")
		for _, provider := range []pb.CustomerNumberProvider{0, 6, -1, 99999} {
			cmd := servertest.CreateCustomer("123456")
			cmd.GetCreateCustomer().CustomerNumber.Provider = provider
			refused(t, c, cmd, "invalid_request", "provider")
		}
		// Any engagement shows the number; also one that only asks.
		state := c.State(t, "+254710000077")
		if n := state.ActivityState.CustomerNumbers; len(n) != 1 || n[0].Number != "+254710000077" {
			t.Errorf("the state of a new customer does not show the number: %v", state)
		}
	})
}

// TestWhoIsMeant: each command that names a customer refuses one who is not there, or no one named.
func TestWhoIsMeant(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		c := srv.Simplex(t)
		a, b := c.ID(t, phone(1)), c.ID(t, phone(2))
		c.Must(t, servertest.Adopt(a, b))
		for _, make := range naming() {
			unknown := "el_cst_" + strings.Repeat("0", 32)
			refused(t, c, make(unknown, nil, nil), "not_found", unknown)
			refused(t, c, make("", nil, servertest.Mapping("member", "nobody")), "not_found", "secondary_id")
			refused(t, c, make("", nil, nil), "invalid_request", "customer")
			refused(t, c, make("", servertest.Cellular("x"), nil), "invalid_request", "customer_number")
			refused(t, c, make("", nil, servertest.Mapping("", "")), "invalid_request", "secondary_id.key")
			refused(t, c, make("a\x00b", nil, nil), "invalid_request", "customer_id")
			refused(t, c, make("", nil, servertest.Mapping("\x00", "x")), "invalid_request", "secondary_id")
			refused(t, c, make(b, nil, nil), "decommissioned", a)
		}
	})
}

// naming are the commands that name a customer in three ways.
func naming() []func(id string, n *pb.CustomerNumber, s *pb.IndexMapping) *pb.AppToServerCommand {
	var all []func(id string, n *pb.CustomerNumber, s *pb.IndexMapping) *pb.AppToServerCommand
	for _, cmd := range []*pb.AppToServerCommand{
		servertest.GetState(""), servertest.UpdateTags("", servertest.Index("k", "v", time.Time{})), servertest.DeleteTags("", "k"),
		servertest.UpdateSecondaryIDs("", servertest.Index("k", "v", time.Time{})), servertest.DeleteSecondaryIDs("", servertest.Mapping("k", "v")),
		servertest.UpdateMetadata("", map[string]*pb.DataMapValue{"k": servertest.Text("v")}), servertest.DeleteMetadata("", "k"),
		servertest.Lease(""), servertest.UpdateAppData("", servertest.Text("v")), servertest.DeleteAppData(""), servertest.DeleteCustomer(""),
	} {
		all = append(all, func(id string, n *pb.CustomerNumber, s *pb.IndexMapping) *pb.AppToServerCommand {
			return servertest.About(proto.CloneOf(cmd), id, n, s)
		})
	}
	return all
}

func TestTags(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, limits(func(l *customer.Limits) { l.Tags = 3; l.KeyBytes = 20 }))
		c := srv.Simplex(t)
		soon := srv.Clock().Now().Add(time.Hour)
		c.Must(t, servertest.UpdateTags(phone(1), servertest.Index("Town", "Nairobi", time.Time{}), servertest.Index("trial", "yes", soon)))
		c.Must(t, servertest.UpdateTags(phone(1), servertest.Index("TOWN", "Mombasa", time.Time{}), servertest.Index("past", "x", soon.Add(-24*time.Hour))))
		want(t, "tags", tagsOf(c.State(t, phone(1))), map[string]string{"Town": "Mombasa", "trial": "yes"})
		srv.Clock().Advance(2 * time.Hour)
		want(t, "tags later", tagsOf(c.State(t, phone(1))), map[string]string{"Town": "Mombasa"})
		c.Must(t, servertest.DeleteTags(phone(1), "absent", "tOwN"))
		want(t, "tags deleted", tagsOf(c.State(t, phone(1))), map[string]string{})
		refused(t, c, servertest.UpdateTags(phone(1)), "invalid_request", "updates")
		refused(t, c, servertest.DeleteTags(phone(1)), "invalid_request", "deletions")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index("", "x", time.Time{})), "invalid_request", "key")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index("a\x00", "x", time.Time{})), "invalid_request", "key")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index("a", "\x00", time.Time{})), "invalid_request", "value")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index(strings.Repeat("k", 21), "x", time.Time{})), "limit", "key")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index("k", strings.Repeat("v", 21), time.Time{})), "limit", "value")
		refused(t, c, servertest.UpdateTags(phone(1), servertest.Index("1", "", time.Time{}), servertest.Index("2", "", time.Time{}),
			servertest.Index("3", "", time.Time{}), servertest.Index("4", "", time.Time{})), "limit", "3")
		want(t, "tags after refusals", tagsOf(c.State(t, phone(1))), map[string]string{})
	})
}

func limits(change func(*customer.Limits)) func(*server.Config) {
	return func(c *server.Config) {
		c.Limits = customer.DefaultLimits()
		change(&c.Limits)
	}
}

func TestSecondaryIDs(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, limits(func(l *customer.Limits) { l.SecondaryIDs = 2; l.KeyBytes = 20 }))
		c := srv.Simplex(t)
		a, b := c.ID(t, phone(1)), c.ID(t, phone(2))
		find := func(key, value string) string {
			return servertest.Verdict(c.Do(t, servertest.GetStateBySecondaryID(key, value))).ID
		}
		soon := srv.Clock().Now().Add(time.Hour)
		c.Must(t, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("member", "1", time.Time{}), servertest.Index("pass", "p", soon)))
		if find("member", "1") != a || find("pass", "p") != a || find("Member", "1") != "" {
			t.Error("the secondary ids do not lead to the customer")
		}
		refused(t, c, servertest.UpdateSecondaryIDs(phone(2), servertest.Index("other", "x", time.Time{}), servertest.Index("member", "1", time.Time{})), "secondary_id_taken", "member")
		if find("other", "x") != "" {
			t.Error("a refused claim changed something")
		}
		c.Must(t, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("member", "2", time.Time{}))) // one value per key
		if find("member", "1") != "" || find("member", "2") != a {
			t.Error("the old value still leads to the customer")
		}
		srv.Clock().Advance(2 * time.Hour)
		if find("pass", "p") != "" {
			t.Error("an expired secondary id leads to the customer")
		}
		c.Must(t, servertest.UpdateSecondaryIDs(phone(2), servertest.Index("pass", "p", time.Time{})))
		if find("pass", "p") != b {
			t.Error("an expired secondary id cannot be claimed")
		}
		c.Must(t, servertest.DeleteSecondaryIDs(phone(2), servertest.Mapping("pass", "wrong"), servertest.Mapping("member", "2")))
		if find("pass", "p") != b || find("member", "2") != a {
			t.Error("deleted by a wrong value, or somebody else's")
		}
		c.Must(t, servertest.DeleteSecondaryIDs(phone(2), servertest.Mapping("pass", "p")))
		if find("pass", "p") != "" {
			t.Error("it is still there")
		}
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1)), "invalid_request", "updates")
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("k", "", time.Time{})), "invalid_request", "value")
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("", "v", time.Time{})), "invalid_request", "key")
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("k", "a\x00", time.Time{})), "invalid_request", "value")
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("k", strings.Repeat("v", 21), time.Time{})), "limit", "value")
		refused(t, c, servertest.UpdateSecondaryIDs(phone(1), servertest.Index("k", "1", time.Time{}), servertest.Index("l", "1", time.Time{})), "limit", "2")
		refused(t, c, servertest.DeleteSecondaryIDs(phone(1)), "invalid_request", "deletions")
	})
}

func TestMetadata(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, limits(func(l *customer.Limits) { l.MetadataKeys = 3; l.ValueBytes = 50; l.MetadataBytes = 100 }))
		c := srv.Simplex(t)
		values := func() map[string]string {
			got := map[string]string{}
			for k, v := range c.State(t, phone(1)).IdentityState.Metadata {
				if b, ok := v.Value.(*pb.DataMapValue_BytesVal); ok {
					got[k] = "bytes:" + string(b.BytesVal)
				} else {
					got[k] = v.GetStringVal()
				}
			}
			return got
		}
		c.Must(t, servertest.UpdateMetadata(phone(1), map[string]*pb.DataMapValue{"a": servertest.Text("\x00é"), "b": servertest.Bytes([]byte{0, 255})}))
		c.Must(t, servertest.UpdateMetadata(phone(1), map[string]*pb.DataMapValue{"b": servertest.Text(""), "A": servertest.Text("1")}))
		want(t, "metadata", values(), map[string]string{"a": "\x00é", "b": "", "A": "1"})
		for names, bad := range map[string]map[string]*pb.DataMapValue{
			"3":   {"x": servertest.Text("1")},
			"50":  {"a": servertest.Text(strings.Repeat("x", 51))},
			"100": {"a": servertest.Text(strings.Repeat("x", 50)), "b": servertest.Text(strings.Repeat("x", 50))},
		} {
			refused(t, c, servertest.UpdateMetadata(phone(1), bad), "limit", names)
		}
		refused(t, c, servertest.UpdateMetadata(phone(1), nil), "invalid_request", "updates")
		refused(t, c, servertest.UpdateMetadata(phone(1), map[string]*pb.DataMapValue{"": servertest.Text("x")}), "invalid_request", "key")
		refused(t, c, servertest.DeleteMetadata(phone(1)), "invalid_request", "deletions")
		want(t, "metadata after refusals", values(), map[string]string{"a": "\x00é", "b": "", "A": "1"})
		c.Must(t, servertest.DeleteMetadata(phone(1), "absent", "a"))
		want(t, "metadata deleted", values(), map[string]string{"b": "", "A": "1"})
	})
}

func TestAppDataAndActivity(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store, limits(func(l *customer.Limits) { l.AppDataBytes = 10; l.KeyBytes = 20; l.ValueBytes = 30 }))
		app := srv.App(t)
		refused(t, app, servertest.UpdateAppData(phone(1), nil), "invalid_request", "update")
		refused(t, app, servertest.UpdateAppData(phone(1), servertest.Text("12345678901")), "limit", "10")
		app.Must(t, servertest.DeleteAppData(phone(1)))

		activity := func(source, session, key string, properties map[string]string) *pb.AppToServerCommand {
			cmd := servertest.Activity(phone(1), key)
			a := cmd.GetCustomerActivity()
			a.Source, a.SessionId, a.Properties = source, session, properties
			return cmd
		}
		refused(t, app, activity("", "s", "k", nil), "invalid_request", "source")
		refused(t, app, activity("src", "", "k", nil), "invalid_request", "session_id")
		refused(t, app, activity("src", "s", "", nil), "invalid_request", "key")
		refused(t, app, activity(strings.Repeat("s", 21), "s", "k", nil), "limit", "source")
		refused(t, app, activity("src", "s", "k", map[string]string{"p": strings.Repeat("x", 31)}), "limit", "properties")
		refused(t, app, activity("src", "s", "k", map[string]string{"": "x"}), "invalid_request", "properties")
		app.None(t)
		for i, a := range []*pb.AppToServerCommand{
			activity("src", "s", "one", map[string]string{"p": "1"}), activity("src", "s", "two", nil), activity("src", "\x00other", "three", nil),
		} {
			app.Must(t, a)
			n := app.Next(t)
			got := n.GetCustomerActivity()
			if sent := a.GetCustomerActivity(); got.Source != sent.Source || got.SessionId != sent.SessionId || got.Activity.Key != sent.Key ||
				got.CustomerNumber.Number != phone(1) || got.Activity.CreatedAt == nil || len(got.Activity.Properties) != len(sent.Properties) {
				t.Errorf("%d: notified %v", i, got)
			}
			n.OK()
		}
		sessions := app.State(t, phone(1)).ActivityState.Sessions
		if len(sessions) != 2 || len(sessions[0].Activities)+len(sessions[1].Activities) != 3 || sessions[0].AppId != srv.Sandbox.App {
			t.Errorf("sessions %v", sessions)
		}
	})
}

// TestMessages: what SendMessage answers, and that the message is delivered half a second later.
func TestMessages(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		send := func(channel *pb.MessagingChannelNumber, m *pb.OutboundMessage) *pb.AppToServerCommand {
			cmd := servertest.SendText(phone(1), "")
			cmd.GetSendMessage().ChannelNumber, cmd.GetSendMessage().Message = channel, m
			return cmd
		}
		text := servertest.TextMessage("hi")
		empty := &pb.OutboundMessage{Body: &pb.OutboundMessageBody{}}
		plan := &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Voice{Voice: &pb.VoiceCallDialplanMessageBody{}}}}
		menu := servertest.MenuAnswer("menu", false).Message
		const ussd = pb.MessagingChannel_MESSAGING_CHANNEL_USSD
		for _, c := range []struct {
			what  string
			cmd   *pb.AppToServerCommand
			want  pb.MessageDeliveryStatus
			names string
		}{
			{"unknown channel", send(servertest.SMSChannel("999"), text), 407, "channel_number"},
			{"channel of another kind", send(servertest.Channel(ussd, "83044"), text), 407, "channel_number"},
			{"no channel", send(nil, text), 407, "channel_number"},
			{"odd channel", send(servertest.Channel(77, "83044"), text), 407, "channel_number"},
			{"no message", send(servertest.SMSChannel("83044"), nil), 416, "body"},
			{"no body", send(servertest.SMSChannel("83044"), empty), 416, "body"},
			{"blank text", send(servertest.SMSChannel("83044"), servertest.TextMessage(" \n")), 416, "body"},
			{"dial plan by SMS", send(servertest.SMSChannel("83044"), plan), 408, "body"},
			{"menu by SMS", send(servertest.SMSChannel("83044"), menu), 408, "body"},
			{"USSD from our side", send(servertest.Channel(ussd, "*83044#"), menu), 404, "channel_number"},
		} {
			v := servertest.Verdict(app.Do(t, c.cmd))
			if v.Status != int32(c.want) || !strings.Contains(v.Description, c.names) {
				t.Errorf("%s: %+v, want %d and a description that names %q", c.what, v, c.want, c.names)
			}
		}
		nobody := servertest.SendText("nobody", "hi")
		if v := servertest.Verdict(app.Do(t, nobody)); v.OK || !strings.Contains(v.Description, "customer_number") {
			t.Errorf("to nobody: %+v", v)
		}
		phones.None(t)

		r := app.Must(t, servertest.SendText(phone(1), "hello")).GetSendMessage()
		if r.Status != pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT || r.MessageId.GetValue() == "" || r.CustomerId.GetValue() == "" {
			t.Fatalf("reply %v", r)
		}
		d := phones.Next(t).Simulator.GetSendMessage()
		if d.MessageId != r.MessageId.Value || d.Message.Body.GetText() != "hello" || d.CustomerNumber.Number != phone(1) || d.CustomerNumber.Partition == nil ||
			d.OrgId != srv.Org || d.CustomerId != r.CustomerId.Value || d.ChannelNumber.Number != "83044" {
			t.Errorf("the simulator gets %v", d)
		}
		srv.Clock().Advance(time.Second)
		n := app.Next(t)
		if s := n.GetMessageStatus(); s.GetMessageId() != r.MessageId.Value || s.GetStatus() != pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED {
			t.Errorf("notified %v", n.ServerToAppCustomerNotification)
		}
		n.OK()
		sent := app.State(t, phone(1)).MessagingState.Messages[0].GetSent()
		if sent.GetStatus() != 300 || sent.GetMessage().GetBody().GetText() != "hello" {
			t.Errorf("the state shows %v", sent)
		}

		// What comes in is notified; the answer's message is a reply to it, in one step with the data.
		phones.SendSMS(t, phone(2), "83044", "in")
		n = app.Next(t)
		in := n.GetReceivedMessage()
		if in.Parts[0].GetText() != "in" || in.CustomerNumber.Number != phone(2) || in.ChannelNumber.Number != "83044" || in.MessageId == "" {
			t.Errorf("notified %v", n.ServerToAppCustomerNotification)
		}
		answer := servertest.DataUpdate("data")
		answer.Message = servertest.TextMessage("out")
		n.Answer(answer)
		if d := phones.Next(t).Simulator.GetSendMessage(); d.Message.Body.GetText() != "out" || d.CustomerNumber.Number != phone(2) {
			t.Errorf("the simulator gets %v", d)
		}
		state := app.State(t, phone(2))
		if m := state.MessagingState.Messages; len(m) != 2 || m[1].GetSent().GetInReplyTo().GetValue() != in.MessageId {
			t.Errorf("the state shows %v", m)
		}
		if v, _ := servertest.Value(app.Must(t, servertest.Lease(phone(2)))); v != "data" {
			t.Errorf("app data %q", v)
		}
	})
}

// TestSimulatorRefusals: what a phone cannot do.
func TestSimulatorRefusals(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t))
	phones := srv.Simulator(t)
	change := func(f func(*pb.ReceiveMessageSimulatorCommand)) *pb.SimulatorToServerCommand {
		cmd := servertest.ReceiveSMS(phone(1), "83044", "hi")
		f(cmd.GetReceiveMessage())
		return cmd
	}
	type command = pb.ReceiveMessageSimulatorCommand
	for names, f := range map[string]func(*command){
		"channel_number":  func(m *command) { m.ChannelNumber = servertest.SMSChannel("1") },
		"channel_number:": func(m *command) { m.ChannelNumber = nil },
		"customer_number": func(m *command) { m.CustomerNumber = "x" },
		"session_id":      func(m *command) { m.SessionId = servertest.Mapping("", strings.Repeat("s", 300)).Value },
		"session_id:":     func(m *command) { m.SessionId = servertest.Mapping("", "\x00").Value },
		"parts":           func(m *command) { m.Parts = nil },
		"parts:":          func(m *command) { m.Parts = servertest.ReceiveUSSD("", "", "", "").GetReceiveMessage().Parts },
		"parts: ": func(m *command) {
			*m = *servertest.ReceiveUSSD(phone(1), "*83044#", "s", "").GetReceiveMessage()
			m.Parts = append(m.Parts, m.Parts[0])
		},
	} {
		r, err := phones.Simulate(change(f))
		if err != nil || r.Status || r.ErrorCode == "" || !strings.Contains(r.Description, strings.TrimSpace(names)) {
			t.Errorf("%q: %v %v", names, r, err)
		}
	}
}

// TestOddTimes: the first and the last times, and expiries that no calendar has.
func TestOddTimes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		c := srv.Simplex(t)
		for i, at := range []*timestamppb.Timestamp{
			{}, {Seconds: 253402300799, Nanos: 999999999}, {Seconds: -62135596800}, {Seconds: -1}, {Nanos: 1},
		} {
			tag := servertest.Index("k", "v", time.Time{})
			tag.ExpiresAt = at
			c.Must(t, servertest.UpdateTags(phone(i), tag))
			c.Must(t, servertest.UpdateSecondaryIDs(phone(i), &pb.CustomerIndex{Mapping: servertest.Mapping("id", fmt.Sprint(i)), ExpiresAt: at}))
			s := c.State(t, phone(i)).IdentityState
			there := i <= 1
			if (len(s.Tags) == 1) != there || (len(s.SecondaryIds) == 1) != there {
				t.Errorf("%v: %v", at, s)
			}
		}
		for _, at := range []*timestamppb.Timestamp{{Seconds: 1<<63 - 1}, {Seconds: -1 << 63}, {Nanos: -1}, {Nanos: 1<<31 - 1}} {
			tag := servertest.Index("k", "v", time.Time{})
			tag.ExpiresAt = at
			refused(t, c, servertest.UpdateTags(phone(0), tag), "invalid_request", "updates[0].expires_at")
		}
	})
}
