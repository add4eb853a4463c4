package command_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
)

var voiceLine = servertest.Channel(pb.MessagingChannel_MESSAGING_CHANNEL_VOICE, sandbox.Number)

// dialPlan is a message that calls and says something.
func dialPlan(text string) *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Voice{Voice: &pb.VoiceCallDialplanMessageBody{
		Actions: []*pb.VoiceCallAction{{Entry: &pb.VoiceCallAction_Say{Say: &pb.SayCallAction{Text: text}}}},
	}}}}
}

func makeCall(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessage{SendMessage: &pb.SendMessageCommand{
		CustomerNumber: servertest.Cellular(number), ChannelNumber: voiceLine, Message: dialPlan("Hello")}}}
}

// onPhone is what a phone does in a call: a status, and none begins or answers one.
func onPhone(t *testing.T, phones *servertest.Conn, number string, status pb.VoiceCallStatus) *pb.SimulatorToServerCommandReply {
	t.Helper()
	r := inCall(t, phones, number, "", &pb.VoiceCallInputMessageBody{Status: status})
	if !r.Status {
		t.Fatalf("%s, %s: %v", number, status, r)
	}
	return r
}

// inCall is what a phone does in the call that it has the name for.
func inCall(t *testing.T, phones *servertest.Conn, number, session string, does *pb.VoiceCallInputMessageBody) *pb.SimulatorToServerCommandReply {
	t.Helper()
	r, err := phones.Simulate(&pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: number, ChannelNumber: voiceLine, SessionId: wrapperspb.String(session),
		Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Voice{Voice: does}}}}}})
	if err != nil {
		t.Fatalf("%s: %v", number, err)
	}
	return r
}

const (
	callBegins = pb.VoiceCallStatus_VOICE_CALL_STATUS_RINGING
	callEnds   = pb.VoiceCallStatus_VOICE_CALL_STATUS_COMPLETED

	initiated = pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SESSION_INITIATED
	noConsent = pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT
	busy      = pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_OTHER_SESSION_IN_PROGRESS
)

func voiceConsent(number string, update pb.MessagingConsentUpdate) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateMessagingConsent{UpdateMessagingConsent: &pb.UpdateMessagingConsentCommand{
		CustomerNumber: servertest.Cellular(number), ChannelNumber: voiceLine, Update: update}}}
}

// TestCallsByTag calls all who have a tag: who is in a call and who has blocked the line are not called, and each
// is told of by a status.
func TestCallsByTag(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		app, phones := srv.App(t), srv.Simulator(t)
		free, blocked, talking := phone(1), phone(2), phone(3)
		want := map[string]pb.MessageDeliveryStatus{free: initiated, blocked: noConsent, talking: busy}
		ids := map[string]string{}
		for number := range want {
			app.Must(t, servertest.UpdateTags(number, servertest.Index("plan", "gold", time.Time{})))
			ids[app.ID(t, number)] = number
		}
		app.Must(t, voiceConsent(blocked, pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK))
		wantSent(t, app, makeCall(talking), initiated)

		r := app.Do(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessageTag{SendMessageTag: &pb.SendMessageTagCommand{
			Tag: servertest.Mapping("plan", "gold"), ChannelNumber: voiceLine, Message: dialPlan("Good day")}}}).GetTagCommand()
		if !r.GetStatus() {
			t.Fatalf("by tag: %v", r)
		}
		for len(want) > 0 {
			n := app.Next(t)
			n.OK()
			number, s := ids[n.CustomerId], n.GetMessageStatus()
			if s == nil {
				continue // of consent, and of calls
			}
			if s.Status != want[number] {
				t.Errorf("%s is told as %s, want %s", number, s.Status, want[number])
			}
			all := app.State(t, number).MessagingState.Messages
			var found *pb.SentMessage
			for _, m := range all {
				if m.GetSent().GetMessageId() == s.MessageId {
					found = m.GetSent()
				}
			}
			if found.GetStatus() != s.Status || found.GetMessage().GetBody().GetVoice() == nil {
				t.Errorf("%s: the state shows %v", number, found)
			}
			delete(want, number)
		}
		for _, number := range []string{talking, free} { // no other phone rings
			n := phones.Next(t)
			if got := n.Simulator.GetMakeVoiceCall().GetCustomerNumber().GetNumber(); got != number {
				t.Errorf("%s rings: %v", got, n.Simulator)
			}
			n.OK()
		}
		phones.None(t)
	})
}

// TestConsentOnVoice: who has blocked a line is not called, and can call.
func TestConsentOnVoice(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		app, phones := srv.App(t), srv.Simulator(t)
		app.Must(t, voiceConsent(adaNumber, pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK))
		if u := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingConsentUpdate); u.ChannelNumber.Channel != voiceLine.Channel {
			t.Errorf("told of %v", u)
		}
		wantSent(t, app, makeCall(adaNumber), noConsent)
		phones.None(t)

		ended := make(chan *pb.SimulatorToServerCommandReply, 1)
		go func() { ended <- onPhone(t, phones, adaNumber, callBegins) }()
		m := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage) // answered without a plan
		if m.Parts[0].GetVoice().GetStatus() != callBegins || m.SessionId.GetValue() == "" {
			t.Errorf("the app is told of %v", m)
		}
		if r := <-ended; r.Call.GetStatus() != callEnds {
			t.Errorf("the phone is told of %v", r)
		}
		if channelState(t, app).GetBlocked() == nil {
			t.Error("by calling the block has gone")
		}
		app.Must(t, voiceConsent(adaNumber, pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW))
		wantSent(t, app, makeCall(adaNumber), initiated)
	})
}

// TestProviderNamesACall: the events of a call of ours name it as the provider does, which the first of them tells,
// and only to the end of that call.
func TestProviderNamesACall(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		app, phones := srv.App(t), srv.Simulator(t)
		does := func(session string, status pb.VoiceCallStatus) *pb.SimulatorToServerCommandReply {
			t.Helper()
			return inCall(t, phones, adaNumber, session, &pb.VoiceCallInputMessageBody{
				Direction: pb.CustomerEventDirection_CUSTOMER_EVENT_DIRECTION_OUTBOUND, Status: status})
		}
		for _, name := range []string{"first", "second"} {
			sent := wantSent(t, app, makeCall(adaNumber), initiated)
			if r := does(name, callBegins); !r.Status || r.Call.GetSessionId() != sent.SessionId.GetValue() {
				t.Errorf("%s rings: %v", name, r)
			}
			r := does(name, pb.VoiceCallStatus_VOICE_CALL_STATUS_ANSWERED)
			if heard := r.Message.GetBody().GetVoice().GetActions(); len(heard) != 1 || heard[0].GetSay().GetText() != "Hello" {
				t.Errorf("%s, answered, hears %v", name, r)
			}
			for _, want := range []pb.VoiceCallStatus{
				pb.VoiceCallStatus_VOICE_CALL_STATUS_QUEUED, callBegins, pb.VoiceCallStatus_VOICE_CALL_STATUS_ANSWERED, callEnds,
			} {
				m := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage)
				if v := m.Parts[0].GetVoice(); v.Status != want || m.SessionId.GetValue() != sent.SessionId.GetValue() {
					t.Errorf("%s: the app is told of %v, want %s", name, m, want)
				}
			}
			if r := does(name, callEnds); r.Status {
				t.Errorf("%s ended twice: %v", name, r)
			}
		}
		wantSent(t, app, makeCall(adaNumber), initiated)
		answered := inCall(t, phones, adaNumber, "third", &pb.VoiceCallInputMessageBody{ // of no direction
			Status: pb.VoiceCallStatus_VOICE_CALL_STATUS_ANSWERED})
		if heard := answered.Message.GetBody().GetVoice().GetActions(); len(heard) != 1 || heard[0].GetSay().GetText() != "Hello" {
			t.Errorf("third, answered, hears %v", answered)
		}
		sessions := stateOf(t, app).MessagingState.Sessions
		if len(sessions) != 3 || sessions[0].ProviderSessionId.GetValue() != "first" || sessions[1].ProviderSessionId.GetValue() != "second" {
			t.Errorf("the sessions are %v", sessions)
		}
	})
}

// TestReplyToACall: the reply to an event of a call is a call back.
func TestReplyToACall(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		app, phones := srv.App(t), srv.Simulator(t)
		ended := make(chan *pb.SimulatorToServerCommandReply, 1)
		go func() { ended <- onPhone(t, phones, adaNumber, callBegins) }()
		var n *servertest.Notified
		for n = app.Next(t); n.GetReceivedMessage() == nil; n = app.Next(t) {
			n.OK()
		}
		event := n.GetReceivedMessage().MessageId
		reply := func(message *pb.OutboundMessage) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplyToMessage{ReplyToMessage: &pb.ReplyToMessageCommand{
				CustomerId: n.CustomerId, MessageId: event, Message: message}}}
		}
		wantSent(t, app, reply(dialPlan("Hello")), busy)
		n.OK()
		<-ended

		wantSent(t, app, reply(servertest.TextMessage("Hello")), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NOT_SUPPORTED)
		sent := wantSent(t, app, reply(dialPlan("You called")), initiated)
		if sent.SessionId.GetValue() == "" {
			t.Errorf("a call without a session: %v", sent)
		}
		all := stateOf(t, app).MessagingState.Messages
		for _, m := range all {
			if s := m.GetSent(); s.GetMessageId() == sent.MessageId.Value && s.InReplyTo.GetValue() != event {
				t.Errorf("the call back is in reply to %q, want %q", s.InReplyTo.GetValue(), event)
			}
		}
		if r := onPhone(t, phones, adaNumber, pb.VoiceCallStatus_VOICE_CALL_STATUS_ANSWERED); r.Message.GetBody().GetVoice().GetActions()[0].GetSay().GetText() != "You called" {
			t.Errorf("the phone hears %v", r)
		}
	})
}
