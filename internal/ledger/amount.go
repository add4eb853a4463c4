package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// MaxAmount is the largest amount, and the largest balance of a purse or wallet, in minor units: up to
// there a double counts exactly.
const MaxAmount = 1 << 53

// FromWire turns the wire's amount into minor units, rounding half to even. What is rounded is the
// shortest decimal that the double stands for, which is what its sender wrote: 1.015 is between 1.01
// and 1.02, though the double itself is a little less. Refused are what is no currency, not finite,
// zero once rounded, negative, or over MaxAmount; field, as "value", names it in the text.
func FromWire(field, currency string, amount float64) (int64, error) {
	if err := CheckCurrency(field+".currency_code", currency); err != nil {
		return 0, err
	}
	if math.IsNaN(amount) || math.IsInf(amount, 0) {
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is no amount", field, amount)
	}
	if amount <= 0 {
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is not more than zero", field, amount)
	}
	n, _, ok := scale(strconv.FormatFloat(amount, 'f', -1, 64), decimals[currency])
	switch {
	case !ok:
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is over the largest amount, %s", field, amount, Text(currency, MaxAmount))
	case n == 0:
		return 0, customer.Refuse(customer.InvalidRequest, "%s.amount: %v is less than the smallest amount, %s", field, amount, Text(currency, 1))
	}
	return n, nil
}

// ToWire turns minor units into the wire's amount: the double that is nearest. Up to 10^15 minor units
// FromWire gives them back exactly.
func ToWire(currency string, minor int64) float64 {
	return float64(minor) / math.Pow10(decimals[currency])
}

// Parse reads an amount that a person wrote, as "100" or "100.50". It rounds nothing.
func Parse(currency, text string) (int64, error) {
	if err := CheckCurrency("currency", currency); err != nil {
		return 0, err
	}
	whole, fraction, point := strings.Cut(text, ".")
	if !digits(whole) || point && !digits(fraction) {
		return 0, fmt.Errorf("%q is no amount: write it as 100 or 100.50", text)
	}
	n, exact, ok := scale(text, decimals[currency])
	switch {
	case !ok:
		return 0, fmt.Errorf("%s is over the largest amount, %s", text, Text(currency, MaxAmount))
	case !exact:
		return 0, fmt.Errorf("%s is no amount of %s, which has %d decimals", text, currency, decimals[currency])
	case n == 0:
		return 0, fmt.Errorf("%s is not more than zero", text)
	}
	return n, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// scale gives a decimal, as "12.5", in units of 10^-decimals, rounded half to even; ok is false for
// one over MaxAmount.
func scale(text string, decimals int) (n int64, exact, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	for len(fraction) < decimals {
		fraction += "0"
	}
	rest := strings.TrimRight(fraction[decimals:], "0")
	n, err := strconv.ParseInt(whole+fraction[:decimals], 10, 64)
	if err != nil {
		return 0, false, false // out of range: these are digits
	}
	if rest > "5" || rest == "5" && n%2 == 1 {
		n++
	}
	return n, rest == "", n <= MaxAmount
}

// Text writes an amount for people, as "KES 1,000,000.00".
func Text(currency string, minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	n := decimals[currency]
	all := fmt.Sprintf("%0*d", n+1, minor)
	whole, fraction := all[:len(all)-n], all[len(all)-n:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return currency + " " + sign + whole + fraction
}
