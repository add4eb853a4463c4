package command

import (
	"cmp"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

const maxNarration = 1024 // bytes

// namesPayment is what commands have that describe a payment.
type namesPayment interface {
	GetDebitParty() *pb.PaymentCounterParty
	GetCreditParty() *pb.PaymentCounterParty
	GetValue() *pb.Cash
	GetNarration() string
}

// paymentOf reads a payment, and refuses one that is impossible by what it says: its parties, its amount.
func (c *Commands) paymentOf(org string, m namesPayment) (p *payment.Payment, err error) {
	p = &payment.Payment{Org: org, Currency: m.GetValue().GetCurrencyCode(), Narration: m.GetNarration()}
	if p.Debit, err = partyOf("debit_party", m.GetDebitParty()); err != nil {
		return nil, err
	}
	if p.Credit, err = partyOf("credit_party", m.GetCreditParty()); err != nil {
		return nil, err
	}
	if p.Flow, err = payment.FlowOf(p.Debit, p.Credit); err != nil {
		return nil, err
	}
	for _, s := range sidesOf(p) {
		if err := c.checkOwn(org, s); err != nil {
			return nil, err
		}
	}
	if p.Amount, err = ledger.FromWire("value", p.Currency, m.GetValue().GetAmount()); err != nil {
		return nil, err
	}
	for _, s := range sidesOf(p) {
		if purse, ok := c.Directory().Purse(org, s.party.Purse); ok && purse.Currency != p.Currency {
			return nil, payment.Refuse(payment.InvalidRequest, "value.currency_code: %s is not the currency of the purse of %s, which is %s", p.Currency, s.field, purse.Currency)
		}
	}
	switch {
	case len(p.Narration) > maxNarration:
		return nil, payment.Refuse(payment.InvalidRequest, "narration: %d bytes are over the limit of %d", len(p.Narration), maxNarration)
	case strings.IndexByte(p.Narration, 0) >= 0:
		return nil, payment.Refuse(payment.InvalidRequest, "narration: has a zero byte")
	}
	return p, nil
}

// checkOwn refuses a purse and a channel that are not the org's.
func (c *Commands) checkOwn(org string, s paymentSide) error {
	if id := s.party.Purse; id != "" {
		if _, found := c.Directory().Purse(org, id); !found {
			return payment.Refuse(payment.InvalidPurse, "%s.purse.purse_id: %q is not a purse of this org", s.field, id).Coded(customer.NotFound)
		}
	}
	n, ok := s.party.Channel()
	if !ok {
		return nil
	}
	channel, number := s.field+".channel.channel", s.field+".channel.source"
	if s.party.Customer != nil {
		channel, number = s.field+".customer.channel_number.channel", s.field+".customer.channel_number.number"
	}
	if _, refused := c.paymentChannel(org, n, channel, number); refused != nil {
		return payment.Refuse(payment.InvalidChannelNumber, "%s", refused.Text).Coded(refused.Code)
	}
	return nil
}

// paymentChannel finds the org's payment channel of a number. One that it has not is refused by the field
// that is wrong: channel and number name them.
func (c *Commands) paymentChannel(org string, n payment.ChannelNumber, channel, number string) (store.PaymentChannel, *customer.Refusal) {
	found, ok := c.Directory().PaymentChannel(org, n)
	switch {
	case ok:
		return found, nil
	case !n.Channel.Known():
		return found, customer.Refuse(customer.InvalidRequest, "%s: %d is no payment channel: use cellular or airtime", channel, int32(n.Channel))
	case n.Number == "":
		return found, customer.Refuse(customer.InvalidRequest, "%s: empty", number)
	}
	return found, customer.Refuse(customer.NotFound, "%s: %.80s is not a payment channel of this org", number, n)
}

// paymentSide is one side of a payment: its party, the name that refusals give it, and where the id of its customer is kept.
type paymentSide struct {
	field string
	party *payment.Party
	owner *string
}

func sidesOf(p *payment.Payment) [2]paymentSide {
	return [2]paymentSide{{"debit_party", &p.Debit, &p.DebitCustomer}, {"credit_party", &p.Credit, &p.CreditCustomer}}
}

// payersOf names the customers of both sides.
func payersOf(p *payment.Payment) []customer.Ref {
	var refs []customer.Ref
	for _, s := range sidesOf(p) {
		switch {
		case s.party.Wallet != nil:
			refs = append(refs, customer.ByID(s.party.Wallet.Customer))
		case s.party.Customer != nil:
			refs = append(refs, customer.ByNumber(s.party.Customer.Number))
		}
	}
	return refs
}

// accountsOf are the accounts of both sides.
func accountsOf(p *payment.Payment) []ledger.Account {
	debit, credit := p.Accounts()
	return []ledger.Account{debit, credit}
}

// routeOfPayment keeps what happens to a purse in one writer: many pay from the same.
func routeOfPayment(p *payment.Payment) string {
	if purse := cmp.Or(p.Debit.Purse, p.Credit.Purse); purse != "" {
		return purse
	}
	return route(p.Org, payersOf(p)[0])
}

// partyOf reads a party; what is missing in it is left to payment.FlowOf.
func partyOf(field string, m *pb.PaymentCounterParty) (payment.Party, error) {
	switch e := m.GetParty().(type) {
	case *pb.PaymentCounterParty_Purse:
		if e.Purse.GetPurseId() == "" {
			return payment.Party{}, payment.Refuse(payment.InvalidPurse, "%s.purse.purse_id: empty", field)
		}
		return payment.Party{Purse: e.Purse.GetPurseId()}, nil
	case *pb.PaymentCounterParty_Wallet:
		return payment.Party{Wallet: &payment.Wallet{Customer: e.Wallet.GetCustomerId(), ID: e.Wallet.GetWalletId()}}, nil
	case *pb.PaymentCounterParty_Customer:
		n, err := numberOf(e.Customer.GetCustomerNumber()).Normalize()
		switch {
		case err != nil:
			return payment.Party{}, payment.Refuse(payment.InvalidCounterParty, "%s.customer.%s", field, err)
		case n.Provider != customer.Cellular:
			return payment.Party{}, payment.Refuse(payment.InvalidCounterParty, "%s.customer.customer_number.provider: %s: money goes to and from cellular numbers", field, n.Provider)
		}
		return payment.Party{Customer: &payment.Customer{Number: n, Channel: payChannelOf(e.Customer.GetChannelNumber())}}, nil
	case *pb.PaymentCounterParty_Channel:
		return payment.Party{Business: &payment.Destination{
			Channel: payment.Channel(e.Channel.GetChannel()), Code: e.Channel.GetChannelCode(), Source: e.Channel.GetSource(),
			Number: e.Channel.GetDestination(), Account: e.Channel.GetAccount().GetValue(),
		}}, nil
	}
	return payment.Party{}, nil
}

func partyPB(p payment.Party) *pb.PaymentCounterParty {
	switch {
	case p.Wallet != nil:
		return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Wallet{Wallet: walletPB(p.Wallet)}}
	case p.Customer != nil:
		return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Customer{Customer: &pb.PaymentCustomerCounterParty{
			CustomerNumber: numberPB(p.Customer.Number), ChannelNumber: payChannelPB(p.Customer.Channel)}}}
	case p.Business != nil:
		return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Channel{Channel: &pb.PaymentChannelCounterParty{
			Channel: pb.PaymentChannel(p.Business.Channel), ChannelCode: p.Business.Code, Source: p.Business.Source,
			Destination: p.Business.Number, Account: wrapperspb.String(p.Business.Account)}}}
	}
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Purse{Purse: pursePB(p.Purse)}}
}

func walletPB(w *payment.Wallet) *pb.PaymentWalletCounterParty {
	return &pb.PaymentWalletCounterParty{CustomerId: w.Customer, WalletId: w.ID}
}

func pursePB(id string) *pb.PaymentPurseCounterParty {
	return &pb.PaymentPurseCounterParty{PurseId: id}
}

func payChannelOf(n *pb.PaymentChannelNumber) payment.ChannelNumber {
	return payment.ChannelNumber{Channel: payment.Channel(n.GetChannel()), Number: n.GetNumber()}
}

func payChannelPB(n payment.ChannelNumber) *pb.PaymentChannelNumber {
	return &pb.PaymentChannelNumber{Channel: pb.PaymentChannel(n.Channel), Number: n.Number}
}

// moneyPB is an amount in minor units as the wire has it.
func moneyPB(amount int64, code string) *pb.Cash {
	decimals, _ := currency.Decimals(code)
	return &pb.Cash{CurrencyCode: code, Amount: currency.Amount(amount, decimals)}
}
