package main

import (
	"testing"

	"github.com/elarian-go/elarian/elariantest"
)

func TestHello(t *testing.T) {
	srv := elariantest.Start(t)
	srv.Connect(newApp(srv.Config()))
	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Expect("Hello +254710000001, visit 1.").Ended()
	phone.Dial("*83044#").Expect("visit 2.").Ended()
	phone.SendSMS("83044", "Hi")
	phone.ExpectSMS("83044", "You wrote: Hi")
}
