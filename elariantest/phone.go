package elariantest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elarian-go/elarian"
)

// Phone plays a customer. Its methods that expect something fail the test, and show all that the
// phone has done and seen. They wait for what is on its way, up to 10 s.
type Phone struct {
	server *Server
	number string

	mu       sync.Mutex
	story    []string // what the phone did and saw, for failures
	messages []elarian.SimulatedDelivery
	unread   []elarian.SimulatedDelivery // that no Expect has met
	rings    []*elarian.Call             // that no ExpectCall has met
	onCall   func(*Call)

	payments   []*Payment  // that no ExpectPayment has met
	checkouts  []*Checkout // that no ExpectCheckout has met
	onCheckout func(*Checkout)

	arrived chan struct{} // closed with each new message, call, payment or checkout, then replaced
}

// Phone gives the phone with a number: "+254710000001", or, on channels that have their own, the id or
// address that the channel has for a person. The same number is the same phone.
func (s *Server) Phone(number string) *Phone {
	number = plain(number)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[number]
	if p == nil {
		p = &Phone{server: s, number: number, arrived: make(chan struct{})}
		s.phones[number] = p
	}
	return p
}

// plain leaves out what people put into numbers for their eyes.
func plain(number string) string {
	if !strings.HasPrefix(number, "+") {
		return number
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(number)
}

func (s *Server) connectPhones() error {
	s.simulator = elarian.NewSimulator(s.Config())
	s.simulator.OnSendMessage(func(_ context.Context, m *elarian.SimulatedDelivery) error {
		s.Phone(m.To.Number).receive(*m)
		return nil
	})
	s.simulator.OnCall(func(_ context.Context, call *elarian.Call) error {
		s.Phone(call.Number).ring(call)
		return nil
	})
	s.simulator.OnSendCustomerPayment(s.paid)
	s.simulator.OnSendChannelPayment(s.paid)
	s.simulator.OnCheckoutPayment(s.asked)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.simulator.Connect(ctx)
}

func (p *Phone) receive(m elarian.SimulatedDelivery) {
	p.did("gets from %s: %s", m.From, words(m.Message))
	p.came(func() {
		p.messages = append(p.messages, m)
		p.unread = append(p.unread, m)
	})
}

// came keeps what has come to the phone, and wakes those who expect it.
func (p *Phone) came(keep func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep()
	close(p.arrived)
	p.arrived = make(chan struct{})
}

// meet waits for the first of what has come that fits, and takes it out.
func meet[T any](p *Phone, unmet *[]T, fits func(T) bool, what string, args ...any) (found T) {
	p.server.helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		i := slices.IndexFunc(*unmet, fits)
		if i >= 0 {
			found = (*unmet)[i]
			*unmet = slices.Delete(*unmet, i, i+1)
			p.mu.Unlock()
			return found
		}
		arrived := p.arrived
		p.mu.Unlock()
		select {
		case <-arrived:
		case <-deadline:
			p.fail("expected "+what, args...)
			return found
		}
	}
}

// words are what a person would read of a message.
func words(m elarian.Message) string {
	switch b := m.Body.(type) {
	case elarian.Text:
		return string(b)
	case elarian.URL:
		return string(b)
	case elarian.Menu:
		return b.Text
	case elarian.Email:
		return strings.Join([]string{b.Subject, b.Plain, b.HTML}, "\n")
	case nil:
		return ""
	}
	return fmt.Sprintf("%+v", m.Body)
}

// SendSMS sends a text message to one of the org's short codes.
func (p *Phone) SendSMS(to, text string) {
	p.server.helper()
	p.Send(elarian.SMS(to), elarian.Text(text))
}

// Send sends a message on any channel but USSD.
func (p *Phone) Send(to elarian.MessagingChannelNumber, parts ...elarian.Part) {
	p.server.helper()
	p.did("sends to %s: %v", to, parts)
	if _, err := p.deliver(to, "", parts); err != nil {
		p.fail("cannot send to %s: %v", to, err)
	}
}

func (p *Phone) deliver(to elarian.MessagingChannelNumber, session string, parts []elarian.Part) (*elarian.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	return p.server.simulator.ReceiveMessage(ctx, elarian.SimulatedMessage{From: p.number, To: to, SessionID: session, Parts: parts})
}

// ExpectSMS waits for a text message from one of the org's numbers that has this text in it.
func (p *Phone) ExpectSMS(from, text string) {
	p.server.helper()
	p.ExpectMessage(elarian.SMS(from), text)
}

// ExpectMessage waits for a message from one of the org's channels that has this text in it, and gives
// it. A message is met once: expecting the same again waits for another.
func (p *Phone) ExpectMessage(from elarian.MessagingChannelNumber, text string) elarian.SimulatedDelivery {
	p.server.helper()
	return meet(p, &p.unread, func(m elarian.SimulatedDelivery) bool {
		return m.From == from && strings.Contains(words(m.Message), text)
	}, "%q from %s", text, from)
}

// React clicks a message that the phone has got, unsubscribes by it, or complains about it.
func (p *Phone) React(m elarian.SimulatedDelivery, r elarian.MessageReaction) {
	p.server.helper()
	p.did("reacts to %q from %s: %s", words(m.Message), m.From, r)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	err := p.server.simulator.UpdateMessageReaction(ctx, elarian.SimulatedReaction{MessageID: m.MessageID, From: p.number, To: m.From, Reaction: r})
	if err != nil {
		p.fail("cannot react to a message from %s: %v", m.From, err)
	}
}

// Messages are all that the phone has got so far, oldest first.
func (p *Phone) Messages() []elarian.SimulatedDelivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

func (p *Phone) did(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.story = append(p.story, fmt.Sprintf(format, args...))
}

func (p *Phone) fail(format string, args ...any) {
	p.server.helper()
	p.mu.Lock()
	story := strings.Join(p.story, "\n")
	p.mu.Unlock()
	if story == "" {
		story = "(nothing yet)"
	}
	what := fmt.Sprintf(format, args...)
	p.server.fail("%s: %s\nwhat the phone did and saw:\n  %s", p.number, what, strings.ReplaceAll(story, "\n", "\n  "))
}

// Session is a USSD session: what the phone shows and types.
type Session struct {
	phone *Phone
	code  string
	id    string
	menu  elarian.Menu
}

// Dial dials a service code and waits for the first menu. Where the app does not answer, the screen
// shows what the server says instead.
func (p *Phone) Dial(code string) *Session {
	p.server.helper()
	s := &Session{phone: p, code: code, id: rand.Text()}
	p.did("dials %s", code)
	s.hop(elarian.USSDActive, "")
	return s
}

// Type answers the menu and waits for the next.
func (s *Session) Type(text string) *Session {
	s.phone.server.helper()
	if s.menu.Terminal {
		s.phone.fail("cannot type %q: the session has ended", text)
	}
	s.phone.did("types %s", text)
	s.hop(elarian.USSDActive, text)
	return s
}

// HangUp ends the session from the phone's side.
func (s *Session) HangUp() {
	s.phone.server.helper()
	s.phone.did("hangs up")
	_, err := s.phone.deliver(elarian.USSD(s.code), s.id, []elarian.Part{elarian.USSDInput{Status: elarian.USSDIncomplete}})
	if err != nil {
		s.phone.fail("cannot hang up: %v", err)
	}
	s.menu.Terminal = true
}

func (s *Session) hop(status elarian.USSDStatus, text string) {
	s.phone.server.helper()
	m, err := s.phone.deliver(elarian.USSD(s.code), s.id, []elarian.Part{elarian.USSDInput{Status: status, Text: text}})
	if m == nil {
		s.phone.fail("%s does not answer: %v", s.code, err)
		return
	}
	s.menu, _ = m.Body.(elarian.Menu)
	s.phone.did("sees\n%s", screen(s.menu))
}

// screen draws a menu the way `elarian phone` does.
func screen(m elarian.Menu) string {
	text := "| " + strings.ReplaceAll(m.Text, "\n", "\n| ")
	if m.Terminal {
		return text + "\n(the session has ended)"
	}
	return text
}

// Screen is what the phone shows now.
func (s *Session) Screen() string { return s.menu.Text }

// Expect fails the test when the screen does not have this text in it.
func (s *Session) Expect(text string) *Session {
	s.phone.server.helper()
	if !strings.Contains(s.menu.Text, text) {
		s.phone.fail("expected %q on the screen", text)
	}
	return s
}

// Ended fails the test when the session goes on.
func (s *Session) Ended() *Session {
	s.phone.server.helper()
	if !s.menu.Terminal {
		s.phone.fail("expected the session to have ended")
	}
	return s
}
