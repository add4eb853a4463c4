package elarian

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// PaymentChannel is a kind of payment channel.
type PaymentChannel int32

// The payment channels.
const (
	PaymentCellular PaymentChannel = PaymentChannel(pb.PaymentChannel_PAYMENT_CHANNEL_CELLULAR)
	PaymentAirtime  PaymentChannel = PaymentChannel(pb.PaymentChannel_PAYMENT_CHANNEL_AIRTIME)
)

// String gives the reference's name, "cellular" or "airtime".
func (c PaymentChannel) String() string {
	return enumName(pb.PaymentChannel_name, "PAYMENT_CHANNEL_", int32(c))
}

// PaymentChannelNumber is one of the org's numbers that money comes and goes by. Make one with
// [MobileMoney] or [Airtime].
type PaymentChannelNumber struct {
	Channel PaymentChannel
	Number  string
}

// MobileMoney is the org's paybill or till number: "83044".
func MobileMoney(number string) PaymentChannelNumber {
	return PaymentChannelNumber{PaymentCellular, number}
}

// Airtime is the org's number that airtime is sent from. Customers get airtime, they do not pay with it.
func Airtime(number string) PaymentChannelNumber {
	return PaymentChannelNumber{PaymentAirtime, number}
}

// String gives channel and number: "cellular:83044".
func (n PaymentChannelNumber) String() string { return n.Channel.String() + ":" + n.Number }

func (n PaymentChannelNumber) proto() *pb.PaymentChannelNumber {
	return &pb.PaymentChannelNumber{Channel: pb.PaymentChannel(n.Channel), Number: n.Number}
}

func paymentChannelNumber(n *pb.PaymentChannelNumber) PaymentChannelNumber {
	return PaymentChannelNumber{PaymentChannel(n.GetChannel()), n.GetNumber()}
}

// Party is one side of a payment: a [Purse], a [Wallet] ([Customer.Wallet]), a [CustomerAccount]
// ([Customer.Account]) or, to be paid only, a [ChannelAccount]. Each is comparable.
type Party interface {
	fmt.Stringer
	// counterParty gives the party for the wire. It may ask the server who a customer is.
	counterParty(ctx context.Context) (*pb.PaymentCounterParty, error)
}

// Purse is one of the org's money accounts, by its id: "el_prs_…".
type Purse string

// Wallet is a money account of a customer. An app names its wallets as it likes, and the first use makes one.
type Wallet struct {
	CustomerID, ID string
}

// CustomerAccount is the money, or airtime, that a customer has with the provider of one of the org's
// payment channels.
type CustomerAccount struct {
	Number  CustomerNumber
	Channel PaymentChannelNumber
}

// ChannelAccount is somebody else's paybill, till or bank account, paid through a payment channel.
type ChannelAccount struct {
	Channel PaymentChannel
	// Code is the network's, such as 63902 for Safaricom.
	Code int32
	// Source is the org's number on the channel, Destination who gets the money.
	Source, Destination string
	// Account is at the destination; empty for none.
	Account string
}

// String gives the purse's id.
func (p Purse) String() string { return string(p) }

// String gives "wallet points of el_cst_…".
func (w Wallet) String() string { return fmt.Sprintf("wallet %s of %s", w.ID, w.CustomerID) }

// String gives "+254710000001 on cellular:83044".
func (a CustomerAccount) String() string { return fmt.Sprintf("%s on %s", a.Number, a.Channel) }

// String gives "600100 by cellular:83044".
func (a ChannelAccount) String() string {
	to := a.Destination
	if a.Account != "" {
		to += "/" + a.Account
	}
	return fmt.Sprintf("%s by %s:%s", to, a.Channel, a.Source)
}

func (p Purse) counterParty(context.Context) (*pb.PaymentCounterParty, error) {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Purse{Purse: &pb.PaymentPurseCounterParty{PurseId: string(p)}}}, nil
}

func (w Wallet) counterParty(context.Context) (*pb.PaymentCounterParty, error) {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Wallet{
		Wallet: &pb.PaymentWalletCounterParty{CustomerId: w.CustomerID, WalletId: w.ID},
	}}, nil
}

func (a CustomerAccount) counterParty(context.Context) (*pb.PaymentCounterParty, error) {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Customer{
		Customer: &pb.PaymentCustomerCounterParty{CustomerNumber: a.Number.proto(), ChannelNumber: a.Channel.proto()},
	}}, nil
}

func (a ChannelAccount) counterParty(context.Context) (*pb.PaymentCounterParty, error) {
	out := &pb.PaymentChannelCounterParty{
		Channel: pb.PaymentChannel(a.Channel), ChannelCode: a.Code, Source: a.Source, Destination: a.Destination,
	}
	if a.Account != "" {
		out.Account = wrapperspb.String(a.Account)
	}
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Channel{Channel: out}}, nil
}

func purse(p *pb.PaymentPurseCounterParty) Purse { return Purse(p.GetPurseId()) }

func wallet(w *pb.PaymentWalletCounterParty) Wallet {
	return Wallet{w.GetCustomerId(), w.GetWalletId()}
}

// customerWallet is a wallet of a customer whose id may not be known yet.
type customerWallet struct {
	customer *Customer
	id       string
}

// Wallet is a wallet of the customer as a [Party]. A customer named by number or secondary id is looked
// up first where this handle does not know the id, or the id has been adopted since: the payment is then of
// the wallet of who adopted it.
func (c *Customer) Wallet(id string) Party { return customerWallet{c, id} }

func (w customerWallet) String() string { return Wallet{w.customer.String(), w.id}.String() }

func (w customerWallet) counterParty(ctx context.Context) (*pb.PaymentCounterParty, error) {
	id, err := w.customer.knownID(ctx)
	if err != nil {
		return nil, err
	}
	return Wallet{id, w.id}.counterParty(ctx)
}

// customerAccount is an account of a customer whose number may not be known yet.
type customerAccount struct {
	customer *Customer
	channel  PaymentChannelNumber
}

// Account is the customer's mobile money or airtime as a [Party]: what is paid to it arrives on the
// phone, and what is to be paid from it the customer is asked to approve. A customer named by id or
// secondary id is looked up first, for a cellular number.
func (c *Customer) Account(channel PaymentChannelNumber) Party { return customerAccount{c, channel} }

func (a customerAccount) String() string { return fmt.Sprintf("%s on %s", a.customer, a.channel) }

func (a customerAccount) counterParty(ctx context.Context) (*pb.PaymentCounterParty, error) {
	number, err := a.customer.numberFor(ctx, ProviderCellular)
	if err != nil {
		return nil, err
	}
	return CustomerAccount{number, a.channel}.counterParty(ctx)
}

// about is the handle of the party's customer, nil where it has none.
func about(p Party) *Customer {
	switch p := p.(type) {
	case customerWallet:
		return p.customer
	case customerAccount:
		return p.customer
	}
	return nil
}
