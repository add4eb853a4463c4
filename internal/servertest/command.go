package servertest

import (
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
)

// Commands, short to write.

// SMS and USSD name channels.
func SMS(number string) messaging.ChannelNumber {
	return messaging.ChannelNumber{Channel: messaging.SMS, Number: number}
}

// USSD names a service code.
func USSD(code string) messaging.ChannelNumber {
	return messaging.ChannelNumber{Channel: messaging.USSD, Number: code}
}

// Channel is a channel as the wire has it.
func Channel(kind pb.MessagingChannel, number string) *pb.MessagingChannelNumber {
	return &pb.MessagingChannelNumber{Channel: kind, Number: number}
}

// SMSChannel is an SMS channel as the wire has it.
func SMSChannel(number string) *pb.MessagingChannelNumber {
	return Channel(pb.MessagingChannel_MESSAGING_CHANNEL_SMS, number)
}

// Cellular is a phone's number.
func Cellular(number string) *pb.CustomerNumber {
	return &pb.CustomerNumber{Provider: pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_CELLULAR, Number: number}
}

// Mapping is a secondary id or a tag.
func Mapping(key, value string) *pb.IndexMapping {
	return &pb.IndexMapping{Key: key, Value: wrapperspb.String(value)}
}

// Index is a mapping that expires, or with a zero time does not.
func Index(key, value string, expires time.Time) *pb.CustomerIndex {
	i := &pb.CustomerIndex{Mapping: Mapping(key, value)}
	if !expires.IsZero() {
		i.ExpiresAt = timestamppb.New(expires)
	}
	return i
}

// Text is a value.
func Text(s string) *pb.DataMapValue {
	return &pb.DataMapValue{Value: &pb.DataMapValue_StringVal{StringVal: s}}
}

// Bytes is a value.
func Bytes(b []byte) *pb.DataMapValue {
	return &pb.DataMapValue{Value: &pb.DataMapValue_BytesVal{BytesVal: b}}
}

// CreateCustomer is the command.
func CreateCustomer(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CreateCustomer{CreateCustomer: &pb.CreateCustomerCommand{CustomerNumber: Cellular(number)}}}
}

// GetState is the command, by number.
func GetState(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_GetCustomerState{GetCustomerState: &pb.GetCustomerStateCommand{
		Customer: &pb.GetCustomerStateCommand_CustomerNumber{CustomerNumber: Cellular(number)}}}}
}

// GetStateByID is the command, by id.
func GetStateByID(id string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_GetCustomerState{GetCustomerState: &pb.GetCustomerStateCommand{
		Customer: &pb.GetCustomerStateCommand_CustomerId{CustomerId: id}}}}
}

// GetStateBySecondaryID is the command, by secondary id.
func GetStateBySecondaryID(key, value string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_GetCustomerState{GetCustomerState: &pb.GetCustomerStateCommand{
		Customer: &pb.GetCustomerStateCommand_SecondaryId{SecondaryId: Mapping(key, value)}}}}
}

// Adopt is the command, both by id.
func Adopt(id, other string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_AdoptCustomerState{AdoptCustomerState: &pb.AdoptCustomerStateCommand{
		CustomerId: id, OtherCustomer: &pb.AdoptCustomerStateCommand_OtherCustomerId{OtherCustomerId: other}}}}
}

// DeleteCustomer is the command.
func DeleteCustomer(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_DeleteCustomer{DeleteCustomer: &pb.DeleteCustomerCommand{
		Customer: &pb.DeleteCustomerCommand_CustomerNumber{CustomerNumber: Cellular(number)}}}}
}

// UpdateTags is the command.
func UpdateTags(number string, tags ...*pb.CustomerIndex) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateCustomerTag{UpdateCustomerTag: &pb.UpdateCustomerTagCommand{
		Customer: &pb.UpdateCustomerTagCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Updates: tags}}}
}

// DeleteTags is the command.
func DeleteTags(number string, keys ...string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_DeleteCustomerTag{DeleteCustomerTag: &pb.DeleteCustomerTagCommand{
		Customer: &pb.DeleteCustomerTagCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Deletions: keys}}}
}

// UpdateSecondaryIDs is the command.
func UpdateSecondaryIDs(number string, ids ...*pb.CustomerIndex) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateCustomerSecondaryId{UpdateCustomerSecondaryId: &pb.UpdateCustomerSecondaryIdCommand{
		Customer: &pb.UpdateCustomerSecondaryIdCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Updates: ids}}}
}

// DeleteSecondaryIDs is the command.
func DeleteSecondaryIDs(number string, ids ...*pb.IndexMapping) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_DeleteCustomerSecondaryId{DeleteCustomerSecondaryId: &pb.DeleteCustomerSecondaryIdCommand{
		Customer: &pb.DeleteCustomerSecondaryIdCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Deletions: ids}}}
}

// UpdateMetadata is the command.
func UpdateMetadata(number string, updates map[string]*pb.DataMapValue) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateCustomerMetadata{UpdateCustomerMetadata: &pb.UpdateCustomerMetadataCommand{
		Customer: &pb.UpdateCustomerMetadataCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Updates: updates}}}
}

// DeleteMetadata is the command.
func DeleteMetadata(number string, keys ...string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_DeleteCustomerMetadata{DeleteCustomerMetadata: &pb.DeleteCustomerMetadataCommand{
		Customer: &pb.DeleteCustomerMetadataCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Deletions: keys}}}
}

// Lease is the command.
func Lease(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_LeaseCustomerAppData{LeaseCustomerAppData: &pb.LeaseCustomerAppDataCommand{
		Customer: &pb.LeaseCustomerAppDataCommand_CustomerNumber{CustomerNumber: Cellular(number)}}}}
}

// UpdateAppData is the command.
func UpdateAppData(number string, v *pb.DataMapValue) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateCustomerAppData{UpdateCustomerAppData: &pb.UpdateCustomerAppDataCommand{
		Customer: &pb.UpdateCustomerAppDataCommand_CustomerNumber{CustomerNumber: Cellular(number)}, Update: v}}}
}

// DeleteAppData is the command.
func DeleteAppData(number string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_DeleteCustomerAppData{DeleteCustomerAppData: &pb.DeleteCustomerAppDataCommand{
		Customer: &pb.DeleteCustomerAppDataCommand_CustomerNumber{CustomerNumber: Cellular(number)}}}}
}

// Activity is the command: one thing, by its key, in the session "s" of the source "test".
func Activity(number, key string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_CustomerActivity{CustomerActivity: &pb.CustomerActivityCommand{
		CustomerNumber: Cellular(number), Source: "test", SessionId: "s", Key: key}}}
}

// SendText is the command: an SMS from the sandbox's short code.
func SendText(number, text string) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_SendMessage{SendMessage: &pb.SendMessageCommand{
		CustomerNumber: Cellular(number), ChannelNumber: SMSChannel(sandbox.ShortCode), Message: TextMessage(text)}}}
}

// GenerateToken is the command.
func GenerateToken() *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_GenerateAuthToken{GenerateAuthToken: &pb.GenerateAuthTokenCommand{}}}
}

// WithKey gives the command an idempotency key.
func WithKey(key string, cmd *pb.AppToServerCommand) *pb.AppToServerCommand {
	cmd.IdempotencyKey = key
	return cmd
}

// TextMessage is a message to a customer.
func TextMessage(text string) *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: text}}}
}

// MenuAnswer is an answer to a hop.
func MenuAnswer(text string, terminal bool) *pb.ServerToAppNotificationReply {
	return &pb.ServerToAppNotificationReply{Message: &pb.OutboundMessage{Body: &pb.OutboundMessageBody{
		Entry: &pb.OutboundMessageBody_Ussd{Ussd: &pb.UssdMenuMessageBody{Text: text, IsTerminal: terminal}}}}}
}

// DataUpdate is an answer that stores app data.
func DataUpdate(s string) *pb.ServerToAppNotificationReply {
	return &pb.ServerToAppNotificationReply{DataUpdate: &pb.AppDataUpdate{Data: Text(s)}}
}

// ReceiveSMS is a simulator's command.
func ReceiveSMS(from, to, text string) *pb.SimulatorToServerCommand {
	return &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: from, ChannelNumber: SMSChannel(to),
		Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Text{Text: text}}}}}}
}

// React is what the owner of a phone does with an SMS.
func React(from, to, message string, r pb.MessageReaction) *pb.SimulatorToServerCommand {
	return &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_UpdateMessageReaction{UpdateMessageReaction: &pb.UpdateMessageReactionSimulatorCommand{
		CustomerNumber: from, ChannelNumber: SMSChannel(to), MessageId: message, Reaction: r}}}
}

// ReceiveUSSD is a simulator's command.
func ReceiveUSSD(from, code, session, text string) *pb.SimulatorToServerCommand {
	return &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceiveMessage{ReceiveMessage: &pb.ReceiveMessageSimulatorCommand{
		CustomerNumber: from, ChannelNumber: Channel(pb.MessagingChannel_MESSAGING_CHANNEL_USSD, code), SessionId: wrapperspb.String(session),
		Parts: []*pb.InboundMessageBody{{Entry: &pb.InboundMessageBody_Ussd{Ussd: &pb.UssdInputMessageBody{
			Status: pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE, Text: wrapperspb.String(text)}}}}}}}
}

// Said is what a reply says, whatever its kind.
type Said struct {
	OK          bool
	Status      int32 // of a message or a consent
	Code        string
	Description string
	ID          string // the customer's
}

// Verdict reads a reply.
func Verdict(r *pb.AppToServerCommandReply) Said {
	switch e := r.GetEntry().(type) {
	case *pb.AppToServerCommandReply_GenerateAuthToken:
		return Said{OK: e.GenerateAuthToken.Token != ""}
	case *pb.AppToServerCommandReply_GetCustomerState:
		x := e.GetCustomerState
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description, ID: x.GetData().GetCustomerId()}
	case *pb.AppToServerCommandReply_UpdateCustomerState:
		x := e.UpdateCustomerState
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_UpdateCustomerAppData:
		x := e.UpdateCustomerAppData
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_LeaseCustomerAppData:
		x := e.LeaseCustomerAppData
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_SendMessage:
		x := e.SendMessage
		ok := x.Status == pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT || x.Status == pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_QUEUED
		return Said{OK: ok, Status: int32(x.Status), Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_UpdateMessagingConsent:
		x := e.UpdateMessagingConsent
		return Said{OK: x.Status < 400, Status: int32(x.Status), Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_TagCommand:
		x := e.TagCommand
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description}
	case *pb.AppToServerCommandReply_CustomerActivity:
		x := e.CustomerActivity
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description, ID: x.CustomerId.GetValue()}
	case *pb.AppToServerCommandReply_InitiatePayment:
		x := e.InitiatePayment
		return Said{OK: x.Status >= 300 && x.Status < 400 || x.Status == 101, Status: int32(x.Status), Description: x.Description}
	case *pb.AppToServerCommandReply_ReplayPayment:
		x := e.ReplayPayment
		return Said{OK: x.Status, Code: x.ErrorCode, Description: x.Description}
	}
	return Said{}
}

// Value is the text of leased app data, "" and false for none.
func Value(r *pb.AppToServerCommandReply) (string, bool) {
	v := r.GetLeaseCustomerAppData().GetValue()
	return v.GetStringVal() + string(v.GetBytesVal()), v != nil
}

// ID creates the customer, where it is not there, and gives its id.
func (c *Conn) ID(t testing.TB, number string) string {
	t.Helper()
	return Verdict(c.Must(t, CreateCustomer(number))).ID
}

// State gives the customer's state.
func (c *Conn) State(t testing.TB, number string) *pb.CustomerStateReplyData {
	t.Helper()
	return c.Must(t, GetState(number)).GetGetCustomerState().GetData()
}

// About names another customer in a command that can name one in three ways; what is empty is not set.
func About(cmd *pb.AppToServerCommand, id string, n *pb.CustomerNumber, s *pb.IndexMapping) *pb.AppToServerCommand {
	entry := cmd.ProtoReflect()
	f := entry.WhichOneof(entry.Descriptor().Oneofs().ByName("entry"))
	m := entry.Mutable(f).Message()
	fields := m.Descriptor().Fields()
	if set := m.WhichOneof(m.Descriptor().Oneofs().ByName("customer")); set != nil {
		m.Clear(set)
	}
	switch {
	case id != "":
		m.Set(fields.ByName("customer_id"), protoreflect.ValueOfString(id))
	case n != nil:
		m.Set(fields.ByName("customer_number"), protoreflect.ValueOfMessage(n.ProtoReflect()))
	case s != nil:
		m.Set(fields.ByName("secondary_id"), protoreflect.ValueOfMessage(s.ProtoReflect()))
	}
	return cmd
}
