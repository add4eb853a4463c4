package js_test

import (
	"testing"

	"github.com/elarian-go/elarian"
)

// A program as people wrote them for the original service runs as it is, with nothing but its
// environment; people with phones use it, and a program in Go reads what it has stored.
func TestProgramOfTheOriginalService(t *testing.T) {
	for _, v := range variants {
		if v.transport != "tls" {
			continue // the client on Node knows nothing else
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, v.store(t)...)
			asha, baraka, chebet := srv.Phone("+254710000001"), srv.Phone("+254710000002"), srv.Phone("+254710000003")
			chebet.SendSMS("83044", "Any news of my balance?") // while the program is away

			out := background(t, node(t.Context(), srv.Env(), "programs/loans.js"))
			out.expect(t, "App is running! Dial *83044#")
			chebet.ExpectSMS("83044", "You owe us nothing.")

			menu := asha.Dial("*83044#").Expect("Welcome to MoBank!").Type("1").Expect("what is your name?")
			baraka.Dial("*83044#").Expect("Welcome to MoBank!").Type("2").Expect("Happy Coding!").Ended()
			menu.Type("Asha").Expect("Okay Asha, how much do you need?").Type("5000").Expect("Awesome! Asha").Ended()
			asha.ExpectSMS("83044", "Your loan of KES 5000 has been approved!")
			out.expect(t, ": delivered")

			asha.SendSMS("83044", "What is my balance?")
			asha.ExpectSMS("83044", "Hey Asha, you still owe KES 5000.")
			baraka.SendSMS("83044", "balance")
			baraka.ExpectSMS("83044", "You owe us nothing.")

			expectStored(t, srv.Config(), elarian.Cellular("+254710000001"))
		})
	}
}

func expectStored(t *testing.T, config elarian.Config, number elarian.CustomerNumber) {
	t.Helper()
	client, err := elarian.Connect(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	state, err := client.Customer(number).GetState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var balance float64
	for key, into := range map[string]any{"name": &name, "balance": &balance} {
		if err := state.Identity.Metadata[key].Decode(into); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if name != "Asha" || balance != 5000 {
		t.Errorf("name %q, balance %v", name, balance)
	}
	if tag := state.Tags()["has-loan"]; tag != "yes" {
		t.Errorf("the tag is %q", tag)
	}
}
