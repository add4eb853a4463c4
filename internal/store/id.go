package store

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// The prefixes of the ids that we make; an id of time is the prefix and 32 hex digits: milliseconds
// since 1970 (12), a count within the process (4), and 64 random bits. Such ids sort by time.
const (
	customerPrefix = "el_cst_"
	messagePrefix  = "el_msg_"
	sessionPrefix  = "el_ses_"
	workPrefix     = "el_wrk_"
	paymentPrefix  = "el_txn_"

	referencePrefix = "el_ref_" // and a random part: what stays of a customer who was erased
)

// ids makes ids. Numbers (of history, outbox and timer rows) have 41 bits of milliseconds since
// 2020, 10 of the process and 12 of a count, so that they grow, and processes do not collide.
type ids struct {
	mu      sync.Mutex
	process int64
	last    int64
	lastMS  int64
	count   uint16 // of texts in lastMS
	past    uint16 // of texts for other times
}

var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func newIDs() *ids {
	var b [2]byte
	_, _ = rand.Read(b[:])
	return &ids{process: int64(b[0])<<2 | int64(b[1])&3}
}

// number gives the next number at now; where one millisecond needs more than 4,096 it runs ahead.
func (g *ids) number(now time.Time) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := (now.UnixMilli() - epoch) << 22
	if next <= g.last {
		next = g.last&^(1<<22-1) | g.last&(1<<12-1)
		if next++; next&(1<<12-1) == 0 {
			next += 1<<22 - 1<<12
		}
	}
	g.last = next
	return next&^(1<<22-1) | g.process<<12 | next&(1<<12-1)
}

// text gives an id of time with a prefix.
func (g *ids) text(prefix string, now time.Time) string {
	g.mu.Lock()
	switch ms := now.UnixMilli(); {
	case ms > g.lastMS:
		g.lastMS, g.count = ms, 0
	default:
		if g.count++; g.count == 0 {
			g.lastMS++ // more than 65,536 in a millisecond run ahead
		}
	}
	ms, count := g.lastMS, g.count
	g.mu.Unlock()
	return idOf(prefix, ms, count)
}

// textAt gives an id for what happened at another time, among whose ids it sorts.
func (g *ids) textAt(prefix string, at time.Time) string {
	g.mu.Lock()
	g.past++
	count := g.past
	g.mu.Unlock()
	return idOf(prefix, at.UnixMilli(), count)
}

func idOf(prefix string, ms int64, count uint16) string {
	var b [16]byte
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6], b[7] = byte(count>>8), byte(count)
	_, _ = rand.Read(b[8:])
	out := make([]byte, len(prefix)+32)
	copy(out, prefix)
	hex.Encode(out[len(prefix):], b[:])
	return string(out)
}

// idBefore sorts before all ids of the prefix made at t or later.
func idBefore(prefix string, t time.Time) string {
	return fmt.Sprintf("%s%012x", prefix, t.UnixMilli())
}

// NewID gives a random id for things that are few, as el_org_ and 16 letters and digits.
func NewID(prefix string) string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	var b [16]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return prefix + string(b[:])
}

// NewSecret gives a prefix and 64 hex digits that nobody can guess.
func NewSecret(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}

// millis and fromMillis are how times are kept; 0 is the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// idTime is before all ids of time made at t or later, and after all made earlier.
func idTime(prefix string, t time.Time) string { return fmt.Sprintf("%s%012x", prefix, t.UnixMilli()) }
