package ledger

import (
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// decimals are the currencies of ISO 4217 in use in 2026, by how many decimals of the unit the minor
// unit is. Those of the Unicode data (golang.org/x/text/currency) are for display and differ: IQD,
// MGA and SOS have none there. A currency that goes out of use stays here, as journals go on having it.
var decimals = byDecimals(map[int]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
		CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
		GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
		MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
		PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
		TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
})

func byDecimals(lists map[int]string) map[string]int {
	all := make(map[string]int)
	for n, list := range lists {
		for _, code := range strings.Fields(list) {
			all[code] = n
		}
	}
	return all
}

// CheckCurrency refuses what is no currency; field names it in the text.
func CheckCurrency(field, code string) error {
	if _, known := decimals[code]; known {
		return nil
	}
	if code == "" {
		return customer.Refuse(customer.InvalidRequest, "%s: missing: give a currency of ISO 4217, as KES", field)
	}
	return customer.Refuse(customer.InvalidRequest, "%s: %q is no currency of ISO 4217: write it as KES", field, code)
}
