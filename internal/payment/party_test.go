package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
)

func purse(id string) payment.Party { return payment.Party{Purse: id} }

func wallet(owner, id string) payment.Party {
	return payment.Party{Wallet: &payment.Wallet{Customer: owner, ID: id}}
}

func person(channel payment.Channel, number string) payment.Party {
	return payment.Party{Customer: &payment.Customer{
		Number: customer.Number{Provider: customer.Cellular, Number: number}, Channel: payment.ChannelNumber{Channel: channel, Number: "83044"}}}
}

func business(number, account string) payment.Party {
	return payment.Party{Business: &payment.Destination{Channel: payment.Cellular, Source: "83044", Number: number, Account: account}}
}

func TestFlowOf(t *testing.T) {
	const number = "+254710000001"
	for _, test := range []struct {
		name          string
		debit, credit payment.Party
		flow          payment.Flow
		status        payment.Status // of the refusal
		field         string
	}{
		{"purse to purse", purse("a"), purse("b"), payment.Internal, 0, ""},
		{"purse to wallet", purse("a"), wallet("c", "w"), payment.Internal, 0, ""},
		{"purse to customer", purse("a"), person(payment.Cellular, number), payment.Outbound, 0, ""},
		{"purse to channel", purse("a"), business("1", ""), payment.Outbound, 0, ""},
		{"airtime", purse("a"), person(payment.Airtime, number), payment.Outbound, 0, ""},
		{"wallet to purse", wallet("c", "w"), purse("a"), payment.Internal, 0, ""},
		{"wallet to wallet", wallet("c", "w"), wallet("c", "v"), payment.Internal, 0, ""},
		{"wallet to the same of another", wallet("c", "w"), wallet("d", "w"), payment.Internal, 0, ""},
		{"wallet to customer", wallet("c", "w"), person(payment.Cellular, number), payment.Outbound, 0, ""},
		{"wallet to channel", wallet("c", "w"), business("1", "x"), payment.Outbound, 0, ""},
		{"checkout to purse", person(payment.Cellular, number), purse("a"), payment.Inbound, 0, ""},
		{"checkout to wallet", person(payment.Cellular, number), wallet("c", "w"), payment.Inbound, 0, ""},

		{"checkout of airtime", person(payment.Airtime, number), purse("a"), 0, payment.NotSupported, "debit_party.customer.channel_number"},
		{"customer to customer", person(payment.Cellular, number), person(payment.Cellular, number), 0, payment.NotSupported, "credit_party"},
		{"customer to channel", person(payment.Cellular, number), business("1", ""), 0, payment.NotSupported, "credit_party"},
		{"channel to purse", business("1", ""), purse("a"), 0, payment.NotSupported, "credit_party"},
		{"channel to wallet", business("1", ""), wallet("c", "w"), 0, payment.NotSupported, "credit_party"},
		{"channel to customer", business("1", ""), person(payment.Cellular, number), 0, payment.NotSupported, "credit_party"},
		{"channel to channel", business("1", ""), business("2", ""), 0, payment.NotSupported, "credit_party"},

		{"nobody pays", payment.Party{}, purse("a"), 0, payment.InvalidCounterParty, "debit_party: missing"},
		{"nobody is paid", purse("a"), payment.Party{}, 0, payment.InvalidCounterParty, "credit_party: missing"},
		{"itself", purse("a"), purse("a"), 0, payment.InvalidCounterParty, "credit_party: the same purse"},
		{"its own wallet", wallet("c", "w"), wallet("c", "w"), 0, payment.InvalidCounterParty, "credit_party: the same wallet"},
		{"wallet of nobody", wallet("", "w"), purse("a"), 0, payment.InvalidCounterParty, "debit_party.wallet.customer_id"},
		{"wallet without a name", wallet("c", " "), purse("a"), 0, payment.InvalidCounterParty, "debit_party.wallet.wallet_id"},
		{"long wallet", wallet("c", strings.Repeat("w", 257)), purse("a"), 0, payment.InvalidCounterParty, "debit_party.wallet.wallet_id"},
		{"wallet with a zero byte", wallet("c", "w\x00"), purse("a"), 0, payment.InvalidCounterParty, "debit_party.wallet.wallet_id"},
		{"customer without a number", purse("a"), person(payment.Cellular, ""), 0, payment.InvalidCounterParty, "credit_party.customer.customer_number.number"},
		{"channel without a destination", purse("a"), business("", ""), 0, payment.InvalidCounterParty, "credit_party.channel.destination"},
		{"channel with a long account", purse("a"), business("1", strings.Repeat("x", 257)), 0, payment.InvalidCounterParty, "credit_party.channel.account"},
	} {
		flow, err := payment.FlowOf(test.debit, test.credit)
		var refused *payment.Refusal
		switch {
		case err == nil && flow == test.flow && test.status == 0:
		case errors.As(err, &refused) && refused.Status == test.status && strings.HasPrefix(refused.Text, test.field):
		default:
			t.Errorf("%s: flow %d, %v; want flow %d, status %s about %s", test.name, flow, err, test.flow, test.status, test.field)
		}
	}
}
