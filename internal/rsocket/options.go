package rsocket

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// Options are the limits of a connection, for servers and clients. Zero values mean the defaults given here.
type Options struct {
	// MaxPayload is the largest payload in bytes, sent or received, after reassembly. Default 1 MiB,
	// at most 15 MiB: the three-byte length of a TCP frame allows no more in one frame.
	MaxPayload int
	// MaxFrame is the largest frame that is sent, in bytes; larger payloads are sent in fragments.
	// Default 64 KiB, at least 64 bytes.
	MaxFrame int
	// MaxReassembly bounds the bytes of all unfinished fragmented payloads of one connection. Default 8 × MaxPayload.
	MaxReassembly int
	// MaxInFlight is how many requests of the peer may be unanswered on one connection; more are
	// answered with REJECTED. Default 1024.
	MaxInFlight int
	// SetupTimeout bounds TLS handshake, WebSocket upgrade, SETUP and Acceptor together. Default 10 s.
	SetupTimeout time.Duration
	// WriteQueue is how many bytes may wait to be written. A peer that lets its replies pile up
	// beyond it is cut off. Default 4 MiB, at least two payloads.
	WriteQueue int
	// WriteTimeout is how long the peer may take to accept up to 64 KiB. Default 10 s.
	WriteTimeout time.Duration
	// MinKeepAlive is the shortest keep-alive interval that a server accepts. Default 10 ms.
	MinKeepAlive time.Duration
	// ResumeTime is how long a session outlives its transport, at most the lifetime in its SETUP.
	// Default 60 s; negative: no resumption, and a server then runs such a SETUP as an ordinary one.
	ResumeTime time.Duration
	// ResumeBuffer bounds the bytes of sent frames that are kept until the peer has confirmed them.
	// A session that needs more is no longer resumable. Default 1 MiB.
	ResumeBuffer int
	// MaxDetached is how many sessions of a server may be without a transport at once. Default 4096.
	MaxDetached int
	// Resume makes a client ask for resumption: it then connects again by itself when a transport is lost.
	Resume bool
	// TLS is for clients: tls:// and wss:// targets. Nil means the system's roots and the host of the target.
	TLS *tls.Config
	// Logger gets what an operator may want to see, at level Debug. Nil means none.
	Logger *slog.Logger
}

const maxFrameLength = 1<<24 - 1

func (o Options) withDefaults() Options {
	setDefault(&o.MaxPayload, 1<<20)
	o.MaxPayload = min(o.MaxPayload, 15<<20)
	setDefault(&o.MaxFrame, 64<<10)
	o.MaxFrame = min(max(o.MaxFrame, 64), maxFrameLength)
	setDefault(&o.MaxReassembly, 8*o.MaxPayload)
	setDefault(&o.MaxInFlight, 1024)
	setDefault(&o.SetupTimeout, 10*time.Second)
	setDefault(&o.WriteQueue, 4<<20)
	o.WriteQueue = max(o.WriteQueue, 2*o.MaxPayload+(64<<10))
	setDefault(&o.WriteTimeout, 10*time.Second)
	setDefault(&o.MinKeepAlive, 10*time.Millisecond)
	setDefault(&o.ResumeTime, 60*time.Second)
	setDefault(&o.ResumeBuffer, 1<<20)
	setDefault(&o.MaxDetached, 4096)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
