package command

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

// appRequest is a command of an app.
type appRequest struct {
	*Request
	cmd *pb.AppToServerCommand
}

// App carries out a command of an app's connection.
func (c *Commands) App(r *Request) {
	r.start, r.name = time.Now(), "unknown"
	cmd := &pb.AppToServerCommand{}
	if err := proto.Unmarshal(r.Payload, cmd); err != nil {
		c.fail(r, Invalid, "the payload is no AppToServerCommand")
		return
	}
	if err := checkIdempotencyKey(cmd.IdempotencyKey); err != nil {
		c.fail(r, Invalid, err.Error())
		return
	}
	req := &appRequest{r, cmd}
	if refused := c.shape.checkApp(cmd, len(r.Payload)); refused != nil {
		r.name = commandName(cmd)
		c.refuse(req, refused)
		return
	}
	switch e := cmd.Entry.(type) {
	case *pb.AppToServerCommand_GenerateAuthToken:
		c.generateAuthToken(req)
	case *pb.AppToServerCommand_CreateCustomer:
		c.createCustomer(req, e.CreateCustomer)
	case *pb.AppToServerCommand_GetCustomerState:
		c.getCustomerState(req, e.GetCustomerState)
	case *pb.AppToServerCommand_AdoptCustomerState:
		c.adoptCustomerState(req, e.AdoptCustomerState)
	case *pb.AppToServerCommand_DeleteCustomer:
		c.deleteCustomer(req, e.DeleteCustomer)
	case *pb.AppToServerCommand_UpdateCustomerTag:
		c.updateCustomerTag(req, e.UpdateCustomerTag)
	case *pb.AppToServerCommand_DeleteCustomerTag:
		c.deleteCustomerTag(req, e.DeleteCustomerTag)
	case *pb.AppToServerCommand_UpdateCustomerSecondaryId:
		c.updateCustomerSecondaryID(req, e.UpdateCustomerSecondaryId)
	case *pb.AppToServerCommand_DeleteCustomerSecondaryId:
		c.deleteCustomerSecondaryID(req, e.DeleteCustomerSecondaryId)
	case *pb.AppToServerCommand_UpdateCustomerMetadata:
		c.updateCustomerMetadata(req, e.UpdateCustomerMetadata)
	case *pb.AppToServerCommand_DeleteCustomerMetadata:
		c.deleteCustomerMetadata(req, e.DeleteCustomerMetadata)
	case *pb.AppToServerCommand_LeaseCustomerAppData:
		c.leaseCustomerAppData(req, e.LeaseCustomerAppData)
	case *pb.AppToServerCommand_UpdateCustomerAppData:
		c.updateCustomerAppData(req, e.UpdateCustomerAppData)
	case *pb.AppToServerCommand_DeleteCustomerAppData:
		c.deleteCustomerAppData(req, e.DeleteCustomerAppData)
	case *pb.AppToServerCommand_SendMessage:
		c.sendMessage(req, e.SendMessage)
	case *pb.AppToServerCommand_ReplyToMessage:
		c.replyToMessage(req, e.ReplyToMessage)
	case *pb.AppToServerCommand_UpdateMessagingConsent:
		c.updateMessagingConsent(req, e.UpdateMessagingConsent)
	case *pb.AppToServerCommand_AddCustomerReminder:
		c.addCustomerReminder(req, e.AddCustomerReminder)
	case *pb.AppToServerCommand_CancelCustomerReminder:
		c.cancelCustomerReminder(req, e.CancelCustomerReminder)
	case *pb.AppToServerCommand_SendMessageTag:
		c.sendMessageTag(req, e.SendMessageTag)
	case *pb.AppToServerCommand_AddCustomerReminderTag:
		c.addCustomerReminderTag(req, e.AddCustomerReminderTag)
	case *pb.AppToServerCommand_CancelCustomerReminderTag:
		c.cancelCustomerReminderTag(req, e.CancelCustomerReminderTag)
	case *pb.AppToServerCommand_InitiatePayment:
		c.initiatePayment(req, e.InitiatePayment)
	case *pb.AppToServerCommand_CustomerActivity:
		c.customerActivity(req, e.CustomerActivity)
	case *pb.AppToServerCommand_ReplayReceivedMessage:
		c.replayReceivedMessage(req, e.ReplayReceivedMessage)
	case *pb.AppToServerCommand_ReplaySentMessage:
		c.replaySentMessage(req, e.ReplaySentMessage)
	case *pb.AppToServerCommand_ReplayMessageStatusUpdate:
		c.replayMessageStatusUpdate(req, e.ReplayMessageStatusUpdate)
	case *pb.AppToServerCommand_ReplayMessageReactionUpdate:
		c.replayMessageReactionUpdate(req, e.ReplayMessageReactionUpdate)
	case *pb.AppToServerCommand_ReplayMessagingSession:
		c.replayMessagingSession(req, e.ReplayMessagingSession)
	case *pb.AppToServerCommand_ReplayMessagingConsentUpdate:
		c.replayMessagingConsentUpdate(req, e.ReplayMessagingConsentUpdate)
	case *pb.AppToServerCommand_ReplayPayment:
		c.replayPayment(req, e.ReplayPayment)
	case *pb.AppToServerCommand_ReplayPaymentStatusUpdate:
		c.replayPaymentStatusUpdate(req, e.ReplayPaymentStatusUpdate)
	case nil:
		c.fail(r, Invalid, "an AppToServerCommand without an entry: a simulator's command needs a connection with simulator_mode")
	}
}

// Simulator carries out a command of a simulator's connection.
func (c *Commands) Simulator(r *Request) {
	r.start, r.name = time.Now(), "unknown"
	cmd := &pb.SimulatorToServerCommand{}
	if err := proto.Unmarshal(r.Payload, cmd); err != nil {
		c.fail(r, Invalid, "the payload is no SimulatorToServerCommand")
		return
	}
	if refused := c.shape.check(cmd.ProtoReflect(), nil); refused != nil {
		_, refused.Text, _ = strings.Cut(refused.Text, ".") // the entry's name
		c.refuseSimulator(r, refused)
		return
	}
	switch e := cmd.Entry.(type) {
	case *pb.SimulatorToServerCommand_ReceiveMessage:
		c.receiveMessage(r, e.ReceiveMessage)
	case *pb.SimulatorToServerCommand_ReceivePayment:
		c.receivePayment(r, e.ReceivePayment)
	case *pb.SimulatorToServerCommand_UpdatePaymentStatus:
		c.updatePaymentStatus(r, e.UpdatePaymentStatus)
	case *pb.SimulatorToServerCommand_UpdateMessageReaction:
		c.updateMessageReaction(r, e.UpdateMessageReaction)
	default:
		c.fail(r, Invalid, "a SimulatorToServerCommand without an entry")
	}
}

// commandName is the field of the entry that is set.
func commandName(cmd *pb.AppToServerCommand) string {
	m := cmd.ProtoReflect()
	if f := m.WhichOneof(m.Descriptor().Oneofs().ByName("entry")); f != nil {
		return string(f.Name())
	}
	return "unknown"
}
