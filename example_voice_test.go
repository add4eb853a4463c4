package elarian_test

import (
	"context"
	"fmt"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

// A voice menu that takes digits and a recording. What step a call is at is clear from what comes: nothing needs
// to be remembered.
func ExampleOnVoice() {
	server, err := elariantest.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	client := elarian.New(server.Config())
	elarian.OnVoice(client, func(_ context.Context, call *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		switch {
		case call.Status == elarian.CallRinging:
			return elarian.Plan{
				elarian.Say("Welcome to the clinic."),
				elarian.GetDigits{Prompt: elarian.Say("Press 1 to leave a message."), Digits: 1},
			}, nil
		case call.Digits == "1":
			return elarian.Plan{elarian.GetRecording{Prompt: elarian.Say("Speak after the beep."), Beep: true, MaxLength: 30 * time.Second}}, nil
		case call.RecordingURL != "":
			return elarian.Plan{elarian.Say("Thank you. Good bye.")}, nil
		}
		return elarian.Plan{elarian.Say("Good bye.")}, nil
	})
	ended := make(chan elarian.HangupCause, 1)
	elarian.OnVoiceEnd(client, func(_ context.Context, call *elarian.CallEvent, _ *struct{}) error {
		ended <- call.HangupCause
		return nil
	})
	server.Connect(client)

	phone := server.Phone("+254710000001")
	call := phone.CallTo("+254711621711").ExpectSay("Welcome").Press("1").ExpectSay("Speak").Speak(5 * time.Second).ExpectSay("Thank you").Ended()
	for _, a := range call.Heard() {
		fmt.Printf("%+v\n", a)
	}
	fmt.Println(<-ended)
	// Output:
	// {Text:Welcome to the clinic. Voice:0 Beep:false}
	// {Prompt:{Text:Press 1 to leave a message. Voice:0 Beep:false} Digits:1 FinishOnKey: Timeout:0s}
	// {Prompt:{Text:Speak after the beep. Voice:0 Beep:false} MaxLength:30s FinishOnKey: Timeout:0s Beep:true TrimSilence:false}
	// {Text:Thank you. Good bye. Voice:0 Beep:false}
	// normal_clearing
}

// An app that calls, and a nurse who is connected.
func ExampleCustomer_MakeVoiceCall() {
	server, err := elariantest.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := elarian.New(server.Config())
	server.Connect(client)

	sent, err := client.Customer(elarian.Cellular("+254710000001")).MakeVoiceCall(context.Background(), elarian.Voice("+254711621711"),
		elarian.Say("A nurse would like to talk with you."),
		elarian.Dial{Numbers: []elarian.CustomerNumber{elarian.Cellular("+254720000001")}},
		elarian.Say("Get well soon."))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sent.Status)

	nurse := server.Phone("+254720000001")
	nurse.AnswersCalls()
	call := server.Phone("+254710000001").ExpectCall("+254711621711").Answer().ExpectSay("A nurse").ExpectConnected("+254720000001")
	nurse.ExpectCall("+254711621711").ExpectConnected("+254710000001").HangUp()
	call.ExpectSay("Get well soon.").Ended()
	fmt.Println(call.Status())
	// Output:
	// session_initiated
	// completed
}

// A phone played without elariantest, as in a script against elarian dev.
func ExampleSimulator_Call() {
	server, err := elariantest.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := elarian.New(server.Config())
	elarian.OnVoice(client, func(_ context.Context, call *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		if call.Digits != "" {
			return elarian.Plan{elarian.Say("You pressed %s.", call.Digits)}, nil
		}
		return elarian.Plan{elarian.GetDigits{Prompt: elarian.Say("Your PIN, then #."), FinishOnKey: "#"}}, nil
	})
	server.Connect(client)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	simulator, err := elarian.ConnectSimulator(ctx, server.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer simulator.Close()
	call, err := simulator.Call(ctx, "+254710000002", elarian.Voice("+254711621711"))
	if err == nil {
		err = call.Press(ctx, "1234#")
	}
	fmt.Println(call.Heard()[len(call.Heard())-1], call.Over(), err)
	// Output: {You pressed 1234. 0 false} true <nil>
}
