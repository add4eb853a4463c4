package elarian

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/pb"
)

// Cash is an amount of money, exact: a whole number of its currency's minor units, at most 2^53 of
// them either way. Make one with [KES], [NewCash] or [MinorUnits]; there is no way from a float, which
// has no 0.10. Amounts are equal (==) when currency and minor units are. The zero Cash is no money.
//
// What is not an amount, a person's answer to a menu, say, is not zero either: such a Cash has an
// [Cash.Err], and no command takes it. What is calculated from it has the error too.
//
// In JSON, and so in app data and metadata, it is what the reference's other clients use:
// {"currencyCode":"KES","amount":100.50}.
type Cash struct {
	code  string
	units int64
	wrong string // why it is no amount; code and units are zero then
}

// KES is an amount of Kenyan shillings: "100", "100.50".
func KES(amount string) Cash { return NewCash("KES", amount) }

// NewCash is an amount of a currency, by its three capital letters of ISO 4217: ("UGX", "5000"),
// ("KWD", "1.250"). The text has digits, at most one point, and as many decimals as the currency has;
// a minus may stand before it. Anything else gives a Cash that is none: see [Cash.Err].
func NewCash(code, amount string) Cash {
	decimals, known := currency.Decimals(code)
	if !known {
		return noCash("%q is no currency: use three capital letters of ISO 4217, such as KES", code)
	}
	text := strings.TrimSpace(amount)
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !isDigits(whole) || pointed && !isDigits(fraction) {
		return noCash("%q is no amount: write digits and a point, such as 1000 or 1000.50", amount)
	}
	if extra := strings.TrimRight(fraction, "0"); len(extra) > decimals {
		return noCash("%q has %d decimals, %s has %d", amount, len(extra), code, decimals)
	}
	fraction = (fraction + strings.Repeat("0", decimals))[:decimals]
	units, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || units > currency.Max {
		return noCash("%q is beyond the most that an amount may be, %s", amount, currency.Text(currency.Max, code))
	}
	if strings.HasPrefix(text, "-") {
		units = -units
	}
	return Cash{code: code, units: units}
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// MinorUnits is an amount in the smallest units of a currency: cents for KES, whole shillings for UGX.
func MinorUnits(code string, units int64) Cash {
	if _, known := currency.Decimals(code); !known {
		return NewCash(code, "")
	}
	return cash(code, units)
}

func cash(code string, units int64) Cash {
	if units > currency.Max || units < -currency.Max {
		return noCash("%s is beyond the most that an amount may be, %s", currency.Text(units, code), currency.Text(currency.Max, code))
	}
	return Cash{code: code, units: units}
}

func noCash(format string, args ...any) Cash { return Cash{wrong: fmt.Sprintf(format, args...)} }

// Err tells why it is no amount, by an [ErrInvalidRequest]; nil where it is one.
func (c Cash) Err() error {
	if c.wrong == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInvalidRequest, c.wrong)
}

// Currency is the code of ISO 4217, "KES".
func (c Cash) Currency() string { return c.code }

// Units is the amount in minor units: 10050 for KES 100.50.
func (c Cash) Units() int64 { return c.units }

// Sign is -1, 0 or 1, for less than nothing, nothing and more.
func (c Cash) Sign() int {
	switch {
	case c.units < 0:
		return -1
	case c.units > 0:
		return 1
	}
	return 0
}

// Add gives the sum. Amounts of different currencies have none: the result has an error then.
func (c Cash) Add(d Cash) Cash {
	switch {
	case c.wrong != "":
		return c
	case d.wrong != "":
		return d
	case c == Cash{}:
		return d
	case d == Cash{}:
		return c
	case c.code != d.code:
		return noCash("%s and %s are of different currencies", c, d)
	}
	return cash(c.code, c.units+d.units)
}

// Sub gives the difference; it works as [Cash.Add].
func (c Cash) Sub(d Cash) Cash {
	d.units = -d.units
	return c.Add(d)
}

// String writes the amount for people, "KES 1,000.50"; where it is none, why.
func (c Cash) String() string {
	switch {
	case c.wrong != "":
		return "no amount: " + c.wrong
	case c.code == "":
		return "0"
	}
	return currency.Text(c.units, c.code)
}

// Amount writes the amount without currency and commas, the way [NewCash] reads it: "1000.50".
func (c Cash) Amount() string {
	if c.code == "" {
		return "0"
	}
	return strings.ReplaceAll(strings.TrimPrefix(c.String(), c.code+" "), ",", "")
}

// cashJSON is what the other clients call cash.
type cashJSON struct {
	CurrencyCode string      `json:"currencyCode"`
	Amount       json.Number `json:"amount"`
}

// MarshalJSON writes {"currencyCode":"KES","amount":100.50}. What is no amount is an error.
func (c Cash) MarshalJSON() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	return json.Marshal(cashJSON{c.code, json.Number(c.Amount())})
}

// UnmarshalJSON reads what MarshalJSON, or another client, has written. An amount that a program in
// another language has calculated in floating point (0.30000000000000004) is rounded to minor units.
func (c *Cash) UnmarshalJSON(b []byte) error {
	var in cashJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.CurrencyCode == "" && strings.Trim(in.Amount.String(), "0.") == "" {
		*c = Cash{}
		return nil
	}
	read := NewCash(in.CurrencyCode, in.Amount.String())
	if f, err := in.Amount.Float64(); read.wrong != "" && err == nil {
		read = fromDouble(in.CurrencyCode, f)
	}
	if err := read.Err(); err != nil {
		return err
	}
	*c = read
	return nil
}

// GobEncode and GobDecode are for the [Gob] serializer.
func (c Cash) GobEncode() ([]byte, error) { return c.MarshalJSON() }

// GobDecode reads what GobEncode has written.
func (c *Cash) GobDecode(b []byte) error { return c.UnmarshalJSON(b) }

// fromDouble reads the wire's amount.
func fromDouble(code string, amount float64) Cash {
	decimals, known := currency.Decimals(code)
	if !known {
		if code == "" && amount == 0 {
			return Cash{}
		}
		return NewCash(code, "")
	}
	units, ok := currency.Units(amount, decimals)
	if !ok {
		return noCash("%s %v is beyond the most that an amount may be, %s", code, amount, currency.Text(currency.Max, code))
	}
	return Cash{code: code, units: units}
}

func fromCash(c *pb.Cash) Cash { return fromDouble(c.GetCurrencyCode(), c.GetAmount()) }

func (c Cash) proto() *pb.Cash {
	decimals, _ := currency.Decimals(c.code)
	return &pb.Cash{CurrencyCode: c.code, Amount: currency.Amount(c.units, decimals)}
}

func (w *wire) cash() Cash {
	var code string
	var amount float64
	for v := w.in(); v.next(); {
		switch v.field {
		case 1:
			code = v.text()
		case 2:
			amount = math.Float64frombits(v.number)
		}
	}
	return fromDouble(code, amount)
}
