package messaging

import (
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// Normalize gives the number in the form in which channels are kept: phone numbers in E.164 with a
// leading +, e-mail addresses in lower case, short codes and sender names as they are. A number
// that cannot be one of the channel is refused.
func (n ChannelNumber) Normalize() (ChannelNumber, error) {
	n.Number = strings.TrimSpace(n.Number)
	switch n.Channel {
	case USSD:
		if !isServiceCode(n.Number) {
			return n, customer.Refuse(customer.InvalidRequest, "%q is no USSD service code: it begins with *, ends with #, and has digits and * between", n.Number)
		}
	case SMS:
		if isSenderName(n.Number) {
			return n, nil
		}
		return n.as(customer.Cellular, "phone number, short code or sender name")
	case Voice, WhatsApp:
		return n.as(customer.Cellular, "phone number")
	case Email:
		return n.as(customer.Email, "e-mail address")
	case Telegram, Messenger:
		provider := n.Channel.Provider()
		if strings.HasPrefix(n.Number, "+") {
			provider = customer.Cellular // some are known by the number they were opened with
		}
		return n.as(provider, "name or number")
	default:
		return n, customer.Refuse(customer.InvalidRequest, "%d is no channel", int32(n.Channel))
	}
	return n, nil
}

func (n ChannelNumber) as(provider customer.Provider, what string) (ChannelNumber, error) {
	normal, err := customer.Number{Provider: provider, Number: n.Number}.Normalize()
	if err != nil {
		return n, customer.Refuse(customer.InvalidRequest, "%q is no %s", n.Number, what)
	}
	n.Number = normal.Number
	return n, nil
}

const maxSenderName = 32 // networks show 11 characters; test systems use longer ones

// isSenderName knows names that stand in place of a number: they have a letter.
func isSenderName(s string) bool {
	letters := false
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letters = true
		case r >= '0' && r <= '9', strings.ContainsRune("_-. &", r):
		default:
			return false
		}
	}
	return letters && len(s) <= maxSenderName
}

func isServiceCode(s string) bool {
	if len(s) < 3 || len(s) > maxSenderName || s[0] != '*' || s[len(s)-1] != '#' {
		return false
	}
	return strings.Trim(s[1:len(s)-1], "0123456789*") == "" && strings.ContainsAny(s, "0123456789")
}
