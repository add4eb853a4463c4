package main

import (
	"context"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
)

// startIVR runs an app that asks for digits and a recording.
func startIVR(t *testing.T, config elarian.Config) *elarian.Client {
	t.Helper()
	client := elarian.New(config)
	elarian.OnVoice(client, func(_ context.Context, call *elarian.CallEvent, _ *struct{}) (elarian.Plan, error) {
		switch {
		case call.Status == elarian.CallRinging && !call.Outbound:
			return elarian.Plan{elarian.GetDigits{Prompt: elarian.Say("Your number?"), FinishOnKey: "#"}}, nil
		case call.Digits != "":
			return elarian.Plan{elarian.GetRecording{Prompt: elarian.Say("%s, speak.", call.Digits)}}, nil
		case call.RecordingURL != "":
			return elarian.Plan{elarian.Say("Thank you.")}, nil
		}
		return nil, nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestAPhoneCalls(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	startIVR(t, d.config())
	heard := "+254710000001 calls +254711621711\nYour number?\n"
	rest := "12, speak.\n[records: type a time such as 5s]\n"
	got := runIn(t, dir, "phone", "call", "+254711621711", "12", "5s")
	if got.code != 0 || got.out != heard+"> 12\n"+rest+"> 5s\nThank you.\n[the call is over: completed, normal_clearing]\n" {
		t.Errorf("a script: %+v", got)
	}
	if timeline := must(t, dir, "customer", "timeline", "+254710000001"); !strings.Contains(timeline, " ringing\n") || !strings.Contains(timeline, " completed\n") {
		t.Errorf("the timeline has:\n%s", timeline)
	}
	got = runIn(t, dir, "phone", "call", "+254711621711", "12#")
	if got.code != 0 || !strings.HasSuffix(got.out, rest+"[the call is over: completed, normal_clearing]\n") {
		t.Errorf("a script that leaves: %+v", got)
	}
	refused(t, runIn(t, dir, "phone", "call", "+254711621711", "12", "5s", "7"), 1, `the call ended before "7"`)
	refused(t, runIn(t, dir, "phone", "call", "+254711621711", "x"), 1, "a phone has the keys 0 to 9")
	refused(t, runIn(t, dir, "phone", "call", "+254700000000", "1"), 1, "is not a channel of this org")

	got = invocation{dir: dir, stdin: "12\n2s\n"}.run(t, "phone", "call", "+254711621711")
	if got.code != 0 || !strings.Contains(got.out, rest) || !strings.Contains(got.out, "Thank you.\n[the call is over: completed, normal_clearing]\n") {
		t.Errorf("typed: %+v", got)
	}
	got = invocation{dir: dir, stdin: "oops\n\n"}.run(t, "phone", "call", "+254711621711")
	if got.code != 0 || !strings.Contains(got.out, "a phone has the keys") || !strings.Contains(got.out, "[the call is over: completed, normal_clearing]") {
		t.Errorf("hung up: %+v", got)
	}
	d.stop()
}

func TestAPhoneThatIsCalled(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	client := startIVR(t, d.config())
	for _, c := range []struct{ stdin, want string }{
		{"\n7\n\n", "7, speak."},
		{"n\n", "Enter answers, n rejects"},
	} {
		phone := launch(t, invocation{dir: dir, stdin: c.stdin}, false, "phone", "listen")
		phone.await("waits for messages, calls and payments")
		_, err := client.Customer(elarian.Cellular("+254710000001")).MakeVoiceCall(t.Context(), elarian.Voice("+254711621711"),
			elarian.GetDigits{Prompt: elarian.Say("Press a key."), Digits: 1})
		if err != nil {
			t.Fatal(err)
		}
		phone.await(c.want)
		phone.stop()
	}
	d.stop()
}

func TestACallWithoutAnApp(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir, "--log-level", "error")
	got := runIn(t, dir, "phone", "call", "+254711621711", "1")
	refused(t, got, 1, "no app is connected")
	if !strings.Contains(got.out, "Sorry") {
		t.Errorf("the phone does not hear what a phone would: %q", got.out)
	}
	d.stop()
}
