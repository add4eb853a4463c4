package server

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/command"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/socket"
	"github.com/elarian-go/elarian/internal/store"
)

// Config is all that a server is told; Store, Socket, HTTP and TLS have to be set.
type Config struct {
	Store string // postgres://…, or the path of a SQLite file

	Socket string // address of the TLS socket, as localhost:8443; port 0 is a free one
	HTTP   string // address of HTTP and WebSocket
	// PublicURL is where others reach HTTP, as https://elarian.example; of recordings. Default is the
	// address that is listened on.
	PublicURL string
	TLS       *tls.Config
	// InsecurePlainSocket serves the socket without TLS: keys and customers' data can be read on the way.
	InsecurePlainSocket bool

	Log   *slog.Logger // nil: none
	Clock *clock.Clock // nil: the wall's

	Limits            customer.Limits // of what a customer may hold
	TokenLifetime     time.Duration   // of auth tokens; 1 h
	CommandsPerSecond float64         // of an app; 0: no bound
	StateCache        int             // bytes; 64 MiB
	Delivery          outbox.Options
	RSocket           rsocket.Options
	Retention         store.Retention // how long things are kept; for ever
	Failures          int             // refused attempts of one address at once; 20
	FailureEvery      time.Duration   // one more of them; 1 s
	ShutdownTime      time.Duration   // for what is in hand; 10 s
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	if c.ShutdownTime == 0 {
		c.ShutdownTime = 10 * time.Second
	}
	c.Delivery = c.Delivery.WithDefaults()
	c.RSocket.Logger = c.Log
	return c
}

func (c Config) command() command.Options {
	return command.Options{MaxReply: c.RSocket.MaxPayload, Limits: c.Limits, TokenLifetime: c.TokenLifetime, StateCache: c.StateCache}
}

func (c Config) socket() socket.Options {
	return socket.Options{CommandsPerSecond: c.CommandsPerSecond, Failures: c.Failures, FailureEvery: c.FailureEvery, RSocket: c.RSocket}
}
