package elariantest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testpg"
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
	return c.ofFirst(t, 1, number)
}

// ofFirst waits for the end of somebody's first n calls, and gives all their events.
func (c *calls) ofFirst(t *testing.T, n int, number string) []elarian.CallEvent {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		c.mu.Lock()
		var events []elarian.CallEvent
		ended := 0
		for _, e := range c.seen {
			if e.Customer.Number().Number != number {
				continue
			}
			if events = append(events, e); e.Status.Over() {
				ended++
			}
		}
		come := c.come
		c.mu.Unlock()
		if ended >= n {
			return events
		}
		select {
		case <-come:
		case <-deadline:
			t.Fatalf("%d calls of %s have no end: %v", n, number, statuses(events))
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

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, srv *elariantest.Server)) {
	t.Run("sqlite", func(t *testing.T) { test(t, elariantest.Start(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, elariantest.Start(t, elariantest.WithStore(testpg.URL(t)))) })
}

func TestIVR(t *testing.T) { each(t, testIVR) }

func testIVR(t *testing.T, srv *elariantest.Server) {
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

func TestCallsOfApps(t *testing.T) { each(t, testCallsOfApps) }

func testCallsOfApps(t *testing.T, srv *elariantest.Server) {
	ctx := t.Context()
	app, client := answering(srv, func(e *elarian.CallEvent) elarian.Plan {
		if e.Status == elarian.CallAnswered || e.Digits != "" {
			return elarian.Plan{elarian.Say("You pressed %q.", e.Digits)}
		}
		return nil
	})
	dial := func(to string, actions ...elarian.CallAction) (elarian.MessageReply, error) {
		return client.Customer(elarian.Cellular(to)).MakeVoiceCall(ctx, elarian.Voice(number), actions...)
	}
	phone := srv.Phone(asha)
	sent, err := dial(asha, elarian.RecordSession(), elarian.Say("Your results are there."), elarian.GetDigits{Digits: 2})
	if err != nil || sent.Status != elarian.MessageSessionInitiated || sent.SessionID == "" || sent.MessageID == "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	call := phone.ExpectCall(number)
	if _, err := dial(asha, elarian.Say("again")); !errors.Is(err, elarian.ErrBusy) {
		t.Errorf("a second call: %v", err)
	}
	call.Answer().ExpectSay("Your results")
	srv.Advance(5 * time.Second)
	call.Press("4").Press("2").ExpectSay(`"42"`).Ended()
	events := app.of(t, asha)
	expect(t, events, "queued", "ringing", "answered", "active", "completed")
	if e := events[4]; !e.Outbound || e.SessionID != sent.SessionID || e.HangupCause != elarian.HangupNormal {
		t.Errorf("the end: %+v", e)
	}
	if n := fetch(t, events[4].RecordingURL, http.StatusOK); n < 44+5*8000 {
		t.Errorf("the recording has %d bytes", n)
	}
	state, err := client.Customer(elarian.Cellular(asha)).GetState(ctx)
	if err != nil || len(state.Messaging.Sessions) != 1 || state.Messaging.Sessions[0].ID != sent.SessionID {
		t.Errorf("the state: %+v, %v", state.Messaging.Sessions, err)
	}

	// Without actions the app is asked.
	srv.Phone(juma).AnswersCalls()
	if _, err := dial(juma); err != nil {
		t.Fatal(err)
	}
	srv.Phone(juma).ExpectCall(number).ExpectSay(`""`).Ended()
	expect(t, app.of(t, juma), "queued", "ringing", "answered", "completed")

	// Nobody answers.
	if _, err := dial(zuri, elarian.Say("x")); err != nil {
		t.Fatal(err)
	}
	call = srv.Phone(zuri).ExpectCall(number)
	srv.Advance(time.Minute)
	call.Ended()
	events = app.of(t, zuri)
	expect(t, events, "queued", "ringing", "not_answered")
	if events[2].HangupCause != elarian.HangupNoAnswer {
		t.Errorf("the end: %+v", events[2])
	}
	const other = "+254710000009"
	srv.Phone(other).RejectsCalls()
	if _, err := dial(other, elarian.Say("x")); err != nil {
		t.Fatal(err)
	}
	events = app.of(t, other)
	expect(t, events, "queued", "ringing", "not_answered")
	if events[2].HangupCause != elarian.HangupRejected {
		t.Errorf("the end: %+v", events[2])
	}
	for what, actions := range map[string][]elarian.CallAction{
		"say.text": {elarian.Say(" ")}, "dial.customer_numbers": {elarian.Dial{}}, "finish_on_key": {elarian.GetDigits{FinishOnKey: "x"}},
		"num_digits": {elarian.GetDigits{Digits: -1}}, "timeout": {elarian.GetRecording{Timeout: -time.Second}},
	} {
		if _, err := dial(asha, actions...); !errors.Is(err, elarian.ErrInvalidRequest) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDials(t *testing.T) { each(t, testDials) }

func testDials(t *testing.T, srv *elariantest.Server) {
	const agent1, agent2 = "+254720000001", "+254720000002"
	app, _ := answering(srv, func(e *elarian.CallEvent) elarian.Plan {
		switch {
		case e.Status == elarian.CallRinging && e.Customer.Number().Number == juma:
			return elarian.Plan{elarian.Dial{Numbers: []elarian.CustomerNumber{elarian.Cellular(agent1), elarian.Cellular(agent2)}, Sequential: true}, elarian.Say("Nobody.")}
		case e.Status == elarian.CallRinging:
			return elarian.Plan{elarian.Say("One moment."), elarian.Dial{Numbers: []elarian.CustomerNumber{elarian.Cellular(agent1), elarian.Cellular(agent2)}, Record: true}}
		case e.Status == elarian.CallDialCompleted:
			return elarian.Plan{elarian.Say("Good bye.")}
		}
		return nil
	})
	first, second := srv.Phone(agent1), srv.Phone(agent2)
	call := srv.Phone(asha).CallTo(number).ExpectSay("One moment")
	leg1, leg2 := first.ExpectCall(number), second.ExpectCall(number)
	leg2.Answer().ExpectConnected(asha)
	call.ExpectConnected(agent2)
	if leg1.Ended().HangupCause() != elarian.HangupLostRace {
		t.Errorf("who was slower: %v", leg1.HangupCause())
	}
	srv.Advance(3 * time.Second)
	leg2.HangUp()
	call.ExpectSay("Good bye").Ended()
	events := app.of(t, asha)
	expect(t, events, "ringing", "dialing", "bridged", "dial_completed", "completed")
	if d := events[3]; d.Dial == nil || d.Dial.Number != agent2 || d.Dial.Duration < 3*time.Second || d.HangupCause != elarian.HangupNormal {
		t.Errorf("dial completed: %+v %+v", d, d.Dial)
	}
	fetch(t, events[3].RecordingURL, http.StatusOK)

	// One after the other; what is left of the plan goes on by itself.
	call = srv.Phone(juma).CallTo(number)
	leg1 = first.ExpectCall(number)
	srv.Advance(30 * time.Second)
	leg1.Ended()
	if err := second.ExpectCall(number).Reject(t.Context(), elarian.HangupBusy); err != nil {
		t.Fatal(err)
	}
	call.ExpectSay("Nobody").Ended()
	events = app.of(t, juma)
	expect(t, events, "ringing", "dialing", "dial_completed", "completed")
	if d := events[2]; d.Dial.Number != agent2 || d.Dial.Duration != 0 || d.HangupCause != elarian.HangupBusy {
		t.Errorf("dial completed: %+v %+v", d, d.Dial)
	}

	// The caller hangs up while it rings, and while they talk.
	call = srv.Phone(asha).CallTo(number)
	leg1, leg2 = first.ExpectCall(number), second.ExpectCall(number)
	call.HangUp()
	leg1.Ended()
	leg2.Ended()
	call = srv.Phone(zuri).CallTo(number)
	leg1 = first.ExpectCall(number).Answer().ExpectConnected(zuri)
	call.HangUp()
	leg1.Ended()
	expect(t, app.of(t, zuri), "ringing", "dialing", "bridged", "dial_completed", "completed")
}

func TestQueues(t *testing.T) { each(t, testQueues) }

func testQueues(t *testing.T, srv *elariantest.Server) {
	const agent = "+254720000001"
	app, client := answering(srv, func(e *elarian.CallEvent) elarian.Plan {
		switch e.Status {
		case elarian.CallRinging:
			return elarian.Plan{elarian.Say("Please wait."), elarian.Enqueue{Queue: "help", HoldMusic: "https://example.org/wait.mp3"}, elarian.Say("Bye.")}
		case elarian.CallDequeued:
			if e.Queue == nil {
				return elarian.Plan{elarian.Say("Nobody waits.")}
			}
		}
		return nil
	})
	srv.Phone(agent).AnswersCalls()
	take := func() *elariantest.Call {
		t.Helper()
		if _, err := client.Customer(elarian.Cellular(agent)).MakeVoiceCall(t.Context(), elarian.Voice(number), elarian.Dequeue{Queue: "help"}); err != nil {
			t.Fatal(err)
		}
		return srv.Phone(agent).ExpectCall(number)
	}
	take().ExpectSay("Nobody waits").Ended()
	first := srv.Phone(asha).CallTo(number).ExpectSay("Please wait")
	srv.Advance(time.Second)
	second := srv.Phone(juma).CallTo(number)
	third := srv.Phone(zuri).CallTo(number)
	second.HangUp()
	expect(t, app.of(t, juma), "ringing", "enqueued", "completed")

	talk := take().ExpectConnected(asha)
	first.ExpectConnected(agent)
	talk.HangUp()
	first.ExpectSay("Bye").Ended()
	events := app.of(t, asha)
	expect(t, events, "ringing", "enqueued", "dequeued", "completed")
	if q := events[2].Queue; q == nil || q.ConnectedTo != agent || q.Duration < time.Second || q.ConnectedToSession == "" {
		t.Errorf("dequeued: %+v", q)
	}
	talk = take().ExpectConnected(zuri)
	third.HangUp()
	talk.Ended()
	events = app.ofFirst(t, 3, agent)
	last := events[len(events)-2]
	if last.Status != elarian.CallDequeued || last.Queue == nil || last.Queue.ConnectedTo != zuri {
		t.Errorf("the agent: %v, %+v", statuses(events), last.Queue)
	}
	call := srv.Phone(asha).CallTo(number)
	srv.Advance(time.Hour)
	call.ExpectSay("Bye").Ended()
	take().ExpectSay("Nobody waits").Ended()
}

func TestCallsThatFail(t *testing.T) { each(t, testCallsThatFail) }

func testCallsThatFail(t *testing.T, srv *elariantest.Server) {
	call := srv.Phone(asha).CallTo(number)
	if call.ExpectSay("Sorry").Ended().Status() != elarian.CallApplicationError {
		t.Errorf("no app: %v", call.Status())
	}
	app, _ := answering(srv, func(e *elarian.CallEvent) elarian.Plan {
		switch e.Customer.Number().Number {
		case juma:
			return elarian.Plan{elarian.Say("")}
		case zuri:
			return elarian.Plan{elarian.Redirect("https://example.org/next"), elarian.Say("never")}
		}
		return elarian.Plan{elarian.Reject()}
	})
	events := app.of(t, asha)
	expect(t, events, "ringing", "application_error") // once it is there
	srv.Phone(juma).CallTo(number).ExpectSay("Sorry").Ended()
	expect(t, app.of(t, juma), "ringing", "application_error")
	srv.Phone(zuri).CallTo(number).Ended()
	expect(t, app.of(t, zuri), "ringing", "transferred", "completed")
	const other = "+254710000009"
	if c := srv.Phone(other).CallTo(number).Ended(); c.HangupCause() != elarian.HangupRejected {
		t.Errorf("rejected: %v", c.HangupCause())
	}
}
