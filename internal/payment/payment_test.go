package payment_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
)

func TestSubject(t *testing.T) {
	for _, test := range []struct {
		name            string
		payment         payment.Payment
		customer, purse string
	}{
		{"between purses", payment.Payment{Debit: purse("a"), Credit: purse("b")}, "", "a"},
		{"into a wallet", payment.Payment{Debit: purse("a"), Credit: wallet("c", "w"), CreditCustomer: "c"}, "c", ""},
		{"out of a wallet", payment.Payment{Debit: wallet("c", "w"), Credit: purse("a"), DebitCustomer: "c"}, "c", ""},
		{"between wallets", payment.Payment{Debit: wallet("c", "w"), Credit: wallet("d", "w"), DebitCustomer: "c", CreditCustomer: "d"}, "d", ""},
		{"to a customer", payment.Payment{Debit: purse("a"), Credit: person(payment.Cellular, "1"), CreditCustomer: "c"}, "c", ""},
		{"to a customer out of another's wallet", payment.Payment{Debit: wallet("d", "w"), Credit: person(payment.Cellular, "1"), DebitCustomer: "d", CreditCustomer: "c"}, "c", ""},
		{"checkout", payment.Payment{Debit: person(payment.Cellular, "1"), Credit: purse("a"), DebitCustomer: "c"}, "c", ""},
		{"checkout into another's wallet", payment.Payment{Debit: person(payment.Cellular, "1"), Credit: wallet("d", "w"), DebitCustomer: "c", CreditCustomer: "d"}, "c", ""},
		{"to a business", payment.Payment{Debit: purse("a"), Credit: business("1", "")}, "", "a"},
		{"to a business out of a wallet", payment.Payment{Debit: wallet("c", "w"), Credit: business("1", ""), DebitCustomer: "c"}, "c", ""},
	} {
		if who, purse := test.payment.Subject(); who != test.customer || purse != test.purse {
			t.Errorf("%s: customer %q, purse %q", test.name, who, purse)
		}
	}
}

func TestAdopt(t *testing.T) {
	p := &payment.Payment{Debit: wallet("c", "w"), Credit: person(payment.Cellular, "+1"), DebitCustomer: "c", CreditCustomer: "c"}
	before := fmt.Sprintf("%+v", *p.Debit.Wallet)
	adopted := p.Clone()
	adopted.Adopt("c", "a")
	if adopted.Debit.Wallet.Customer != "a" || !reflect.DeepEqual(adopted.Customers(), []string{"a"}) {
		t.Errorf("%+v, customers %v", adopted.Debit.Wallet, adopted.Customers())
	}
	if after := fmt.Sprintf("%+v", *p.Debit.Wallet); after != before {
		t.Errorf("the original is %s", after)
	}
}

func TestErase(t *testing.T) {
	const number = "+254710000001"
	p := &payment.Payment{
		Debit: wallet("c", "w"), Credit: person(payment.Cellular, number), DebitCustomer: "c", CreditCustomer: "d",
		Amount: 100, Currency: "KES", Narration: "for " + number,
	}
	p.Take(payment.PendingConfirmation, "asked "+number, customer.Actor{Kind: "app", ID: "a"}, started)
	p.Erase("d", "ref")
	if p.Credit.Customer.Number.Number != "ref" || p.CreditCustomer != "ref" || p.DebitCustomer != "c" || p.Debit.Wallet.Customer != "c" {
		t.Errorf("%+v", p)
	}
	p.Erase("c", "ref2")
	if p.Debit.Wallet.Customer != "ref2" || p.Debit.Wallet.ID != "w" || p.Amount != 100 {
		t.Errorf("%+v", p.Debit.Wallet)
	}
	if all := fmt.Sprintf("%+v %+v %+v", *p, *p.Debit.Wallet, *p.Credit.Customer); strings.Contains(all, number) {
		t.Errorf("the number is in %s", all)
	}
}
