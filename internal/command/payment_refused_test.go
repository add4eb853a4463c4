package command_test

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
)

// What cannot be paid is refused with the status for it, by the name of what is wrong, and nothing has
// moved; the walk has each field spoilt, here are the rules between them.
func TestRefusedPayments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, true)
		dollars, yen := b.AddPurse(t, "USD", 100_00), b.AddPurse(t, "JPY", 5)
		ada, gone := b.app.ID(t, phone(1)), b.app.ID(t, phone(3))
		b.app.Must(t, servertest.Adopt(ada, gone))
		b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), 50, paySuccess)
		theirs := b.AddOrg(t, false)
		stranger := b.Connect(t, theirs).ID(t, phone(1))

		purse, wallet, person := servertest.Purse(b.purse), servertest.Wallet(ada, "w"), servertest.MobileMoney(phone(1))
		business, airtimeOf := servertest.Business("400200"), servertest.Phone(phone(1), airtime)
		mail := servertest.MobileMoney("ada@example.com")
		mail.GetCustomer().CustomerNumber.Provider = pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_EMAIL
		elsewhere := servertest.MobileMoney(phone(1))
		elsewhere.GetCustomer().ChannelNumber.Number = "525900"
		till := servertest.Business("400200")
		till.GetChannel().Source = "525900"
		kes := servertest.KES
		in := func(code string, amount float64) *pb.Cash { return &pb.Cash{CurrencyCode: code, Amount: amount} }

		type refusal struct {
			name          string
			debit, credit *pb.PaymentCounterParty
			value         *pb.Cash
			status        pb.PaymentStatus
			names         string
		}
		tests := []refusal{
			{"no debit", nil, purse, kes(1), payNoParty, "debit_party"},
			{"no credit", purse, &pb.PaymentCounterParty{}, kes(1), payNoParty, "credit_party"},
			{"itself", purse, purse, kes(1), payNoParty, "credit_party"},
			{"its own wallet", wallet, wallet, kes(1), payNoParty, "credit_party"},
			{"a wallet of nobody", servertest.Wallet("el_cst_nobody", "w"), purse, kes(1), payNoParty, "debit_party.wallet.customer_id"},
			{"a wallet of another org's customer", purse, servertest.Wallet(stranger, "w"), kes(1), payNoParty, "credit_party.wallet.customer_id"},
			{"a wallet of who was adopted", servertest.Wallet(gone, "w"), purse, kes(1), payGone, "debit_party.wallet.customer_id"},
			{"an e-mail address", purse, mail, kes(1), payNoParty, "credit_party.customer.customer_number.provider"},
			{"an unknown purse", servertest.Purse("el_prs_unknown"), wallet, kes(1), payNoPurse, "debit_party.purse.purse_id"},
			{"a channel that is not ours", purse, elsewhere, kes(1), payNoChannel, "credit_party.customer.channel_number.number"},
			{"a source that is not ours", purse, till, kes(1), payNoChannel, "credit_party.channel.source"},

			{"not a number", purse, wallet, kes(math.NaN()), payInvalid, "value.amount"},
			{"infinite", purse, wallet, kes(math.Inf(1)), payInvalid, "value.amount"},
			{"minus infinite", purse, wallet, kes(math.Inf(-1)), payInvalid, "value.amount"},
			{"nothing", purse, wallet, kes(0), payInvalid, "value.amount"},
			{"less than nothing", purse, wallet, kes(-1), payInvalid, "value.amount"},
			{"what is rounded to nothing", purse, wallet, kes(0.005), payInvalid, "value.amount"},
			{"over 2^53 cents", purse, wallet, kes(1 << 53), payInvalid, "value.amount"},
			{"no value", purse, wallet, nil, payInvalid, "value.currency_code"},
			{"no such currency", purse, wallet, in("XXQ", 1), payInvalid, "value.currency_code"},
			{"a currency in small letters", purse, wallet, in("kes", 1), payInvalid, "value.currency_code"},
			{"not the purse's currency", purse, wallet, in("USD", 1), payInvalid, "value.currency_code"},
			{"not the credited purse's currency", purse, servertest.Purse(dollars), kes(1), payInvalid, "value.currency_code"},
			{"not the wallet's currency", servertest.Purse(dollars), wallet, in("USD", 1), payInvalid, "value.currency_code"},
			{"out of a wallet in a currency that is not its own", wallet, person, in("USD", 1), payInvalid, "value.currency_code"},

			{"more than there is", purse, wallet, kes(950.01), payShort, "debit_party"},
			{"more than there is, to the outside", purse, person, kes(950.01), payShort, "debit_party"},
			{"out of a wallet that is not there", servertest.Wallet(ada, "other"), purse, kes(0.01), payShort, "debit_party"},
			{"more yen than there are", servertest.Purse(yen), servertest.Wallet(ada, "yen"), in("JPY", 5.51), payShort, "JPY 6"},
		}
		for _, pair := range []struct {
			name          string
			debit, credit *pb.PaymentCounterParty
		}{
			{"customer to customer", person, servertest.MobileMoney(phone(2))}, {"customer to channel", person, business}, {"channel to purse", business, purse},
			{"channel to wallet", business, wallet}, {"channel to customer", business, person}, {"channel to channel", business, business},
			{"airtime to purse", airtimeOf, purse}, {"airtime to wallet", airtimeOf, wallet}, {"airtime to airtime", airtimeOf, airtimeOf},
		} {
			tests = append(tests, refusal{pair.name, pair.debit, pair.credit, kes(1), payNotSupported, "_party"})
		}
		before := b.app.State(t, phone(1))
		for _, test := range tests {
			reply := b.app.Do(t, servertest.Pay(test.debit, test.credit, test.value)).GetInitiatePayment()
			if reply.GetStatus() != test.status || !strings.Contains(reply.GetDescription(), test.names) || reply.TransactionId != nil || reply.CreditCustomerId != nil {
				t.Errorf("%s: %v, want %s that names %s", test.name, reply, test.status, test.names)
			}
		}
		for _, test := range []struct {
			name  string
			cmd   *pb.SimulatorToServerCommand
			names string
		}{
			{"another currency", servertest.ReceivePayment("1", phone(1), in("USD", 1), paySuccess), "value.currency_code"},
			{"nothing", servertest.ReceivePayment("1", phone(1), kes(0), paySuccess), "value.amount"},
			{"no status", servertest.ReceivePayment("1", phone(1), kes(1), 0), "status"},
			{"no id", servertest.ReceivePayment(" ", phone(1), kes(1), paySuccess), "transaction_id"},
			{"no number", servertest.ReceivePayment("1", "", kes(1), paySuccess), "customer_number"},
		} {
			if reply := b.simulate(t, test.cmd); reply.Status || reply.ErrorCode != "invalid_request" || !strings.Contains(reply.Description, test.names) {
				t.Errorf("a received payment, %s: %v", test.name, reply)
			}
		}
		fromAirtime := servertest.ReceivePayment("1", phone(1), kes(1), paySuccess)
		fromAirtime.GetReceivePayment().ChannelNumber.Channel = airtime
		if reply := b.simulate(t, fromAirtime); reply.Status || !strings.Contains(reply.Description, "channel_number") {
			t.Errorf("a received payment in airtime: %v", reply)
		}

		if after := b.app.State(t, phone(1)); !proto.Equal(before, after) {
			t.Errorf("the state was\n%v and is\n%v", before, after)
		}
		b.WantPurse(t, b.purse, "KES", 950_00, 950_00)
		b.WantPurse(t, dollars, "USD", 100_00, 100_00)
		b.WantPurse(t, yen, "JPY", 5, 5)
		b.WantLedger(t)
		b.phones.None(t)
		b.customerTold(t, ada, before.PaymentState.TransactionLog[0].TransactionId, paySuccess)
		b.app.None(t)
	})
}

// Amounts are rounded half to even, to the decimals of their currency.
func TestRounding(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		b := startBank(t, store, false)
		ada, yen := b.app.ID(t, phone(1)), b.AddPurse(t, "JPY", 100)
		for _, amount := range []float64{0.125, 0.135, 0.1, 0.2} { // 0.12 + 0.14 + 0.10 + 0.20
			b.pay(t, servertest.Purse(b.purse), servertest.Wallet(ada, "w"), amount, paySuccess)
		}
		b.WantWallet(t, ada, "w", 56, 56)
		for _, amount := range []float64{0.6, 2.5, 3.5} { // 1 + 2 + 4
			b.app.Must(t, servertest.Pay(servertest.Purse(yen), servertest.Wallet(ada, "yen"), &pb.Cash{CurrencyCode: "JPY", Amount: amount}))
		}
		b.WantPurse(t, yen, "JPY", 93, 93)
		if w := b.app.State(t, phone(1)).PaymentState.Wallets; w["yen"].Actual.Amount != 7 || w["w"].Actual.Amount != 0.56 {
			t.Errorf("the wallets are %v", w)
		}
		b.WantLedger(t)
	})
}
