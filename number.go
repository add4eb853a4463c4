package elarian

import (
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Provider is what kind of number a [CustomerNumber] is.
type Provider int32

// The providers of customer numbers.
const (
	ProviderFacebook Provider = Provider(pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_FACEBOOK)
	ProviderCellular Provider = Provider(pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_CELLULAR)
	ProviderTelegram Provider = Provider(pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_TELEGRAM)
	ProviderApp      Provider = Provider(pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_APP)
	ProviderEmail    Provider = Provider(pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_EMAIL)
)

// String gives the reference's name, such as "cellular".
func (p Provider) String() string {
	return enumName(pb.CustomerNumberProvider_name, "CUSTOMER_NUMBER_PROVIDER_", int32(p))
}

// CustomerNumber is a number that a customer has with a provider. It names a customer in every
// command, and a number that the org does not know yet makes a new customer.
//
// Cellular numbers are international ("+254710000001"; spaces and dashes do not matter), e-mail
// addresses have no case. Partition separates equal numbers: the same number in two partitions is
// two customers. Most apps leave it empty.
type CustomerNumber struct {
	Provider  Provider
	Number    string
	Partition string
}

// Cellular names a customer by phone number: "+254710000001".
func Cellular(number string) CustomerNumber {
	return CustomerNumber{Provider: ProviderCellular, Number: number}
}

// FacebookUser names a customer by the id that Messenger has for them.
func FacebookUser(id string) CustomerNumber {
	return CustomerNumber{Provider: ProviderFacebook, Number: id}
}

// TelegramUser names a customer by the id that Telegram has for them.
func TelegramUser(id string) CustomerNumber {
	return CustomerNumber{Provider: ProviderTelegram, Number: id}
}

// AppUser names a customer by an id of your own.
func AppUser(id string) CustomerNumber {
	return CustomerNumber{Provider: ProviderApp, Number: id}
}

// EmailAddress names a customer by e-mail address.
func EmailAddress(address string) CustomerNumber {
	return CustomerNumber{Provider: ProviderEmail, Number: address}
}

// IsZero tells whether n names nobody.
func (n CustomerNumber) IsZero() bool { return n == CustomerNumber{} }

// String gives the number, after its provider where that is not cellular.
func (n CustomerNumber) String() string {
	s := n.Number
	if n.Provider != ProviderCellular {
		s = n.Provider.String() + ":" + s
	}
	if n.Partition != "" {
		s += "/" + n.Partition
	}
	return s
}

func (n CustomerNumber) proto() *pb.CustomerNumber {
	out := &pb.CustomerNumber{Provider: pb.CustomerNumberProvider(n.Provider), Number: n.Number}
	if n.Partition != "" {
		out.Partition = wrapperspb.String(n.Partition)
	}
	return out
}

func customerNumber(n *pb.CustomerNumber) CustomerNumber {
	return CustomerNumber{Provider: Provider(n.GetProvider()), Number: n.GetNumber(), Partition: n.GetPartition().GetValue()}
}
