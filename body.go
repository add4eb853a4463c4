package elarian

import (
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

// Text is a plain text, sent or received: elarian.Text("Hello").
type Text string

func (t Text) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Text{Text: string(t)}}}
}

func (t Text) inbound() *pb.InboundMessageBody {
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Text{Text: string(t)}}
}

// URL is a link that the channel shows in its own way.
type URL string

func (u URL) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Url{Url: string(u)}}}
}

// MediaType is what a [Media] is.
type MediaType int32

// The types of media.
const (
	Image     MediaType = MediaType(pb.MediaType_MEDIA_TYPE_IMAGE)
	Audio     MediaType = MediaType(pb.MediaType_MEDIA_TYPE_AUDIO)
	Video     MediaType = MediaType(pb.MediaType_MEDIA_TYPE_VIDEO)
	Document  MediaType = MediaType(pb.MediaType_MEDIA_TYPE_DOCUMENT)
	VoiceClip MediaType = MediaType(pb.MediaType_MEDIA_TYPE_VOICE)
	Sticker   MediaType = MediaType(pb.MediaType_MEDIA_TYPE_STICKER)
	Contact   MediaType = MediaType(pb.MediaType_MEDIA_TYPE_CONTACT)
)

// String gives the reference's name, such as "image".
func (t MediaType) String() string { return enumName(pb.MediaType_name, "MEDIA_TYPE_", int32(t)) }

// Media is a picture, sound, film or file at a URL, sent or received.
type Media struct {
	Type MediaType
	URL  string
}

func (m Media) proto() *pb.MediaMessageBody {
	return &pb.MediaMessageBody{Url: m.URL, Media: pb.MediaType(m.Type)}
}

func (m Media) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Media{Media: m.proto()}}}
}

func (m Media) inbound() *pb.InboundMessageBody {
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Media{Media: m.proto()}}
}

func mediaBody(m *pb.MediaMessageBody) Media {
	return Media{Type: MediaType(m.GetMedia()), URL: m.GetUrl()}
}

// Location is a place on the map, in degrees, sent or received.
type Location struct {
	Latitude, Longitude float64
	Label, Address      string
}

func (l Location) proto() *pb.LocationMessageBody {
	out := &pb.LocationMessageBody{Latitude: l.Latitude, Longitude: l.Longitude}
	if l.Label != "" {
		out.Label = wrapperspb.String(l.Label)
	}
	if l.Address != "" {
		out.Address = wrapperspb.String(l.Address)
	}
	return out
}

func (l Location) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Location{Location: l.proto()}}}
}

func (l Location) inbound() *pb.InboundMessageBody {
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Location{Location: l.proto()}}
}

func locationBody(l *pb.LocationMessageBody) Location {
	return Location{l.GetLatitude(), l.GetLongitude(), l.GetLabel().GetValue(), l.GetAddress().GetValue()}
}

// Email is an e-mail, sent or received. One of Plain and HTML is enough.
type Email struct {
	Subject     string
	Plain, HTML string
	CC, BCC     []string
}

func (e Email) proto() *pb.EmailMessageBody {
	return &pb.EmailMessageBody{Subject: e.Subject, BodyPlain: e.Plain, BodyHtml: e.HTML, CcList: e.CC, BccList: e.BCC}
}

func (e Email) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Email{Email: e.proto()}}}
}

func (e Email) inbound() *pb.InboundMessageBody {
	return &pb.InboundMessageBody{Entry: &pb.InboundMessageBody_Email{Email: e.proto()}}
}

func emailBody(e *pb.EmailMessageBody) Email {
	return Email{e.GetSubject(), e.GetBodyPlain(), e.GetBodyHtml(), e.GetCcList(), e.GetBccList()}
}

// Template is a text that the org has stored under ID, filled with Params.
type Template struct {
	ID     string
	Params map[string]string
}

func (t Template) outbound() *pb.OutboundMessage {
	return &pb.OutboundMessage{Body: &pb.OutboundMessageBody{Entry: &pb.OutboundMessageBody_Template{
		Template: &pb.TemplateMessageBody{Id: t.ID, Params: t.Params},
	}}}
}
