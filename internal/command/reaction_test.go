package command_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
)

// TestReactions: the message's app is told of what somebody does with it, and the state shows it; who
// unsubscribes or complains is blocked, which the channel's app is told.
func TestReactions(t *testing.T) {
	const clicked, unsubscribed, complained = pb.MessageReaction_MESSAGE_REACTION_CLICKED, pb.MessageReaction_MESSAGE_REACTION_UNSUBSCRIBED, pb.MessageReaction_MESSAGE_REACTION_COMPLAINED
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		sms := servertest.SMSChannel(sandbox.ShortCode)
		sent := wantSent(t, app, sendText(sms, "Unsubscribe here", ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT)
		id := sent.MessageId.Value

		for _, kind := range []pb.MessageReaction{clicked, clicked, unsubscribed, complained} {
			if r, err := phones.Simulate(servertest.React(adaNumber, sandbox.ShortCode, id, kind)); err != nil || !r.Status {
				t.Fatalf("%s: %v %v", kind, r, err)
			}
			n := next(t, app, func(n *pb.ServerToAppCustomerNotification) *pb.ServerToAppCustomerNotification {
				if n.GetSentMessageReaction() == nil {
					return nil
				}
				return n
			})
			told := n.GetSentMessageReaction()
			if n.CustomerId != sent.CustomerId.Value || told.MessageId != id || told.CustomerNumber.GetNumber() != adaNumber ||
				told.CustomerNumber.GetProvider() != pb.CustomerNumberProvider_CUSTOMER_NUMBER_PROVIDER_CELLULAR ||
				told.ChannelNumber.GetNumber() != sandbox.ShortCode || told.Reaction != kind {
				t.Errorf("%s: the app is told %v", kind, n)
			}
			if kind == clicked {
				if channelState(t, app).GetBlocked() != nil {
					t.Error("who has clicked is blocked")
				}
				continue
			}
			consent := app.Next(t) // and nothing in between
			consent.OK()
			if c := consent.GetMessagingConsentUpdate(); c.GetUpdate() != pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_BLOCK || c.GetCustomerNumber().GetNumber() != adaNumber {
				t.Errorf("%s: after it the app is told %v", kind, consent)
			}
			wantSent(t, app, sendText(sms, "more", ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_NO_CONSENT)
			app.Must(t, &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_UpdateMessagingConsent{UpdateMessagingConsent: &pb.UpdateMessagingConsentCommand{
				CustomerNumber: servertest.Cellular(adaNumber), ChannelNumber: sms, Update: pb.MessagingConsentUpdate_MESSAGING_CONSENT_UPDATE_ALLOW}}})
			next(t, app, (*pb.ServerToAppCustomerNotification).GetMessagingConsentUpdate)
		}
		var kinds []pb.MessageReaction
		state := stateOf(t, app).MessagingState.Messages[0].GetSent()
		sentAt := state.CreatedAt.AsTime()
		for _, r := range state.Reactions {
			kinds = append(kinds, r.Reaction)
			if r.CreatedAt.AsTime().Before(sentAt) {
				t.Errorf("a reaction at %v to a message of %v", r.CreatedAt.AsTime(), sentAt)
			}
		}
		if want := []pb.MessageReaction{clicked, clicked, unsubscribed, complained}; !slices.Equal(kinds, want) {
			t.Errorf("the state has the reactions %v, want %v", kinds, want)
		}
	})
}

// TestReactionsRefused: a reaction that cannot be changes nothing.
func TestReactionsRefused(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		write(t, phones, servertest.SMSChannel(sandbox.ShortCode), "Hi")
		own := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage).MessageId
		sent := wantSent(t, app, sendText(servertest.SMSChannel(sandbox.ShortCode), "Hello", ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_SENT).MessageId.Value
		const clicked = pb.MessageReaction_MESSAGE_REACTION_CLICKED
		for _, c := range []struct {
			what         string
			cmd          *pb.SimulatorToServerCommand
			code, naming string
		}{
			{"an unknown message", servertest.React(adaNumber, sandbox.ShortCode, "el_msg_0", clicked), "not_found", "message_id"},
			{"somebody else's message", servertest.React(phone(2), sandbox.ShortCode, sent, clicked), "not_found", "message_id"},
			{"a message of another channel", servertest.React(adaNumber, sandbox.SenderID, sent, clicked), "not_found", "message_id"},
			{"a message of the phone's own", servertest.React(adaNumber, sandbox.ShortCode, own, clicked), "invalid_request", "message_id"},
			{"a zero byte", servertest.React(adaNumber, sandbox.ShortCode, "\x00", clicked), "invalid_request", "message_id"},
			{"no reaction", servertest.React(adaNumber, sandbox.ShortCode, sent, 0), "invalid_request", "reaction"},
			{"an unknown reaction", servertest.React(adaNumber, sandbox.ShortCode, sent, 300), "invalid_request", "reaction"},
		} {
			r, err := phones.Simulate(c.cmd)
			if err != nil || r.Status || r.ErrorCode != c.code || !strings.HasPrefix(r.Description, c.naming+":") {
				t.Errorf("%s: %v %v", c.what, r, err)
			}
		}
		if r := stateOf(t, app).MessagingState.Messages[1].GetSent().Reactions; len(r) != 0 {
			t.Errorf("the message has the reactions %v", r)
		}
	})
}
