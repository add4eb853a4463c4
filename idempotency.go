package elarian

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

type idempotencyContext struct{}

// WithIdempotencyKey gives the next command that is called with the context a key of your own, an
// order number, say. The same key from the same app within 24 h answers with the first reply and
// does nothing again, also after your program was started again. Without it each call of a command
// that changes something has a key of its own, which protects it where the connection is lost.
//
// Use the context for one command: a second one with the same key does nothing.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyContext{}, key)
}

func idempotencyKey(ctx context.Context) string {
	if key, ok := ctx.Value(idempotencyContext{}).(string); ok {
		return key
	}
	return newIdempotencyKey(time.Now())
}

// newIdempotencyKey is milliseconds and 64 random bits in hex: keys sort by time, so that the
// server's index grows at its end.
func newIdempotencyKey(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli()))
	binary.BigEndian.PutUint64(raw[8:], rand.Uint64())
	var out [28]byte
	hex.Encode(out[:], raw[2:])
	return string(out[:])
}
