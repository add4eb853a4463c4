package main

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

const number = "+254711621711"

func TestLeaveMessage(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newIVR(srv.Config()))
	phone := srv.Phone("+254710000001")

	phone.CallTo(number).ExpectSay("Welcome to Afya Clinic").ExpectSay("Press 1").
		Press("9").ExpectSay("There is no 9.").
		Press("1").ExpectSay("open from 8 to 17").ExpectSay("Press 1").
		Press("2").ExpectSay("Your card number").Press("1234#").ExpectSay("Speak after the beep").
		Speak(5 * time.Second).ExpectSay("We have 1 of your messages").Ended()

	// Hanging up in the middle, and calling again, begins anew.
	phone.CallTo(number).Press("2").ExpectSay("Your card number").HangUp()
	phone.CallTo(number).ExpectSay("Welcome").Press("2").Press("77#").Speak(2 * time.Second).ExpectSay("We have 2").Ended()

	caller := stored(t, srv, "+254710000001")
	if len(caller.Messages) != 2 || caller.Messages[0].Card != "1234" || caller.Messages[1].Card != "77" {
		t.Fatalf("the messages: %+v", caller.Messages)
	}
	if long, short := size(t, caller.Messages[0].URL), size(t, caller.Messages[1].URL); long <= short {
		t.Errorf("5 s are %d bytes, 2 s are %d", long, short)
	}
}

func TestSilence(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newIVR(srv.Config()))

	call := srv.Phone("+254710000001").CallTo(number).ExpectSay("Press 1")
	srv.Advance(10 * time.Second) // nothing is pressed
	call.ExpectSay("We did not hear a key").ExpectSay("Press 1")
	srv.Advance(10 * time.Second)
	call.ExpectSay("Good bye").Ended()

	call = srv.Phone("+254710000002").CallTo(number).Press("2").Press("1234#").ExpectSay("Speak")
	srv.Advance(10 * time.Second) // nothing is said
	call.ExpectSay("There was no message").Ended()
}

// stored gives what the app remembers of somebody, once it has answered all that it was told.
func stored(t *testing.T, srv *elariantest.Server, number string) (c Caller) {
	t.Helper()
	script, err := elarian.Connect(t.Context(), srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer script.Close()
	data, err := script.Customer(elarian.Cellular(number)).LeaseAppData(t.Context())
	if err == nil {
		err = data.Decode(&c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// size fetches a recording.
func size(t *testing.T, url string) int64 {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("fetch the recording: %s, %v", r.Status, err)
	}
	return n
}
