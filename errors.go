package elarian

import (
	"errors"
	"fmt"
)

// What can be wrong, for [errors.Is]. The error itself says which customer, which field, which limit.
var (
	// ErrRefused is every refusal of a command by the server; [errors.As] with a [*CommandError] has
	// the details. Unless it is also [ErrInternal], doing the same again gives the same answer.
	ErrRefused = errors.New("refused")
	// ErrUnauthorized: org, app, key or token are not accepted. Client and Simulator give up on it.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrNotFound: no customer has that id or secondary id, or what the command names does not exist.
	ErrNotFound = errors.New("not found")
	// ErrDecommissioned: another customer has adopted this customer id.
	ErrDecommissioned = errors.New("customer id is decommissioned")
	// ErrLimit: a key, a value or their number is over a limit. Nothing was changed.
	ErrLimit = errors.New("over a limit")
	// ErrInvalidRequest: a field is missing or impossible.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrSecondaryIDTaken: another customer holds the secondary id. Nothing was changed.
	ErrSecondaryIDTaken = errors.New("secondary id is taken")
	// ErrSameCustomer: a customer cannot adopt itself.
	ErrSameCustomer = errors.New("same customer")
	// ErrLease: a handler asked for the lease of the app data that its own notification holds. Use the
	// data that the handler was given.
	ErrLease = errors.New("app data is leased to this notification")
	// ErrRateLimited: too many commands of this app at once, until the context ended. A command that
	// the server cannot take yet is sent again by itself, after a pause.
	ErrRateLimited = errors.New("too many commands at once")
	// ErrInternal: the server failed. What the command wanted may be tried again.
	ErrInternal = errors.New("server failed")

	// ErrNoConsent: the customer has blocked the channel.
	ErrNoConsent = errors.New("no consent")
	// ErrNoSession: the channel carries messages only in a session, and there is none.
	ErrNoSession = errors.New("no session in progress")
	// ErrBusy: the customer is in a call already.
	ErrBusy = errors.New("in another call")
	// ErrInvalidChannel: the channel number is not one of the org's.
	ErrInvalidChannel = errors.New("invalid channel number")
	// ErrNotSupported: the channel cannot carry such a body, or the parties cannot pay each other.
	ErrNotSupported = errors.New("not supported")
	// ErrInvalidReplyToken: the reply token is wrong or its session over.
	ErrInvalidReplyToken = errors.New("invalid reply token")

	// ErrInsufficientFunds: more than what is available. Nothing was moved.
	ErrInsufficientFunds = errors.New("insufficient funds")
	// ErrInvalidPurse: the purse is not one of the org's.
	ErrInvalidPurse = errors.New("invalid purse")
	// ErrContradicts: the payment has a status that this one cannot follow, or another amount. Nothing was
	// changed.
	ErrContradicts = errors.New("contradicts what was said of the payment before")
	// ErrInvalidParty: a party of a payment is missing or impossible.
	ErrInvalidParty = errors.New("invalid counter party")

	// ErrClosed: the client was closed.
	ErrClosed = errors.New("client is closed")
	// ErrNoNumber: the customer has no number on the channel's provider, so there is nowhere to send to.
	ErrNoNumber = errors.New("customer has no number for this channel")
)

// codes are the server's error codes and the statuses of messages and payments with what they mean.
var codes = map[string]error{
	"not_found":                 ErrNotFound,
	"decommissioned":            ErrDecommissioned,
	"limit":                     ErrLimit,
	"invalid_request":           ErrInvalidRequest,
	"secondary_id_taken":        ErrSecondaryIDTaken,
	"same_customer":             ErrSameCustomer,
	"lease_inside_notification": ErrLease,
	"unauthorized":              ErrUnauthorized,
	"internal":                  ErrInternal,

	"no_consent":                  ErrNoConsent,
	"no_session_in_progress":      ErrNoSession,
	"other_session_in_progress":   ErrBusy,
	"invalid_channel_number":      ErrInvalidChannel,
	"not_supported":               ErrNotSupported,
	"invalid_reply_token":         ErrInvalidReplyToken,
	"invalid_customer_id":         ErrNotFound,
	"invalid_reply_to_message_id": ErrNotFound,
	"customer_number_not_found":   ErrNotFound,
	"tag_not_found":               ErrNotFound,
	"decommissioned_customerid":   ErrDecommissioned,
	"decommissioned_customer_id":  ErrDecommissioned,
	"application_error":           ErrInternal,

	"insufficient_funds":    ErrInsufficientFunds,
	"contradicts":           ErrContradicts,
	"invalid_purse":         ErrInvalidPurse,
	"invalid_counter_party": ErrInvalidParty,
}

// CommandError is the server's refusal of a command.
type CommandError struct {
	// Command is the method that was called, such as "UpdateTags".
	Command string
	// Customer is the customer as the command named them, or what else it was about, a tag or a payment,
	// say; empty where it names none.
	Customer string
	// Code says what is wrong for programs, such as "limit". For most codes there is an error value
	// for [errors.Is]. Empty where the server gave none.
	Code string
	// Description says what is wrong for people.
	Description string
}

func (e *CommandError) Error() string {
	s := "elarian: " + e.Command
	if e.Customer != "" {
		s += " of " + e.Customer
	}
	s += " refused"
	switch {
	case e.Description != "" && e.Code != "":
		s += fmt.Sprintf(": %s (%s)", e.Description, e.Code)
	case e.Description != "":
		s += ": " + e.Description
	case e.Code != "":
		s += ": " + e.Code
	}
	return s
}

// Is makes [errors.Is] find [ErrRefused] and the error of the code.
func (e *CommandError) Is(target error) bool {
	return target == ErrRefused || target != nil && codes[e.Code] == target
}
