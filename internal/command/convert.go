package command

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
)

// namesCustomer is what all commands about one customer have.
type namesCustomer interface {
	GetCustomerId() string
	GetCustomerNumber() *pb.CustomerNumber
	GetSecondaryId() *pb.IndexMapping
}

// customerOf reads whom a command is about.
func customerOf(m namesCustomer) (customer.Ref, error) {
	return refOf(m.GetCustomerId(), m.GetCustomerNumber(), m.GetSecondaryId())
}

func refOf(id string, n *pb.CustomerNumber, s *pb.IndexMapping) (customer.Ref, error) {
	switch {
	case n != nil:
		return customer.ByNumber(numberOf(n)).CheckNumber()
	case s != nil:
		return customer.BySecondaryID(s.Key, s.Value.GetValue()).CheckSecondaryID()
	case id == "":
		return customer.Ref{}, customer.Refuse(customer.InvalidRequest, "customer: missing: name them by customer_number, customer_id or secondary_id")
	}
	return customer.ByID(id).CheckID()
}

func numberOf(n *pb.CustomerNumber) customer.Number {
	return customer.Number{Provider: customer.Provider(n.GetProvider()), Number: n.GetNumber(), Partition: n.GetPartition().GetValue()}
}

func numberPB(n customer.Number) *pb.CustomerNumber {
	p := &pb.CustomerNumber{Provider: pb.CustomerNumberProvider(n.Provider), Number: n.Number}
	if n.Partition != "" {
		p.Partition = wrapperspb.String(n.Partition)
	}
	return p
}

// valueOf reads a value; one that is not set is an empty text.
func valueOf(v *pb.DataMapValue) customer.Value {
	if b, ok := v.GetValue().(*pb.DataMapValue_BytesVal); ok {
		return customer.Bytes(b.BytesVal)
	}
	return customer.Text(v.GetStringVal())
}

func valuePB(v customer.Value) *pb.DataMapValue {
	if v.Binary {
		return &pb.DataMapValue{Value: &pb.DataMapValue_BytesVal{BytesVal: []byte(v.Data)}}
	}
	return &pb.DataMapValue{Value: &pb.DataMapValue_StringVal{StringVal: v.Data}}
}

// timeOf reads a time; absent and zero are the zero time, which means never.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil || t.Seconds == 0 && t.Nanos == 0 {
		return time.Time{}
	}
	if t.Seconds == zeroSeconds {
		return time.Unix(0, 0).UTC()
	}
	return time.Unix(t.Seconds, int64(t.Nanos)).UTC().Truncate(time.Millisecond)
}

// zeroSeconds is the second of the zero time, which does not mean that here.
var zeroSeconds = time.Time{}.Unix()

// timePB is the other way; the zero time is the zero of the wire, for clients that read it unchecked.
func timePB(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return &timestamppb.Timestamp{}
	}
	return timestamppb.New(t)
}

func indexPB(key, value string, expires time.Time) *pb.CustomerIndex {
	return &pb.CustomerIndex{
		Mapping:   &pb.IndexMapping{Key: key, Value: wrapperspb.String(value)},
		ExpiresAt: timePB(expires),
	}
}

func channelOf(n *pb.MessagingChannelNumber) messaging.ChannelNumber {
	return messaging.ChannelNumber{Channel: messaging.Channel(n.GetChannel()), Number: n.GetNumber()}
}

func channelPB(n messaging.ChannelNumber) *pb.MessagingChannelNumber {
	return &pb.MessagingChannelNumber{Channel: pb.MessagingChannel(n.Channel), Number: n.Number}
}

// optional is a wrapper that is absent where there is no text.
func optional(s string) *wrapperspb.StringValue {
	if s == "" {
		return nil
	}
	return wrapperspb.String(s)
}

// pointed and pointedPB carry wrappers where empty and absent are not the same.
func pointed(s *wrapperspb.StringValue) *string {
	if s == nil {
		return nil
	}
	return &s.Value
}

func pointedPB(s *string) *wrapperspb.StringValue {
	if s == nil {
		return nil
	}
	return wrapperspb.String(*s)
}
