// Ivr answers calls: the caller presses a key for the opening hours or for leaving a message, and is asked
// for a card number before the message is recorded. Start `elarian dev`, and in another terminal run the
// app with the environment that it shows; then call it. `elarian phone call` reads keys to press, and times to
// speak for, such as 5s; with keys it presses them one after the other.
//
//	eval "$(elarian env)" && go run .
//	elarian phone call +254711621711
//	elarian phone call +254711621711 2 1234 5s
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/elarian-go/elarian"
)

// Caller is what the app remembers of a customer: where the call is, and what was left.
type Caller struct {
	Step     string    `json:"step"`
	Silences int       `json:"silences"` // times that nothing was pressed in this call
	Card     string    `json:"card"`
	Messages []Message `json:"messages"`
}

// Message is one that a caller has left. Its recording is at the URL for a day.
type Message struct {
	Card string    `json:"card"`
	At   time.Time `json:"at"`
	URL  string    `json:"url"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("The lines are open (Ctrl-C ends)")
	if err := newIVR(elarian.ConfigFromEnv()).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newIVR(config elarian.Config) *elarian.Client {
	client := elarian.New(config)
	elarian.OnVoice(client, answer)
	// However a call ends, the next one begins anew.
	elarian.OnVoiceEnd(client, func(_ context.Context, _ *elarian.CallEvent, c *Caller) error {
		c.Step, c.Silences, c.Card = "", 0, ""
		return nil
	})
	return client
}

// answer says how a call goes on: after it has come in, after keys, and after a recording.
func answer(_ context.Context, call *elarian.CallEvent, c *Caller) (elarian.Plan, error) {
	switch {
	case call.Status == elarian.CallRinging, call.Status == elarian.CallActive && c.Step == "":
		return menu(c, "Welcome to Afya Clinic."), nil
	case call.Status != elarian.CallActive:
		return nil, nil // told, not asked
	case c.Step == "recording":
		return recorded(call, c), nil
	case call.Digits == "":
		return silence(c), nil
	case c.Step == "card":
		c.Step, c.Card = "recording", call.Digits
		return elarian.Plan{elarian.GetRecording{Prompt: elarian.Say("Speak after the beep."), Beep: true, MaxLength: time.Minute}}, nil
	case call.Digits == "1":
		return menu(c, "We are open from 8 to 17, on Sundays from 9 to 12."), nil
	case call.Digits == "2":
		c.Step = "card"
		return elarian.Plan{elarian.GetDigits{Prompt: elarian.Say("Your card number, and then the hash key."), FinishOnKey: "#"}}, nil
	}
	return menu(c, "There is no "+call.Digits+"."), nil
}

// menu says something, and asks what the caller wants.
func menu(c *Caller, text string) elarian.Plan {
	c.Step = "menu"
	return elarian.Plan{
		elarian.SayAction{Text: text},
		elarian.GetDigits{Prompt: elarian.Say("Press 1 for our hours, 2 to leave a message."), Digits: 1},
	}
}

// silence asks once more, and then hangs up.
func silence(c *Caller) elarian.Plan {
	if c.Silences++; c.Silences > 1 {
		return elarian.Plan{elarian.Say("Good bye.")}
	}
	return menu(c, "We did not hear a key.")
}

// recorded keeps a message, unless nobody spoke.
func recorded(call *elarian.CallEvent, c *Caller) elarian.Plan {
	if call.RecordingURL == "" {
		return elarian.Plan{elarian.Say("There was no message. Good bye.")}
	}
	c.Messages = append(c.Messages, Message{Card: c.Card, At: call.CreatedAt, URL: call.RecordingURL})
	return elarian.Plan{elarian.Say("Thank you. We have %d of your messages.", len(c.Messages))}
}
