package elarian

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

func (f *fakeServer) simulator(set func(s *Simulator)) *Simulator {
	f.t.Helper()
	s := NewSimulator(f.config())
	set(s)
	if err := s.Connect(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close() })
	return s
}

// deliver sends a text message to a phone.
func (f *fakeServer) deliver(from MessagingChannelNumber, to, text string) <-chan struct{} {
	return f.tell(&pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{SendMessage: &pb.SendMessageSimulatorNotification{
		CustomerNumber: Cellular(to).proto(), ChannelNumber: from.proto(), Message: Text(text).outbound(),
	}}})
}

// What goes to one phone comes in order, one after the other. Meanwhile other phones, and other numbers that
// write to it, do not wait, and a handler can send commands.
func TestPhonesAreToldInOrder(t *testing.T) {
	const a, b = "+254710000001", "+254710000002"
	f := startFake(t)
	var mu sync.Mutex
	var story, want []string
	first, release, last := make(chan struct{}), make(chan struct{}), make(chan struct{})
	did := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		story = append(story, what)
	}
	f.simulator(func(s *Simulator) {
		s.OnSendMessage(func(ctx context.Context, m *SimulatedDelivery) error {
			text := string(m.Message.Body.(Text))
			if m.To.Number != a || m.From != SMS("83044") {
				return nil
			}
			did(text + " begins")
			if text == "0" {
				close(first)
				<-release
				_, err := s.ReceiveMessage(ctx, SimulatedMessage{From: a, To: USSD("*1#"), SessionID: "1", Parts: []Part{USSDInput{Status: USSDActive}}})
				if err != nil {
					t.Error(err)
				}
			}
			did(text + " ends")
			if text == "99" {
				close(last)
			}
			return nil
		})
	})
	for i := range 100 {
		text := fmt.Sprint(i)
		f.deliver(SMS("83044"), a, text)
		want = append(want, text+" begins", text+" ends")
	}
	await(t, first, "the first message")
	await(t, f.deliver(SMS("83044"), b, "x"), "a message to another phone")
	await(t, f.deliver(SMS("83045"), a, "x"), "a message from another number")
	close(release)
	await(t, last, "the last message")
	if !slices.Equal(story, want) {
		t.Errorf("it was told %q", story)
	}
}

// What a phone hears because of what it did, and what it hears then, has one order; the handler of
// the call does not stand in the way of what it waits for.
func TestCallsHearInOrder(t *testing.T) {
	f := startFake(t)
	const presses = 200
	var want []string
	for i := 1; i <= 1+presses; i++ {
		want = append(want, fmt.Sprint("reply ", i), fmt.Sprint("then ", i))
	}
	heard := make(chan []string, 1)
	f.simulator(func(s *Simulator) {
		s.OnCall(func(ctx context.Context, call *Call) error {
			if err := call.Answer(ctx); err != nil {
				return err
			}
			for range presses {
				if err := call.Press(ctx, "1"); err != nil {
					return err
				}
			}
			for changed := call.Changed(); call.ConnectedTo() != want[len(want)-1]; changed = call.Changed() {
				select {
				case <-changed:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			var got []string
			for _, a := range call.Heard() {
				got = append(got, a.(SayAction).Text)
			}
			heard <- got
			return nil
		})
	})
	done := f.tell(&pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_MakeVoiceCall{MakeVoiceCall: &pb.MakeVoiceCallSimulatorNotification{
		SessionId: "el_ses_1", CustomerNumber: Cellular("+254710000001").proto(), ChannelNumber: Voice("+254711").proto(),
	}}})
	await(t, done, "the end of the call")
	if got := <-heard; !slices.Equal(got, want) {
		t.Errorf("heard %q", got)
	}
}

// One line of a pool leaves places to the others.
func TestPoolLines(t *testing.T) {
	p := pool{limit: 2}
	release := make(chan struct{})
	accepted := 0
	for p.add("a", func() { <-release }) {
		accepted++
	}
	if want := 1 + 2*waiting/2; accepted != want {
		t.Errorf("%d jobs of one line, want %d", accepted, want)
	}
	ran := make(chan struct{})
	if !p.add("b", func() { close(ran) }) {
		t.Fatal("no place for another line")
	}
	await(t, ran, "the job of another line")
	close(release)
	await(t, p.idle(), "the end of all jobs")
	if p.waits != 0 || len(p.lines) != 0 || len(p.queue) != 0 {
		t.Errorf("left over: %d %v %v", p.waits, p.lines, p.queue)
	}
}

// A reaction has no key: it is not sent again where the connection is lost.
func TestSimulatedReactions(t *testing.T) {
	f := startFake(t)
	s := f.simulator(func(*Simulator) {})
	reaction := SimulatedReaction{MessageID: "el_msg_1", From: "+254710000001", To: SMS("83044"), Reaction: ReactionUnsubscribed}
	if err := s.UpdateMessageReaction(t.Context(), reaction); err != nil {
		t.Error(err)
	}
	want := new(pb.SimulatorToServerCommand)
	err := unmarshalText(`update_message_reaction:{customer_number:"+254710000001" channel_number:{channel:MESSAGING_CHANNEL_SMS number:"83044"} `+
		`message_id:"el_msg_1" reaction:MESSAGE_REACTION_UNSUBSCRIBED}`, want)
	if err != nil || !proto.Equal(f.simulations[0], want) {
		t.Errorf("got  %v\nwant %v, %v", f.simulations[0], want, err)
	}
	reaction.From = "cut"
	if err := s.UpdateMessageReaction(t.Context(), reaction); err == nil || !strings.Contains(err.Error(), "connection lost") {
		t.Errorf("a reaction was sent again: %v", err)
	}
}
