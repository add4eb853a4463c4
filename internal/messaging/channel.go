package messaging

import "github.com/elarian-go/elarian/internal/customer"

// Channel is a kind of messaging channel.
type Channel int32

// The channels.
const (
	ChannelUnspecified Channel = 0
	SMS                Channel = 1
	Voice              Channel = 2
	USSD               Channel = 3
	Messenger          Channel = 4
	Telegram           Channel = 5
	WhatsApp           Channel = 6
	Email              Channel = 7
)

var channelNames = [...]string{"unspecified", "sms", "voice", "ussd", "fb_messenger", "telegram", "whatsapp", "email"}

func (c Channel) String() string {
	if c < 0 || int(c) >= len(channelNames) {
		return "unknown"
	}
	return channelNames[c]
}

// Known says whether there is such a channel.
func (c Channel) Known() bool { return c > ChannelUnspecified && int(c) < len(channelNames) }

// ParseChannel reads a channel's name as String writes it.
func ParseChannel(name string) (Channel, bool) {
	for i, n := range channelNames {
		if i > 0 && n == name {
			return Channel(i), true
		}
	}
	return ChannelUnspecified, false
}

// Provider is the provider of the customer numbers that a channel reaches.
func (c Channel) Provider() customer.Provider {
	switch c {
	case Telegram:
		return customer.Telegram
	case Messenger:
		return customer.Facebook
	case Email:
		return customer.Email
	}
	return customer.Cellular
}

// Interactive says whether the provider waits for the app's answer: a hop or an event of a call.
func (c Channel) Interactive() bool { return c == USSD || c == Voice }

// ChannelNumber is a number of the org on a channel.
type ChannelNumber struct {
	Channel Channel `cbor:"1,keyasint" json:"channel,omitempty"`
	Number  string  `cbor:"2,keyasint" json:"number,omitempty"`
}

func (n ChannelNumber) String() string { return n.Channel.String() + " " + n.Number }
