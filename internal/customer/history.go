package customer

import "time"

// Actor is who changed a customer.
type Actor struct {
	Kind string // "app", "phone", "operator" or "system"
	ID   string // the app's id, the number, the operator's name
}

// Entry is one line of a customer's append-only history. What is the name of the change, as
// "metadata.updated"; Detail is a short text for people that never holds a message's text.
type Entry struct {
	At     time.Time
	Actor  Actor
	What   string
	Detail string
}
