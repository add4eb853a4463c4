package command_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/store"
)

// world is a server with what commands can name, and another org that has the like.
type world struct {
	srv         *servertest.Server
	app, phones *servertest.Conn
	other       otherOrg
	purse       string // another than the sandbox's
	people      int
	used        map[string]bool // exceptions
}

// otherOrg is what another org has.
type otherOrg struct{ id, message, channel, template, purse, transaction string }

const (
	walkTemplate  = "welcome"
	walkPartition = ""
	theirChannel  = "+254799999999" // of every kind
)

func newWorld(t *testing.T, db string) *world {
	t.Helper()
	w := &world{srv: servertest.Start(t, db), used: make(map[string]bool)}
	if err := w.srv.Store().AddTemplate(store.Template{Org: w.srv.Org, ID: walkTemplate, Body: "Welcome {{k}}"}); err != nil {
		t.Fatal(err)
	}
	login := w.srv.AddOrg(t, false)
	login.Exact = true
	w.other = otherOrg{channel: "70999", template: "theirs"}
	if err := w.srv.Store().AddTemplate(store.Template{Org: login.Org, ID: w.other.template, Body: "Hello"}); err != nil {
		t.Fatal(err)
	}
	purse, err := w.srv.Store().AddPurse(store.Purse{Org: login.Org, Name: "theirs", Currency: "KES"})
	if err != nil {
		t.Fatal(err)
	}
	w.other.purse = purse.ID
	w.srv.AddChannels(t, login.Org, login.App, w.other.channel)
	for kind := range pb.MessagingChannel_name {
		n := messaging.ChannelNumber{Channel: messaging.Channel(kind), Number: theirChannel}
		if err := w.srv.Store().AddMessagingChannel(store.MessagingChannel{Org: login.Org, Number: n, App: login.App, Provider: "simulator"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.srv.Store().AddPaymentChannel(store.PaymentChannel{Org: login.Org, Kind: payment.Cellular, Number: w.other.channel, App: login.App, Purse: purse.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.srv.Refresh(); err != nil {
		t.Fatal(err)
	}
	theirs := w.srv.Connect(t, login)
	w.other.id = theirs.ID(t, phone(99_999_999))
	sent := theirs.Must(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessage{SendMessage: &pb.SendMessageCommand{
		CustomerNumber: servertest.Cellular(phone(99_999_999)), ChannelNumber: servertest.SMSChannel(w.other.channel), Message: servertest.TextMessage("theirs")}}})
	w.other.message = sent.GetSendMessage().MessageId.Value
	payer := servertest.MobileMoney(phone(99_999_999))
	payer.GetCustomer().ChannelNumber.Number = w.other.channel
	w.other.transaction = theirs.Must(t, servertest.Pay(payer, servertest.Purse(purse.ID), servertest.KES(1))).GetInitiatePayment().TransactionId.Value

	w.purse = w.srv.AddPurse(t, "KES", 1e9)
	w.app, w.phones = w.srv.App(t), w.srv.Simulator(t)
	go answerAll(w.app)
	return w
}

// answerAll answers all notifications: hops with a last menu, calls by hanging up.
func answerAll(app *servertest.Conn) {
	for {
		select {
		case n := <-app.Notified:
			if parts := n.GetReceivedMessage().GetParts(); len(parts) == 1 && parts[0].GetUssd() != nil {
				n.Answer(servertest.MenuAnswer("Bye", true))
				continue
			}
			n.OK()
		case <-app.Done():
			return
		}
	}
}

// made is a command that is good until it is spoilt. Each has people of its own.
type made struct {
	w         *world
	t         *testing.T
	entry     string
	simulator bool
	msg       protoreflect.Message
	choice    map[string]string
	kind      pb.MessagingChannel
	person    int
	message   string // that can be replied to
}

func (w *world) good(t *testing.T, socket protoreflect.Message, entry protoreflect.FieldDescriptor, choice map[string]string) *made {
	t.Helper()
	w.people += 2
	c := &made{w: w, t: t, entry: string(entry.Name()), simulator: socket.Descriptor().Name() == "SimulatorToServerCommand", msg: socket.New(), choice: choice, person: w.people}
	c.kind = c.channelKind()
	c.fill(c.msg.Mutable(entry).Message(), "")
	return c
}

// channelKind is a channel that carries the command's body.
func (c *made) channelKind() pb.MessagingChannel {
	if paymentEntries[c.entry] {
		return pb.MessagingChannel_MESSAGING_CHANNEL_SMS // whose numbers are cellular
	}
	body := c.choice[".message.body"]
	if c.choice[".parts"] != "" {
		body = c.choice[".parts"]
	}
	switch body {
	case "email":
		return pb.MessagingChannel_MESSAGING_CHANNEL_EMAIL
	case "voice":
		return pb.MessagingChannel_MESSAGING_CHANNEL_VOICE
	case "ussd":
		return pb.MessagingChannel_MESSAGING_CHANNEL_USSD
	}
	return pb.MessagingChannel_MESSAGING_CHANNEL_TELEGRAM
}

// fill sets every field of a message. path is empty or ends the path to it.
func (c *made) fill(m protoreflect.Message, path string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if o := f.ContainingOneof(); o != nil && chosen(o, path, c.choice) != f {
			continue
		}
		if c.omits(path + "." + string(f.Name())) {
			continue
		}
		c.set(m, f, path)
	}
}

// omits says which fields a good command has not.
func (c *made) omits(path string) bool {
	if path == ".message.reply_token" { // is of a session: by tag there is none
		return c.entry == "send_message_tag" || c.kind != pb.MessagingChannel_MESSAGING_CHANNEL_TELEGRAM
	}
	if c.entry == "receive_message" && c.kind == pb.MessagingChannel_MESSAGING_CHANNEL_VOICE {
		switch path { // a call begins with ringing and nothing else
		case ".parts.voice.hangup_cause", ".parts.voice.dtmf_digits", ".parts.voice.recording_url", ".parts.voice.dial_data":
			return true
		}
	}
	return false
}

func (c *made) set(m protoreflect.Message, f protoreflect.FieldDescriptor, path string) {
	path += "." + string(f.Name())
	switch {
	case f.IsMap():
		entries := m.Mutable(f).Map()
		if f.MapValue().Message() == nil {
			entries.Set(mapKey, protoreflect.ValueOfString("v"))
			return
		}
		v := entries.NewValue()
		c.fill(v.Message(), path)
		entries.Set(mapKey, v)
	case f.IsList() && f.Message() != nil:
		c.fill(m.Mutable(f).List().AppendMutable().Message(), path)
	case f.IsList():
		m.Mutable(f).List().Append(protoreflect.ValueOfString(c.text(m, f)))
	case path == ".credit_party.purse.purse_id":
		m.Set(f, protoreflect.ValueOfString(c.w.srv.Sandbox.Purse))
	case path == ".debit_party.wallet.wallet_id":
		m.Set(f, protoreflect.ValueOfString(c.fullWallet()))
	case f.Message() == nil:
		m.Set(f, c.scalar(m, f))
	case f.Name() == "secondary_id" || f.Name() == "other_secondary_id":
		m.Set(f, protoreflect.ValueOfMessage(c.secondaryID().ProtoReflect()))
	default:
		switch f.Message().FullName() {
		case "google.protobuf.StringValue":
			m.Set(f, protoreflect.ValueOfMessage(wrapperspb.String(c.text(m, f)).ProtoReflect()))
		case "google.protobuf.Int32Value":
			m.Set(f, protoreflect.ValueOfMessage(wrapperspb.Int32(3).ProtoReflect()))
		case "google.protobuf.Timestamp":
			at := walkTime
			if f.Name() == "expires_at" {
				at = c.w.srv.Clock().Now().Add(time.Hour)
			}
			m.Set(f, protoreflect.ValueOfMessage(timestamppb.New(at).ProtoReflect()))
		case "google.protobuf.Duration":
			m.Set(f, protoreflect.ValueOfMessage(durationpb.New(2*time.Minute).ProtoReflect()))
		default:
			c.fill(m.Mutable(f).Message(), path)
		}
	}
}

func (c *made) scalar(m protoreflect.Message, f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(c.text(m, f))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte("x"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(1)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(c.enum(m, f))
	}
	c.t.Fatalf("a field of a kind that the wire had not: %s: it needs a good value", f.FullName())
	return protoreflect.Value{}
}

func (c *made) enum(m protoreflect.Message, f protoreflect.FieldDescriptor) protoreflect.EnumNumber {
	switch f.Enum().Name() {
	case "CustomerNumberProvider":
		return c.provider().Number()
	case "MessagingChannel":
		return c.kind.Number()
	case "VoiceCallStatus":
		return pb.VoiceCallStatus_VOICE_CALL_STATUS_RINGING.Number()
	case "MessageDeliveryStatus":
		return pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED.Number()
	case "PaymentStatus":
		return paySuccess.Number()
	}
	return f.Enum().Values().Get(1).Number()
}

func (c *made) provider() pb.CustomerNumberProvider {
	switch c.kind {
	case pb.MessagingChannel_MESSAGING_CHANNEL_TELEGRAM:
		return pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_TELEGRAM
	case pb.MessagingChannel_MESSAGING_CHANNEL_EMAIL:
		return pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_EMAIL
	}
	return pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_CELLULAR
}

// number is the address of a person on the command's channel.
func (c *made) number(person int) string {
	switch c.provider() {
	case pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_TELEGRAM:
		return fmt.Sprint(person)
	case pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_EMAIL:
		return fmt.Sprintf("%d@example.com", person)
	}
	return phone(person)
}

func (c *made) channelNumber() string {
	switch c.kind {
	case pb.MessagingChannel_MESSAGING_CHANNEL_EMAIL:
		return sandbox.Email
	case pb.MessagingChannel_MESSAGING_CHANNEL_USSD:
		return sandbox.USSDCode
	}
	return sandbox.Number
}

// id makes a customer who has what the command may name.
func (c *made) id(person int) string {
	n := &pb.CustomerNumber{Provider: c.provider(), Number: c.number(person)}
	r := servertest.Verdict(c.w.app.Must(c.t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CreateCustomer{CreateCustomer: &pb.CreateCustomerCommand{CustomerNumber: n}}}))
	return r.ID
}

// text is a good text for a field.
func (c *made) text(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	switch string(f.FullName().Name()) {
	case "customer_id":
		return c.id(c.person)
	case "other_customer_id":
		return c.id(c.person + 1)
	case "customer_number":
		return c.number(c.person)
	case "number", "destination_number":
		switch m.Descriptor().Name() {
		case "MessagingChannelNumber":
			return c.channelNumber()
		case "PaymentChannelNumber":
			return sandbox.Paybill
		}
		if c.entry == "adopt_customer_state" {
			return c.number(c.person + 1)
		}
		return c.number(c.person)
	case "value":
		return fmt.Sprint(c.person)
	case "partition":
		return walkPartition
	case "message_id":
		if c.entry == "update_message_reaction" {
			return c.sent()
		}
		return c.received()
	case "reply_token":
		c.received()
		return c.token()
	case "provider_message_id":
		return c.imported()
	case "id":
		return walkTemplate
	case "purse_id":
		return c.w.purse
	case "source":
		return sandbox.Paybill
	case "transaction_id", "provider_transaction_id":
		return c.transaction()
	case "finish_on_key":
		return "#"
	case "dtmf_digits":
		return "12"
	case "currency_code":
		return "KES"
	case "cc_list", "bcc_list":
		return "someone@example.com"
	case "url", "recording_url":
		return "https://example.com/x"
	}
	return "x"
}

// secondaryID gives somebody a secondary id: of an adoption, who is adopted.
func (c *made) secondaryID() *pb.IndexMapping {
	person := c.person
	if c.entry == "adopt_customer_state" {
		person++
	}
	update := servertest.UpdateSecondaryIDs("", servertest.Index("member", fmt.Sprint(person), time.Time{}))
	c.w.app.Must(c.t, servertest.About(update, c.id(person), nil, nil))
	return servertest.Mapping("member", fmt.Sprint(person))
}

// state is that of the command's customer.
func (c *made) state() *pb.MessagingState {
	return c.w.app.Must(c.t, servertest.GetStateByID(c.id(c.person))).GetGetCustomerState().GetData().GetMessagingState()
}

// received has the person write, or dial, on the command's channel, and gives the message's id.
func (c *made) received() string {
	if c.message != "" {
		return c.message
	}
	in := &pb.ReceiveMessageSimulatorCommand{CustomerNumber: c.number(c.person), ChannelNumber: servertest.Channel(c.kind, c.channelNumber())}
	part := &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Text{Text: "Hi"}}
	switch c.kind {
	case pb.MessagingChannel_MESSAGING_CHANNEL_VOICE:
		part.Entry = &pb.InboundMessageBody_Voice{Voice: &pb.VoiceCallInputMessageBody{Status: pb.VoiceCallStatus_VOICE_CALL_STATUS_RINGING}}
	case pb.MessagingChannel_MESSAGING_CHANNEL_USSD:
		part.Entry = &pb.InboundMessageBody_Ussd{Ussd: &pb.UssdInputMessageBody{Status: pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE}}
		in.SessionId = wrapperspb.String("dialled")
	}
	in.Parts = []*pb.InboundMessageBody{part}
	r, err := c.w.phones.Simulate(&pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: in}})
	if err != nil || !r.Status {
		c.t.Fatalf("%v: %v %v", in, r, err)
	}
	c.message = c.state().Messages[0].GetReceived().MessageId
	return c.message
}

// sent has the app write to the person, who has written before, and gives the message's id.
func (c *made) sent() string {
	c.received()
	return c.w.app.Must(c.t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessage{SendMessage: &pb.SendMessageCommand{
		CustomerNumber: &pb.CustomerNumber{Provider: c.provider(), Number: c.number(c.person)}, ChannelNumber: servertest.Channel(c.kind, c.channelNumber()),
		Message: servertest.TextMessage("Hello"),
	}}}).GetSendMessage().MessageId.Value
}

// token is the reply token of the session that received has begun.
func (c *made) token() string { return c.state().Channels[0].GetInSession().GetReplyToken().GetToken() }

// imported is a provider's id: of a message that is there, where the command is about one.
func (c *made) imported() string {
	if c.entry != "replay_message_status_update" && c.entry != "replay_message_reaction_update" {
		return "provider's"
	}
	c.w.app.Must(c.t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplaySentMessage{ReplaySentMessage: &pb.ReplaySentMessageCommand{
		ProviderMessageId: c.number(c.person), SentAt: timestamppb.New(walkTime), Status: pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT,
		CustomerNumber: &pb.CustomerNumber{Provider: c.provider(), Number: c.number(c.person), Partition: wrapperspb.String(walkPartition)},
		ChannelNumber:  servertest.Channel(c.kind, c.channelNumber()), Message: servertest.TextMessage("old"),
	}}})
	return c.number(c.person)
}

// paymentEntries are the commands about money.
var paymentEntries = map[string]bool{"initiate_payment": true, "replay_payment": true, "replay_payment_status_update": true, "receive_payment": true, "update_payment_status": true}

// fullWallet puts money into a wallet of the command's customer.
func (c *made) fullWallet() string {
	const id = "full"
	c.w.app.Must(c.t, servertest.Pay(servertest.Purse(c.w.purse), servertest.Wallet(c.id(c.person), id), servertest.KES(10)))
	return id
}

// transaction is a payment's id: of one that is there, where the command is about one.
func (c *made) transaction() string {
	customer := servertest.MobileMoney(c.number(c.person))
	switch c.entry {
	case "update_payment_status":
		return c.w.app.Must(c.t, servertest.Pay(servertest.Purse(c.w.purse), customer, servertest.KES(1))).GetInitiatePayment().TransactionId.Value
	case "replay_payment_status_update":
		c.w.app.Must(c.t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayPayment{ReplayPayment: &pb.ReplayPaymentCommand{
			ProviderTransactionId: c.number(c.person), CreatedAt: timestamppb.New(walkTime), DebitParty: servertest.Purse(c.w.purse), CreditParty: customer,
			Status: payPending, Value: servertest.KES(1),
		}}})
	}
	return c.number(c.person)
}

// theirs gives what another org has of the kind that the field names, nil for fields that name nothing.
func (w *world) theirs(f protoreflect.FieldDescriptor) func(*made) string {
	is := func(s string) func(*made) string { return func(*made) string { return s } }
	switch string(f.Name()) {
	case "customer_id", "other_customer_id":
		return is(w.other.id)
	case "message_id":
		return is(w.other.message)
	case "purse_id":
		return is(w.other.purse)
	case "transaction_id":
		if f.Parent().Name() == "UpdatePaymentStatusSimulatorCommand" {
			return is(w.other.transaction)
		}
	case "number":
		switch f.Parent().Name() {
		case "MessagingChannelNumber":
			return is(theirChannel)
		case "PaymentChannelNumber":
			return is(w.other.channel)
		}
	case "source":
		if f.Parent().Name() == "PaymentChannelCounterParty" {
			return is(w.other.channel)
		}
	case "id":
		if f.Parent().Name() == "TemplateMessageBody" {
			return is(w.other.template)
		}
	}
	return nil
}
