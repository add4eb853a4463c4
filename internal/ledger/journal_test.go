package ledger

import (
	"errors"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
)

const org = "el_org_a"

func TestCheck(t *testing.T) {
	a, b, other := PurseAccount(org, "a", "KES"), WalletAccount(org, "el_cst_a", "w", "KES"), PurseAccount(org, "c", "UGX")
	for name, entries := range map[string][]Entry{
		"to itself":          {{a, -5}, {a, 5}},
		"nothing":            nil,
		"one entry":          {{a, 5}},
		"money made":         {{a, -5}, {b, 6}},
		"money lost":         {{a, -5}, {b, 4}},
		"two currencies":     {{a, -5}, {other, 5}},
		"an empty entry":     {{a, 0}, {b, 0}},
		"a huge entry":       {{a, -MaxAmount - 1}, {b, MaxAmount + 1}},
		"another org":        {{a, -5}, {PurseAccount("el_org_b", "a", "KES"), 5}},
		"no org":             {{PurseAccount("", "a", "KES"), -5}, {PurseAccount("", "b", "KES"), 5}},
		"a wallet of none":   {{a, -5}, {WalletAccount(org, "", "w", "KES"), 5}},
		"a purse of one":     {{b, -5}, {Account{Org: org, Kind: Purse, Owner: "x", ID: "p", Currency: "KES"}, 5}},
		"no currency at all": {{PurseAccount(org, "a", ""), -5}, {PurseAccount(org, "b", ""), 5}},
	} {
		if err := (Transaction{What: name, Entries: entries}).Check(); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
	if err := Transfer("paid", "el_txn_1", a, b, 5).Check(); err != nil {
		t.Error(err)
	}
}

// book is the ledger at its simplest: all balances in memory.
type book map[Account]Balance

func (b book) post(t Transaction) error {
	after, err := t.Post(func(a Account) (Balance, error) { return b[a], nil })
	for i, balance := range after {
		b[t.Entries[i].Account] = balance
	}
	return err
}

// Generated movements and holds: money is never made or lost, nobody spends what they do not have, and
// what is refused changes nothing.
func TestBookProperty(t *testing.T) {
	var accounts []Account
	for _, currency := range []string{"KES", "UGX"} {
		accounts = append(accounts, PurseAccount(org, "p", currency), PurseAccount(org, "q", currency), WalletAccount(org, "el_cst_a", "w", currency),
			WalletAccount(org, "el_cst_b", "w", currency), ChannelAccount(org, "cellular", "83044", currency), OperatorAccount(org, currency))
	}
	amounts := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(MaxAmount-100, MaxAmount))
	rapid.Check(t, func(t *rapid.T) {
		b := make(book)
		sums := make(map[Account]int64) // of the entries that were posted
		holds := make(map[Account][]int64)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := maps.Clone(b)
			a := rapid.SampledFrom(accounts).Draw(t, "account")
			amount := amounts.Draw(t, "amount")
			var err error
			switch rapid.SampledFrom([]string{"post", "post", "hold", "release"}).Draw(t, "what") {
			case "post":
				move := Transfer("moved", "", a, rapid.SampledFrom(accounts).Draw(t, "to"), amount)
				if rapid.Bool().Draw(t, "more") {
					move.Entries = append(move.Entries, Transfer("", "", rapid.SampledFrom(accounts).Draw(t, "from2"), rapid.SampledFrom(accounts).Draw(t, "to2"), amount).Entries...)
				}
				if err = move.Check(); err != nil {
					break // an account twice
				}
				if err = b.post(move); err == nil {
					for _, e := range move.Entries {
						sums[e.Account] += e.Amount
					}
				}
			case "hold":
				balance, failed := a.Hold(b[a], amount)
				if err = failed; err == nil {
					b[a], holds[a] = balance, append(holds[a], amount)
				}
			case "release":
				if len(holds[a]) == 0 {
					continue
				}
				balance, failed := a.Release(b[a], holds[a][0])
				if failed != nil {
					t.Fatalf("a hold cannot be released: %v", failed)
				}
				b[a], holds[a] = balance, holds[a][1:]
			}
			if err != nil && !maps.Equal(before, b) {
				t.Fatalf("%v, and something has changed", err)
			}
			totals := make(map[string]int64)
			for a, balance := range b {
				totals[a.Currency] += balance.Actual
				var held int64
				for _, h := range holds[a] {
					held += h
				}
				switch {
				case balance.Actual != sums[a] || balance.Held != held:
					t.Fatalf("%s has %+v; the entries add up to %d, the holds to %d", a, balance, sums[a], held)
				case a.inside() && (balance.Available() < 0 || balance.Actual > MaxAmount):
					t.Fatalf("%s has %+v", a, balance)
				case err == nil && balance != before[a] && balance.Sequence <= before[a].Sequence:
					t.Fatalf("%s has changed with sequence number %d", a, balance.Sequence)
				}
			}
			for currency, total := range totals {
				if total != 0 {
					t.Fatalf("all accounts in %s have %d", currency, total)
				}
			}
		}
	})
}

func TestInsufficientFunds(t *testing.T) {
	purse, channel := PurseAccount(org, "p", "KES"), ChannelAccount(org, "cellular", "83044", "KES")
	b := book{purse: {Actual: 1000, Held: 400}}
	err := b.post(Transfer("paid", "", purse, channel, 601))
	var refused *customer.Refusal
	if !errors.As(err, &refused) || refused.Code != InsufficientFunds {
		t.Fatalf("got %v", err)
	}
	if want := "the purse p in KES has KES 6.00 available, which is less than KES 6.01"; refused.Text != want {
		t.Errorf("%q, want %q", refused.Text, want)
	}
	if err := b.post(Transfer("paid", "", purse, channel, 600)); err != nil || b[purse].Available() != 0 {
		t.Errorf("%v, %+v", err, b[purse])
	}
}
