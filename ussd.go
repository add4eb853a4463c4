package elarian

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// USSDStatus is where a USSD session stands.
type USSDStatus int32

// The statuses of a USSD session.
const (
	// USSDActive: the session goes on, a menu is expected.
	USSDActive USSDStatus = USSDStatus(pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE)
	// USSDIncomplete: the phone hung up before a closing menu.
	USSDIncomplete USSDStatus = USSDStatus(pb.UssdSessionStatus_USSD_SESSION_STATUS_INCOMPLETE)
	// USSDCompleted: the session ended with a closing menu.
	USSDCompleted USSDStatus = USSDStatus(pb.UssdSessionStatus_USSD_SESSION_STATUS_COMPLETED)
	// USSDAppError: the session ended because no app answered with a menu in time.
	USSDAppError USSDStatus = USSDStatus(pb.UssdSessionStatus_USSD_SESSION_STATUS_APP_ERROR)
)

// String gives the reference's name, such as "active".
func (s USSDStatus) String() string {
	return enumName(pb.UssdSessionStatus_name, "USSD_SESSION_STATUS_", int32(s))
}

// USSDInput is what a phone sends in a USSD session. Text is the latest input only, empty in the first hop.
type USSDInput struct {
	Status USSDStatus
	Text   string
}

func (u USSDInput) inbound() *pb.InboundMessageBody {
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Ussd{
		Ussd: &pb.UssdInputMessageBody{Status: pb.UssdSessionStatus(u.Status), Text: wrapperspb.String(u.Text)},
	}}
}

// Menu is a text on the screen of a USSD session. Make one with [Ask] or [End]. 182 characters fit
// on a screen; the server cuts a longer text at a line end and adds a way to the rest.
type Menu struct {
	Text string
	// Terminal ends the session.
	Terminal bool
}

// Ask shows a text and waits for an input. Arguments are for the text's verbs, as in [fmt.Sprintf];
// without arguments the text is shown as it is.
func Ask(text string, args ...any) Menu { return Menu{Text: format(text, args)} }

// End shows a text and ends the session. Arguments are as in [Ask].
func End(text string, args ...any) Menu { return Menu{Text: format(text, args), Terminal: true} }

func format(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

func (m Menu) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Ussd{
		Ussd: &pb.UssdMenuMessageBody{Text: m.Text, IsTerminal: m.Terminal},
	}}}
}

// USSDHop is one step of a USSD session: the phone waits for a menu.
type USSDHop struct {
	Notification
	MessageID string
	// SessionID is the same in all hops of a session.
	SessionID string
	// Channel is the service code that was dialled.
	Channel MessagingChannelNumber
	// Status is [USSDActive] in [OnUSSD], and how the session ended in [OnUSSDEnd].
	Status USSDStatus
	// Text is the latest input, empty in the first hop.
	Text string
}

// OnUSSD sets the handler of USSD sessions, the reference's ussdSession. It is called for each hop
// with the app data of the customer, decoded into a T, and its menu is what the phone shows; when it
// changes *data, that is stored with the menu in one step. Hops of one customer come strictly one
// after the other, each with the data that the one before has left. A T of [Value],
// [encoding/json.RawMessage] or []byte is the data as stored, struct{} ignores it.
//
// An empty hop.Text is the first hop: begin there whatever the data says, because the phone may have
// hung up in the middle of the last session and have dialled again at once.
//
// The menu must be there within the server's time for it, 10 s by default. When the handler returns
// an error or panics, that is logged and the session ends with a polite text.
//
// How sessions end otherwise than by [End] is told to [OnUSSDEnd].
func OnUSSD[T any](c *Client, handler func(ctx context.Context, hop *USSDHop, data *T) (Menu, error)) {
	c.handle(eventUSSD, typed(func(ctx context.Context, n *notice, data *T) (Body, error) {
		menu, err := handler(ctx, n.ussdHop(), data)
		if err == nil && menu == (Menu{}) {
			err = errors.New("the handler returned no menu")
		}
		return menu, err
	}))
}

// OnUSSDEnd sets the handler of USSD sessions that ended: hop.Status says how, by the phone hanging
// up or by an app that did not answer. The place to put *data, where the menus keep their step, back to its start.
func OnUSSDEnd[T any](c *Client, handler func(ctx context.Context, hop *USSDHop, data *T) error) {
	c.handle(eventUSSDEnd, typed(func(ctx context.Context, n *notice, data *T) (Body, error) {
		return nil, handler(ctx, n.ussdHop(), data)
	}))
}

func (n *notice) ussdHop() *USSDHop {
	m := n.entry.GetReceivedMessage()
	input := ussdInput(m)
	return &USSDHop{
		Notification: n.Notification,
		MessageID:    m.GetMessageId(),
		SessionID:    m.GetSessionId().GetValue(),
		Channel:      messagingChannelNumber(m.GetChannelNumber()),
		Status:       USSDStatus(input.GetStatus()),
		Text:         input.GetText().GetValue(),
	}
}

func ussdInput(m *pb.ReceivedMessageNotification) *pb.UssdInputMessageBody {
	for _, p := range m.GetParts() {
		if u := p.GetUssd(); u != nil {
			return u
		}
	}
	return nil
}
