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
// Phones also call and are called ([Phone.CallTo], [Phone.ExpectCall]), and pay and are paid by mobile money
// ([Phone.Pay], [Phone.ExpectPayment], [Phone.ExpectCheckout]).
package elariantest
