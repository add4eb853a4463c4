package elarian

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

func unmarshalText(s string, m proto.Message) error { return prototext.Unmarshal([]byte(s), m) }

func TestBodiesSurvive(t *testing.T) {
	for _, b := range []Body{
		Text("hi"),
		URL("https://example.test"),
		Media{Image, "https://example.test/a.png"},
		Location{-1.3, 36.8, "Nairobi", "Kenya"},
		Email{"subject", "plain", "<b>html</b>", []string{"a@b.c"}, []string{"d@e.f"}},
		Template{"welcome", map[string]string{"name": "Ada"}},
		Ask("More?"),
		End("Bye"),
	} {
		want := &Message{Body: b}
		if got := message(b.outbound()); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: got %+v, want %+v", b, got, want)
		}
		full := Message{
			Body: b, Labels: []string{"a", "b"}, ProviderTag: "tag", ReplyToken: "token",
			ReplyPrompt: &ReplyPrompt{ReplyWithText, []PromptItem{{Text: "yes"}, {Media: &Media{Video, "https://example.test/v"}}}},
		}
		if got := message(full.outbound()); !reflect.DeepEqual(got, &full) {
			t.Errorf("%T: got %+v, want %+v", b, got, full)
		}
	}
	if got := message(outboundMessage(nil)); got.Body != nil {
		t.Errorf("no body became %v", got.Body)
	}
}

func TestPartsSurvive(t *testing.T) {
	want := []Part{
		Text("hi"),
		Media{Sticker, "https://example.test/a.png"},
		Location{Latitude: 1, Longitude: 2},
		Email{Subject: "subject"},
		USSDInput{USSDActive, "1"},
	}
	var list []*pb.InboundMessageBody
	for _, p := range want {
		list = append(list, p.inbound())
	}
	list = append(list, &pb.InboundMessageBody{}) // of a later version
	if got := parts(list); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestState(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	ts := timestamppb.New(at)
	number, sms := Cellular("+254710000001"), SMS("83044")
	data := &pb.CustomerStateReplyData{
		CustomerId: "el_cst_1",
		IdentityState: &pb.IdentityState{
			Tags:         []*pb.CustomerIndex{index("plan", "gold", at), {Mapping: mapping("a", "b"), ExpiresAt: &timestamppb.Timestamp{}}},
			SecondaryIds: []*pb.CustomerIndex{index("passport", "A1", time.Time{})},
			Metadata:     map[string]*pb.DataMapValue{"n": textData("1"), "b": bytesData("\x00")},
		},
		MessagingState: &pb.MessagingState{
			Channels: []*pb.MessagingChannelState{
				{State: &pb.MessagingChannelState_Blocked{Blocked: &pb.BlockedMessagingChannelState{CustomerNumber: number.proto(), ChannelNumber: sms.proto(), BlockedAt: ts}}},
				{State: &pb.MessagingChannelState_Active{Active: &pb.ActiveMessagingChannelState{CustomerNumber: number.proto(), ChannelNumber: sms.proto(), AllowedAt: ts}}},
				{State: &pb.MessagingChannelState_InSession{InSession: &pb.InSessionMessagingChannelState{
					CustomerNumber: TelegramUser("1").proto(), ChannelNumber: Telegram("bot").proto(), SessionId: "s", StartedAt: ts, ExpiresAt: ts,
					ReplyToken: &pb.MessageReplyToken{Token: "t", ExpiresAt: ts}, AppIds: []string{"el_app_1"},
				}}},
			},
			Messages: []*pb.ChannelMessage{
				{Entry: &pb.ChannelMessage_Received{Received: &pb.ReceivedMessage{
					CustomerNumber: number.proto(), ChannelNumber: sms.proto(), MessageId: "m1", CreatedAt: ts, AppId: wrapperspb.String("el_app_1"),
					Parts: []*pb.InboundMessageBody{Text("hi").inbound()},
				}}},
				{Entry: &pb.ChannelMessage_Sent{Sent: &pb.SentMessage{
					CustomerNumber: number.proto(), ChannelNumber: sms.proto(), MessageId: "m2", CreatedAt: ts, UpdatedAt: ts, InReplyTo: wrapperspb.String("m1"),
					Status: pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED, Message: Text("ho").outbound(), Description: wrapperspb.String("fine"),
				}}},
			},
			Sessions: []*pb.CompleteMessagingSession{{
				CustomerNumber: number.proto(), ChannelNumber: sms.proto(), SessionId: "s0", StartedAt: ts, Duration: durationpb.New(time.Minute),
				EndReason: pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_INACTIVITY, AppIds: []string{"el_app_1"},
			}},
		},
		ActivityState: &pb.ActivityState{
			Sessions: []*pb.ActivitySessionState{{
				CustomerNumber: AppUser("7").proto(), Source: "shop", SessionId: "s", AppId: "el_app_1", CreatedAt: ts, UpdatedAt: ts,
				Activities: []*pb.CustomerActivity{{Key: "pay", Properties: map[string]string{"n": "1"}, CreatedAt: ts}},
			}},
			CustomerNumbers: []*pb.CustomerNumber{AppUser("7").proto(), number.proto()},
		},
	}
	c := New(Config{})
	s := &c.config.Serializer
	want := &CustomerState{
		CustomerID: "el_cst_1",
		Identity: IdentityState{
			Tags:         []Tag{{"plan", "gold", at}, {Key: "a", Value: "b"}},
			SecondaryIDs: []SecondaryID{{Key: "passport", Value: "A1"}},
			Metadata:     map[string]Value{"n": {"1", kindText, s}, "b": {"\x00", kindBinary, s}},
		},
		Messaging: MessagingState{
			Channels: []ChannelState{
				{Number: number, Channel: sms, Status: ChannelBlocked, Since: at},
				{Number: number, Channel: sms, Status: ChannelActive, Since: at},
				{Number: TelegramUser("1"), Channel: Telegram("bot"), Status: ChannelInSession, ReplyToken: "t", ReplyTokenExpires: at,
					Session: &OpenSession{"s", at, at, []string{"el_app_1"}}},
			},
			Messages: []StoredMessage{
				{ID: "m1", Number: number, Channel: sms, CreatedAt: at, AppID: "el_app_1", Parts: []Part{Text("hi")}},
				{ID: "m2", Number: number, Channel: sms, CreatedAt: at, UpdatedAt: at, InReplyTo: "m1", Status: MessageDelivered, Message: &Message{Body: Text("ho")}, Description: "fine"},
			},
			Sessions: []StoredSession{{"s0", number, sms, at, time.Minute, SessionInactivity, []string{"el_app_1"}}},
		},
		Activity: ActivityState{
			Sessions: []ActivitySession{{
				Number: AppUser("7"), Source: "shop", SessionID: "s", AppID: "el_app_1", CreatedAt: at, UpdatedAt: at,
				Activities: []Activity{{"shop", "s", "pay", map[string]string{"n": "1"}, at}},
			}},
			Numbers: []CustomerNumber{AppUser("7"), number},
		},
	}
	got := decodeState(t, s, data)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if n := got.Numbers(); !reflect.DeepEqual(n, []CustomerNumber{number, TelegramUser("1"), AppUser("7")}) {
		t.Errorf("numbers %v", n)
	}
	if tags := got.Tags(); !reflect.DeepEqual(tags, map[string]string{"plan": "gold", "a": "b"}) {
		t.Errorf("tags %v", tags)
	}
	print := fmt.Sprintf("%+v", got)
	for _, want := range []string{"Status:delivered", "+254710000001", "EndReason:inactivity", "Status:in_session", `n:1`} {
		if !strings.Contains(print, want) {
			t.Errorf("%q is not in %s", want, print)
		}
	}
}

func decodeState(t testing.TB, s *Serializer, data *pb.CustomerStateReplyData) *CustomerState {
	t.Helper()
	r, err := s.readState(stateReplyBytes(t, data))
	if err != nil || !r.found || !r.status {
		t.Fatalf("%+v, %v", r, err)
	}
	return &r.state
}

func stateReplyBytes(t testing.TB, data *pb.CustomerStateReplyData) []byte {
	t.Helper()
	b, err := proto.Marshal(&pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GetCustomerState{
		GetCustomerState: &pb.GetCustomerStateReply{Status: true, Data: data},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStateOfLaterVersions(t *testing.T) {
	want := decodeState(t, &JSON, payerState())
	if len(want.Messaging.Messages) != 10 || want.Messaging.Messages[9].Message.Body != Text("Your visit is tomorrow at ten.") || len(want.Identity.Metadata) != 5 {
		t.Fatalf("%+v", want)
	}
	if len(want.Payment.Log) != 1 || want.Payment.Wallets["w"].Pending["t"].Value != KES("2") {
		t.Fatalf("%+v", want.Payment)
	}
	extra := payerState()
	paid, wallet := extra.PaymentState.TransactionLog[0], extra.PaymentState.Wallets["w"]
	for _, m := range []proto.Message{
		extra, extra.IdentityState, extra.IdentityState.Tags[0], extra.IdentityState.Tags[0].Mapping, extra.MessagingState,
		extra.MessagingState.Messages[0].GetSent(), extra.MessagingState.Messages[0].GetSent().Message, extra.ActivityState,
		extra.PaymentState, extra.PaymentState.ChannelNumbers[0], paid, paid.DebitParty, paid.DebitParty.GetPurse(), paid.CreditParty, paid.CreditParty.GetCustomer(),
		paid.Value, wallet, wallet.Pending["t"],
	} {
		var unknown []byte
		unknown = protowire.AppendVarint(protowire.AppendTag(unknown, 900, protowire.VarintType), 1<<63)
		unknown = protowire.AppendFixed32(protowire.AppendTag(unknown, 901, protowire.Fixed32Type), 1)
		unknown = protowire.AppendFixed64(protowire.AppendTag(unknown, 902, protowire.Fixed64Type), 1)
		unknown = protowire.AppendString(protowire.AppendTag(unknown, 903, protowire.BytesType), "new")
		m.ProtoReflect().SetUnknown(unknown)
	}
	if got := decodeState(t, &JSON, extra); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// payerState is benchState of a customer who also has a payment and a wallet.
func payerState() *pb.CustomerStateReplyData {
	d := benchState()
	number, channel := Cellular("+254710000001").proto(), MobileMoney("83044").proto()
	d.PaymentState = &pb.PaymentState{
		CustomerNumbers: []*pb.CustomerNumber{number}, ChannelNumbers: []*pb.PaymentChannelNumber{channel},
		TransactionLog: []*pb.PaymentTransaction{{
			TransactionId: "el_txn_1", Value: KES("7.10").proto(), Status: pb.PaymentStatus_PAYMENT_STATUS_SUCCESS,
			DebitParty:  &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Purse{Purse: &pb.PaymentPurseCounterParty{PurseId: "el_prs_1"}}},
			CreditParty: &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Customer{Customer: &pb.PaymentCustomerCounterParty{CustomerNumber: number, ChannelNumber: channel}}},
		}},
		Wallets: map[string]*pb.PaymentBalance{"w": {
			CurrencyCode: "KES", Available: KES("1").proto(), Actual: KES("3").proto(),
			Pending: map[string]*pb.PendingPaymentTransaction{"t": {Value: KES("2").proto(), Converted: KES("2").proto()}},
		}},
	}
	return d
}

func FuzzReadState(f *testing.F) {
	b := stateReplyBytes(f, payerState())
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte{0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := JSON.readState(b); err != nil && !errors.Is(err, errWire) && !errors.Is(err, proto.Error) {
			t.Error(err)
		}
	})
}

// What a newer server sends must not stop an older app.
func TestUnknownEnums(t *testing.T) {
	for _, v := range []fmt.Stringer{Provider(99), MessagingChannel(99), MessageStatus(99), USSDStatus(99), MediaType(99), ReplyAction(99), SessionEndReason(99), ChannelStatus(99), PaymentStatus(99), PaymentChannel(99)} {
		if v.String() != "99" {
			t.Errorf("%T 99 is %q", v, v)
		}
	}
	if s := MessageDecommissionedCustomer.String(); s != "decommissioned_customerid" {
		t.Error(s)
	}
}

// The right side is what JSON.stringify gives.
func TestJSONIsThatOfJavaScript(t *testing.T) {
	for _, test := range []struct {
		in   any
		want string
	}{
		{"<a href=\"x\">&amp;</a>", `"<a href=\"x\">&amp;</a>"`},
		{"line\u2028paragraph\u2029", "\"line\u2028paragraph\u2029\""},
		{"\\u2028 \\ \ufffd", "\"\\\\u2028 \\\\ \ufffd\""},
		{"\x01\b\f\n\r\t\x7f", `"\u0001\b\f\n\r\t` + "\x7f\""},
		{1.0, "1"}, {1e21, "1e+21"}, {1e-7, "1e-7"}, {0.1, "0.1"}, {int64(1) << 53, "9007199254740992"},
		{nil, "null"}, {true, "true"},
		{map[string]any{"b": 1, "a": []any{}}, `{"a":[],"b":1}`},
		{json.RawMessage(`{"a":1}`), `{"a":1}`},
	} {
		v, err := JSON.encode(test.in)
		if err != nil || v.Text() != test.want || v.IsBinary() {
			t.Errorf("%#v: got %s, %v, want %s", test.in, v.Text(), err, test.want)
		}
	}
}

func TestReadingEitherKind(t *testing.T) {
	for _, serializer := range []*Serializer{&JSON, &Gob} {
		b, err := serializer.Marshal(booking{Step: "day", N: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []Value{{string(b), kindText, serializer}, {string(b), kindBinary, serializer}} {
			var got booking
			if err := v.Decode(&got); err != nil || got != (booking{"day", 2}) {
				t.Errorf("binary %v: %+v, %v", v.IsBinary(), got, err)
			}
		}
	}
	if v, err := Gob.encode(booking{}); err != nil || !v.IsBinary() {
		t.Error(v, err)
	}
	for _, into := range []any{new(string), new(any)} {
		if err := TextValue("plain words").Decode(into); err != nil || reflect.ValueOf(into).Elem().Interface() != "plain words" {
			t.Errorf("%T: %v", into, err)
		}
	}
	kept := booking{Step: "kept"}
	if err := (Value{}).Decode(&kept); err != nil || kept.Step != "kept" {
		t.Error(kept, err)
	}
	if err := TextValue("{}").Decode(new(int)); err == nil || !strings.Contains(err.Error(), "*int") {
		t.Error(err)
	}
}

func TestConfigFromEnv(t *testing.T) {
	for k, v := range map[string]string{
		"HOST": "localhost", "PORT": "8443", "ORG_ID": "o", "APP_ID": "a", "API_KEY": "k", "AUTH_TOKEN": "t", "NODE_EXTRA_CA_CERTS": "/ca.pem",
	} {
		t.Setenv(k, v)
	}
	got := ConfigFromEnv()
	if got.Address != "localhost:8443" || got.OrgID != "o" || got.AppID != "a" || got.APIKey != "k" || got.AuthToken != "t" || got.CAFile != "/ca.pem" {
		t.Errorf("%+v", got)
	}
	if a := got.withDefaults().Address; a != "tls://localhost:8443" {
		t.Error(a)
	}
}
