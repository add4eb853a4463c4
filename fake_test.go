package elarian

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// fakeServer is a small working server: it keeps metadata and app data by customer, answers a
// repeated key with the first reply, and sends notifications. The real one is tested elsewhere;
// here connections can be cut, refused and held at will.
type fakeServer struct {
	t    testing.TB
	srv  *rsocket.Server
	addr string

	mu       sync.Mutex
	raw      map[net.Conn]struct{}
	apps     []*rsocket.Conn // that take notifications
	setups   []*pb.AppConnectionMetadata
	arrived  chan struct{} // closed with each new connection, then replaced
	refuse   bool
	refusal  func() error
	reject   int // so many commands
	state    map[string]map[string]*pb.DataMapValue
	appData  map[string]*pb.DataMapValue
	replies  map[string]*pb.AppToServerCommandReply
	commands []*pb.AppToServerCommand
	talks    int // what phones have done in calls
	// simulations are the simulators' commands but for messages.
	simulations []*pb.SimulatorToServerCommand
	// before sees each command first. False: no reply at all.
	before  func(cmd *pb.AppToServerCommand) bool
	handler rsocket.Handler // in place of the working server, for benchmarks
	// after sees each command when it has acted. False: no reply.
	after func(cmd *pb.AppToServerCommand) bool
}

type trackingListener struct {
	net.Listener
	f *fakeServer
}

func (l trackingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.f.mu.Lock()
		l.f.raw[c] = struct{}{}
		l.f.mu.Unlock()
	}
	return c, err
}

func startFake(t testing.TB) *fakeServer {
	t.Helper()
	f := &fakeServer{
		t:       t,
		raw:     map[net.Conn]struct{}{},
		arrived: make(chan struct{}),
		state:   map[string]map[string]*pb.DataMapValue{},
		appData: map[string]*pb.DataMapValue{},
		replies: map[string]*pb.AppToServerCommandReply{},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	f.serve(l)
	t.Cleanup(f.stop)
	return f
}

func (f *fakeServer) serve(l net.Listener) {
	f.srv = &rsocket.Server{Accept: f.accept}
	srv := f.srv
	go func() { _ = srv.Serve(trackingListener{l, f}) }()
}

func (f *fakeServer) stop() {
	f.cut()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = f.srv.Shutdown(ctx)
}

// restart listens again on the same address.
func (f *fakeServer) restart() {
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		f.t.Fatal(err)
	}
	f.serve(l)
}

// cut drops every transport without a word.
func (f *fakeServer) cut() {
	f.mu.Lock()
	raw := f.raw
	f.raw, f.apps = map[net.Conn]struct{}{}, nil
	f.mu.Unlock()
	for c := range raw {
		_ = c.Close()
	}
}

func (f *fakeServer) config() Config {
	c := Config{
		Address: "tcp://" + f.addr,
		OrgID:   "el_org_1",
		AppID:   "el_app_1",
		APIKey:  "right",
		Logger:  slog.New(slog.DiscardHandler),
	}
	c.RetryFast()
	return c
}

func (f *fakeServer) connect() *Client {
	f.t.Helper()
	c, err := Connect(f.t.Context(), f.config())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	return c
}

// start connects a client with handlers.
func (f *fakeServer) start(set func(c *Client)) *Client {
	f.t.Helper()
	c := New(f.config())
	set(c)
	if err := c.Connect(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	return c
}

func (f *fakeServer) accept(_ context.Context, s *rsocket.Setup, c *rsocket.Conn) (rsocket.Handler, error) {
	m := new(pb.AppConnectionMetadata)
	if err := proto.Unmarshal(s.Data, m); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return nil, f.refusal()
	}
	if f.refuse || m.GetApiKey().GetValue() != "right" {
		return nil, &rsocket.Error{Code: rsocket.RejectedSetup, Text: "unknown org, app or key"}
	}
	f.setups = append(f.setups, m)
	if !m.GetSimplexMode() || m.GetSimulatorMode() {
		f.apps = append(f.apps, c)
	}
	close(f.arrived)
	f.arrived = make(chan struct{})
	if m.GetSimulatorMode() {
		return f.simulated, nil
	}
	if f.handler != nil {
		return f.handler, nil
	}
	return f.command, nil
}

// app waits for a connection that takes notifications.
func (f *fakeServer) app() *rsocket.Conn {
	f.t.Helper()
	for {
		f.mu.Lock()
		arrived := f.arrived
		var c *rsocket.Conn
		if n := len(f.apps); n > 0 {
			c = f.apps[n-1]
		}
		f.mu.Unlock()
		if c != nil {
			return c
		}
		await(f.t, arrived, "a connection that takes notifications")
	}
}

func (f *fakeServer) command(r *rsocket.Request) {
	cmd := new(pb.AppToServerCommand)
	if err := proto.Unmarshal(r.Payload, cmd); err != nil || cmd.GetEntry() == nil {
		r.Fail(&rsocket.Error{Code: rsocket.Invalid, Text: "no command"})
		return
	}
	f.mu.Lock()
	f.commands = append(f.commands, cmd)
	before, after := f.before, f.after
	f.reject--
	reject := f.reject >= 0
	f.mu.Unlock()
	if reject {
		r.Fail(&rsocket.Error{Code: rsocket.Rejected, Text: "too many commands at once"})
		return
	}
	if before != nil && !before(cmd) {
		return
	}
	f.mu.Lock()
	reply := f.replies[cmd.GetIdempotencyKey()]
	if reply == nil {
		reply = f.act(cmd)
		if cmd.GetIdempotencyKey() != "" {
			f.replies[cmd.GetIdempotencyKey()] = reply
		}
	}
	f.mu.Unlock()
	if after != nil && !after(cmd) {
		return
	}
	data, err := proto.Marshal(reply)
	if err != nil {
		r.Fail(&rsocket.Error{Code: rsocket.ApplicationError, Text: err.Error()})
		return
	}
	r.Reply(data)
}

func fakeID(id string, number *pb.CustomerNumber, secondary *pb.IndexMapping) string {
	switch {
	case number != nil:
		return "id-of-" + number.GetNumber()
	case secondary != nil:
		return "id-of-" + secondary.GetKey() + "=" + secondary.GetValue().GetValue()
	}
	return id
}

func (f *fakeServer) act(cmd *pb.AppToServerCommand) *pb.AppToServerCommandReply {
	updated := func(id string) *pb.AppToServerCommandReply {
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerState{
			UpdateCustomerState: &pb.UpdateCustomerStateReply{Status: true, CustomerId: wrapperspb.String(id)},
		}}
	}
	stored := func(id string) *pb.AppToServerCommandReply {
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerAppData{
			UpdateCustomerAppData: &pb.UpdateCustomerAppDataReply{Status: true, CustomerId: wrapperspb.String(id)},
		}}
	}
	switch e := cmd.GetEntry().(type) {
	case *pb.AppToServerCommand_UpdateCustomerMetadata:
		u := e.UpdateCustomerMetadata
		id := fakeID(u.GetCustomerId(), u.GetCustomerNumber(), u.GetSecondaryId())
		if f.state[id] == nil {
			f.state[id] = map[string]*pb.DataMapValue{}
		}
		for k, v := range u.GetUpdates() {
			f.state[id][k] = v
		}
		return updated(id)
	case *pb.AppToServerCommand_GetCustomerState:
		g := e.GetCustomerState
		id := fakeID(g.GetCustomerId(), g.GetCustomerNumber(), g.GetSecondaryId())
		if g.GetSecondaryId().GetKey() == "unknown" {
			return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GetCustomerState{
				GetCustomerState: &pb.GetCustomerStateReply{Description: "no customer has unknown=x", ErrorCode: "not_found"},
			}}
		}
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GetCustomerState{
			GetCustomerState: &pb.GetCustomerStateReply{Status: true, Data: &pb.CustomerStateReplyData{
				CustomerId:    id,
				IdentityState: &pb.IdentityState{Metadata: f.state[id]},
				ActivityState: &pb.ActivityState{CustomerNumbers: []*pb.CustomerNumber{
					{Provider: pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_TELEGRAM, Number: "tg-1"},
					{Provider: pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_CELLULAR, Number: "+254710000001"},
				}},
			}},
		}}
	case *pb.AppToServerCommand_UpdateCustomerAppData:
		u := e.UpdateCustomerAppData
		id := fakeID(u.GetCustomerId(), u.GetCustomerNumber(), u.GetSecondaryId())
		f.appData[id] = u.GetUpdate()
		return stored(id)
	case *pb.AppToServerCommand_DeleteCustomerAppData:
		u := e.DeleteCustomerAppData
		id := fakeID(u.GetCustomerId(), u.GetCustomerNumber(), u.GetSecondaryId())
		delete(f.appData, id)
		return stored(id)
	case *pb.AppToServerCommand_LeaseCustomerAppData:
		u := e.LeaseCustomerAppData
		id := fakeID(u.GetCustomerId(), u.GetCustomerNumber(), u.GetSecondaryId())
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_LeaseCustomerAppData{
			LeaseCustomerAppData: &pb.LeaseCustomerAppDataReply{Status: true, CustomerId: wrapperspb.String(id), Value: f.appData[id]},
		}}
	case *pb.AppToServerCommand_SendMessage:
		status := pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT
		if e.SendMessage.GetChannelNumber().GetNumber() == "blocked" {
			status = pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT
		}
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_SendMessage{
			SendMessage: &pb.SendMessageReply{
				Status:      status,
				Description: "said so",
				MessageId:   wrapperspb.String("el_msg_1"),
				CustomerId:  wrapperspb.String(fakeID("", e.SendMessage.GetCustomerNumber(), nil)),
			},
		}}
	case *pb.AppToServerCommand_InitiatePayment:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_InitiatePayment{InitiatePayment: fakePayment(e.InitiatePayment)}}
	case *pb.AppToServerCommand_ReplayPayment:
		return replayed(e.ReplayPayment.GetProviderTransactionId())
	case *pb.AppToServerCommand_ReplayPaymentStatusUpdate:
		return replayed(e.ReplayPaymentStatusUpdate.GetProviderTransactionId())
	}
	return updated("id")
}

// fakePayment has 1,000 of each currency to pay with.
func fakePayment(p *pb.InitiatePaymentCommand) *pb.InitiatePaymentReply {
	id := func(p *pb.PaymentCounterParty) *wrapperspb.StringValue {
		if n := p.GetCustomer().GetCustomerNumber(); n != nil {
			return wrapperspb.String(fakeID("", n, nil))
		}
		return nil
	}
	out := &pb.InitiatePaymentReply{
		Status: pb.PaymentStatus_PAYMENT_STATUS_PENDING_CONFIRMATION, Description: "said so", TransactionId: wrapperspb.String("el_txn_1"),
		DebitCustomerId: id(p.GetDebitParty()), CreditCustomerId: id(p.GetCreditParty()),
	}
	if p.GetValue().GetAmount() > 1000 {
		out.Status = pb.PaymentStatus_PAYMENT_STATUS_INSUFFICIENT_FUNDS
	}
	return out
}

func replayed(providerID string) *pb.AppToServerCommandReply {
	reply := &pb.ReplayPaymentReply{Status: true, TransactionId: wrapperspb.String("el_txn_" + providerID), CreditCustomerId: wrapperspb.String("el_cst_1")}
	if providerID == "unknown" {
		reply = &pb.ReplayPaymentReply{Description: "no payment has this id", ErrorCode: "not_found"}
	}
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_ReplayPayment{ReplayPayment: reply}}
}

func (f *fakeServer) simulated(r *rsocket.Request) {
	cmd := new(pb.SimulatorToServerCommand)
	if err := proto.Unmarshal(r.Payload, cmd); err != nil {
		r.Fail(&rsocket.Error{Code: rsocket.Invalid, Text: "no command"})
		return
	}
	m := cmd.GetReceiveMessage()
	if m.GetCustomerNumber() == "cut" || cmd.GetUpdateMessageReaction().GetCustomerNumber() == "cut" {
		f.cut()
		return
	}
	if m == nil {
		f.simulatePayment(r, cmd)
		return
	}
	if m.GetParts()[0].GetVoice() != nil {
		f.talk(r)
		return
	}
	reply := &pb.SimulatorToServerCommandReply{Status: true, Message: End("You said %q.", m.GetParts()[0].GetUssd().GetText().GetValue()).outbound()}
	if m.GetSessionId().GetValue() == "" {
		reply = &pb.SimulatorToServerCommandReply{Description: "session_id is empty", ErrorCode: "invalid_request"}
	}
	data, _ := proto.Marshal(reply)
	r.Reply(data)
}

// talk answers what a phone does in a call, and at once has it hear more.
func (f *fakeServer) talk(r *rsocket.Request) {
	f.mu.Lock()
	f.talks++
	n := f.talks
	f.mu.Unlock()
	says := func(when string) *pb.OutboundMessage { return Plan{Say(fmt.Sprint(when, " ", n))}.outbound() }
	call := &pb.SimulatedCall{SessionId: "el_ses_1", Status: pb.VoiceCallStatus_VOICE_CALL_STATUS_ACTIVE, ConnectedTo: fmt.Sprint("reply ", n)}
	data, _ := proto.Marshal(&pb.SimulatorToServerCommandReply{Status: true, Call: call, Message: says("reply")})
	r.Reply(data)
	call.ConnectedTo = fmt.Sprint("then ", n)
	f.tell(&pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{SendMessage: &pb.SendMessageSimulatorNotification{
		CustomerNumber: Cellular("+254710000001").proto(), ChannelNumber: Voice("+254711").proto(), Message: says("then"), Call: call,
	}}})
}

// tell sends a notification to the simulator, and gives what is closed when it has answered.
func (f *fakeServer) tell(n *pb.ServerToSimulatorNotification) <-chan struct{} {
	f.t.Helper()
	payload, err := proto.Marshal(n)
	if err != nil {
		f.t.Fatal(err)
	}
	answered := make(chan struct{})
	f.app().Send(payload, func(_ []byte, err error) {
		if e := new(rsocket.Error); errors.As(err, &e) && e.Code != rsocket.ConnectionClose {
			f.t.Error(e)
		}
		close(answered)
	})
	return answered
}

func (f *fakeServer) simulatePayment(r *rsocket.Request, cmd *pb.SimulatorToServerCommand) {
	f.mu.Lock()
	f.simulations = append(f.simulations, cmd)
	f.mu.Unlock()
	reply := &pb.SimulatorToServerCommandReply{Status: true}
	if cmd.GetUpdatePaymentStatus().GetTransactionId() == "unknown" {
		reply = &pb.SimulatorToServerCommandReply{Description: "no payment has this id", ErrorCode: "not_found"}
	}
	data, _ := proto.Marshal(reply)
	r.Reply(data)
}

// notify sends a notification and gives the app's answer.
func (f *fakeServer) notify(n *pb.ServerToAppCustomerNotification) (*pb.ServerToAppNotificationReply, error) {
	f.t.Helper()
	return f.send(&pb.ServerToAppNotification{Entry: &pb.ServerToAppNotification_Customer{Customer: n}})
}

func (f *fakeServer) notifyPurse(n *pb.ServerToAppPurseNotification) (*pb.ServerToAppNotificationReply, error) {
	f.t.Helper()
	return f.send(&pb.ServerToAppNotification{Entry: &pb.ServerToAppNotification_Purse{Purse: n}})
}

func (f *fakeServer) send(n *pb.ServerToAppNotification) (*pb.ServerToAppNotificationReply, error) {
	f.t.Helper()
	payload, err := proto.Marshal(n)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	data, err := f.app().Request(ctx, payload)
	if err != nil {
		return nil, err
	}
	reply := new(pb.ServerToAppNotificationReply)
	if err := proto.Unmarshal(data, reply); err != nil {
		f.t.Fatal(err)
	}
	return reply, nil
}

func textData(s string) *pb.DataMapValue {
	return &pb.DataMapValue{Value: &pb.DataMapValue_StringVal{StringVal: s}}
}

func bytesData(s string) *pb.DataMapValue {
	return &pb.DataMapValue{Value: &pb.DataMapValue_BytesVal{BytesVal: []byte(s)}}
}

func received(channel pb.MessagingChannel, data *pb.DataMapValue, parts ...Part) *pb.ServerToAppCustomerNotification {
	m := &pb.ReceivedMessageNotification{
		MessageId:      "el_msg_1",
		CustomerNumber: Cellular("+254710000001").proto(),
		ChannelNumber:  &pb.MessagingChannelNumber{Channel: channel, Number: "83044"},
		SessionId:      wrapperspb.String("el_ses_1"),
	}
	for _, p := range parts {
		m.Parts = append(m.Parts, p.inbound())
	}
	return &pb.ServerToAppCustomerNotification{
		OrgId:      "el_org_1",
		AppId:      "el_app_1",
		CustomerId: "el_cst_1",
		AppData:    data,
		Entry:      &pb.ServerToAppCustomerNotification_ReceivedMessage{ReceivedMessage: m},
	}
}

func hop(text string, data *pb.DataMapValue) *pb.ServerToAppCustomerNotification {
	return received(pb.MessagingChannel_MESSAGING_CHANNEL_USSD, data, USSDInput{Status: USSDActive, Text: text})
}

func await(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: not within 10 s", what)
	}
}

func expectError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}
