package currency_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elarian-go/elarian/internal/currency"
)

func TestDecimals(t *testing.T) {
	for code, want := range map[string]int{"KES": 2, "USD": 2, "TZS": 2, "UGX": 0, "RWF": 0, "JPY": 0, "KWD": 3, "IQD": 3, "CLF": 4, "ZWG": 2} {
		if n, ok := currency.Decimals(code); !ok || n != want {
			t.Errorf("%s has %d decimals, %v", code, n, ok)
		}
	}
	for _, code := range []string{"", "kes", "XYZ", "XXX", "XAU", "KE", " KES", "KESS"} {
		if _, ok := currency.Decimals(code); ok {
			t.Errorf("%q is a currency", code)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		amount   float64
		decimals int
		want     int64
	}{
		{0, 2, 0}, {100.5, 2, 10050}, {0.01, 2, 1}, {0.1 + 0.2, 2, 30}, {-100.5, 2, -10050}, {4.35, 2, 435},
		{0.125, 2, 12}, {0.375, 2, 38}, {-0.125, 2, -12}, {-0.375, 2, -38}, {0.005, 2, 0}, {0.004999, 2, 0}, {0.0050001, 2, 1},
		{1.005, 2, 100}, {1.015, 2, 102}, {2.675, 2, 268}, {1.0150001, 2, 102}, {1.0149999, 2, 101}, {1.115, 2, 112}, {-1.015, 2, -102},
		{0.5, 0, 0}, {1.5, 0, 2}, {2.5, 0, 2}, {1.0005, 3, 1000}, {1.23456, 4, 12346},
		{currency.Max, 0, currency.Max}, {90071992547409.92, 2, currency.Max}, {-currency.Max, 0, -currency.Max}, {1e-300, 2, 0},
	} {
		if got, ok := currency.Units(test.amount, test.decimals); !ok || got != test.want {
			t.Errorf("%v with %d decimals is %d, %v, want %d", test.amount, test.decimals, got, ok, test.want)
		}
	}
	for _, amount := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, currency.Max + 2} {
		if got, ok := currency.Units(amount, 0); ok {
			t.Errorf("%v is %d", amount, got)
		}
	}
	if got, ok := currency.Units(90071992547410, 2); ok {
		t.Errorf("more than Max is %d", got)
	}
}

// What goes over the wire comes back: up to where doubles have a gap of less than a minor unit.
func TestThereAndBack(t *testing.T) {
	for range 100_000 {
		units := rand.Int64N(1<<52) - 1<<51
		for n := range 5 {
			if got, ok := currency.Units(currency.Amount(units, n), n); !ok || got != units {
				t.Fatalf("%d with %d decimals came back as %d, %v", units, n, got, ok)
			}
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		units int64
		code  string
		want  string
	}{
		{100000000, "KES", "KES 1,000,000.00"}, {5, "KES", "KES 0.05"}, {-5, "KES", "KES -0.05"}, {0, "KES", "KES 0.00"}, {-123456, "KES", "KES -1,234.56"},
		{1500, "UGX", "UGX 1,500"}, {999, "UGX", "UGX 999"}, {1, "KWD", "KWD 0.001"}, {currency.Max, "KES", "KES 90,071,992,547,409.92"},
		{math.MinInt64, "JPY", "JPY -9,223,372,036,854,775,808"},
	} {
		if got := currency.Text(test.units, test.code); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
