// Package elariantest runs a real server in the process, for tests of apps: empty, on free ports, with
// a sandbox as `elarian dev` makes it, phones to play customers with, and a clock that can be put forward.
//
//	func TestBooking(t *testing.T) {
//		srv := elariantest.Start(t)
//		client := elarian.New(srv.Config())
//		clinic.Handle(client) // the app's handlers
//		srv.Connect(client)
//
//		phone := srv.Phone("+254710000001")
//		phone.Dial("*83044#").Expect("Which day?").Type("24/12").Expect("See you on 24 December.").Ended()
//		srv.Advance(48 * time.Hour)
//		phone.ExpectSMS("83044", "Your visit is tomorrow.")
//	}
//
// The org's channels are those of `elarian dev`: SMS 83044 and TEST_SENDER_ID; USSD *83044#; voice, WhatsApp,
// Telegram and Messenger +254711621711; e-mail sandbox@elarian.test; mobile money and airtime 83044.
//
// Phones also react to messages ([Phone.React]), call and are called ([Phone.CallTo], [Phone.ExpectCall]), and pay
// and are paid by mobile money ([Phone.Pay], [Phone.ExpectPayment], [Phone.ExpectCheckout]).
package elariantest
