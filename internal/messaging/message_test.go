package messaging

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Statuses only move forward: 1xx to 3xx or 4xx, delivered to read.
func TestStatusesOnlyMoveForward(t *testing.T) {
	for _, c := range []struct {
		from, to Status
		moves    bool
	}{
		{StatusUnspecified, Queued, true},
		{StatusUnspecified, Failed, true},
		{Queued, Sent, true},
		{Sent, Queued, false},
		{Sent, Sent, false},
		{Sent, Delivered, true},
		{Sent, Read, true},
		{Sent, Failed, true},
		{Delivered, Read, true},
		{Delivered, Delivered, false},
		{Delivered, Failed, false},
		{Delivered, Sent, false},
		{Read, Delivered, false},
		{Read, Failed, false},
		{Failed, Delivered, false},
		{Failed, ApplicationError, false},
		{Received, Read, false},
		{Sent, StatusUnspecified, false},
	} {
		m := Message{Status: c.from, UpdatedAt: start, Description: "old"}
		now := start.Add(time.Second)
		if got := m.SetStatus(c.to, "new", now); got != c.moves {
			t.Errorf("%d to %d: %v", c.from, c.to, got)
		}
		if moved := m.Status == c.to && m.UpdatedAt == now && m.Description == "new"; moved != c.moves {
			t.Errorf("%d to %d: %+v", c.from, c.to, m)
		}
	}
}

// Whatever comes in whatever order, a message has at most two final statuses, delivered and read.
func TestStatusHistories(t *testing.T) {
	all := []Status{Queued, Sent, Delivered, Read, Received, SessionInitiated, Failed, NoConsent, Expired, Rejected, GatewayError, ApplicationError}
	rapid.Check(t, func(t *rapid.T) {
		m, final := Message{}, []Status{}
		for _, s := range rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "statuses") {
			before := m.Status
			if m.SetStatus(s, "", start) && s.Final() {
				final = append(final, s)
			}
			if m.Status < before {
				t.Fatalf("%d became %d", before, m.Status)
			}
		}
		if len(final) > 1 && !slices.Equal(final, []Status{Delivered, Read}) {
			t.Fatalf("final statuses %v", final)
		}
	})
}

func TestBodiesThatChannelsCarry(t *testing.T) {
	bodies := map[string]Body{
		"text":     {Text: "hello"},
		"media":    {Media: &Media{URL: "https://example.org/a.png"}},
		"location": {Location: &Location{}},
		"email":    {Email: &EmailBody{Subject: "s"}},
		"template": {Template: &Template{ID: "t"}},
		"url":      {URL: "https://example.org"},
		"voice":    {Dialplan: true},
		"ussd":     {USSD: &Menu{Text: "menu"}},
	}
	chat := []string{"text", "media", "location", "template", "url"}
	carried := map[Channel][]string{
		SMS: {"text", "template", "url"}, USSD: {"ussd"}, Voice: {"voice"}, Email: {"email", "text", "template"},
		WhatsApp: chat, Telegram: chat, Messenger: chat,
	}
	for channel, kinds := range carried {
		for kind, body := range bodies {
			err := (&Outbound{Body: body}).CheckBody(channel)
			if slices.Contains(kinds, kind) {
				if err != nil {
					t.Errorf("%v, %s: %v", channel, kind, err)
				}
			} else if status(err) != NotSupported {
				t.Errorf("%v, %s: %v, want not supported", channel, kind, err)
			}
		}
		for _, body := range []Body{{}, {Text: " \n"}, {Media: &Media{}}, {Email: &EmailBody{CC: []string{"a@b"}}}, {Template: &Template{}}} {
			if err := (&Outbound{Body: body}).CheckBody(channel); status(err) != InvalidRequest {
				t.Errorf("%v, %+v: %v, want an invalid request", channel, body, err)
			}
		}
	}
}

func status(err error) Status {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Status
	}
	return StatusUnspecified
}

func TestChannelNames(t *testing.T) {
	for c := SMS; c <= Email; c++ {
		if got, ok := ParseChannel(c.String()); !ok || got != c {
			t.Errorf("%v becomes %v", c, got)
		}
	}
	for _, name := range []string{"", "unspecified", "unknown", "SMS"} {
		if got, ok := ParseChannel(name); ok {
			t.Errorf("%q is %v", name, got)
		}
	}
	if Channel(-1).String() != "unknown" || Channel(8).String() != "unknown" {
		t.Error("a channel that is none has a name")
	}
}

// TestTemplatePlaces: names may be of any script; what is no place is found when the template is stored.
func TestTemplatePlaces(t *testing.T) {
	const text = "Dear {{prénom}}, come on {{ visit.day }}. {1}"
	if err := CheckPlaces(text); err != nil {
		t.Error(err)
	}
	template := Template{ID: "visit", Params: map[string]string{"prénom": "{{Ada}}", "visit.day": "Monday"}}
	if got, err := template.Render(text); err != nil || got != "Dear {{Ada}}, come on Monday. {1}" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"{{name", "name}}", "{{}}", "{{first name}}", "{{{name}}}}", "{{a}}{{"} {
		if err := CheckPlaces(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestReactions(t *testing.T) {
	m := new(Message)
	at := time.Unix(1000, 0)
	for i := range 3 * maxReactions {
		m.React(Reaction{Clicked, at.Add(time.Duration(i) * time.Second)})
	}
	if n := len(m.Reactions); n != maxReactions || !m.Reactions[n-1].At.Equal(at.Add((3*maxReactions-1)*time.Second)) {
		t.Errorf("%d reactions, the last of %v", n, m.Reactions[n-1].At)
	}
	last := m.Reactions[maxReactions-1]
	if m.ReactOnce(Reaction{last.Kind, last.At.UTC()}) {
		t.Error("an imported reaction was news twice")
	}
	if !m.ReactOnce(Reaction{Complained, last.At}) || m.Reactions[maxReactions-1].Kind != Complained {
		t.Error("another one was not")
	}
}
