// Package currency knows the currencies of ISO 4217 and turns the amounts of the wire, which are
// doubles, into whole minor units and back: the one place where that happens, for the server and for
// the SDK.
package currency

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Max is the most that an amount may be, in minor units, either way: what a double can count without a gap.
const Max = 1 << 53

// codes are the currencies in use, after ISO 4217's list one, without metals, funds and test codes.
// Their decimals are not those of golang.org/x/text, which has CLDR's for daily use: none for TZS or SOS, say.
const codes = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP " +
	"CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR " +
	"ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN " +
	"MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD " +
	"SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF " +
	"YER ZAR ZMW ZWG"

// others are the currencies with other than two decimals.
var others = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
}

var decimals = func() map[string]int {
	all := make(map[string]int)
	for _, code := range strings.Fields(codes) {
		all[code] = 2
	}
	for n, list := range others {
		for _, code := range strings.Fields(list) {
			all[code] = n
		}
	}
	return all
}()

// Decimals tells how many digits of a currency's amounts are behind the point: 2 for KES, 0 for UGX.
// False: there is no such currency. Codes have capital letters.
func Decimals(code string) (n int, known bool) {
	n, known = decimals[code]
	return n, known
}

// Units is the currency's minor units of an amount, rounded half to even. False: it is not finite, or
// beyond [Max]. What is rounded is the decimal that people wrote and see, the shortest that the double
// stands for: 1.015 is a half, although the double is a little less.
func Units(amount float64, decimals int) (units int64, ok bool) {
	scaled := amount * math.Pow10(decimals)
	if !(math.Abs(scaled) <= Max+1) { // nor NaN
		return 0, false
	}
	rounded := math.RoundToEven(scaled)
	if math.Abs(scaled-rounded) > 0.25 {
		rounded = roundDecimal(amount, decimals)
	}
	return int64(rounded), math.Abs(rounded) <= Max
}

// roundDecimal rounds the shortest decimal that stands for the amount.
func roundDecimal(amount float64, decimals int) float64 {
	exact, _ := new(big.Rat).SetString(strconv.FormatFloat(amount, 'f', -1, 64))
	exact.Mul(exact, new(big.Rat).SetInt64(int64(math.Pow10(decimals))))
	below := new(big.Int).Div(exact.Num(), exact.Denom())
	rest := exact.Sub(exact, new(big.Rat).SetInt(below))
	half := rest.Cmp(big.NewRat(1, 2))
	if half > 0 || half == 0 && below.Bit(0) == 1 {
		below.Add(below, big.NewInt(1))
	}
	rounded, _ := new(big.Float).SetInt(below).Float64()
	return rounded
}

// Amount is what the wire says for so many minor units.
func Amount(units int64, decimals int) float64 { return float64(units) / math.Pow10(decimals) }

// Text writes so many minor units the way people do, with the code: "KES 1,000,000.00".
func Text(units int64, code string) string {
	n := decimals[code]
	digits := strconv.FormatInt(units, 10)
	sign := ""
	if units < 0 {
		sign, digits = "-", digits[1:]
	}
	if missing := n + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	whole, fraction := digits[:len(digits)-n], digits[len(digits)-n:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if n > 0 {
		whole += "." + fraction
	}
	return code + " " + sign + whole
}
