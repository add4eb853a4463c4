package main

import (
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

func TestClinic(t *testing.T) {
	srv := elariantest.Start(t)
	t.Setenv("SMS_SHORT_CODE", "83044")
	srv.Connect(newClinic(srv.Config()))
	day := srv.Now().UTC().AddDate(0, 0, 3)

	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Expect("Welcome to Afya Clinic").Type("2").Expect("You have no appointment.").Ended()
	phone.Dial("*83044#").Type("9").Expect("There is no 9.").Type("1").Expect("Which day?").
		Type("tomorrow").Expect("That is no day.").
		Type(day.Format("2/1")).Expect("See you on " + day.Format("2 January")).Ended()
	phone.ExpectSMS("83044", "Your appointment is on "+day.Format(time.DateOnly))
	phone.Dial("*83044#").Type("2").Expect("You have an appointment on " + day.Format(time.DateOnly)).Ended()

	// Hanging up in the middle, and dialling again, begins anew.
	phone.Dial("*83044#").Type("1").Expect("Which day?").HangUp()
	phone.Dial("*83044#").Expect("Welcome to Afya Clinic").HangUp()

	// Booked again: there is one reminder, of the later day, when that comes.
	later := day.AddDate(0, 0, 4)
	phone.Dial("*83044#").Type("1").Type(later.Format("2/1")).Expect("See you on " + later.Format("2 January")).Ended()
	srv.Advance(7 * 24 * time.Hour)
	phone.ExpectSMS("83044", "Do not forget your appointment on "+later.Format(time.DateOnly))
	for _, m := range phone.Messages() {
		if text, _ := m.Message.Body.(elarian.Text); text == elarian.Text("Do not forget your appointment on "+day.Format(time.DateOnly)+".") {
			t.Errorf("reminded of the first day too")
		}
	}

	phone.SendSMS("83044", "Hi")
	phone.ExpectSMS("83044", "You wrote: Hi. Dial *83044#")
}
