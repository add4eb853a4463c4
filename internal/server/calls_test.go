package server_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
)

const (
	caller = "+254710000001"
	other  = "+254710000002"
)

var line = elarian.Voice(sandbox.Number)

// voiceApp connects an app that asks for two keys, and gives the events that it is told of.
func voiceApp(t *testing.T, srv *servertest.Server, plan func(*elarian.CallEvent) elarian.Plan) (*elarian.Client, <-chan elarian.CallEvent) {
	t.Helper()
	events := make(chan elarian.CallEvent, 100)
	client := elarian.New(srv.Config())
	elarian.OnVoice(client, func(_ context.Context, e *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		events <- *e
		return plan(e), nil
	})
	elarian.OnVoiceEnd(client, func(_ context.Context, e *elarian.CallEvent, _ *struct{}) error {
		events <- *e
		return nil
	})
	connect(t, client)
	return client, events
}

func connect(t *testing.T, c interface {
	Connect(ctx context.Context) error
	Close() error
}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
}

func simulator(t *testing.T, srv *servertest.Server, ring func(*elarian.Call)) *elarian.Simulator {
	t.Helper()
	s := elarian.NewSimulator(srv.Config())
	s.OnCall(func(_ context.Context, c *elarian.Call) error {
		if ring != nil {
			ring(c)
		}
		return nil
	})
	connect(t, s)
	return s
}

// told waits for events with these statuses, "" for any, and gives the last.
func told(t *testing.T, events <-chan elarian.CallEvent, want ...string) (last elarian.CallEvent) {
	t.Helper()
	for _, status := range want {
		select {
		case last = <-events:
		case <-time.After(servertest.Patience):
			t.Fatalf("the app is not told %s", status)
		}
		if status != "" && last.Status.String() != status {
			t.Fatalf("the app is told %s, want %s", last.Status, status)
		}
	}
	return last
}

func twoKeys(e *elarian.CallEvent) elarian.Plan {
	if e.Digits != "" {
		return elarian.Plan{elarian.Say("You pressed %s.", e.Digits)}
	}
	return elarian.Plan{elarian.GetDigits{Prompt: elarian.Say("Two keys."), Digits: 2, Timeout: 10 * time.Minute}}
}

func TestACallGoesOnAfterARestart(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		ctx := t.Context()
		box := sandbox.New()
		srv := servertest.StartAs(t, store, box)
		client, events := voiceApp(t, srv, twoKeys)
		call, err := simulator(t, srv, nil).Call(ctx, caller, line)
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Press(ctx, "4"); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Customer(elarian.Cellular(other)).MakeVoiceCall(ctx, line, elarian.Say("Hello.")); err != nil {
			t.Fatal(err)
		}
		told(t, events, "ringing", "queued", "ringing")
		srv.Stop(t)

		srv = servertest.StartAs(t, store, box)
		_, events = voiceApp(t, srv, twoKeys)
		phone := simulator(t, srv, nil)
		press := func(session, keys string) (*elarian.Message, error) {
			return phone.ReceiveMessage(ctx, elarian.SimulatedMessage{From: caller, To: line, SessionID: session, Parts: []elarian.Part{elarian.CallInput{Digits: keys}}})
		}
		m, err := press(call.SessionID(), "2")
		if err != nil {
			t.Fatal(err)
		}
		if heard, _ := m.Body.(elarian.Plan); len(heard) != 1 || heard[0] != elarian.CallAction(elarian.Say("You pressed 42.")) {
			t.Errorf("after the restart: %+v", m.Body)
		}
		if e := told(t, events, "active", "completed"); e.SessionID != call.SessionID() {
			t.Errorf("the end is of %s, want %s", e.SessionID, call.SessionID())
		}
		if _, err := press(call.SessionID(), "1"); !errors.Is(err, elarian.ErrNotFound) {
			t.Errorf("keys after the end: %v", err)
		}
		srv.Clock().Advance(time.Minute) // the other phone has not answered: the time runs on
		e := told(t, events, "")
		for e.SessionID == call.SessionID() { // its end comes again where the answer to it was not there yet
			e = told(t, events, "")
		}
		if e.Status != elarian.CallNotAnswered {
			t.Errorf("the app is told %v of the other phone", e.Status)
		}
	})
}

func TestOddCalls(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		ctx := t.Context()
		srv := servertest.Start(t, store)
		rings := make(chan *elarian.Call, 10)
		client, events := voiceApp(t, srv, twoKeys)
		phone := simulator(t, srv, func(c *elarian.Call) { rings <- c })
		send := func(session string, parts ...elarian.Part) error {
			_, err := phone.ReceiveMessage(ctx, elarian.SimulatedMessage{From: caller, To: line, SessionID: session, Parts: parts})
			return err
		}
		refused := func(what string, err error, kind error, text string) {
			t.Helper()
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("no part", send("x"), elarian.ErrInvalidRequest, "parts")
		refused("a text", send("x", elarian.Text("hello")), elarian.ErrInvalidRequest, "voice")
		refused("two parts", send("x", elarian.CallInput{}, elarian.CallInput{}), elarian.ErrInvalidRequest, "one part")
		refused("keys without a call", send("x", elarian.CallInput{Digits: "1"}), elarian.ErrNotFound, "in no call")
		refused("a hang-up without a call", send("", elarian.CallInput{Status: elarian.CallCompleted}), elarian.ErrNotFound, "in no call")
		refused("an impossible number", func() error { _, err := phone.Call(ctx, "nobody", line); return err }(), elarian.ErrInvalidRequest, "phone number")
		refused("a channel of nobody", func() error { _, err := phone.Call(ctx, caller, elarian.Voice("+254700000000")); return err }(), elarian.ErrNotFound, "channel")
		_, err := client.Customer(elarian.Cellular(caller)).SendMessage(ctx, line, elarian.Text("x"))
		refused("a text on voice", err, elarian.ErrNotSupported, "voice")
		_, err = client.Customer(elarian.Cellular(caller)).SendMessage(ctx, elarian.SMS(sandbox.ShortCode), elarian.Plan{elarian.Say("x")})
		refused("a plan by SMS", err, elarian.ErrNotSupported, "sms")

		call, err := phone.Call(ctx, caller, line)
		if err != nil {
			t.Fatal(err)
		}
		refused("wrong keys", call.Press(ctx, "x"), elarian.ErrInvalidRequest, "keys")
		refused("speech that nobody asked for", call.Speak(ctx, time.Second), elarian.ErrInvalidRequest, "record")
		refused("another session", send("other", elarian.CallInput{Digits: "1"}), elarian.ErrNotFound, "in no call")
		refused("a leg that is none", send(call.SessionID(), elarian.CallInput{Dial: &elarian.DialResult{Number: other}}), elarian.ErrNotFound, "no leg")
		_, err = client.Customer(elarian.Cellular(caller)).MakeVoiceCall(ctx, line, elarian.Say("x"))
		refused("a call to who is in a call", err, elarian.ErrBusy, "in a call")
		told(t, events, "ringing")

		// A phone has one line: calling again ends the call.
		again, err := phone.Call(ctx, caller, line)
		if err != nil || again.SessionID() == call.SessionID() {
			t.Fatalf("calling again: %v", err)
		}
		// The end is no event that anybody waits for, so it may come after the new call's first.
		seen := []string{(<-events).Status.String(), (<-events).Status.String()}
		if slices.Sort(seen); !slices.Equal(seen, []string{"completed", "ringing"}) {
			t.Errorf("calling again is told as %v", seen)
		}
		if err := again.HangUp(ctx); err != nil {
			t.Fatal(err)
		}
		told(t, events, "completed")
		if err := again.HangUp(ctx); err != nil {
			t.Errorf("hanging up twice: %v", err)
		}

		// Two phones of one customer are two calls.
		if err := client.Customer(elarian.Cellular(caller)).AdoptState(ctx, client.Customer(elarian.Cellular(other))); err != nil {
			t.Fatal(err)
		}
		first, err := phone.Call(ctx, caller, line)
		if err != nil {
			t.Fatal(err)
		}
		second, err := phone.Call(ctx, other, line)
		if err != nil {
			t.Fatal(err)
		}
		told(t, events, "ringing", "ringing")
		if err := first.Press(ctx, "12"); err != nil || !first.Over() || second.Over() {
			t.Errorf("the first of two: %v, over %v and %v", err, first.Over(), second.Over())
		}
		told(t, events, "active", "completed")
		if err := second.Press(ctx, "34"); err != nil || !second.Over() {
			t.Errorf("the second of two: %v", err)
		}
		told(t, events, "active", "completed")
	})
}

func TestCallsOfSomebodyWhoGoes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		ctx := t.Context()
		srv := servertest.Start(t, store)
		client, events := voiceApp(t, srv, twoKeys)
		phone := simulator(t, srv, nil)
		call, err := phone.Call(ctx, caller, line)
		if err != nil {
			t.Fatal(err)
		}
		// Adopted while in a call: the call goes on with the adopter.
		if _, err := client.CreateCustomer(ctx, elarian.Cellular(other)); err != nil {
			t.Fatal(err)
		}
		if err := client.Customer(elarian.Cellular(other)).AdoptState(ctx, client.Customer(elarian.Cellular(caller))); err != nil {
			t.Fatal(err)
		}
		told(t, events, "ringing")
		if err := call.Press(ctx, "12"); err != nil || !call.Over() {
			t.Errorf("adopted: %v, %v", err, call.Heard())
		}
		told(t, events, "active", "completed")
		// Deleted while in a call: the phone is told at its next key.
		if call, err = phone.Call(ctx, caller, line); err != nil {
			t.Fatal(err)
		}
		if err := client.Customer(elarian.Cellular(caller)).Delete(ctx); err != nil {
			t.Fatal(err)
		}
		if err := call.Press(ctx, "12"); !errors.Is(err, elarian.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
	})
}

// TestTheEndBeforeTheNextCall: an app that takes its time with the end of a call is not told of the next
// one before it has answered, nor is the end lost among what waits.
func TestTheEndBeforeTheNextCall(t *testing.T) {
	srv := servertest.Start(t, servertest.SQLite(t))
	ctx := t.Context()
	client := elarian.New(srv.Config())
	told := make(chan string, 10)
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	elarian.OnVoice(client, func(_ context.Context, e *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		told <- e.Status.String()
		return elarian.Plan{elarian.GetDigits{Prompt: elarian.Say("A key."), Digits: 1}}, nil
	})
	elarian.OnVoiceEnd(client, func(context.Context, *elarian.CallEvent, *struct{}) error {
		told <- "ending"
		<-release
		told <- "ended"
		return nil
	})
	connect(t, client)
	t.Cleanup(free)
	phone := simulator(t, srv, nil)
	first, err := phone.Call(ctx, caller, line)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.HangUp(ctx); err != nil {
		t.Fatal(err)
	}
	again := make(chan error, 1)
	go func() {
		_, err := phone.Call(ctx, caller, line)
		again <- err
	}()
	for _, want := range []string{"ringing", "ending"} {
		if got := <-told; got != want {
			t.Fatalf("the app is told %s, want %s", got, want)
		}
	}
	for calls := 0; calls < 2; { // until the second one is there
		state, err := client.Customer(elarian.Cellular(caller)).GetState(ctx)
		if err != nil {
			t.Fatal(err)
		}
		calls = 0
		for _, m := range state.Messaging.Messages {
			for _, p := range m.Parts {
				if in, ok := p.(elarian.CallInput); ok && in.Status == elarian.CallRinging {
					calls++
				}
			}
		}
	}
	free()
	if err := <-again; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ended", "ringing"} {
		if got := <-told; got != want {
			t.Fatalf("the app is told %s, want %s", got, want)
		}
	}
}

// TestCallsWhoseAppGoes: a call that waits for its app ends, with a word to the phone, when the app's connection
// is lost, and soon after the server was killed.
func TestCallsWhoseAppGoes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		box := sandbox.New()
		killed := startChild(t, child{store, box})
		defer killed.stdin.Close()
		app, phones := killed.App(t), killed.Simulator(t)
		call := &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
			CustomerNumber: caller, ChannelNumber: servertest.Channel(pb.MessagingChannel_MESSAGING_CHANNEL_VOICE, sandbox.Number),
			Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Voice{Voice: &pb.VoiceCallInputMessageBody{Status: pb.VoiceCallStatus_VOICE_CALL_STATUS_RINGING}}}}}}}
		sorry := func(m *pb.OutboundMessage, c *pb.SimulatedCall) {
			t.Helper()
			actions := m.GetBody().GetVoice().GetActions()
			if len(actions) != 1 || !strings.Contains(actions[0].GetSay().GetText(), "Sorry") || c.GetStatus() != pb.VoiceCallStatus_VOICE_CALL_STATUS_APPLICATION_ERROR {
				t.Errorf("the phone hears %v: %v", m, c)
			}
		}
		// rings waits for the first event of another call than that of the session, and does not answer it.
		rings := func(app *servertest.Conn, session string) string {
			t.Helper()
			for {
				n := app.Next(t)
				m := n.GetReceivedMessage()
				if s := m.GetSessionId().GetValue(); m != nil && s != session {
					return s
				}
				n.OK()
			}
		}
		called := make(chan *pb.SimulatorToServerCommandReply, 1)
		dial := func(phones *servertest.Conn) {
			r, err := phones.Simulate(call)
			if err != nil {
				t.Error(err)
			}
			called <- r
		}
		go dial(phones)
		session := rings(app, "")
		app.Kill()
		r := <-called
		sorry(r.GetMessage(), r.GetCall())

		app = killed.App(t)
		go func() { _, _ = phones.Simulate(call) }() // nobody will answer
		rings(app, session)
		killed.kill()

		srv := servertest.StartAs(t, store, box)
		phones = srv.Simulator(t)
		srv.Clock().Advance(20 * time.Second)
		n := phones.Next(t)
		n.OK()
		sorry(n.Simulator.GetSendMessage().GetMessage(), n.Simulator.GetSendMessage().GetCall())
	})
}
