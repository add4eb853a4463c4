package ledger

import (
	"errors"
	"math"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
)

func TestFromWire(t *testing.T) {
	for _, c := range []struct {
		currency string
		amount   float64
		want     int64
	}{
		{"KES", 100.5, 10050},
		{"KES", 0.1 + 0.2, 30},
		{"KES", 1.015, 102},
		{"KES", 0.006, 1},
		{"JPY", 2.5, 2},
		{"JPY", 3.5, 4},
		{"UGX", 0.51, 1},
		{"KWD", 1.0005, 1000},
		{"KWD", 1.0015, 1002},
		{"CLF", 1.2345, 12345},
		{"IQD", 1, 1000},
		{"JPY", MaxAmount, MaxAmount},
		{"KES", 1e6, 100_000_000},
	} {
		if got, err := FromWire("value", c.currency, c.amount); err != nil || got != c.want {
			t.Errorf("%s %v: %d, %v, want %d", c.currency, c.amount, got, err, c.want)
		}
	}
	for _, c := range []struct {
		currency string
		amount   float64
	}{
		{"", 1}, {"kes", 1}, {"XXX", 1}, {"KES ", 1}, {"KES", 0}, {"KES", math.Copysign(0, -1)}, {"KES", -1}, {"KES", 0.004}, {"KES", 0.005},
		{"KES", math.NaN()}, {"KES", math.Inf(1)}, {"KES", math.Inf(-1)}, {"KES", 1e14}, {"KES", math.MaxFloat64}, {"JPY", MaxAmount + 2}, {"KES", 5e-324},
	} {
		var refused *customer.Refusal
		if got, err := FromWire("value", c.currency, c.amount); !errors.As(err, &refused) || refused.Code != customer.InvalidRequest {
			t.Errorf("%q %v: %d, %v", c.currency, c.amount, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		currency, text string
		want           int64
	}{{"KES", "100", 10000}, {"KES", "100.5", 10050}, {"KES", "0.01", 1}, {"KES", "1.500", 150}, {"JPY", "7", 7}, {"JPY", "7.0", 7}, {"KWD", "0.001", 1}} {
		if got, err := Parse(c.currency, c.text); err != nil || got != c.want {
			t.Errorf("%s %s: %d, %v", c.currency, c.text, got, err)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1,000", "1e3", "0", "0.00", "0.001", " 1", "1 ", "KES 1", "90071992547409.93", "99999999999999999999", "1.2.3"} {
		if got, err := Parse("KES", text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
