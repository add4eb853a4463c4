package command

import (
	"errors"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
)

// refusal turns an error of the rules into a Refusal, nil for any other error. One of a payment has its
// status as the code.
func refusal(err error) *customer.Refusal {
	var r *customer.Refusal
	var p *payment.Refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &p):
		return customer.Refuse(customer.Code(p.Status.String()), "%s", p.Text)
	}
	return nil
}

// ofAdopted says whether it is the id of a customer that was refused, who has been adopted.
func ofAdopted(r *customer.Refusal) bool {
	return r.Code == customer.Decommissioned || r.Code == customer.Code(payment.DecommissionedCustomerID.String())
}

// refuse answers a command that the rules turn down.
func (c *Commands) refuse(r *appRequest, refused *customer.Refusal) {
	reply := refusedReply(r.cmd, refused)
	if reply == nil {
		c.fail(r.Request, Invalid, refused.Text)
		return
	}
	c.reply(r.Request, marshal(reply), string(refused.Code))
}

// refusedReply is the reply of the command's family that says no; nil where the family cannot say it.
func refusedReply(cmd *pb.AppToServerCommand, refused *customer.Refusal) *pb.AppToServerCommandReply {
	code, text := string(refused.Code), refused.Text
	switch cmd.Entry.(type) {
	case *pb.AppToServerCommand_GenerateAuthToken:
		return nil
	case *pb.AppToServerCommand_GetCustomerState:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GetCustomerState{
			GetCustomerState: &pb.GetCustomerStateReply{Description: text, ErrorCode: code}}}
	case *pb.AppToServerCommand_UpdateCustomerAppData, *pb.AppToServerCommand_DeleteCustomerAppData,
		*pb.AppToServerCommand_AddCustomerReminder, *pb.AppToServerCommand_CancelCustomerReminder:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerAppData{
			UpdateCustomerAppData: &pb.UpdateCustomerAppDataReply{Description: text, ErrorCode: code}}}
	case *pb.AppToServerCommand_LeaseCustomerAppData:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_LeaseCustomerAppData{
			LeaseCustomerAppData: &pb.LeaseCustomerAppDataReply{Description: text, ErrorCode: code}}}
	case *pb.AppToServerCommand_SendMessage, *pb.AppToServerCommand_ReplyToMessage:
		return sendReply(&pb.SendMessageReply{Status: pb.MessageDeliveryStatus(messageStatus(refused.Code)), Description: text})
	case *pb.AppToServerCommand_AddCustomerReminderTag, *pb.AppToServerCommand_CancelCustomerReminderTag, *pb.AppToServerCommand_SendMessageTag:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_TagCommand{
			TagCommand: &pb.TagCommandReply{Description: text, ErrorCode: code}}}
	case *pb.AppToServerCommand_UpdateMessagingConsent:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateMessagingConsent{
			UpdateMessagingConsent: &pb.UpdateMessagingConsentReply{Status: consentStatus(refused.Code), Description: text}}}
	case *pb.AppToServerCommand_InitiatePayment:
		return paymentReply(&pb.InitiatePaymentReply{Status: pb.PaymentStatus(paymentStatus(refused.Code)), Description: text})
	case *pb.AppToServerCommand_CustomerActivity:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_CustomerActivity{
			CustomerActivity: &pb.CustomerActivityReply{Description: text, ErrorCode: code}}}
	case *pb.AppToServerCommand_ReplayPayment, *pb.AppToServerCommand_ReplayPaymentStatusUpdate:
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_ReplayPayment{
			ReplayPayment: &pb.ReplayPaymentReply{Description: text, ErrorCode: code}}}
	}
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerState{
		UpdateCustomerState: &pb.UpdateCustomerStateReply{Description: text, ErrorCode: code}}}
}

// messageStatus is the status of a message whose customer or request is refused.
func messageStatus(code customer.Code) messaging.Status {
	switch code {
	case customer.NotFound:
		return messaging.InvalidCustomerID
	case customer.Decommissioned:
		return messaging.DecommissionedCustomerID
	}
	return messaging.InvalidRequest
}

func consentStatus(code customer.Code) pb.MessagingConsentUpdateStatus {
	if code == customer.Decommissioned {
		return pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_DECOMMISSIONED_CUSTOMER_ID
	}
	return pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_APPLICATION_ERROR
}

// updated is the reply to a command that changed a customer.
func updated(id, description string) *pb.AppToServerCommandReply {
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateCustomerState{
		UpdateCustomerState: &pb.UpdateCustomerStateReply{Status: true, Description: description, CustomerId: wrapperspb.String(id)}}}
}

func sendReply(r *pb.SendMessageReply) *pb.AppToServerCommandReply {
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_SendMessage{SendMessage: r}}
}

// simulatorReply is the reply to a simulator's command, with what the app answered.
func simulatorReply(message *pb.OutboundMessage) *pb.SimulatorToServerCommandReply {
	return &pb.SimulatorToServerCommandReply{Status: true, Description: "done", Message: message}
}

func (c *Commands) refuseSimulator(r *Request, refused *customer.Refusal) {
	c.reply(r, marshal(&pb.SimulatorToServerCommandReply{Description: refused.Text, ErrorCode: string(refused.Code)}), string(refused.Code))
}
