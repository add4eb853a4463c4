package rsocket

import (
	"errors"
	"fmt"
)

// ErrorCode is the code of an ERROR frame.
type ErrorCode uint32

// The codes of RSocket 1.0. The first six belong to the connection (stream 0), the others to one request.
const (
	InvalidSetup     ErrorCode = 0x001
	UnsupportedSetup ErrorCode = 0x002
	RejectedSetup    ErrorCode = 0x003
	RejectedResume   ErrorCode = 0x004
	ConnectionError  ErrorCode = 0x101
	ConnectionClose  ErrorCode = 0x102
	ApplicationError ErrorCode = 0x201
	Rejected         ErrorCode = 0x202
	Canceled         ErrorCode = 0x203
	Invalid          ErrorCode = 0x204
)

var codeNames = map[ErrorCode]string{
	InvalidSetup: "INVALID_SETUP", UnsupportedSetup: "UNSUPPORTED_SETUP", RejectedSetup: "REJECTED_SETUP",
	RejectedResume: "REJECTED_RESUME", ConnectionError: "CONNECTION_ERROR", ConnectionClose: "CONNECTION_CLOSE",
	ApplicationError: "APPLICATION_ERROR", Rejected: "REJECTED", Canceled: "CANCELED", Invalid: "INVALID",
}

// String gives the name that the protocol uses, such as REJECTED_SETUP.
func (c ErrorCode) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("ERROR 0x%08x", uint32(c))
}

// Error is an ERROR frame: what the peer answered to a request or said about the connection, or
// what is to be told to the peer. Text is UTF-8.
type Error struct {
	Code ErrorCode
	Text string
}

func (e *Error) Error() string {
	if e.Text == "" {
		return "rsocket: " + e.Code.String()
	}
	return "rsocket: " + e.Code.String() + ": " + e.Text
}

// Errors that do not come from an ERROR frame. Use [errors.Is].
var (
	// ErrClosed: this side closed the connection.
	ErrClosed = errors.New("rsocket: connection closed")
	// ErrLost: the transport ended without an ERROR frame. Whether a request in flight was
	// executed is not known.
	ErrLost = errors.New("rsocket: connection lost")
	// ErrTooLarge: the payload is larger than Options.MaxPayload. Nothing was sent.
	ErrTooLarge = errors.New("rsocket: payload too large")
	// ErrQueueFull: the peer does not read as fast as this side sends. Nothing was sent; try again later.
	ErrQueueFull = errors.New("rsocket: write queue full")
	// ErrServerClosed is what Serve returns after Shutdown.
	ErrServerClosed = errors.New("rsocket: server closed")
)

func connectionError(format string, args ...any) *Error {
	return &Error{Code: ConnectionError, Text: fmt.Sprintf(format, args...)}
}
