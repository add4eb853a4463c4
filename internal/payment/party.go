package payment

import (
	"fmt"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// Party is one side of a payment: exactly one of the four is set.
type Party struct {
	Purse    string       `cbor:"1,keyasint,omitempty"` // the id of a purse of the org
	Wallet   *Wallet      `cbor:"2,keyasint,omitempty"`
	Customer *Customer    `cbor:"3,keyasint,omitempty"`
	Business *Destination `cbor:"4,keyasint,omitempty"`
}

// Wallet is an account of a customer with the org; the app gives it its name.
type Wallet struct {
	Customer string `cbor:"1,keyasint"` // the customer's id
	ID       string `cbor:"2,keyasint"`
}

// Customer is a person with a phone, paid or asked to pay through a channel of the org.
type Customer struct {
	Number  customer.Number `cbor:"1,keyasint"`
	Channel ChannelNumber   `cbor:"2,keyasint"`
}

// Destination is another business, the wire's channel party, paid through a channel of the org.
type Destination struct {
	Channel Channel `cbor:"1,keyasint"`
	Code    int32   `cbor:"2,keyasint,omitempty"` // of the network
	Source  string  `cbor:"3,keyasint"`           // the org's number on the channel
	Number  string  `cbor:"4,keyasint"`           // the business's
	Account string  `cbor:"5,keyasint,omitempty"` // at the business
}

// Refusal is a payment that is turned down: nothing is stored and nothing moved.
type Refusal struct {
	Status Status
	Code   customer.Code // the same for replies that have no status of payments
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a Refusal with a formatted text, of what is missing or impossible.
func Refuse(status Status, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: customer.InvalidRequest, Text: fmt.Sprintf(format, args...)}
}

// Coded gives the refusal another code.
func (r *Refusal) Coded(code customer.Code) *Refusal {
	r.Code = code
	return r
}

// Flow is the way that the money of a payment takes, by which its steps differ.
type Flow int

const (
	_        Flow = iota
	Internal      // between purses and wallets
	Outbound      // from one of them to the world outside, which answers later
	Inbound       // from a customer outside: a checkout, or unasked
	Imported      // replayed history, which moves no money
)

// FlowOf says which way a payment between the two goes, and refuses those that cannot be paid or be paid by the other.
func FlowOf(debit, credit Party) (Flow, error) {
	from, err := debit.kind("debit_party")
	if err != nil {
		return 0, err
	}
	to, err := credit.kind("credit_party")
	if err != nil {
		return 0, err
	}
	flow, allowed := flows[[2]kind{from, to}]
	switch {
	case !allowed:
		return 0, Refuse(NotSupported, "credit_party: a payment from a %s to a %s is not possible", from, to)
	case flow == Inbound && debit.Customer.Channel.Channel == Airtime:
		return 0, Refuse(NotSupported, "debit_party.customer.channel_number: nobody can pay with airtime")
	case flow == Internal && debit.sameAccount(credit):
		return 0, Refuse(InvalidCounterParty, "credit_party: the same %s as debit_party", to)
	}
	return flow, nil
}

type kind string

const (
	aPurse    kind = "purse"
	aWallet   kind = "wallet"
	aCustomer kind = "customer"
	aChannel  kind = "channel"
)

// flows are the pairs that are possible, debit and credit.
var flows = map[[2]kind]Flow{
	{aPurse, aPurse}:     Internal,
	{aPurse, aWallet}:    Internal,
	{aWallet, aPurse}:    Internal,
	{aWallet, aWallet}:   Internal,
	{aPurse, aCustomer}:  Outbound,
	{aWallet, aCustomer}: Outbound,
	{aPurse, aChannel}:   Outbound,
	{aWallet, aChannel}:  Outbound,
	{aCustomer, aPurse}:  Inbound,
	{aCustomer, aWallet}: Inbound,
}

// maxText bounds each of the texts that name a party, in bytes.
const maxText = 256

// kind says what kind of party it is; field names it in a refusal of what is missing.
func (p Party) kind(field string) (kind, error) {
	switch {
	case p.Purse != "":
		return aPurse, checkTexts(text{field + ".purse.purse_id", p.Purse})
	case p.Wallet != nil:
		return aWallet, checkTexts(text{field + ".wallet.customer_id", p.Wallet.Customer}, text{field + ".wallet.wallet_id", p.Wallet.ID})
	case p.Customer != nil:
		if _, err := p.Customer.Number.Normalize(); err != nil {
			return "", Refuse(InvalidCounterParty, "%s.customer.%s", field, err)
		}
		return aCustomer, nil
	case p.Business != nil:
		if p.Business.Code < 0 {
			return "", Refuse(InvalidCounterParty, "%s.channel.channel_code: %d is no code of a network", field, p.Business.Code)
		}
		if err := checkTexts(text{field + ".channel.destination", p.Business.Number}); err != nil {
			return "", err
		}
		if p.Business.Account == "" {
			return aChannel, nil
		}
		return aChannel, checkTexts(text{field + ".channel.account", p.Business.Account})
	}
	return "", Refuse(InvalidCounterParty, "%s: missing: set a purse, a wallet, a customer or a channel, with its id", field)
}

type text struct{ field, value string }

func checkTexts(texts ...text) error {
	for _, t := range texts {
		switch {
		case strings.TrimSpace(t.value) == "":
			return Refuse(InvalidCounterParty, "%s: empty", t.field)
		case len(t.value) > maxText:
			return Refuse(InvalidCounterParty, "%s: %d bytes are over the limit of %d", t.field, len(t.value), maxText)
		case strings.IndexByte(t.value, 0) >= 0:
			return Refuse(InvalidCounterParty, "%s: has a zero byte", t.field)
		}
	}
	return nil
}

func (p Party) sameAccount(other Party) bool {
	if p.Wallet != nil && other.Wallet != nil {
		return *p.Wallet == *other.Wallet
	}
	return p.Purse != "" && p.Purse == other.Purse
}

// Channel is the org's channel that the money of the party goes through; ok is false for a purse and a
// wallet, which have none.
func (p Party) Channel() (n ChannelNumber, ok bool) {
	switch {
	case p.Customer != nil:
		return p.Customer.Channel, true
	case p.Business != nil:
		return ChannelNumber{p.Business.Channel, p.Business.Source}, true
	}
	return ChannelNumber{}, false
}
