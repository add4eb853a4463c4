package payment

import "fmt"

// Channel is a kind of payment channel; the values are the wire's PaymentChannel.
type Channel int32

// The payment channels: mobile money, and airtime, which can only be given.
const (
	Cellular Channel = 1
	Airtime  Channel = 2
)

func (c Channel) String() string {
	switch c {
	case Cellular:
		return "cellular"
	case Airtime:
		return "airtime"
	}
	return fmt.Sprintf("unknown channel %d", int32(c))
}

// Known says whether there is such a kind of channel.
func (c Channel) Known() bool { return c == Cellular || c == Airtime }

// ChannelNumber is a number of an org that money goes through, as a paybill.
type ChannelNumber struct {
	Channel Channel `cbor:"1,keyasint"`
	Number  string  `cbor:"2,keyasint"`
}

func (n ChannelNumber) String() string { return fmt.Sprintf("%s %q", n.Channel, n.Number) }
