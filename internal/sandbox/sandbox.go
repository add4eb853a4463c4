package sandbox

import (
	"errors"
	"fmt"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/store"
)

// Sandbox names the org and what apps connect with.
type Sandbox struct {
	Org   string `json:"org"`
	App   string `json:"app"`
	Key   string `json:"key"` // in the clear: databases have the hash only
	Purse string `json:"purse"`
}

// Currency of the purse.
const Currency = "KES"

const (
	keyPrefix = "el_k_test_"
	name      = "Sandbox" // of the org and all in it
)

func newKey() string { return store.NewSecret(keyPrefix) }

// New makes up a sandbox. It exists in no database yet.
func New() Sandbox {
	return Sandbox{
		Org:   store.NewID("el_org_"),
		App:   store.NewID("el_app_"),
		Key:   newKey(),
		Purse: store.NewID("el_prs_"),
	}
}

// check refuses a sandbox that lacks something.
func (s Sandbox) check() error {
	if s.Org == "" || s.App == "" || s.Key == "" || s.Purse == "" {
		return errors.New("org, app, key or purse is missing")
	}
	return nil
}

// Ensure puts into the database what it lacks of the sandbox, and says whether that was all of it.
// What operators have changed since stays, such as a channel that they bound to another app.
func (s Sandbox) Ensure(st *store.Store) (isNew bool, err error) {
	d, err := st.Directory(nil)
	if err != nil {
		return false, err
	}
	org, ok := d.Org(s.Org)
	switch {
	case !ok:
		if err := s.fill(st); err != nil {
			return true, err
		}
		return true, s.fillPurse(st)
	case org.Live:
		return false, fmt.Errorf("org %s is a live one, not a sandbox", s.Org)
	}
	if err := s.fillPurse(st); err != nil {
		return false, err
	}
	if _, ok := d.Key(s.Org, store.HashSecret(s.Key)); !ok {
		return false, st.PutKey(s.apiKey())
	}
	return false, nil
}

func (s Sandbox) fillPurse(st *store.Store) error {
	_, err := st.FillPurse(s.purse())
	return err
}

func (s Sandbox) purse() store.Purse {
	return store.Purse{Org: s.Org, ID: s.Purse, Name: name, Currency: Currency}
}

// Money tells what the purse has available, as "KES 1,000,000.00".
func (s Sandbox) Money(st *store.Store) (string, error) {
	b, err := st.Balance(s.purse().Account())
	return currency.Text(b.Available(), Currency), err
}

func (s Sandbox) apiKey() store.APIKey {
	return store.APIKey{Org: s.Org, Hash: store.HashSecret(s.Key), Hint: s.Key[:min(len(s.Key), len(keyPrefix)+4)], Name: name}
}

// keyRevoked says whether an operator has revoked the sandbox's key.
func (s Sandbox) keyRevoked(st *store.Store) (bool, error) {
	d, err := st.Directory(nil)
	if err != nil {
		return false, err
	}
	for _, k := range d.Keys {
		if k.Org == s.Org && k.Hash == store.HashSecret(s.Key) {
			return !k.RevokedAt.IsZero(), nil
		}
	}
	return false, nil
}

// fill adds everything; the org comes last, so that where it is, everything is.
func (s Sandbox) fill(st *store.Store) error {
	steps := []func() error{
		func() error { _, err := st.AddApp(store.App{Org: s.Org, ID: s.App, Name: name}); return err },
		func() error { return st.PutKey(s.apiKey()) },
		func() error {
			_, err := st.AddPurse(s.purse())
			return err
		},
	}
	for _, number := range messagingChannels {
		steps = append(steps, func() error {
			return st.AddMessagingChannel(store.MessagingChannel{Org: s.Org, Number: number, App: s.App, Provider: "simulator"})
		})
	}
	for _, kind := range []payment.Channel{payment.Cellular, payment.Airtime} {
		steps = append(steps, func() error {
			return st.AddPaymentChannel(store.PaymentChannel{Org: s.Org, Kind: kind, Number: Paybill, App: s.App, Purse: s.Purse})
		})
	}
	steps = append(steps, func() error { _, err := st.AddOrg(store.Org{ID: s.Org, Name: name}); return err })
	for _, step := range steps {
		// What an earlier start that was cut short has left is as good.
		if err := step(); err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("set up the sandbox: %w", err)
		}
	}
	return nil
}

// The channels of a sandbox.
const (
	ShortCode = "83044"
	SenderID  = "TEST_SENDER_ID"
	USSDCode  = "*83044#"
	Number    = "+254711621711" // of voice, WhatsApp, Telegram and Messenger
	Email     = "sandbox@elarian.test"
	Paybill   = "83044" // of cellular payments and airtime
)

var messagingChannels = []messaging.ChannelNumber{
	{Channel: messaging.SMS, Number: ShortCode},
	{Channel: messaging.SMS, Number: SenderID},
	{Channel: messaging.USSD, Number: USSDCode},
	{Channel: messaging.Voice, Number: Number},
	{Channel: messaging.WhatsApp, Number: Number},
	{Channel: messaging.Telegram, Number: Number},
	{Channel: messaging.Messenger, Number: Number},
	{Channel: messaging.Email, Number: Email},
}
