package payment_test

import (
	"testing"

	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
)

// Where the money of each kind of party is, and that a reversal takes back what was moved.
func TestMovement(t *testing.T) {
	outside := ledger.ChannelAccount("o", "cellular", "83044", "KES")
	for _, test := range []struct {
		name          string
		debit, credit payment.Party
		from, to      ledger.Account
	}{
		{"purse to wallet", purse("a"), wallet("c", "w"), ledger.PurseAccount("o", "a", "KES"), ledger.WalletAccount("o", "c", "w", "KES")},
		{"purse to customer", purse("a"), person(payment.Cellular, "1"), ledger.PurseAccount("o", "a", "KES"), outside},
		{"wallet to business", wallet("c", "w"), business("1", ""), ledger.WalletAccount("o", "c", "w", "KES"), outside},
		{"airtime", purse("a"), person(payment.Airtime, "1"), ledger.PurseAccount("o", "a", "KES"), ledger.ChannelAccount("o", "airtime", "83044", "KES")},
		{"checkout", person(payment.Cellular, "1"), wallet("c", "w"), outside, ledger.WalletAccount("o", "c", "w", "KES")},
	} {
		p := &payment.Payment{Org: "o", ID: "p", Debit: test.debit, Credit: test.credit, Amount: 7, Currency: "KES"}
		there, back := [2]ledger.Entry{{Account: test.from, Amount: -7}, {Account: test.to, Amount: 7}}, [2]ledger.Entry{{Account: test.to, Amount: -7}, {Account: test.from, Amount: 7}}
		for posting, want := range map[payment.Posting][2]ledger.Entry{payment.Transfer: there, payment.Settle: there, payment.Reverse: back} {
			moved, moves := p.Movement(posting)
			if !moves || moved.Payment != "p" || len(moved.Entries) != 2 || [2]ledger.Entry(moved.Entries) != want || moved.Check() != nil {
				t.Errorf("%s, %s: %+v, want %v", test.name, posting, moved, want)
			}
		}
		for _, posting := range []payment.Posting{payment.Nothing, payment.Hold, payment.Release} {
			if moved, moves := p.Movement(posting); moves {
				t.Errorf("%s, %s: %+v", test.name, posting, moved)
			}
		}
	}
}
