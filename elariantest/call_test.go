package elariantest_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

const (
	number = "+254711621711"
	asha   = "+254710000001"
	juma   = "+254710000002"
	zuri   = "+254710000003"
)

// calls is an app for calls: what it was told, and what it says.
type calls struct {
	mu    sync.Mutex
	seen  []elarian.CallEvent
	come  chan struct{}
	plans func(e *elarian.CallEvent) elarian.Plan
}

func (c *calls) note(e *elarian.CallEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, *e)
	close(c.come)
	c.come = make(chan struct{})
}

func answering(srv *elariantest.Server, plans func(e *elarian.CallEvent) elarian.Plan) (*calls, *elarian.Client) {
	c := &calls{come: make(chan struct{}), plans: plans}
	client := elarian.New(srv.Config())
	elarian.OnVoice(client, func(_ context.Context, e *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		c.note(e)
		return c.plans(e), nil
	})
	elarian.OnVoiceEnd(client, func(_ context.Context, e *elarian.CallEvent, _ *struct{}) error {
		c.note(e)
		return nil
	})
	srv.Connect(client)
	return c, client
}

// of waits for the end of somebody's call, and gives all its events.
func (c *calls) of(t *testing.T, number string) []elarian.CallEvent {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		c.mu.Lock()
		var events []elarian.CallEvent
		for _, e := range c.seen {
			if e.Customer.Number().Number == number {
				events = append(events, e)
			}
		}
		come := c.come
		c.mu.Unlock()
		if n := len(events); n > 0 && events[n-1].Status.Over() {
			return events
		}
		select {
		case <-come:
		case <-deadline:
			t.Fatalf("the call of %s has no end: %v", number, statuses(events))
		}
	}
}

func statuses(events []elarian.CallEvent) (s []string) {
	for _, e := range events {
		s = append(s, e.Status.String())
	}
	return s
}

func expect(t *testing.T, events []elarian.CallEvent, want ...string) {
	t.Helper()
	if got := statuses(events); !slices.Equal(got, want) {
		t.Errorf("the app is told %v, want %v", got, want)
	}
}

func TestIVR(t *testing.T) {
	srv := elariantest.Start(t)
	app, _ := answering(srv, func(e *elarian.CallEvent) elarian.Plan {
		switch {
		case e.Status == elarian.CallRinging:
			return elarian.Plan{elarian.Say("Welcome."), elarian.GetDigits{Prompt: elarian.Say("Press 1 to leave a message."), Digits: 1}}
		case e.Digits == "1":
			return elarian.Plan{elarian.GetRecording{Prompt: elarian.Say("Speak."), MaxLength: 20 * time.Second}}
		case e.Digits != "":
			return nil
		case e.RecordingURL != "":
			return elarian.Plan{elarian.Say("Thank you.")}
		}
		return elarian.Plan{elarian.Say("Nothing.")}
	})
	srv.Phone(asha).CallTo(number).ExpectSay("Welcome").ExpectSay("Press 1").Press("1").ExpectSay("Speak").Speak(time.Minute).ExpectSay("Thank you").Ended()
	events := app.of(t, asha)
	expect(t, events, "ringing", "active", "active", "completed")
	if e := events[3]; e.HangupCause != elarian.HangupNormal || e.SessionID != events[0].SessionID || e.Outbound {
		t.Errorf("the end: %+v", e)
	}
	url := events[2].RecordingURL
	if n := fetch(t, url, http.StatusOK); n != 44+20*8000 {
		t.Errorf("the recording has %d bytes", n)
	}
	srv.Advance(23 * time.Hour)
	fetch(t, url, http.StatusOK)
	srv.Advance(2 * time.Hour)
	fetch(t, url, http.StatusNotFound)

	if c := srv.Phone(juma).CallTo(number).Press("2").Ended(); c.HangupCause() != elarian.HangupNormal {
		t.Errorf("hung up by no plan: %v", c.HangupCause())
	}
	expect(t, app.of(t, juma), "ringing", "active", "completed")
	call := srv.Phone(zuri).CallTo(number)
	srv.Advance(10 * time.Second) // nothing is pressed
	call.ExpectSay("Nothing").Ended()
	if events := app.of(t, zuri); events[1].Digits != "" {
		t.Errorf("digits of nothing: %+v", events[1])
	}
}

func fetch(t *testing.T, url string, status int) int {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	return len(b)
}
