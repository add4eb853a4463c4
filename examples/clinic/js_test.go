package main

import (
	"testing"
	"time"

	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testnode"
)

// What was booked with the app in Go, the one in JavaScript knows, and reminds of.
func TestSameCustomersInJavaScript(t *testing.T) {
	srv := elariantest.Start(t)
	inGo := newClinic(srv.Config())
	srv.Connect(inGo)
	day := srv.Now().UTC().AddDate(0, 0, 3)
	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Type("1").Type(day.Format("2/1")).Expect("See you on").Ended()
	if err := inGo.Close(); err != nil {
		t.Fatal(err)
	}

	testnode.Start(t, srv.Env(), "app.js", "The clinic is open")
	phone.Dial("*83044#").Type("2").Expect("You have an appointment on " + day.Format(time.DateOnly)).Ended()
	srv.Advance(3 * 24 * time.Hour)
	phone.ExpectSMS("83044", "Do not forget your appointment on "+day.Format(time.DateOnly))

	// Booked with the app in JavaScript, whose clock is the wall's.
	other := srv.Phone("+254710000002")
	later := day.AddDate(0, 0, 4)
	other.Dial("*83044#").Type("1").Type(later.Format("2/1")).Expect("See you on " + later.Format(time.DateOnly)).Ended()
	srv.Advance(4 * 24 * time.Hour)
	other.ExpectSMS("83044", "Do not forget your appointment on "+later.Format(time.DateOnly))
}
