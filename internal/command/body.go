package command

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
)

// The bodies of messages, between the wire and the rules' types.

func outboundOf(m *pb.OutboundMessage) *messaging.Outbound {
	if m == nil {
		return &messaging.Outbound{}
	}
	o := &messaging.Outbound{
		Body:        bodyOf(m.Body),
		Labels:      m.Labels,
		ProviderTag: pointed(m.ProviderTag),
		ReplyToken:  pointed(m.ReplyToken),
	}
	if p := m.ReplyPrompt; p != nil {
		o.Prompt = &messaging.Prompt{Action: int32(p.Action)}
		for _, item := range p.Menu {
			o.Prompt.Menu = append(o.Prompt.Menu, messaging.PromptItem{Text: item.GetText(), Media: mediaOf(item.GetMedia())})
		}
	}
	return o
}

func bodyOf(b *pb.OutboundMessageBody) messaging.Body {
	var body messaging.Body
	switch e := b.GetEntry().(type) {
	case *pb.OutboundMessageBody_Text:
		body.Text = e.Text
	case *pb.OutboundMessageBody_Media:
		body.Media = mediaOf(e.Media)
	case *pb.OutboundMessageBody_Location:
		body.Location = locationOf(e.Location)
	case *pb.OutboundMessageBody_Email:
		body.Email = emailOf(e.Email)
	case *pb.OutboundMessageBody_Template:
		body.Template = &messaging.Template{ID: e.Template.GetId(), Params: e.Template.GetParams()}
	case *pb.OutboundMessageBody_Url:
		body.URL = e.Url
	case *pb.OutboundMessageBody_Voice:
		body.Dialplan = true
		for _, a := range e.Voice.GetActions() {
			body.Voice = append(body.Voice, actionOf(a))
		}
	case *pb.OutboundMessageBody_Ussd:
		body.USSD = &messaging.Menu{Text: e.Ussd.GetText(), Terminal: e.Ussd.GetIsTerminal()}
	}
	return body
}

func outboundPB(o *messaging.Outbound) *pb.OutboundMessage {
	if o == nil {
		return nil
	}
	m := &pb.OutboundMessage{Body: bodyPB(&o.Body), Labels: o.Labels, ProviderTag: pointedPB(o.ProviderTag), ReplyToken: pointedPB(o.ReplyToken)}
	if o.Prompt != nil {
		m.ReplyPrompt = &pb.OutboundMessageReplyPrompt{Action: pb.PromptMessageReplyAction(o.Prompt.Action)}
		for _, item := range o.Prompt.Menu {
			i := &pb.PromptMessageMenuItemBody{Entry: &pb.PromptMessageMenuItemBody_Text{Text: item.Text}}
			if item.Media != nil {
				i.Entry = &pb.PromptMessageMenuItemBody_Media{Media: mediaPB(item.Media)}
			}
			m.ReplyPrompt.Menu = append(m.ReplyPrompt.Menu, i)
		}
	}
	return m
}

func bodyPB(b *messaging.Body) *pb.OutboundMessageBody {
	switch {
	case b.Media != nil:
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Media{Media: mediaPB(b.Media)}}
	case b.Location != nil:
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Location{Location: locationPB(b.Location)}}
	case b.Email != nil:
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Email{Email: emailPB(b.Email)}}
	case b.Template != nil:
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Template{Template: &pb.TemplateMessageBody{Id: b.Template.ID, Params: b.Template.Params}}}
	case b.URL != "":
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Url{Url: b.URL}}
	case b.Dialplan:
		plan := &pb.VoiceCallDialplanMessageBody{}
		for i := range b.Voice {
			plan.Actions = append(plan.Actions, actionPB(&b.Voice[i]))
		}
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Voice{Voice: plan}}
	case b.USSD != nil:
		return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Ussd{Ussd: &pb.UssdMenuMessageBody{Text: b.USSD.Text, IsTerminal: b.USSD.Terminal}}}
	}
	return &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: b.Text}}
}

func partsOf(parts []*pb.InboundMessageBody) []messaging.Part {
	out := make([]messaging.Part, 0, len(parts))
	for _, p := range parts {
		var part messaging.Part
		switch e := p.GetEntry().(type) {
		case *pb.InboundMessageBody_Text:
			part.Text = e.Text
		case *pb.InboundMessageBody_Media:
			part.Media = mediaOf(e.Media)
		case *pb.InboundMessageBody_Location:
			part.Location = locationOf(e.Location)
		case *pb.InboundMessageBody_Email:
			part.Email = emailOf(e.Email)
		case *pb.InboundMessageBody_Voice:
			part.Voice = voiceOf(e.Voice)
		case *pb.InboundMessageBody_Ussd:
			part.USSD = &messaging.USSDInput{Status: messaging.USSDStatus(e.Ussd.GetStatus()), Text: e.Ussd.GetText().GetValue()}
		default:
			continue
		}
		out = append(out, part)
	}
	return out
}

func partsPB(parts []messaging.Part) []*pb.InboundMessageBody {
	out := make([]*pb.InboundMessageBody, 0, len(parts))
	for i := range parts {
		out = append(out, partPB(&parts[i]))
	}
	return out
}

func partPB(p *messaging.Part) *pb.InboundMessageBody {
	switch {
	case p.Media != nil:
		return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Media{Media: mediaPB(p.Media)}}
	case p.Location != nil:
		return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Location{Location: locationPB(p.Location)}}
	case p.Email != nil:
		return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Email{Email: emailPB(p.Email)}}
	case p.Voice != nil:
		return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Voice{Voice: voicePB(p.Voice)}}
	case p.USSD != nil:
		// The text is always set: some clients read it unchecked.
		return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Ussd{Ussd: &pb.UssdInputMessageBody{
			Status: pb.UssdSessionStatus(p.USSD.Status), Text: pointedPB(&p.USSD.Text)}}}
	}
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Text{Text: p.Text}}
}

func mediaOf(m *pb.MediaMessageBody) *messaging.Media {
	if m == nil {
		return nil
	}
	return &messaging.Media{URL: m.Url, Kind: int32(m.Media)}
}

func mediaPB(m *messaging.Media) *pb.MediaMessageBody {
	return &pb.MediaMessageBody{Url: m.URL, Media: pb.MediaType(m.Kind)}
}

func locationOf(l *pb.LocationMessageBody) *messaging.Location {
	return &messaging.Location{Latitude: l.GetLatitude(), Longitude: l.GetLongitude(), Label: pointed(l.GetLabel()), Address: pointed(l.GetAddress())}
}

func locationPB(l *messaging.Location) *pb.LocationMessageBody {
	return &pb.LocationMessageBody{Latitude: l.Latitude, Longitude: l.Longitude, Label: pointedPB(l.Label), Address: pointedPB(l.Address)}
}

func emailOf(e *pb.EmailMessageBody) *messaging.EmailBody {
	return &messaging.EmailBody{Subject: e.GetSubject(), Plain: e.GetBodyPlain(), HTML: e.GetBodyHtml(), CC: e.GetCcList(), BCC: e.GetBccList()}
}

func emailPB(e *messaging.EmailBody) *pb.EmailMessageBody {
	return &pb.EmailMessageBody{Subject: e.Subject, BodyPlain: e.Plain, BodyHtml: e.HTML, CcList: e.CC, BccList: e.BCC}
}

// durationOf reads a duration; absent is zero.
func durationOf(d *durationpb.Duration) time.Duration { return d.AsDuration() }

func durationPB(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}
