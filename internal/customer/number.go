package customer

import (
	"strings"
	"unicode/utf8"
)

// Provider is the network that a customer number belongs to; the values are the wire's
// CustomerNumberProvider.
type Provider int32

// The providers of customer numbers.
const (
	ProviderUnspecified Provider = 0
	Facebook            Provider = 1
	Cellular            Provider = 2
	Telegram            Provider = 3
	App                 Provider = 4
	Email               Provider = 5
)

var providerNames = [...]string{"unspecified", "facebook", "cellular", "telegram", "app", "email"}

func (p Provider) String() string {
	if p < 0 || int(p) >= len(providerNames) {
		return "unknown"
	}
	return providerNames[p]
}

// Number is an address of a person at a provider, in its normal form (see Normalize). The same
// number in two partitions is two customers; no partition is the empty one.
type Number struct {
	Provider  Provider `cbor:"1,keyasint" json:"provider,omitempty"`
	Number    string   `cbor:"2,keyasint" json:"number,omitempty"`
	Partition string   `cbor:"3,keyasint,omitempty" json:"partition,omitempty"`
}

func (n Number) String() string {
	if n.Partition == "" {
		return n.Number
	}
	return n.Number + " (" + n.Partition + ")"
}

const maxNumber = 128 // characters

// Normalize gives the number in the form in which numbers are compared: cellular ones in E.164
// with a leading +, e-mail addresses in lower case. A number that cannot be one is refused.
func (n Number) Normalize() (Number, error) {
	if n == (Number{}) {
		return n, Refuse(InvalidRequest, "customer_number: missing")
	}
	if n.Provider <= ProviderUnspecified || n.Provider > Email {
		return n, Refuse(InvalidRequest, "customer_number.provider: %d is no provider: use cellular, facebook, telegram, email or app", int32(n.Provider))
	}
	if err := checkAddress("customer_number.number", n.Number); err != nil {
		return n, err
	}
	if err := checkAddress("customer_number.partition", n.Partition); err != nil {
		return n, err
	}
	n.Number = strings.TrimSpace(n.Number)
	if n.Number == "" {
		return n, Refuse(InvalidRequest, "customer_number.number: empty")
	}
	switch n.Provider {
	case Cellular:
		return n.normalizeCellular()
	case Email:
		at := strings.LastIndexByte(n.Number, '@')
		if at <= 0 || at == len(n.Number)-1 {
			return n, Refuse(InvalidRequest, "customer_number.number: %q is no e-mail address", n.Number)
		}
		n.Number = strings.ToLower(n.Number)
	}
	return n, nil
}

func checkAddress(field, s string) error {
	if !isText(s) {
		return Refuse(InvalidRequest, "%s: not a text: it has a zero byte, or is no UTF-8", field)
	}
	if utf8.RuneCountInString(s) > maxNumber {
		return Refuse(InvalidRequest, "%s: longer than %d characters", field, maxNumber)
	}
	return nil
}

// normalizeCellular takes away what people write between digits, and puts the + of E.164 before
// numbers of full length. Short codes and national numbers stay as they are: which country
// they are of is not ours to guess.
func (n Number) normalizeCellular() (Number, error) {
	var digits strings.Builder
	plus := false
	for i, r := range n.Number {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0:
			plus = true
		case strings.ContainsRune(" -().\u00a0\u2010\u2011\u2012\u2013", r):
		default:
			return n, Refuse(InvalidRequest, "customer_number.number: %q is no phone number", n.Number)
		}
	}
	d := digits.String()
	if d == "" {
		return n, Refuse(InvalidRequest, "customer_number.number: %q has no digits", n.Number)
	}
	if !plus && strings.HasPrefix(d, "00") && len(d) > 9 {
		plus, d = true, d[2:]
	}
	if !plus && len(d) >= 11 && len(d) <= 15 && d[0] != '0' {
		plus = true
	}
	if plus {
		d = "+" + d
	}
	n.Number = d
	return n, nil
}
