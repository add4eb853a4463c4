package command_test

import (
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/servertest"
)

// TestLargeMessages: what is accepted can be told to an app, and shown in a state.
func TestLargeMessages(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		srv := servertest.Start(t, store)
		app, phones := srv.App(t), srv.Simulator(t)
		sms := servertest.SMSChannel(sandbox.ShortCode)
		large, tooLarge := strings.Repeat("x", 256<<10), strings.Repeat("x", 256<<10+1)
		wantSent(t, app, sendText(sms, tooLarge, ""), pb.MessageDeliveryStatus_MESSAGE_DELIVERY_STATUS_INVALID_REQUEST)
		app.Must(t, servertest.UpdateAppData(adaNumber, servertest.Text(large)))
		for range 6 {
			write(t, phones, sms, large)
			m := next(t, app, (*pb.ServerToAppCustomerNotification).GetReceivedMessage)
			if len(m.Parts[0].GetText()) != len(large) {
				t.Fatalf("the app was told %d bytes", len(m.Parts[0].GetText()))
			}
		}
		write(t, phones, sms, "the last")
		messages := stateOf(t, app).MessagingState.Messages
		if n := len(messages); n != 4 || messages[n-1].GetReceived().Parts[0].GetText() != "the last" {
			t.Fatalf("the state shows %d messages, want the last one and as many before it as there is room for", n)
		}
	})
}
