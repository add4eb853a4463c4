package elarian

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Commands are written by field number: the numbers must be those of the protocol, and a customer
// must be fields 1 to 3 of every command that has one.
func TestFieldNumbers(t *testing.T) {
	fields := (&pb.AppToServerCommand{}).ProtoReflect().Descriptor().Fields()
	for number, name := range map[protowire.Number]protoreflect.Name{
		fieldGenerateAuthToken:         "generate_auth_token",
		fieldCreateCustomer:            "create_customer",
		fieldGetCustomerState:          "get_customer_state",
		fieldAdoptCustomerState:        "adopt_customer_state",
		fieldUpdateCustomerTag:         "update_customer_tag",
		fieldDeleteCustomerTag:         "delete_customer_tag",
		fieldUpdateCustomerSecondaryID: "update_customer_secondary_id",
		fieldDeleteCustomerSecondaryID: "delete_customer_secondary_id",
		fieldUpdateCustomerMetadata:    "update_customer_metadata",
		fieldDeleteCustomerMetadata:    "delete_customer_metadata",
		fieldLeaseCustomerAppData:      "lease_customer_app_data",
		fieldUpdateCustomerAppData:     "update_customer_app_data",
		fieldDeleteCustomerAppData:     "delete_customer_app_data",
		fieldSendMessage:               "send_message",
		fieldCustomerActivity:          "customer_activity",
		fieldReplyToMessage:            "reply_to_message", fieldUpdateMessagingConsent: "update_messaging_consent",
		fieldReplayMessagingConsentUpdate: "replay_messaging_consent_update", fieldReplayReceivedMessage: "replay_received_message",
		fieldReplaySentMessage: "replay_sent_message", fieldReplayMessageStatusUpdate: "replay_message_status_update",
		fieldReplayMessageReactionUpdate: "replay_message_reaction_update", fieldReplayMessagingSession: "replay_messaging_session",
		fieldDeleteCustomer:      "delete_customer",
		fieldIdempotencyKey:      "idempotency_key",
		fieldAddCustomerReminder: "add_customer_reminder", fieldCancelCustomerReminder: "cancel_customer_reminder",
		fieldAddCustomerReminderTag: "add_customer_reminder_tag", fieldCancelCustomerReminderTag: "cancel_customer_reminder_tag",
		fieldSendMessageTag:  "send_message_tag",
		fieldInitiatePayment: "initiate_payment", fieldReplayPayment: "replay_payment", fieldReplayPaymentStatusUpdate: "replay_payment_status_update",
	} {
		f := fields.ByNumber(number)
		if f == nil || f.Name() != name {
			t.Errorf("field %d is %v, want %s", number, f, name)
		}
	}
	for i := range fields.Len() {
		command := fields.Get(i).Message()
		if command == nil || command.Oneofs().ByName("customer") == nil {
			continue
		}
		for number, name := range map[protowire.Number]protoreflect.Name{1: "customer_id", 2: "customer_number", 3: "secondary_id"} {
			if f := command.Fields().ByNumber(number); f == nil || f.Name() != name {
				t.Errorf("field %d of %s is %v", number, command.Name(), f)
			}
		}
	}
}

func TestCommandsOnTheWire(t *testing.T) {
	f := startFake(t)
	var got *pb.AppToServerCommand
	f.before = func(cmd *pb.AppToServerCommand) bool {
		got = cmd
		return true
	}
	client := f.connect()
	ctx := t.Context()
	byNumber := client.Customer(CustomerNumber{ProviderTelegram, "42", "branch"})
	byID := client.Customer(CustomerID("el_cst_1"))
	bySecondary := client.Customer(SecondaryID{Key: "passport", Value: "A1"})
	at := time.Unix(1700000000, 0)
	for _, test := range []struct {
		do   func() error
		want string
	}{
		{func() error { return byNumber.UpdateTags(ctx, Tag{"plan", "gold", at}, Tag{Key: "new"}) },
			`update_customer_tag:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_TELEGRAM number:"42" partition:{value:"branch"}} updates:{mapping:{key:"plan" value:{value:"gold"}} expires_at:{seconds:1700000000}} updates:{mapping:{key:"new" value:{}}}}`},
		{func() error { return byID.DeleteTags(ctx, "plan", "new") },
			`delete_customer_tag:{customer_id:"el_cst_1" deletions:"plan" deletions:"new"}`},
		{func() error { return bySecondary.UpdateSecondaryIDs(ctx, SecondaryID{Key: "k", Value: "v"}) },
			`update_customer_secondary_id:{secondary_id:{key:"passport" value:{value:"A1"}} updates:{mapping:{key:"k" value:{value:"v"}}}}`},
		{func() error { return byID.DeleteSecondaryIDs(ctx, SecondaryID{Key: "k", Value: "v"}) },
			`delete_customer_secondary_id:{customer_id:"el_cst_1" deletions:{key:"k" value:{value:"v"}}}`},
		{func() error { return byID.UpdateMetadata(ctx, map[string]any{"a": []int{1}}) },
			`update_customer_metadata:{customer_id:"el_cst_1" updates:{key:"a" value:{string_val:"[1]"}}}`},
		{func() error { return byID.UpdateMetadata(ctx, map[string]any{"a": []byte("x")}) },
			`update_customer_metadata:{customer_id:"el_cst_1" updates:{key:"a" value:{bytes_val:"x"}}}`},
		{func() error { return byID.DeleteMetadata(ctx, "a") },
			`delete_customer_metadata:{customer_id:"el_cst_1" deletions:"a"}`},
		{func() error { return byID.UpdateAppData(ctx, booking{Step: "<day>"}) },
			`update_customer_app_data:{customer_id:"el_cst_1" update:{string_val:"{\"step\":\"<day>\"}"}}`},
		{func() error { return byID.DeleteAppData(ctx) },
			`delete_customer_app_data:{customer_id:"el_cst_1"}`},
		{func() error { return byID.Delete(ctx) },
			`delete_customer:{customer_id:"el_cst_1"}`},
		{func() error { return byID.AdoptState(ctx, bySecondary) },
			`adopt_customer_state:{customer_id:"el_cst_1" other_secondary_id:{key:"passport" value:{value:"A1"}}}`},
		{func() error { return bySecondary.AdoptState(ctx, byNumber) },
			`adopt_customer_state:{customer_id:"id-of-passport=A1" other_customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_TELEGRAM number:"42" partition:{value:"branch"}}}`},
		{func() error { _, err := client.CreateCustomer(ctx, Cellular("1")); return err },
			`create_customer:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"1"}}`},
		{func() error {
			return byNumber.UpdateActivity(ctx, Activity{Source: "shop", SessionID: "s", Key: "pay", Properties: map[string]string{"n": "1"}})
		},
			`customer_activity:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_TELEGRAM number:"42" partition:{value:"branch"}} source:"shop" session_id:"s" key:"pay" properties:{key:"n" value:"1"}}`},
		{func() error { _, err := byNumber.SendMessage(ctx, Telegram("bot"), Text("hi")); return err },
			`send_message:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_TELEGRAM number:"42" partition:{value:"branch"}} channel_number:{channel:MESSAGING_CHANNEL_TELEGRAM number:"bot"} message:{body:{text:"hi"}}}`},
		// Known by id only: the number comes from the state.
		{func() error {
			_, err := client.Customer(CustomerID("x")).SendMessage(ctx, SMS("83044"), Text("hi"))
			return err
		},
			`send_message:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"+254710000001"} channel_number:{channel:MESSAGING_CHANNEL_SMS number:"83044"} message:{body:{text:"hi"}}}`},
		{func() error {
			return client.Customer(CustomerID("x")).UpdateActivity(ctx, Activity{Key: "pay"})
		},
			`customer_activity:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_TELEGRAM number:"tg-1"} key:"pay"}`},
	} {
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.want, err)
			continue
		}
		if got.GetIdempotencyKey() == "" {
			t.Errorf("no key: %v", got)
		}
		got.IdempotencyKey = ""
		want := new(pb.AppToServerCommand)
		if err := unmarshalText(test.want, want); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	if id := bySecondary.ID(); id == "" {
		t.Error("the handle did not learn the id")
	}
}

func TestReadsCarryNoKey(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	if _, err := c.Customer(Cellular("1")).GetState(t.Context()); err != nil {
		t.Fatal(err)
	}
	if key := f.commands[0].GetIdempotencyKey(); key != "" {
		t.Errorf("key %s", key)
	}
}

func TestKeysSortByTime(t *testing.T) {
	last := ""
	for i := range 1000 {
		key := newIdempotencyKey(time.UnixMilli(1700000000000 + int64(i)))
		if key <= last || len(key) != 28 {
			t.Fatalf("%s after %s", key, last)
		}
		last = key
	}
}

func TestRefusals(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	_, err := c.Customer(SecondaryID{Key: "unknown", Value: "x"}).GetState(t.Context())
	expectError(t, err, ErrNotFound)
	expectError(t, err, ErrRefused)
	var refused *CommandError
	if !errors.As(err, &refused) || refused.Command != "GetState" || refused.Customer != "unknown=x" {
		t.Errorf("%+v", refused)
	}
	if want := "elarian: GetState of unknown=x refused: no customer has unknown=x (not_found)"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if errors.Is(err, ErrLimit) {
		t.Error("that is no limit")
	}
	reply, err := c.Customer(Cellular("1")).SendMessage(t.Context(), SMS("blocked"), Text("hi"))
	expectError(t, err, ErrNoConsent)
	if reply.Status != MessageNoConsent || reply.MessageID != "el_msg_1" || reply.Description != "said so" {
		t.Errorf("%+v", reply)
	}
	_, err = c.Customer(CustomerID("x")).SendMessage(t.Context(), EmailFrom("a@b.c"), Text("hi"))
	expectError(t, err, ErrNoNumber)
	err = c.Customer(Cellular("1")).UpdateMetadata(t.Context(), map[string]any{"f": func() {}})
	if err == nil || !strings.Contains(err.Error(), `"f"`) {
		t.Errorf("error is %v", err)
	}
}

func TestStatusReplies(t *testing.T) {
	id := wrapperspb.String("el_cst_1")
	want := status{true, true, "said so", "limit", "el_cst_1"}
	for _, m := range []*pb.AppToServerCommandReply{
		{Entry: &pb.AppToServerCommandReply_UpdateCustomerState{UpdateCustomerState: &pb.UpdateCustomerStateReply{Status: true, Description: "said so", CustomerId: id, ErrorCode: "limit"}}},
		{Entry: &pb.AppToServerCommandReply_UpdateCustomerAppData{UpdateCustomerAppData: &pb.UpdateCustomerAppDataReply{Status: true, Description: "said so", CustomerId: id, ErrorCode: "limit"}}},
		{Entry: &pb.AppToServerCommandReply_CustomerActivity{CustomerActivity: &pb.CustomerActivityReply{Status: true, Description: "said so", CustomerId: id, ErrorCode: "limit"}}},
	} {
		b, _ := proto.Marshal(m)
		if got, err := readStatus(b); err != nil || got != want {
			t.Errorf("%v: got %+v, %v", m, got, err)
		}
		if _, err := readStatus(b[:len(b)-1]); !errors.Is(err, errWire) {
			t.Errorf("%v, cut short: %v", m, err)
		}
	}
	b, _ := proto.Marshal(&pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_TagCommand{TagCommand: &pb.TagCommandReply{Status: true}}})
	if got, err := readStatus(b); err != nil || got.fits {
		t.Errorf("a reply of another kind is %+v, %v", got, err)
	}
}

// Every code that the protocol names has an error of its own.
func TestCodes(t *testing.T) {
	for _, code := range strings.Fields("not_found decommissioned limit invalid_request secondary_id_taken same_customer lease_inside_notification unauthorized internal insufficient_funds contradicts") {
		err := fmt.Errorf("wrapped: %w", &CommandError{Code: code})
		if want := codes[code]; want == nil || !errors.Is(err, want) {
			t.Errorf("%s is no error of its own", code)
		}
	}
	if errors.Is(&CommandError{}, nil) || errors.Is(&CommandError{Code: "new"}, ErrLimit) {
		t.Error("a code that is not known is every error")
	}
}

func TestAppData(t *testing.T) {
	f := startFake(t)
	c := f.connect().Customer(Cellular("1"))
	v, err := c.LeaseAppData(t.Context())
	if err != nil || !v.IsZero() {
		t.Fatal(v, err)
	}
	if err := c.UpdateAppData(t.Context(), booking{Step: "day"}); err != nil {
		t.Fatal(err)
	}
	v, err = c.LeaseAppData(t.Context())
	var b booking
	if err != nil || v.Decode(&b) != nil || b.Step != "day" || v.String() != `{"step":"day"}` {
		t.Fatal(v, b, err)
	}
}

func TestSimulator(t *testing.T) {
	f := startFake(t)
	s := NewSimulator(f.config())
	got := make(chan *SimulatedDelivery, 1)
	s.OnSendMessage(func(_ context.Context, m *SimulatedDelivery) error {
		got <- m
		return nil
	})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if m := f.setups[0]; !m.GetSimulatorMode() || !m.GetSimplexMode() {
		t.Errorf("a simulator said %v", m)
	}
	dial := SimulatedMessage{From: "+254710000001", To: USSD("*83044#"), SessionID: "1", Parts: []Part{USSDInput{USSDActive, "hi"}}}
	m, err := s.ReceiveMessage(t.Context(), dial)
	if err != nil || m.Body != End(`You said "hi".`) {
		t.Errorf("%+v, %v", m, err)
	}
	dial.SessionID = ""
	_, err = s.ReceiveMessage(t.Context(), dial)
	expectError(t, err, ErrInvalidRequest)
	dial.From = "cut"
	if _, err := s.ReceiveMessage(t.Context(), dial); err == nil || !strings.Contains(err.Error(), "connection lost") {
		t.Errorf("a message that has no key was sent again: %v", err)
	}
	payload, _ := proto.Marshal(&pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{
		SendMessage: &pb.SendMessageSimulatorNotification{
			MessageId:      "el_msg_1",
			CustomerNumber: Cellular("1").proto(),
			ChannelNumber:  SMS("83044").proto(),
			Message:        Text("hi").outbound(),
		},
	}})
	if _, err := f.app().Request(t.Context(), payload); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m.Message.Body != Text("hi") || m.To != Cellular("1") || m.From != SMS("83044") {
		t.Errorf("%+v", m)
	}
}
