package messaging

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// world is what the rules of calls ask for.
type world struct {
	now      time.Time
	recorded []time.Duration
}

func newWorld() *world { return &world{now: time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC)} }

func (w *world) env() *CallEnv {
	return &CallEnv{Now: w.now, Record: func(d time.Duration) string {
		w.recorded = append(w.recorded, d)
		return fmt.Sprintf("recording-%d", len(w.recorded))
	}}
}

func say(text string) VoiceAction { return VoiceAction{Say: &Say{Text: text}} }

func ptr[T any](v T) *T { return &v }

// shown is a turn in short: what is heard, then the events.
func shown(t CallTurn) string {
	var s []string
	for _, a := range t.Heard {
		b, _ := json.Marshal(a)
		switch {
		case a.Say != nil:
			s = append(s, a.Say.Text)
		case a.GetDigits != nil:
			s = append(s, "digits?")
		case a.GetRecording != nil:
			s = append(s, "speak?")
		default:
			s = append(s, strings.SplitN(string(b), `"`, 3)[1])
		}
	}
	for _, e := range t.Events {
		one := fmt.Sprint(int32(e.Status))
		if e.Digits != nil {
			one += "=" + *e.Digits
		}
		if e.RecordingURL != nil {
			one += "@" + *e.RecordingURL
		}
		if e.HangupCause != 0 {
			one += fmt.Sprintf("(%d)", e.HangupCause)
		}
		s = append(s, one)
	}
	if t.Asks {
		s = append(s, "asks")
	}
	if t.Over {
		s = append(s, "over")
	}
	return strings.Join(s, " ")
}

func TestDigitsOfACall(t *testing.T) {
	for _, c := range []struct {
		ask     GetDigits
		presses string // separated by spaces; . is the time-out
		want    string
	}{
		{GetDigits{}, "12", "200=12 asks"},
		{GetDigits{Digits: ptr(int32(1))}, "7", "200=7 asks"},
		{GetDigits{Digits: ptr(int32(3))}, "1 2 3", "200=123 asks"},
		{GetDigits{Digits: ptr(int32(2))}, "1234", "200=12 asks"},
		{GetDigits{FinishOnKey: ptr("#")}, "1 23 #", "200=123 asks"},
		{GetDigits{FinishOnKey: ptr("#")}, "#", "200 asks"},
		{GetDigits{FinishOnKey: ptr("#"), Digits: ptr(int32(9))}, "12#4", "200=12 asks"},
		{GetDigits{FinishOnKey: ptr("")}, "5", "200=5 asks"},
		{GetDigits{FinishOnKey: ptr("#")}, "12 .", "200=12 asks"},
		{GetDigits{}, ".", "200 asks"},
		{GetDigits{Digits: ptr(int32(0))}, "*0#", "200=*0# asks"},
	} {
		w := newWorld()
		call, _ := IncomingCall("app", true, w.env())
		call.Next(w.env(), []VoiceAction{{GetDigits: &c.ask}, say("never")})
		var last CallTurn
		for _, press := range strings.Fields(c.presses) {
			if last.Asks {
				t.Errorf("%+v: complete before %q", c.ask, press)
			}
			if press == "." {
				w.now = call.Until
				last = call.Due(w.env())
				continue
			}
			var err error
			if last, err = call.Press(w.env(), press); err != nil {
				t.Fatal(err)
			}
		}
		if got := shown(last); got != c.want {
			t.Errorf("%+v, %s: %q, want %q", c.ask, c.presses, got, c.want)
		}
	}
}

func TestPlansOfACall(t *testing.T) {
	digits, speech := VoiceAction{GetDigits: &GetDigits{}}, VoiceAction{GetRecording: &GetRecording{MaxLength: 5 * time.Second, FinishOnKey: ptr("#")}}
	for _, c := range []struct {
		name string
		plan []VoiceAction
		then func(*Call, *CallEnv) CallTurn // nil: nothing
		want string
	}{
		{"none", nil, nil, "300(21) over"},
		{"say", []VoiceAction{say("a"), say("b")}, nil, "a b 300(16) over"},
		{"reject", []VoiceAction{{Reject: true}, say("never")}, nil, "reject 300(21) over"},
		{"reject later", []VoiceAction{say("a"), {Reject: true}}, nil, "a reject 300(21) over"},
		{"redirect", []VoiceAction{{Redirect: &Play{URL: "x"}}, say("never")}, nil, "redirect 206 300(16) over"},
		{"hang up at digits", []VoiceAction{digits}, func(c *Call, e *CallEnv) CallTurn { return c.HangUp(e, 0) }, "300(16) over"},
		{"hang up at speech", []VoiceAction{speech}, func(c *Call, e *CallEnv) CallTurn { return c.HangUp(e, CauseNormal) }, "300(16) over"},
		{"too long a speech", []VoiceAction{speech}, func(c *Call, e *CallEnv) CallTurn { t, _ := c.Speak(e, time.Minute); return t }, "200@recording-1 asks"},
		{"no speech", []VoiceAction{speech}, (*Call).Due, "200 asks"},
		{"failure", []VoiceAction{digits}, (*Call).Fail, "501(41) over"},
		{"queue", []VoiceAction{{Enqueue: &Enqueue{}}, say("a")}, (*Call).Due, "a 300(16) over"},
		{"leave a queue", []VoiceAction{{Enqueue: &Enqueue{}}}, func(c *Call, e *CallEnv) CallTurn { return c.HangUp(e, 0) }, "300(16) over"},
		{"an empty queue", []VoiceAction{{Dequeue: &Dequeue{}}}, func(c *Call, e *CallEnv) CallTurn { return c.Dequeued(e, nil, e.Now) }, "205 asks"},
		{"an empty queue, and more", []VoiceAction{{Dequeue: &Dequeue{}}, say("a")}, func(c *Call, e *CallEnv) CallTurn { return c.Dequeued(e, nil, e.Now) }, "a 205 300(16) over"},
	} {
		w := newWorld()
		call, turn := IncomingCall("app", true, w.env())
		if got := shown(turn); got != "102 asks" {
			t.Errorf("%s: it begins with %q", c.name, got)
		}
		turn = call.Next(w.env(), c.plan)
		if c.then != nil {
			turn = c.then(call, w.env())
		}
		if got := shown(turn); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestARecordedCall(t *testing.T) {
	w := newWorld()
	call, _ := OutgoingCall("app", []VoiceAction{{RecordSession: true}, {GetDigits: &GetDigits{}}}, w.env())
	call.Answer(w.env())
	w.now = w.now.Add(7 * time.Second)
	if got := shown(call.HangUp(w.env(), 0)); got != "300@recording-1(16) over" || w.recorded[0] != 7*time.Second {
		t.Errorf("%q, %v", got, w.recorded)
	}
	if got := shown(call.HangUp(w.env(), 0)); got != "" {
		t.Errorf("over twice: %q", got)
	}
}

// Whatever happens in whatever order, a call ends once, asks when it waits for a plan and only then, and
// never waits for nothing.
func TestCallsUnderAnything(t *testing.T) {
	actions := []VoiceAction{
		say("a"), {Play: &Play{URL: "x"}}, {GetDigits: &GetDigits{Digits: ptr(int32(2))}}, {GetRecording: &GetRecording{}}, {RecordSession: true},
		{Dial: &Dial{Numbers: []customer.Number{{Number: "1"}, {Number: "2"}}, Record: true}},
		{Dial: &Dial{Numbers: []customer.Number{{Number: "1"}, {Number: "2"}}, Sequential: true, MaxSeconds: ptr(int32(9))}},
		{Enqueue: &Enqueue{}}, {Dequeue: &Dequeue{Record: true}}, {Reject: true}, {Redirect: &Play{URL: "x"}},
	}
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		plan := func() (p []VoiceAction) {
			for range rnd.IntN(4) {
				p = append(p, actions[rnd.IntN(len(actions))])
			}
			return p
		}
		w := newWorld()
		var call *Call
		var turn CallTurn
		if rnd.IntN(2) == 0 {
			call, turn = IncomingCall("app", rnd.IntN(2) == 0, w.env())
		} else {
			call, turn = OutgoingCall("app", plan(), w.env())
		}
		ends := 0
		peers := []Peer{{Session: "s1", Number: customer.Number{Number: "1"}}, {Session: "s2", Number: customer.Number{Number: "2"}}}
		for step := 0; step < 40 && ends == 0; step++ {
			finals := 0
			for _, e := range turn.Events {
				if e.Status.Final() {
					finals++
				}
			}
			if turn.Over {
				ends++
			}
			if finals != ends || ends > 1 {
				t.Fatalf("seed %d: %d final events in a turn with over=%v", seed, finals, turn.Over)
			}
			if (call.Wait == CallOver) != turn.Over {
				t.Fatalf("seed %d: waits for %d, over=%v", seed, call.Wait, turn.Over)
			}
			if turn.Asks && call.Wait != WaitsForPlan {
				t.Fatalf("seed %d: asks, and waits for %d", seed, call.Wait)
			}
			call = call.clone()
			w.now = w.now.Add(time.Duration(rnd.IntN(5000)) * time.Millisecond)
			switch {
			case turn.Over:
				continue
			case len(turn.Ring) > 0:
				turn = call.Ringing(w.env(), peers[:rnd.IntN(3)], CauseBusy)
				continue
			case turn.Dequeue != nil:
				var who *Peer
				if rnd.IntN(2) == 0 {
					who = &peers[0]
				}
				turn = call.Dequeued(w.env(), who, w.now)
				continue
			}
			switch rnd.IntN(12) {
			case 0, 1, 2:
				turn = call.Next(w.env(), plan())
			case 3:
				turn = call.Answer(w.env())
			case 4:
				turn, _ = call.Press(w.env(), "1")
			case 5:
				turn, _ = call.Speak(w.env(), time.Second)
			case 6:
				turn = call.Silent(w.env())
			case 7:
				turn = call.PeerAnswered(w.env(), peers[rnd.IntN(2)])
			case 8:
				turn = call.PeerGone(w.env(), peers[rnd.IntN(2)], CauseNormal)
			case 9:
				turn = call.TakenFrom(w.env(), peers[0])
			case 10:
				turn = call.Due(w.env())
			case 11:
				if rnd.IntN(4) == 0 {
					turn = call.HangUp(w.env(), 0)
				} else {
					turn = CallTurn{}
				}
			}
		}
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	for want, plan := range map[string][]VoiceAction{
		"actions[0]: no action":               {{}},
		"actions[1].say.text: empty":          {say("a"), say(" ")},
		"actions[0].play.url: empty":          {{Play: &Play{}}},
		"actions[0].redirect.url: empty":      {{Redirect: &Play{}}},
		"actions[0].get_digits.num_digits":    {{GetDigits: &GetDigits{Digits: ptr(int32(-1))}}},
		"actions[0].get_digits.timeout":       {{GetDigits: &GetDigits{Timeout: -1}}},
		"actions[0].get_digits.finish_on_key": {{GetDigits: &GetDigits{FinishOnKey: ptr("##")}}},
		"actions[0].get_digits.say.text":      {{GetDigits: &GetDigits{Say: &Say{}}}},
		"actions[0].get_recording.max_length": {{GetRecording: &GetRecording{MaxLength: 48 * time.Hour}}},
		"actions[0].get_recording.play.url":   {{GetRecording: &GetRecording{Play: &Play{}}}},
		"actions[0].dial.customer_numbers":    {{Dial: &Dial{}}},
		"dial.customer_numbers[1].number":     {{Dial: &Dial{Numbers: []customer.Number{{Number: "1"}, {Number: "x"}}}}},
		"dial.customer_numbers[0].provider":   {{Dial: &Dial{Numbers: []customer.Number{{Number: "1", Provider: customer.Telegram}}}}},
		"actions[0].dequeue.channel_number":   {{Dequeue: &Dequeue{Channel: ChannelNumber{Channel: SMS, Number: "1"}}}},
		"actions[0].dial.max_duration":        {{Dial: &Dial{Numbers: []customer.Number{{Number: "1"}}, MaxSeconds: ptr(int32(-1))}}},
		"more than 100 actions":               make([]VoiceAction, 101),
	} {
		if err := CheckPlan(plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := CheckPlan(nil); err != nil {
		t.Error(err)
	}
}
