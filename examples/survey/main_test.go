package main

import (
	"fmt"
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
	says(asha, "4", "nothing is asked now")
	says(manager, "Hello", "Write Ask and your question.")

	says(manager, "Ask How was your visit?", "The members are asked.")
	for _, phone := range []*elariantest.Phone{asha, juma, zuri} {
		phone.ExpectSMS("83044", "How was your visit? Answer with a number")
	}
	says(asha, "good", "Please answer with a number")
	says(asha, "4", "Thank you for your answer.")
	says(juma, "1", "Thank you for your answer.")
	says(juma, "5 Friendly people", "Thank you for your answer.") // in place of the first
	says(manager, "How far?", "How was your visit? 2 answered")

	metadata, err := client.Customer(elarian.Cellular("+254710000002")).GetMetadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var answer Answer
	if err := metadata["survey"].Decode(&answer); err != nil || answer != (Answer{"How was your visit?", 5, "Friendly people"}) {
		t.Errorf("the metadata: %+v, %v", answer, err)
	}
	srv.Advance(duration)
	manager.ExpectSMS("83044", "How was your visit? 2 answered, 4.5 on average.\n5: 1\n4: 1\n3: 0\n2: 0\n1: 0")
	says(zuri, "3", "nothing is asked now") // too late

	// The next survey begins anew.
	says(manager, "ask And now?", "The members are asked.")
	zuri.ExpectSMS("83044", "And now?")
	srv.Advance(duration)
	manager.ExpectSMS("83044", "And now? Nobody has answered.")
}

// Answers that come at the same time are all counted.
func TestManyAnswers(t *testing.T) {
	const members = 20
	srv := elariantest.Start(t)
	manager := srv.Phone("+254710000009")
	srv.Connect(newSurvey(srv.Config(), "+254710000009", time.Hour))
	manager.SendSMS("83044", "Ask How are you?")
	manager.ExpectSMS("83044", "The members are asked.")

	var phones []*elariantest.Phone
	for i := range members {
		phone := srv.Phone(fmt.Sprintf("+2547200000%02d", i))
		phone.SendSMS("83044", "4")
		phones = append(phones, phone)
	}
	for _, phone := range phones {
		phone.ExpectSMS("83044", "Thank you for your answer.")
	}
	srv.Advance(time.Hour)
	manager.ExpectSMS("83044", "20 answered, 4.0 on average.")
}
