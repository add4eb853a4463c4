package command_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
)

const (
	adaNumber  = "+254710000001"
	whatsApp   = pb.MessagingChannel_MESSAGING_CHANNEL_WHATSAPP
	queuedText = "hello"
)

// write has a phone send a text on a chat channel.
func write(t *testing.T, phones *servertest.Conn, channel *pb.MessagingChannelNumber, text string) {
	t.Helper()
	r, err := phones.Simulate(&pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: adaNumber, ChannelNumber: channel,
		Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Text{Text: text}}},
	}}})
	if err != nil || !r.Status {
		t.Fatalf("receiveMessage: %v, %v", r, err)
	}
}

// sendText is SendMessage with a text, and a reply token where there is one.
func sendText(channel *pb.MessagingChannelNumber, text, token string) *pb.AppToServerCommand {
	m := &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: text}}}
	if token != "" {
		m.ReplyToken = wrapperspb.String(token)
	}
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessage{SendMessage: &pb.SendMessageCommand{
		CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: channel, Message: m}}}
}

// wantSent wants a status of a message.
func wantSent(t *testing.T, app *servertest.Conn, cmd *pb.AppToServerCommand, want pb.MessageDeliveryStatus) *pb.SendMessageReply {
	t.Helper()
	reply := app.Do(t, cmd).GetSendMessage()
	if reply.GetStatus() != want {
		t.Fatalf("status %v (%s), want %v", reply.GetStatus(), reply.GetDescription(), want)
	}
	return reply
}

// next waits for a notification of a kind, and acknowledges it and those of other kinds before it.
func next[T any](t *testing.T, app *servertest.Conn, get func(*pb.ServerToAppCustomerNotification) *T) *T {
	t.Helper()
	for {
		n := app.Next(t)
		n.OK()
		if v := get(n.ServerToAppCustomerNotification); v != nil {
			return v
		}
	}
}

func stateOf(t *testing.T, app *servertest.Conn) *pb.CustomerStateReplyData {
	t.Helper()
	reply := app.Do(t, servertest.GetState(adaNumber)).GetGetCustomerState()
	if !reply.GetStatus() {
		t.Fatal(reply.GetDescription())
	}
	return reply.Data
}

// channelState is the state of the only channel that the customer has met.
func channelState(t *testing.T, app *servertest.Conn) *pb.MessagingChannelState {
	t.Helper()
	channels := stateOf(t, app).MessagingState.Channels
	if len(channels) != 1 {
		t.Fatalf("%d channels, want one: %v", len(channels), channels)
	}
	return channels[0]
}

func TestChatSessions(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		chat := servertest.Channel(whatsApp, sandbox.Number)

		wantSent(t, app, sendText(chat, queuedText, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_SESSION_IN_PROGRESS)

		write(t, phones, chat, "Hi")
		started := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingSessionStarted)
		received := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage)
		if !strings.HasPrefix(started.SessionId, "el_ses_") || received.SessionId.GetValue() != started.SessionId {
			t.Fatalf("the session is %q, that of its message %q", started.SessionId, received.SessionId.GetValue())
		}
		in := channelState(t, app).GetInSession()
		if in.GetSessionId() != started.SessionId || in.GetReplyToken().GetToken() == "" || len(in.GetAppIds()) != 1 {
			t.Fatalf("the state is %v, want in session with a reply token", in)
		}
		sent := wantSent(t, app, sendText(chat, queuedText, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT)
		if sent.SessionId.GetValue() != started.SessionId {
			t.Fatalf("the message is of session %q", sent.SessionId.GetValue())
		}
		token := in.ReplyToken.Token
		wantSent(t, app, sendText(chat, queuedText, token), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT)
		wantSent(t, app, sendText(chat, queuedText, token+"x"), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_INVALID_REPLY_TOKEN)

		srv.Clock().Advance(23 * time.Hour)
		write(t, phones, chat, "Still there?")
		renewed := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingSessionRenewed)
		if renewed.SessionId != started.SessionId || !renewed.ExpiresAt.AsTime().After(started.ExpiresAt.AsTime()) {
			t.Fatalf("renewed %v after %v", renewed, started)
		}
		wantSent(t, app, sendText(chat, queuedText, token), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT) // until the session ends

		srv.Clock().Advance(25 * time.Hour)
		ended := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingSessionEnded)
		if ended.SessionId != started.SessionId || ended.Reason != pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_INACTIVITY || ended.Duration.AsDuration() < 46*time.Hour {
			t.Fatalf("ended %v", ended)
		}
		wantSent(t, app, sendText(chat, queuedText, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_SESSION_IN_PROGRESS)
		state := stateOf(t, app)
		if len(state.MessagingState.Sessions) != 1 || state.MessagingState.Sessions[0].EndReason != ended.Reason || state.MessagingState.Channels[0].GetActive() == nil {
			t.Fatalf("the state is %v", state.MessagingState)
		}
	})
}

func TestConsent(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		sms := servertest.SMSChannel(sandbox.ShortCode)
		consent := func(channel *pb.MessagingChannelNumber, update pb.MessagingConsentUpdate) *pb.UpdateMessagingConsentReply {
			return app.Do(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateMessagingConsent{UpdateMessagingConsent: &pb.UpdateMessagingConsentCommand{
				CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: channel, Update: update}}}).GetUpdateMessagingConsent()
		}
		if r := consent(servertest.SMSChannel("999"), pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK); r.Status != pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_INVALID_CHANNEL_NUMBER {
			t.Fatalf("a channel of nobody: %v", r)
		}
		if r := consent(sms, 0); r.Status == completed || !strings.Contains(r.Description, "update") {
			t.Fatalf("neither allow nor block: %v", r)
		}
		if r := consent(sms, pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK); r.Status != completed {
			t.Fatalf("block: %v", r)
		}
		u := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingConsentUpdate)
		if u.Update != pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK || u.Status != completed {
			t.Fatalf("told of %v", u)
		}
		wantSent(t, app, sendText(sms, "Buy!", ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT)
		if channelState(t, app).GetBlocked() == nil {
			t.Fatal("the state is not blocked")
		}

		write(t, phones, sms, "I can still write")
		next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage)
		for _, step := range []struct {
			text   string
			update pb.MessagingConsentUpdate
			want   pb.MessageDeliveryStatus
		}{
			{" start ", pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW, pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT},
			{"Stop", pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK, pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT},
		} {
			write(t, phones, sms, step.text)
			m := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage) // the message itself is told too
			if m.Parts[0].GetText() != step.text {
				t.Fatalf("the app was told %q", m.Parts[0].GetText())
			}
			if u := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingConsentUpdate); u.Update != step.update {
				t.Fatalf("%q: %v", step.text, u.Update)
			}
			wantSent(t, app, sendText(sms, queuedText, ""), step.want)
		}
		write(t, phones, sms, "please do not stop")
		if n := app.Next(t); n.GetReceivedMessage() == nil {
			t.Fatalf("told of %v", n)
		} else {
			n.OK()
		}
		wantSent(t, app, sendText(sms, queuedText, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT)
	})
}

const completed = pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_COMPLETED

// hopTo answers a hop with a menu and gives what the phone shows, and how sessions ended meanwhile.
func hopTo(t *testing.T, app, phones *servertest.Conn, session, text string, menu *pb.UssdMenuMessageBody) (shownMenu servertest.Menu, ended []*pb.MessagingSessionEndedNotification) {
	t.Helper()
	shown := phones.Hop(adaNumber, sandbox.USSDCode, session, text)
	for {
		n := app.Next(t)
		m := n.GetReceivedMessage()
		if m == nil {
			if e := n.GetMessagingSessionEnded(); e != nil {
				ended = append(ended, e)
			}
			n.OK()
			continue
		}
		if got := m.Parts[0].GetUssd().GetText().GetValue(); got != text {
			t.Fatalf("the app was told %q, want %q", got, text)
		}
		n.Answer(&pb.ServerToAppNotificationReply{Message: &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Ussd{Ussd: menu}}}})
		return servertest.Shown(t, shown), ended
	}
}

func TestLongMenus(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		var lines []string
		for range 12 {
			lines = append(lines, "é. A line of thirty characters")
		}
		text := strings.Join(lines, "\n")
		first, _ := hopTo(t, app, phones, "s1", "", &pb.UssdMenuMessageBody{Text: text, IsTerminal: true})
		var all []string
		for page := first; ; page = servertest.Shown(t, phones.Hop(adaNumber, sandbox.USSDCode, "s1", "98")) {
			if n := len([]rune(page.Text)); n > 182 {
				t.Fatalf("a page of %d characters", n)
			}
			rest, more := strings.CutSuffix(page.Text, "\n98. More")
			all = append(all, rest)
			if page.Terminal == more {
				t.Fatalf("terminal %v, more %v", page.Terminal, more)
			}
			if !more {
				break
			}
		}
		if got := strings.Join(all, "\n"); got != text || len(all) < 3 {
			t.Fatalf("%d pages show\n%s", len(all), got)
		}
		ended := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingSessionEnded)
		if ended.Reason != pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_NORMAL_CLEARING {
			t.Fatalf("ended %v", ended)
		}
	})
}

func TestUSSDSessionsEnd(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		ask := &pb.UssdMenuMessageBody{Text: "Which day?"}
		ended := func(want pb.MessagingSessionEndReason, already ...*pb.MessagingSessionEndedNotification) {
			t.Helper()
			if len(already) > 0 {
				if already[0].Reason != want {
					t.Fatalf("ended by %v, want %v", already[0].Reason, want)
				}
				return
			}
			if e := next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingSessionEnded); e.Reason != want {
				t.Fatalf("ended by %v, want %v", e.Reason, want)
			}
		}
		hopTo(t, app, phones, "redialled", "", ask)
		_, meanwhile := hopTo(t, app, phones, "second", "", ask) // a phone that dials anew has hung up
		ended(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_NORMAL_CLEARING, meanwhile...)

		r, err := phones.Simulate(&pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
			CustomerNumber: adaNumber, ChannelNumber: servertest.Channel(pb.MessagingChannel_MESSAGING_CHANNEL_USSD, sandbox.USSDCode),
			SessionId: wrapperspb.String("second"),
			Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Ussd{Ussd: &pb.UssdInputMessageBody{
				Status: pb.UssdSessionStatus_USSD_SESSION_STATUS_INCOMPLETE}}}},
		}}})
		if err != nil || !r.Status || r.Message != nil {
			t.Fatalf("hanging up: %v, %v", r, err)
		}
		m := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage)
		if m.Parts[0].GetUssd().GetStatus() != pb.UssdSessionStatus_USSD_SESSION_STATUS_INCOMPLETE {
			t.Fatalf("the app was told %v", m)
		}
		ended(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_NORMAL_CLEARING)

		hopTo(t, app, phones, "third", "", ask)
		srv.Clock().Advance(3*time.Minute + time.Second)
		ended(pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_INACTIVITY)
	})
}

func TestReplyToMessage(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		write(t, phones, servertest.SMSChannel(sandbox.ShortCode), "Hi")
		n := app.Next(t)
		received := n.GetReceivedMessage()
		n.OK()
		reply := func(id, message string) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplyToMessage{ReplyToMessage: &pb.ReplyToMessageCommand{
				CustomerId: id, MessageId: message, Message: &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: "Hello"}}}}}}
		}
		wantSent(t, app, reply(n.CustomerId, received.MessageId), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT)
		wantSent(t, app, reply(n.CustomerId, "el_msg_0"), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_INVALID_REPLY_TO_MESSAGE_ID)
		wantSent(t, app, reply(n.CustomerId, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_INVALID_REPLY_TO_MESSAGE_ID)
		wantSent(t, app, reply("el_cst_0", received.MessageId), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_INVALID_CUSTOMER_ID)
		messages := stateOf(t, app).MessagingState.Messages
		if last := messages[len(messages)-1].GetSent(); last.GetInReplyTo().GetValue() != received.MessageId || last.ChannelNumber.Number != sandbox.ShortCode {
			t.Fatalf("the last message is %v", last)
		}
	})
}

func TestReplays(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app := srv.App(t)
		ada, sms := servertest.Cellular(adaNumber), servertest.SMSChannel(sandbox.ShortCode)
		at := timestamppb.New(srv.Clock().Now().Add(-48 * time.Hour))
		text := []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Text{Text: "old"}}}
		received := func(id string, at *timestamppb.Timestamp, channel *pb.MessagingChannelNumber, parts []*pb.InboundMessageBody) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayReceivedMessage{ReplayReceivedMessage: &pb.ReplayReceivedMessageCommand{
				ProviderMessageId: id, ReceivedAt: at, CustomerNumber: ada, ChannelNumber: channel, Parts: parts}}}
		}
		status := func(id string, s pb.MessageDeliveryStatus) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayMessageStatusUpdate{ReplayMessageStatusUpdate: &pb.ReplayMessageStatusUpdateCommand{
				ProviderMessageId: id, UpdatedAt: at, CustomerNumber: ada, ChannelNumber: sms, Status: s}}}
		}
		reaction := &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayMessageReactionUpdate{ReplayMessageReactionUpdate: &pb.ReplayMessageReactionUpdateCommand{
			ProviderMessageId: "out", UpdatedAt: at, CustomerNumber: ada, ChannelNumber: sms, Reaction: pb.MessageReaction_MESSAGE_REACTION_UNSUBSCRIBED}}}
		for range 2 { // the second time changes nothing
			for _, cmd := range []*pb.AppToServerCommand{
				received("in", at, sms, text),
				{Entry: &pb.AppToServerCommand_ReplaySentMessage{ReplaySentMessage: &pb.ReplaySentMessageCommand{
					ProviderMessageId: "out", SentAt: at, CustomerNumber: ada, ChannelNumber: sms, Status: pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT,
					Message: &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: "old"}}}}}},
				status("out", pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED),
				reaction,
				{Entry: &pb.AppToServerCommand_ReplayMessagingSession{ReplayMessagingSession: &pb.ReplayMessagingSessionCommand{
					ProviderSessionId: "s", CustomerNumber: ada, ChannelNumber: sms, StartedAt: at, Duration: durationpb.New(time.Minute),
					EndReason: pb.MessagingSessionEndReason_MESSAGING_SESSION_END_REASON_NORMAL_CLEARING}}},
			} {
				if r := app.Do(t, cmd).GetUpdateCustomerState(); !r.GetStatus() {
					t.Fatalf("%v: %s", cmd, r.GetDescription())
				}
			}
		}
		for field, cmd := range map[string]*pb.AppToServerCommand{
			"provider_message_id": received("", at, sms, text),
			"received_at":         received("x", nil, sms, text),
			"channel_number":      received("x", at, servertest.SMSChannel("999"), text),
			"parts":               received("x", at, sms, nil),
			"no message":          status("unknown", pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED),
			"status":              status("out", 12345),
		} {
			if r := app.Do(t, cmd).GetUpdateCustomerState(); r.GetStatus() || !strings.Contains(r.GetDescription(), field) {
				t.Errorf("%s: %v", field, r)
			}
		}
		state := stateOf(t, app).MessagingState
		if len(state.Messages) != 2 || len(state.Sessions) != 1 {
			t.Fatalf("%d messages and %d sessions, want 2 and 1", len(state.Messages), len(state.Sessions))
		}
		for _, m := range state.Messages {
			if s := m.GetSent(); s != nil && (s.Status != pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED || len(s.Reactions) != 1) {
				t.Fatalf("the message is %v", s)
			}
		}
		if state.Channels[0].GetBlocked() == nil {
			t.Fatal("who has unsubscribed is not blocked")
		}
		// Messages stand by their time, whenever they were imported.
		for _, hours := range []int{1, 72, 24} {
			app.Do(t, received(strconv.Itoa(hours), timestamppb.New(srv.Clock().Now().Add(-time.Duration(hours)*time.Hour)), sms, text))
		}
		var last time.Time
		for _, m := range stateOf(t, app).MessagingState.Messages {
			at := m.GetReceived().GetCreatedAt().AsTime()
			if m.GetSent() != nil {
				at = m.GetSent().CreatedAt.AsTime()
			}
			if at.Before(last) {
				t.Fatalf("a message of %v stands after one of %v", at, last)
			}
			last = at
		}
		app.None(t)
	})
}

// TestImportedDecisions: of a decision that is made and one that is imported the later holds, and having written is
// none.
func TestImportedDecisions(t *testing.T) {
	servertest.Each(t, func(t *testing.T, db string) {
		srv := servertest.Start(t, db)
		app, phones := srv.App(t), srv.Simulator(t)
		sms := servertest.SMSChannel(sandbox.ShortCode)
		write(t, phones, sms, "Hi")
		imported := func(update pb.MessagingConsentUpdate, ago time.Duration) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayMessagingConsentUpdate{ReplayMessagingConsentUpdate: &pb.ReplayMessagingConsentUpdateCommand{
				CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: sms, Update: update, UpdatedAt: at(srv, -ago)}}}
		}
		const block, allow = pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK, pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW
		is := func(blocked bool, after string) {
			t.Helper()
			if s := channelState(t, app); (s.GetBlocked() != nil) != blocked {
				t.Errorf("after %s: %v", after, s)
			}
		}
		app.Must(t, imported(block, 48*time.Hour))
		is(true, "a block from before the first message")
		app.Must(t, imported(allow, 24*time.Hour))
		is(false, "an allow from after it")
		app.Must(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplaySentMessage{ReplaySentMessage: &pb.ReplaySentMessageCommand{
			ProviderMessageId: "old", SentAt: at(srv, -72*time.Hour), CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: sms,
			Status: pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT, Message: servertest.TextMessage("old")}}})
		reaction := func(ago time.Duration) *pb.AppToServerCommand {
			return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayMessageReactionUpdate{ReplayMessageReactionUpdate: &pb.ReplayMessageReactionUpdateCommand{
				ProviderMessageId: "old", CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: sms, UpdatedAt: at(srv, -ago),
				Reaction: pb.MessageReaction_MESSAGE_REACTION_COMPLAINED}}}
		}
		app.Must(t, reaction(36*time.Hour))
		is(false, "a complaint from before the allow")
		app.Must(t, reaction(12*time.Hour))
		is(true, "a complaint from after it")
		write(t, phones, sms, "START")
		is(false, "START")
		app.Must(t, imported(block, time.Hour))
		is(false, "a block from before START")
	})
}

// at is a time that far from the server's.
func at(srv *servertest.Server, d time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(srv.Clock().Now().Add(d))
}
