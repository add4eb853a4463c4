package rsocket

import (
	"net"
	"time"
)

// transport carries whole frames. One goroutine reads, one writes; Abort may come from any.
type transport interface {
	// ReadFrame returns the next frame, valid until the next call. A frame that is longer than the
	// limit is consumed without being kept: it comes cut to its header, size says how long it was.
	ReadFrame() (frame []byte, size int, err error)
	// SetLimit bounds the frames that ReadFrame returns whole, in bytes.
	SetLimit(n int)
	// SetReadDeadline ends reads at t; the zero time means never.
	SetReadDeadline(t time.Time)
	// LastRead is when bytes last arrived.
	LastRead() time.Time
	// Write sends frames, each after its three-byte length, giving the peer timeout for each 64 KiB.
	Write(frames []byte, timeout time.Duration) error
	// Finish says that nothing more will be written; ReadFrame goes on until the peer closes too or at the deadline.
	Finish(deadline time.Time)
	// Abort closes at once and ends reads and writes.
	Abort()
	RemoteAddr() net.Addr
	// Kind is tcp, tls, ws or wss.
	Kind() string
}

// writeChunk is what one write deadline covers.
const writeChunk = 64 << 10
