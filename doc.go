// Package elarian is the Go SDK of Elarian: apps that talk with people by SMS, USSD, voice, WhatsApp,
// Telegram, Messenger and e-mail, remember who they talk with, and pay and are paid by mobile money.
//
// An app makes a client, sets its handlers, and runs:
//
//	client := elarian.New(elarian.ConfigFromEnv())
//	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, b *Booking) (elarian.Menu, error) {
//		…
//	})
//	err := client.Run(ctx)
//
// A script connects, sends commands and closes:
//
//	client, err := elarian.Connect(ctx, elarian.ConfigFromEnv())
//	defer client.Close()
//	err = client.Customer(elarian.Cellular("+254710000001")).UpdateTags(ctx, elarian.Tag{Key: "plan", Value: "gold"})
//
// # Commands
//
// Every command takes a context, which says how long it may take; without a deadline that is
// Config.Timeout. It waits for a connection where there is none. A command that changes something
// carries an idempotency key ([WithIdempotencyKey]) and is sent again when its connection is lost
// before the reply, and acts once.
//
// What the server refuses is a [*CommandError]: [errors.Is] finds [ErrRefused] in it and the error
// of its kind, such as [ErrLimit]. Every other error means that the outcome is not known, or that
// nothing was sent.
//
// # Handlers
//
// Handlers are set before the client connects. Each notification has the customer and the app's data
// about them; what the handler returns, and the data it has changed, go back in one step. The server
// gives the notifications of one customer one after the other, each at least once: a handler that
// fails gets its notification again. Handlers of different customers run at the same time.
//
// # Money
//
// Amounts are [Cash], exact, made from text or whole minor units: KES("100.50"). [Client.InitiatePayment]
// moves one from a [Party] to another: the org's purses, customers' wallets and mobile money, other
// people's paybills. With [WithIdempotencyKey] and an order number of your own each order is paid once,
// whatever fails and is started again.
//
// # The reference's names
//
// In the order of the reference.
//
//	Elarian(config)                     New
//	elarian.connect()                   Client.Connect, Client.Run
//	elarian.disconnect()                Client.Close
//	Elarian.newInstance(config)         Connect
//	elarian.on(event, handler)          OnUSSD, OnUSSDEnd (ussdSession), OnVoice, OnVoiceEnd (voiceCall),
//	                                    OnSMS (receivedSms), OnWhatsApp,
//	                                    OnTelegram, OnMessenger, OnEmail, Client.OnMessageStatus,
//	                                    Client.OnCustomerActivity, Client.OnReminder,
//	                                    Client.OnMessagingConsentUpdate, Client.OnSentMessageReaction,
//	                                    Client.OnMessagingSessionStarted, …Renewed, …Ended,
//	                                    Client.OnReceivedPayment, Client.OnPaymentStatus,
//	                                    Client.OnPursePaymentStatus (paymentStatus with a purse id)
//	elarian.generateAuthToken()         Client.GenerateAuthToken
//	elarian.sendMessageByTag(…)         Client.SendMessageByTag
//	elarian.addCustomerReminderByTag(…) Client.AddCustomerReminderByTag
//	elarian.cancelCustomerReminderByTag(…)
//	                                    Client.CancelCustomerReminderByTag
//	elarian.initiatePayment(…)          Client.InitiatePayment; the parties are Purse, Customer.Wallet,
//	                                    Customer.Account and ChannelAccount, the value is Cash
//	new Customer(params)                Client.Customer, Client.CreateCustomer
//	customer.getState()                 Customer.GetState
//	customer.adoptState(other)          Customer.AdoptState
//	customer.updateTag(tags)            Customer.UpdateTags, Customer.GetTags
//	customer.deleteTag(tags)            Customer.DeleteTags
//	customer.updateSecondaryId(ids)     Customer.UpdateSecondaryIDs, Customer.GetSecondaryIDs
//	customer.deleteSecondaryId(ids)     Customer.DeleteSecondaryIDs
//	customer.addReminder(reminder)      Customer.AddReminder
//	customer.cancelReminder(key)        Customer.CancelReminder
//	customer.updateMetadata(metadata)   Customer.UpdateMetadata, Customer.GetMetadata
//	customer.deleteMetadata(keys)       Customer.DeleteMetadata
//	customer.updateAppData(data)        Customer.UpdateAppData
//	customer.leaseAppData()             Customer.LeaseAppData
//	customer.deleteAppData()            Customer.DeleteAppData
//	customer.sendMessage(channel, body) Customer.SendMessage
//	customer.makeVoiceCall(channel, …)  Customer.MakeVoiceCall
//	customer.replyToMessage(id, body)   Customer.ReplyToMessage
//	customer.updateMessagingConsent(…)  Customer.UpdateMessagingConsent
//	customer.updateActivity(channel, …) Customer.UpdateActivity
//	elarian.replayReceivedMessage(…)    Client.ReplayReceivedMessage, ReplaySentMessage,
//	                                    ReplayMessageStatusUpdate, ReplayMessageReactionUpdate,
//	                                    ReplayMessagingSession, ReplayMessagingConsentUpdate
//	elarian.replayPayment(…)            Client.ReplayPayment, ReplayPaymentStatusUpdate
//	DeleteCustomer                      Customer.Delete
//	Simulator(config)                   NewSimulator
//	Simulator.newInstance(config)       ConnectSimulator
//	simulator.receiveMessage(…)         Simulator.ReceiveMessage
//	simulator.receivePayment(…)         Simulator.ReceivePayment
//	simulator.updatePaymentStatus(…)    Simulator.UpdatePaymentStatus
//	simulator.on("sendMessage", …)      Simulator.OnSendMessage
//	simulator.on("makeVoiceCall", …)    Simulator.OnCall
//	simulator.on(event, …)              Simulator.OnSendCustomerPayment, OnSendChannelPayment,
//	                                    OnCheckoutPayment
package elarian
