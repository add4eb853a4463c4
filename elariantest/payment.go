package elariantest

import (
	"context"
	"crypto/rand"

	"github.com/elarian-go/elarian"
)

// Payment is mobile money or airtime between a phone and the org. Of those that the org has initiated,
// nothing has arrived yet: one to a phone or a business succeeds after a second by itself ([Server.Advance]).
type Payment struct {
	elarian.SimulatedTransfer
	phone *Phone
}

// Ends has the provider say what became of the payment, such as [elarian.PaymentSuccess],
// [elarian.PaymentFailed] or, after success, [elarian.PaymentReversed].
func (m *Payment) Ends(status elarian.PaymentStatus) {
	m.phone.server.helper()
	m.phone.did("the provider says of %s %s: %s", m.TransactionID, m.Value, status)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	if err := m.phone.server.simulator.UpdatePaymentStatus(ctx, m.TransactionID, status); err != nil {
		m.phone.fail("%s cannot become %s: %v", m.TransactionID, status, err)
	}
}

// Checkout is a payment that the phone is asked to approve. It expires after 2 minutes of the server's time.
type Checkout struct{ *Payment }

// Approve pays.
func (c *Checkout) Approve() {
	c.phone.server.helper()
	c.Ends(elarian.PaymentSuccess)
}

// Decline does not.
func (c *Checkout) Decline() {
	c.phone.server.helper()
	c.Ends(elarian.PaymentRejected)
}

// Pay pays one of the org's paybill or till numbers, unasked. The app is told by OnReceivedPayment.
func (p *Phone) Pay(to string, value elarian.Cash) *Payment {
	p.server.helper()
	p.did("pays %s to %s", value, to)
	m := &Payment{phone: p, SimulatedTransfer: elarian.SimulatedTransfer{
		TransactionID: rand.Text()[:10],
		Customer:      elarian.CustomerAccount{Number: elarian.Cellular(p.number), Channel: elarian.MobileMoney(to)},
		Value:         value,
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	err := p.server.simulator.ReceivePayment(ctx, elarian.SimulatedPayment{TransactionID: m.TransactionID, From: p.number, To: m.Customer.Channel, Value: value})
	if err != nil {
		p.fail("cannot pay %s to %s: %v", value, to, err)
	}
	return m
}

// ExpectPayment waits for a payment of this amount to the phone, of money or airtime. A payment is met
// once. The paybill of a business that the org pays is a phone here: srv.Phone("600100").
func (p *Phone) ExpectPayment(value elarian.Cash) *Payment {
	p.server.helper()
	return meet(p, &p.payments, func(m *Payment) bool { return m.Value == value }, "a payment of %s", value)
}

// ExpectCheckout waits until the phone is asked to pay this amount. Then Approve it, or Decline.
func (p *Phone) ExpectCheckout(value elarian.Cash) *Checkout {
	p.server.helper()
	return meet(p, &p.checkouts, func(c *Checkout) bool { return c.Value == value }, "to be asked for %s", value)
}

// ApprovesCheckouts has the phone pay whatever it is asked to from now on.
func (p *Phone) ApprovesCheckouts() { p.onAsked((*Checkout).Approve) }

// DeclinesCheckouts has the phone pay nothing that it is asked to from now on.
func (p *Phone) DeclinesCheckouts() { p.onAsked((*Checkout).Decline) }

func (p *Phone) onAsked(f func(*Checkout)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCheckout = f
}

// paid is told of a payment to a phone or a business.
func (s *Server) paid(_ context.Context, t *elarian.SimulatedTransfer) error {
	p := s.Phone(t.Customer.Number.Number + t.Channel.Destination) // one of them is empty
	p.did("is paid %s from %s", t.Value, t.Party)
	p.came(func() { p.payments = append(p.payments, &Payment{*t, p}) })
	return nil
}

// asked is told of a checkout.
func (s *Server) asked(_ context.Context, t *elarian.SimulatedTransfer) error {
	p := s.Phone(t.Customer.Number.Number)
	c := &Checkout{&Payment{*t, p}}
	p.did("is asked to pay %s to %s", t.Value, t.Party)
	p.came(func() { p.checkouts = append(p.checkouts, c) })
	p.mu.Lock()
	on := p.onCheckout
	p.mu.Unlock()
	if on != nil {
		on(c)
	}
	return nil
}
