package elarian

import "github.com/elarian-go/elarian/internal/pb"

// MessagingChannel is a kind of messaging channel.
type MessagingChannel int32

// The messaging channels.
const (
	ChannelSMS       MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_SMS)
	ChannelVoice     MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_VOICE)
	ChannelUSSD      MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_USSD)
	ChannelMessenger MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_FB_MESSENGER)
	ChannelTelegram  MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_TELEGRAM)
	ChannelWhatsApp  MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_WHATSAPP)
	ChannelEmail     MessagingChannel = MessagingChannel(pb.MessagingChannel_MESSAGING_CHANNEL_EMAIL)
)

// String gives the reference's name, such as "sms" or "fb_messenger".
func (c MessagingChannel) String() string {
	return enumName(pb.MessagingChannel_name, "MESSAGING_CHANNEL_", int32(c))
}

// MessagingChannelNumber is one of the org's numbers on a messaging channel: what messages are sent
// from and received on. Make one with [SMS], [Voice], [USSD], [Messenger], [Telegram], [WhatsApp]
// or [EmailFrom].
type MessagingChannelNumber struct {
	Channel MessagingChannel
	Number  string
}

// SMS is the org's short code, number or sender id for text messages: "83044".
func SMS(number string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelSMS, number}
}

// Voice is the org's number for calls: "+254711621711".
func Voice(number string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelVoice, number}
}

// USSD is the org's service code: "*83044#".
func USSD(code string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelUSSD, code}
}

// Messenger is the org's Facebook Messenger page.
func Messenger(number string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelMessenger, number}
}

// Telegram is the org's Telegram bot.
func Telegram(number string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelTelegram, number}
}

// WhatsApp is the org's WhatsApp number.
func WhatsApp(number string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelWhatsApp, number}
}

// EmailFrom is the org's e-mail address.
func EmailFrom(address string) MessagingChannelNumber {
	return MessagingChannelNumber{ChannelEmail, address}
}

// String gives channel and number: "sms:83044".
func (n MessagingChannelNumber) String() string { return n.Channel.String() + ":" + n.Number }

// provider is whose numbers customers have on the channel.
func (c MessagingChannel) provider() Provider {
	switch c {
	case ChannelTelegram:
		return ProviderTelegram
	case ChannelMessenger:
		return ProviderFacebook
	case ChannelEmail:
		return ProviderEmail
	}
	return ProviderCellular
}

func (n MessagingChannelNumber) proto() *pb.MessagingChannelNumber {
	return &pb.MessagingChannelNumber{Channel: pb.MessagingChannel(n.Channel), Number: n.Number}
}

func messagingChannelNumber(n *pb.MessagingChannelNumber) MessagingChannelNumber {
	return MessagingChannelNumber{MessagingChannel(n.GetChannel()), n.GetNumber()}
}
