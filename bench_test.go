package elarian

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// The SDK's own work, without socket and server: what each command costs the app.

func BenchmarkUpdateMetadata(b *testing.B) {
	reply, _ := proto.Marshal((&fakeServer{state: map[string]map[string]*pb.DataMapValue{}}).act(&pb.AppToServerCommand{
		Entry: &pb.AppToServerCommand_UpdateCustomerMetadata{UpdateCustomerMetadata: &pb.UpdateCustomerMetadataCommand{}},
	}))
	benchmark(b, reply, func(c *Customer) error {
		return c.UpdateMetadata(b.Context(), map[string]any{"visits": 7})
	})
}

func BenchmarkGetState(b *testing.B) {
	reply := stateReplyBytes(b, benchState())
	benchmark(b, reply, func(c *Customer) error {
		_, err := c.GetState(b.Context())
		return err
	})
}

// benchState has 5 tags, 5 metadata keys and 10 messages.
func benchState() *pb.CustomerStateReplyData {
	now := timestamppb.New(time.Unix(1700000000, 123000000))
	number, sms := Cellular("+254710000001").proto(), SMS("83044").proto()
	d := &pb.CustomerStateReplyData{
		CustomerId:    "el_cst_0195c1f2a3b44c5d8e9f0a1b2c3d4e5f",
		IdentityState: &pb.IdentityState{Metadata: map[string]*pb.DataMapValue{}},
		MessagingState: &pb.MessagingState{Channels: []*pb.MessagingChannelState{{
			State: &pb.MessagingChannelState_Active{Active: &pb.ActiveMessagingChannelState{CustomerNumber: number, ChannelNumber: sms, AllowedAt: now}},
		}}},
		PaymentState:  &pb.PaymentState{},
		ActivityState: &pb.ActivityState{},
	}
	for i := range 5 {
		d.IdentityState.Tags = append(d.IdentityState.Tags, &pb.CustomerIndex{Mapping: mapping(fmt.Sprint("tag", i), "value"), ExpiresAt: &timestamppb.Timestamp{}})
		d.IdentityState.Metadata[fmt.Sprint("key", i)] = textData(`"value"`)
	}
	for i := range 10 {
		d.MessagingState.Messages = append(d.MessagingState.Messages, &pb.ChannelMessage{Entry: &pb.ChannelMessage_Sent{Sent: &pb.SentMessage{
			CustomerNumber: number, ChannelNumber: sms, CreatedAt: now, UpdatedAt: now,
			MessageId: fmt.Sprintf("el_msg_0195c1f2a3b44c5d8e9f0a1b2c3d4e%02x", i), AppId: wrapperspb.String("el_app_q4x9"),
			Provider: pb.ChannelNumberProvider_CHANNEL_NUMBER_PROVIDER_AT, Status: pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_DELIVERED,
			Message: Text("Your visit is tomorrow at ten.").outbound(),
		}}})
	}
	return d
}

func benchmark(b *testing.B, reply []byte, do func(c *Customer) error) {
	f := startFake(b)
	f.handler = func(r *rsocket.Request) { r.Reply(reply) }
	c := f.connect()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := do(c.Customer(Cellular("+254710000001"))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkReadState is the part of GetState that is reading the reply.
func BenchmarkReadState(b *testing.B) {
	reply := stateReplyBytes(b, benchState())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := JSON.readState(reply); err != nil {
			b.Fatal(err)
		}
	}
}
