// Package servertest runs the whole server for the tests of its parts: on either database, with raw
// connections that say exactly what a test wants said, and a clock that tests put forward.
//
//	servertest.Each(t, func(t *testing.T, store string) {
//		srv := servertest.Start(t, store)
//		app := srv.App(t)
//		reply := app.Do(t, servertest.CreateCustomer("+254710000001"))
//		n := app.Next(t)
//		n.Answer(servertest.DataUpdate("seen"))
//	})
package servertest
