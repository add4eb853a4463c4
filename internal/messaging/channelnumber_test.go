package messaging

import "testing"

func TestChannelNumbersInNormalForm(t *testing.T) {
	for _, c := range []struct {
		channel      Channel
		number, want string // "" is refused
	}{
		{SMS, "83044", "83044"},
		{SMS, "TEST_SENDER_ID", "TEST_SENDER_ID"},
		{SMS, " AFYA ", "AFYA"},
		{SMS, "+254 711-000 111", "+254711000111"},
		{SMS, "", ""},
		{SMS, "naïve", ""},
		{SMS, "a sender name that is much too long", ""},
		{USSD, "*83044#", "*83044#"},
		{USSD, "*384*5#", "*384*5#"},
		{USSD, "83044", ""},
		{USSD, "*#", ""},
		{USSD, "*12a#", ""},
		{Voice, "254711621711", "+254711621711"},
		{Voice, "Afya", ""},
		{WhatsApp, "+254 711 621 711", "+254711621711"},
		{Telegram, "afya_bot", "afya_bot"},
		{Telegram, "+254 711621711", "+254711621711"},
		{Messenger, "Afya Clinic", "Afya Clinic"},
		{Email, "Hello@Example.org", "hello@example.org"},
		{Email, "example.org", ""},
		{ChannelUnspecified, "1", ""},
		{Channel(99), "1", ""},
	} {
		got, err := ChannelNumber{c.channel, c.number}.Normalize()
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%v %q: became %q, want a refusal", c.channel, c.number, got.Number)
		case c.want != "" && (err != nil || got.Number != c.want):
			t.Errorf("%v %q: %q, %v, want %q", c.channel, c.number, got.Number, err, c.want)
		}
	}
}
