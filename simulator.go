package elarian

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Simulator plays the phones and the mobile money of a sandbox org, the reference's Simulator. It has an app's Config; a
// live org refuses it. Make one with [NewSimulator] or [ConnectSimulator].
//
// Its handlers run side by side, but what is between one number of the org and one phone comes in the order in which
// the server sent it, the next when the handler has returned.
type Simulator struct {
	config      Config
	link        *link
	sendMessage func(ctx context.Context, m *SimulatedDelivery) error

	makeVoiceCall func(ctx context.Context, call *Call) error
	lines         lines

	sendCustomerPayment, sendChannelPayment, checkoutPayment transferHandler
}

// NewSimulator makes a simulator and does nothing else. Then set its handlers, and call
// [Simulator.Run] or [Simulator.Connect].
func NewSimulator(config Config) *Simulator {
	s := &Simulator{config: config.withDefaults()}
	s.link = newLink(&s.config, true)
	return s
}

// ConnectSimulator makes a simulator and connects it, as [Connect] does for a client.
func ConnectSimulator(ctx context.Context, config Config) (*Simulator, error) {
	s := NewSimulator(config)
	if err := s.Connect(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Connect connects the simulator and returns as the function [Connect] does.
func (s *Simulator) Connect(ctx context.Context) error { return s.link.connect(ctx, s.receive) }

// Run connects, and runs as [Client.Run] does.
func (s *Simulator) Run(ctx context.Context) error { return s.link.serveUntil(ctx, s.receive) }

// Close ends the connection as [Client.Close] does.
func (s *Simulator) Close() error {
	s.link.close()
	return nil
}

// SimulatedMessage is what a phone sends.
type SimulatedMessage struct {
	// From is the phone's number, or the id or address that the channel has for the person.
	From string
	// To is the org's channel.
	To MessagingChannelNumber
	// SessionID is the same in all hops of a USSD session; other channels need none.
	SessionID string
	// Parts: one [USSDInput] on USSD, one or more [Text], [Media], [Location] or [Email] elsewhere.
	Parts []Part
}

// ReceiveMessage lets the org receive a message from a phone. On USSD it waits for the app and gives
// its menu, a [Menu] as the message's Body; elsewhere it returns when the message is stored, without
// one. When there is no app, no answer or no such channel, the error says so.
func (s *Simulator) ReceiveMessage(ctx context.Context, m SimulatedMessage) (*Message, error) {
	cmd := &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: m.From,
		ChannelNumber:  m.To.proto(),
	}
	for _, p := range m.Parts {
		cmd.Parts = append(cmd.Parts, p.inbound())
	}
	if m.SessionID != "" {
		cmd.SessionId = wrapperspb.String(m.SessionID)
	}
	r, err := s.do(ctx, &command{name: "ReceiveMessage", about: phone(m.From)}, &pb.SimulatorToServerCommand{
		Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: cmd},
	}, nil)
	return message(r.GetMessage()), err
}

// do sends a command. heed, unless nil, is called with the reply before any later notification is taken.
func (s *Simulator) do(ctx context.Context, c *command, m *pb.SimulatorToServerCommand, heed func(*pb.SimulatorToServerCommandReply)) (*pb.SimulatorToServerCommandReply, error) {
	payload, err := proto.Marshal(m)
	if err != nil {
		return nil, c.failed(err)
	}
	reply := new(pb.SimulatorToServerCommandReply)
	var unread error
	// There is no key: a message or a reaction that is sent again could come twice, but a payment has its transaction's id.
	repeatable := m.GetReceiveMessage() == nil && m.GetUpdateMessageReaction() == nil
	_, err = s.link.request(ctx, payload, repeatable, func(data []byte) {
		if unread = proto.Unmarshal(data, reply); unread == nil && heed != nil {
			heed(reply)
		}
	})
	if err != nil {
		return nil, c.failed(err)
	}
	if unread != nil {
		return nil, c.failed(fmt.Errorf("the reply cannot be read: %w", unread))
	}
	return reply, c.check(reply, true)
}

// SimulatedDelivery is a message that an app has sent to a phone of the sandbox.
type SimulatedDelivery struct {
	OrgID, CustomerID, MessageID string
	// To is whose phone it is.
	To CustomerNumber
	// From is the org's channel.
	From    MessagingChannelNumber
	Message Message
}

// OnSendMessage sets the handler of messages to phones, the reference's sendMessage. Every simulator
// of the org gets every message.
func (s *Simulator) OnSendMessage(handler func(ctx context.Context, m *SimulatedDelivery) error) {
	if s.link.isStarted() {
		panic("elarian: handlers must be set before Connect or Run")
	}
	s.sendMessage = handler
}

// receive reads a notification. What it says of calls is noted at once: their handlers wait for it.
func (s *Simulator) receive(payload []byte) (line string, handle func(ctx context.Context) ([]byte, error)) {
	var m pb.ServerToSimulatorNotification
	if err := proto.Unmarshal(payload, &m); err != nil {
		return "", func(context.Context) ([]byte, error) { return nil, fmt.Errorf("notification cannot be read: %w", err) }
	}
	var event, customer string
	var do func(ctx context.Context) error
	switch e := m.GetEntry().(type) {
	case *pb.ServerToSimulatorNotification_MakeVoiceCall:
		event, customer = "makeVoiceCall", e.MakeVoiceCall.GetCustomerId()
		line, do = s.ring(e.MakeVoiceCall)
	case *pb.ServerToSimulatorNotification_SendMessage:
		event, customer = "sendMessage", e.SendMessage.GetCustomerId()
		line, do = s.deliver(e.SendMessage)
	default:
		event, customer, line, do = s.receivePayment(&m)
	}
	if do == nil {
		return "", nil
	}
	return line, func(ctx context.Context) ([]byte, error) {
		return nil, s.config.guard(event, slog.String("customer", customer), func() error { return do(ctx) })
	}
}

// between is the line of what an org's number and a phone have to do with each other.
func between(channel fmt.Stringer, number string) string { return channel.String() + " " + number }

func (s *Simulator) deliver(sent *pb.SendMessageSimulatorNotification) (line string, handle func(ctx context.Context) error) {
	from, to := messagingChannelNumber(sent.GetChannelNumber()), customerNumber(sent.GetCustomerNumber())
	if sent.GetCall() != nil {
		if call := s.lines.get(callLine{to.Number, from}); call != nil && call.update(sent.GetCall(), sent.GetMessage(), false) {
			return "", nil
		}
	}
	if sent.GetMessage() == nil || s.sendMessage == nil {
		return "", nil
	}
	return between(from, to.Number), func(ctx context.Context) error {
		return s.sendMessage(ctx, &SimulatedDelivery{
			OrgID:      sent.GetOrgId(),
			CustomerID: sent.GetCustomerId(),
			MessageID:  sent.GetMessageId(),
			To:         to,
			From:       from,
			Message:    *message(sent.GetMessage()),
		})
	}
}

// phone is a number in errors.
type phone string

func (p phone) String() string { return string(p) }
