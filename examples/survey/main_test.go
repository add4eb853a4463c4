package main

import (
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
)

func TestSurvey(t *testing.T) {
	const duration = 24 * time.Hour
	srv := elariantest.Start(t)
	manager := srv.Phone("+254710000009")
	client := newSurvey(srv.Config(), "+254710000009", duration)
	srv.Connect(client)

	says := func(phone *elariantest.Phone, text, answer string) {
		t.Helper()
		phone.SendSMS("83044", text)
		phone.ExpectSMS("83044", answer)
	}
	asha, juma, zuri := srv.Phone("+254710000001"), srv.Phone("+254710000002"), srv.Phone("+254710000003")
	for _, phone := range []*elariantest.Phone{asha, juma, zuri} {
		says(phone, "JOIN", "Thank you for joining.")
	}
	says(asha, "Ask Do you like me?", "Please answer with a number") // only the manager asks
	stranger := srv.Phone("+254710000004")
	says(stranger, "5", "Thank you") // is no member

	says(manager, "Ask How was your visit?", "The members are asked.")
	for _, phone := range []*elariantest.Phone{asha, juma, zuri} {
		phone.ExpectSMS("83044", "How was your visit? Answer with a number")
	}
	says(asha, "good", "Please answer with a number")
	says(asha, "4", "Thank you for your answer.")
	says(juma, "1", "Thank you for your answer.")
	says(juma, "5 Friendly people", "Thank you for your answer.") // in place of the first

	metadata, err := client.Customer(elarian.Cellular("+254710000002")).GetMetadata(t.Context())
	if err != nil || metadata["satisfaction"].Text() != "5" {
		t.Errorf("metadata of juma: %v, %v", metadata, err)
	}
	srv.Advance(duration)
	srv.Advance(counting)
	manager.ExpectSMS("83044", `How was your visit? 2 of 3 answered, 4.5 on average. They said: "Friendly people"`)

	// The next survey begins anew.
	says(manager, "ask And now?", "The members are asked.")
	zuri.ExpectSMS("83044", "And now?")
	srv.Advance(duration)
	srv.Advance(counting)
	manager.ExpectSMS("83044", "And now? None of 3 answered.")
	if got := len(manager.Messages()); got != 4 {
		t.Errorf("the manager has %d messages, want two answers and two summaries: %v", got, manager.Messages())
	}
}
