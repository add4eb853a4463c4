package command

import (
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

const completed = pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_COMPLETED

// updateMessagingConsent allows or blocks messages to a number from a channel.
func (c *Commands) updateMessagingConsent(r *appRequest, m *pb.UpdateMessagingConsentCommand) {
	r.name = "update_messaging_consent"
	ref, err := customerOf(byNumber{m.CustomerNumber})
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	if m.Update != pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW && m.Update != pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK {
		c.refuse(r, customer.Refuse(customer.InvalidRequest, "update: %d is neither allow nor block", m.Update))
		return
	}
	channel, refused := c.channel(r.Caller.Org, channelOf(m.ChannelNumber))
	if refused != nil {
		c.reply(r.Request, marshal(consentReply(pb.MessagingConsentUpdateStatus_MESSAGING_CONSENT_UPDATE_STATUS_INVALID_CHANNEL_NUMBER,
			refused.Text, "")), "invalid_channel_number")
		return
	}
	allow := m.Update == pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW
	c.do(r, work{customers: []customer.Ref{ref}, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		rec, err := tx.Customer(r.Caller.Org, ref)
		if err != nil {
			return nil, err
		}
		setConsent(tx, rec, ref.Number, channel, allow, r.Caller.App)
		return consentReply(completed, "done", rec.ID), nil
	}})
}

func consentReply(status pb.MessagingConsentUpdateStatus, text, id string) *pb.AppToServerCommandReply {
	reply := &pb.UpdateMessagingConsentReply{Status: status, Description: text}
	if id != "" {
		reply.CustomerId = wrapperspb.String(id)
	}
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_UpdateMessagingConsent{UpdateMessagingConsent: reply}}
}

// setConsent stores what the customer wants, and tells the channel's app, and the one that asked.
func setConsent(tx *store.Tx, rec *store.Record, n customer.Number, channel store.MessagingChannel, allow bool, asked string) {
	rec.Channels = messaging.Engage(rec.Channels, n, channel.Number, tx.Now())
	messaging.State(rec.Channels, n, channel.Number).SetConsent(allow, tx.Now())
	update, what := pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK, "consent.blocked"
	if allow {
		update, what = pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW, "consent.allowed"
	}
	tx.Record(rec, what, channel.Number.String())
	apps := []string{channel.App}
	if asked != "" && asked != channel.App {
		apps = append(apps, asked)
	}
	for _, app := range apps {
		notify(tx, rec, app, "messaging_consent_update", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_MessagingConsentUpdate{
			MessagingConsentUpdate: &pb.MessagingConsentUpdateNotification{
				CustomerNumber: numberPB(n), ChannelNumber: channelPB(channel.Number), Update: update, Status: completed}}})
	}
}

// keyword acts on an SMS that is a word for stopping or starting.
func keyword(tx *store.Tx, rec *store.Record, in *incoming) {
	if in.channel.Number.Channel != messaging.SMS || len(in.parts) != 1 {
		return
	}
	if allow, found := in.channel.Settings.Keyword(in.parts[0].Text); found {
		setConsent(tx, rec, in.number, in.channel, allow, "")
	}
}
