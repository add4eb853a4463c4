package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
)

// MaxAmount is the largest amount, and the largest balance of a purse or wallet, in minor units: up to
// there a double counts exactly.
const MaxAmount = currency.Max

// CheckCurrency refuses what is no currency; field names it in the text.
func CheckCurrency(field, code string) error {
	if _, known := currency.Decimals(code); known {
		return nil
	}
	if code == "" {
		return customer.Refuse(customer.InvalidRequest, "%s: missing: give a currency of ISO 4217, as KES", field)
	}
	return customer.Refuse(customer.InvalidRequest, "%s: %q is no currency of ISO 4217: write it as KES", field, code)
}

// FromWire turns the wire's amount into minor units, rounded as currency.Units does. Refused are what is
// no currency, not finite, zero once rounded, negative, or over MaxAmount; field, as "value", names it
// in the text.
func FromWire(field, code string, amount float64) (int64, error) {
	if err := CheckCurrency(field+".currency_code", code); err != nil {
		return 0, err
	}
	if math.IsNaN(amount) || math.IsInf(amount, 0) {
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is no amount", field, amount)
	}
	if amount <= 0 {
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is not more than zero", field, amount)
	}
	decimals, _ := currency.Decimals(code)
	n, ok := currency.Units(amount, decimals)
	switch {
	case !ok:
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is over the largest amount, %s", field, amount, currency.Text(MaxAmount, code))
	case n == 0:
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is less than the smallest amount, %s", field, amount, currency.Text(1, code))
	}
	return n, nil
}

// Parse reads an amount that a person wrote, as "100" or "100.50". It rounds nothing.
func Parse(code, text string) (int64, error) {
	if err := CheckCurrency("currency", code); err != nil {
		return 0, err
	}
	whole, fraction, point := strings.Cut(text, ".")
	if !digits(whole) || point && !digits(fraction) {
		return 0, fmt.Errorf("%q is no amount: write it as 100 or 100.50", text)
	}
	decimals, _ := currency.Decimals(code)
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > decimals {
		return 0, fmt.Errorf("%s is no amount of %s, which has %d decimals", text, code, decimals)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	switch {
	case err != nil || n > MaxAmount: // these are digits: it is out of range
		return 0, fmt.Errorf("%s is over the largest amount, %s", text, currency.Text(MaxAmount, code))
	case n == 0:
		return 0, fmt.Errorf("%s is not more than zero", text)
	}
	return n, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
