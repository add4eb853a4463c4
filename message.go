package elarian

import (
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Body is what can be sent: [Text], [Media], [Location], [Email], [Template], [URL], [Menu], [Plan], or one
// of them in a [Message] that says more about it. Which bodies a channel carries is the channel's
// business: what it cannot carry is refused with [ErrNotSupported].
type Body interface {
	outbound() *pb.OutboundMessage
}

// Part is one part of what a customer sent: [Text], [Media], [Location], [Email], [USSDInput] or [CallInput].
type Part interface {
	inbound() *pb.InboundMessageBody
}

// Message is a body and what is said about it. It is itself a [Body], for those calls that need more
// than the bare body:
//
//	customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Message{
//		Body:   elarian.Text("Your visit is tomorrow."),
//		Labels: []string{"visits"},
//	})
type Message struct {
	Body Body
	// Labels are yours, for finding messages again.
	Labels []string
	// ProviderTag is passed on to the provider, where it has such a thing.
	ProviderTag string
	// ReplyToken is the token of the session that the message belongs to.
	ReplyToken string
	// ReplyPrompt suggests answers, where the channel can.
	ReplyPrompt *ReplyPrompt
}

// ReplyPrompt suggests to the customer how to answer.
type ReplyPrompt struct {
	Action ReplyAction
	Menu   []PromptItem
}

// PromptItem is one answer that a [ReplyPrompt] suggests: a text, or else media.
type PromptItem struct {
	Text  string
	Media *Media
}

// ReplyAction is what a [ReplyPrompt] asks for.
type ReplyAction int32

// The actions of a reply prompt.
const (
	ReplyWithText        ReplyAction = ReplyAction(pb.PromptMessageReplyAction_PROMPT_MESSAGE_REPLY_ACTION_TEXT)
	ReplyWithPhoneNumber ReplyAction = ReplyAction(pb.PromptMessageReplyAction_PROMPT_MESSAGE_REPLY_ACTION_PHONE_NUMBER)
	ReplyWithEmail       ReplyAction = ReplyAction(pb.PromptMessageReplyAction_PROMPT_MESSAGE_REPLY_ACTION_EMAIL)
	ReplyWithLocation    ReplyAction = ReplyAction(pb.PromptMessageReplyAction_PROMPT_MESSAGE_REPLY_ACTION_LOCATION)
	ReplyWithURL         ReplyAction = ReplyAction(pb.PromptMessageReplyAction_PROMPT_MESSAGE_REPLY_ACTION_URL)
)

// String gives the reference's name, such as "phone_number".
func (a ReplyAction) String() string {
	return enumName(pb.PromptMessageReplyAction_name, "PROMPT_MESSAGE_REPLY_ACTION_", int32(a))
}

func (m Message) outbound() *pb.OutboundMessage {
	out := &pb.OutboundMessage{Labels: m.Labels}
	if m.Body != nil {
		out.Body = m.Body.outbound().GetBody()
	}
	if m.ProviderTag != "" {
		out.ProviderTag = wrapperspb.String(m.ProviderTag)
	}
	if m.ReplyToken != "" {
		out.ReplyToken = wrapperspb.String(m.ReplyToken)
	}
	if p := m.ReplyPrompt; p != nil {
		out.ReplyPrompt = &pb.OutboundMessageReplyPrompt{Action: pb.PromptMessageReplyAction(p.Action)}
		for _, item := range p.Menu {
			out.ReplyPrompt.Menu = append(out.ReplyPrompt.Menu, item.proto())
		}
	}
	return out
}

func (i PromptItem) proto() *pb.PromptMessageMenuItemBody {
	if i.Media != nil {
		return &pb.PromptMessageMenuItemBody{Entry: &pb.PromptMessageMenuItemBody_Media{Media: i.Media.proto()}}
	}
	return &pb.PromptMessageMenuItemBody{Entry: &pb.PromptMessageMenuItemBody_Text{Text: i.Text}}
}

// outboundMessage is what a body looks like on the wire; no body is an empty message, which the server refuses.
func outboundMessage(b Body) *pb.OutboundMessage {
	if b == nil {
		return &pb.OutboundMessage{}
	}
	return b.outbound()
}

func message(m *pb.OutboundMessage) *Message {
	if m == nil {
		return nil
	}
	out := &Message{
		Body:        body(m.GetBody()),
		Labels:      m.GetLabels(),
		ProviderTag: m.GetProviderTag().GetValue(),
		ReplyToken:  m.GetReplyToken().GetValue(),
	}
	if p := m.GetReplyPrompt(); p != nil {
		out.ReplyPrompt = &ReplyPrompt{Action: ReplyAction(p.GetAction())}
		for _, item := range p.GetMenu() {
			i := PromptItem{Text: item.GetText()}
			if md := item.GetMedia(); md != nil {
				media := mediaBody(md)
				i.Media = &media
			}
			out.ReplyPrompt.Menu = append(out.ReplyPrompt.Menu, i)
		}
	}
	return out
}

func body(b *pb.OutboundMessageBody) Body {
	switch b := b.GetEntry().(type) {
	case *pb.OutboundMessageBody_Text:
		return Text(b.Text)
	case *pb.OutboundMessageBody_Media:
		return mediaBody(b.Media)
	case *pb.OutboundMessageBody_Location:
		return locationBody(b.Location)
	case *pb.OutboundMessageBody_Email:
		return emailBody(b.Email)
	case *pb.OutboundMessageBody_Template:
		return Template{ID: b.Template.GetId(), Params: b.Template.GetParams()}
	case *pb.OutboundMessageBody_Url:
		return URL(b.Url)
	case *pb.OutboundMessageBody_Voice:
		return plan(b.Voice)
	case *pb.OutboundMessageBody_Ussd:
		return Menu{Text: b.Ussd.GetText(), Terminal: b.Ussd.GetIsTerminal()}
	}
	return nil
}

func parts(list []*pb.InboundMessageBody) []Part {
	out := make([]Part, 0, len(list))
	for _, p := range list {
		switch p := p.GetEntry().(type) {
		case *pb.InboundMessageBody_Text:
			out = append(out, Text(p.Text))
		case *pb.InboundMessageBody_Media:
			out = append(out, mediaBody(p.Media))
		case *pb.InboundMessageBody_Location:
			out = append(out, locationBody(p.Location))
		case *pb.InboundMessageBody_Email:
			out = append(out, emailBody(p.Email))
		case *pb.InboundMessageBody_Voice:
			out = append(out, callInput(p.Voice))
		case *pb.InboundMessageBody_Ussd:
			out = append(out, USSDInput{Status: USSDStatus(p.Ussd.GetStatus()), Text: p.Ussd.GetText().GetValue()})
		}
	}
	return out
}
