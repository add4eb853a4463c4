package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// secret is in all that the first org has. It may never be told to another org.
const secret = "SECRET-of-the-first-org"

// victim is the first org, with a customer who has everything.
type victim struct {
	*servertest.Server
	app                *servertest.Conn
	id, message, purse string
	payment            string
	number, shortCode  string
	before             string
}

func newVictim(t *testing.T, db string) *victim {
	t.Helper()
	v := &victim{Server: servertest.Start(t, db), number: "+254710000001", shortCode: "777"}
	v.AddChannels(t, v.Org, v.Sandbox.App, v.shortCode)
	v.app = v.App(t)
	v.id = v.app.ID(t, v.number)
	v.app.Must(t, servertest.UpdateTags(v.number, servertest.Index("town", secret, time.Time{})))
	v.app.Must(t, servertest.UpdateSecondaryIDs(v.number, servertest.Index("member", "1", time.Time{})))
	v.app.Must(t, servertest.UpdateMetadata(v.number, map[string]*pb.DataMapValue{"k": servertest.Text(secret)}))
	v.app.Must(t, servertest.UpdateAppData(v.number, servertest.Text(secret)))
	v.app.Must(t, servertest.WithKey("key", servertest.Activity(v.number, secret)))
	v.app.Next(t).OK()
	r := v.app.Must(t, servertest.SendText(v.number, secret)).GetSendMessage()
	v.message = r.MessageId.Value
	v.Clock().Advance(time.Second)
	v.app.Next(t).OK()
	v.purse = v.AddPurse(t, "KES", 100_00)
	v.app.Must(t, servertest.Pay(servertest.Purse(v.purse), servertest.Wallet(v.id, "savings"), servertest.KES(60)))
	v.app.Next(t).OK()
	paid := v.app.Must(t, servertest.Pay(servertest.Wallet(v.id, "savings"), servertest.MobileMoney(v.number), servertest.KES(20)))
	v.app.Next(t).OK()
	v.payment = paid.GetInitiatePayment().TransactionId.Value
	stays := servertest.UpdatePaymentStatus(v.payment, pb.PaymentStatus_PAYMENT_STATUS_PENDING_VALIDATION)
	if r, err := v.Simulator(t).Simulate(stays); err != nil || !r.Status {
		t.Fatalf("%v: %v %v", stays, r, err)
	}
	v.app.Next(t).OK()
	v.Clock().Advance(2 * time.Second)
	v.before = v.state(t)
	return v
}

func (v *victim) state(t *testing.T) string {
	t.Helper()
	view, err := v.Store().View(t.Context(), &store.Read{Org: v.Org, Ref: customer.ByID(v.id), App: v.Sandbox.App, State: func(*store.Record) bool { return true }})
	if err != nil || view.Record == nil {
		t.Fatalf("the customer is gone: %v", err)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(v.app.State(t, v.number))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s version %d app data %v", b, view.Record.Version, view.AppData)
}

// fill fills a command with the names of the victim's things, where the field is of such a kind.
// variant chooses among the fields of a oneof.
func (v *victim) fill(m protoreflect.Message, variant int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if o := f.ContainingOneof(); o != nil && o.Fields().Get(variant%o.Fields().Len()) != f {
			continue
		}
		switch {
		case f.IsMap() && f.MapValue().Message() == nil:
			m.Mutable(f).Map().Set(protoreflect.ValueOfString("k").MapKey(), protoreflect.ValueOfString("v"))
		case f.IsMap():
			value := m.Mutable(f).Map().NewValue()
			v.fill(value.Message(), variant)
			m.Mutable(f).Map().Set(protoreflect.ValueOfString("k").MapKey(), value)
		case f.IsList() && f.Message() != nil:
			v.fill(m.Mutable(f).List().AppendMutable().Message(), variant)
		case f.IsList():
			m.Mutable(f).List().Append(protoreflect.ValueOfString("k"))
		case f.Message() != nil && f.Message().FullName() == "google.protobuf.StringValue":
			m.Mutable(f).Message().Set(f.Message().Fields().ByName("value"), protoreflect.ValueOfString(v.text(string(f.Name()), m)))
		case f.Message() != nil && f.Message().FullName().Parent() == "google.protobuf":
		case f.Message() != nil:
			v.fill(m.Mutable(f).Message(), variant)
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString(v.text(string(f.Name()), m)))
		case f.Kind() == protoreflect.EnumKind:
			number := protoreflect.EnumNumber(1)
			switch f.Enum().Name() {
			case "CustomerNumberProvider":
				number = 2
			case "PaymentStatus":
				number = protoreflect.EnumNumber(pb.PaymentStatus_PAYMENT_STATUS_SUCCESS)
			}
			m.Set(f, protoreflect.ValueOfEnum(number))
		case f.Kind() == protoreflect.DoubleKind:
			m.Set(f, protoreflect.ValueOfFloat64(1))
		}
	}
}

func (v *victim) text(field string, m protoreflect.Message) string {
	switch field {
	case "customer_id", "other_customer_id":
		return v.id
	case "message_id", "provider_message_id", "in_reply_to":
		return v.message
	case "purse_id":
		return v.purse
	case "wallet_id":
		return "savings"
	case "transaction_id", "provider_transaction_id":
		return v.payment
	case "customer_number":
		return v.number
	case "number":
		if strings.HasSuffix(string(m.Descriptor().Name()), "ChannelNumber") {
			return v.shortCode
		}
		return v.number
	case "partition":
		return ""
	case "key":
		if m.Descriptor().Name() == "IndexMapping" {
			return "member"
		}
		return "k"
	case "value":
		return "1"
	case "currency_code":
		return "KES"
	}
	return "x"
}

// TestIsolation: by no command can a second org see, change or learn of anything of the first.
func TestIsolation(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		v := newVictim(t, db)
		firstPhones := v.Simulator(t)
		other := v.AddOrg(t, false)
		other.Exact = true
		foreign := v.Connect(t, other)
		other.Simulator = true
		phones := v.Connect(t, other)
		tells := func(what string, payload []byte) {
			t.Helper()
			for _, s := range []string{secret, v.Org, v.Sandbox.App, v.Key} {
				if strings.Contains(string(payload), s) {
					t.Errorf("%s tells %q: %q", what, s, payload)
				}
			}
		}
		commands := 0
		entry := (&pb.AppToServerCommand{}).ProtoReflect()
		kinds := entry.Descriptor().Oneofs().ByName("entry").Fields()
		for i := range kinds.Len() {
			for variant := range 8 {
				m := entry.New()
				v.fill(m.Mutable(kinds.Get(i)).Message(), variant)
				cmd := m.Interface().(*pb.AppToServerCommand)
				// The same about somebody who is nowhere must be answered in the same words.
				nobody := strings.ReplaceAll(string(mustMarshal(cmd)), v.id, "el_cst_"+strings.Repeat("0", 32))
				nobody = strings.ReplaceAll(nobody, v.message, "el_msg_"+strings.Repeat("0", 32))
				nobody = strings.ReplaceAll(nobody, v.payment, "el_txn_"+strings.Repeat("0", 32))
				payload := mustMarshal(cmd)
				if kinds.Get(i).Name() == "lease_customer_app_data" || kinds.Get(i).Name() == "update_customer_secondary_id" {
					v.Clock().Advance(2 * time.Minute)
				}
				got, err := foreign.Try(payload)
				commands++
				tells(fmt.Sprint(cmd), got)
				if err != nil {
					tells(fmt.Sprint(cmd), []byte(err.Error()))
				}
				if !strings.Contains(string(payload), v.id) && !strings.Contains(string(payload), v.message) && !strings.Contains(string(payload), v.payment) {
					continue
				}
				same, sameErr := foreign.Try([]byte(nobody))
				if (err == nil) != (sameErr == nil) {
					t.Errorf("%v: %v, about nobody %v", cmd, err, sameErr)
				}
				reply, nobodys := &pb.AppToServerCommandReply{}, &pb.AppToServerCommandReply{}
				if proto.Unmarshal(got, reply) != nil || proto.Unmarshal(same, nobodys) != nil {
					t.Fatalf("%v: no reply", cmd)
				}
				a, b := servertest.Verdict(reply), servertest.Verdict(nobodys)
				a.Description = strings.NewReplacer(v.id, "…", v.message, "…", v.payment, "…").Replace(a.Description)
				b.Description = strings.NewReplacer("el_cst_"+strings.Repeat("0", 32), "…", "el_msg_"+strings.Repeat("0", 32), "…", "el_txn_"+strings.Repeat("0", 32), "…").Replace(b.Description)
				a.ID, b.ID = "", ""
				if a != b {
					t.Errorf("%v: %+v, about nobody %+v", cmd, a, b)
				}
				if strings.Contains(string(payload), v.id) && a.OK {
					t.Errorf("%v: done", cmd)
				}
			}
		}
		for _, cmd := range []*pb.SimulatorToServerCommand{
			servertest.ReceiveSMS(v.number, v.shortCode, "hi"), servertest.ReceiveUSSD(v.number, "*"+v.shortCode+"#", "s", ""),
		} {
			r, err := phones.Simulate(cmd)
			if err != nil || r.Status {
				t.Errorf("%v: %v %v", cmd, r, err)
			}
		}
		simulated := (&pb.SimulatorToServerCommand{}).ProtoReflect()
		kinds = simulated.Descriptor().Oneofs().ByName("entry").Fields()
		for i := range kinds.Len() {
			for variant := range 6 {
				m := simulated.New()
				v.fill(m.Mutable(kinds.Get(i)).Message(), variant)
				got, _ := phones.Try(mustMarshal(m.Interface()))
				tells(fmt.Sprint(m), got)
			}
		}
		// The same channel, number, key and app data names of its own lead to its own.
		v.AddChannels(t, other.Org, other.App, v.shortCode)
		r, err := phones.Simulate(servertest.ReceiveSMS(v.number, v.shortCode, "to the second org"))
		if err != nil || !r.Status {
			t.Fatalf("%v %v", r, err)
		}
		for {
			n := foreign.Next(t)
			tells("a notification", n.Payload)
			n.OK()
			if n.GetReceivedMessage() != nil {
				break
			}
		}
		foreign.Must(t, servertest.WithKey("key", servertest.Activity(v.number, "mine")))
		tells("the state of the same number", mustMarshal(foreign.State(t, v.number)))

		if now := v.state(t); now != v.before {
			t.Errorf("after %d commands of another org the customer is changed:\n%q\nwas\n%q", commands, now, v.before)
		}
		v.WantPurse(t, v.purse, "KES", 40_00, 40_00)
		v.WantLedger(t)
		v.app.None(t)
		firstPhones.None(t)
		if got := servertest.Verdict(v.app.Must(t, servertest.GetStateBySecondaryID("member", "1"))).ID; got != v.id {
			t.Errorf("the secondary id leads to %q", got)
		}
	})
}
