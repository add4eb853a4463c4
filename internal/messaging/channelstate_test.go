package messaging

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
)

// TestTheLatestDecisionHolds: decisions that are made and ones that are imported, in any order, whenever the
// customer and the channel met.
func TestTheLatestDecisionHolds(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		now := start.Add(time.Hour)
		states := Engage(nil, customer.Number{Number: "1"}, ChannelNumber{Channel: SMS, Number: "2"}, now)
		s := &states[0]
		allowed, latest := true, time.Time{}
		for range rapid.IntRange(0, 20).Draw(t, "decisions") {
			allow := rapid.Bool().Draw(t, "allow")
			if rapid.Bool().Draw(t, "made now") {
				now = now.Add(time.Minute)
				s.SetConsent(allow, now)
				allowed, latest = allow, now
			} else {
				at := start.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "at")) * time.Minute)
				if at.After(now) {
					continue
				}
				news := s.ImportConsent(allow, at)
				if want := !at.Before(latest) && (at.After(latest) || allow != allowed); news != want {
					t.Fatalf("an import of %v is news: %v, after %v", at, news, latest)
				}
				if news {
					allowed, latest = allow, at
				}
			}
			if s.Blocked() == allowed {
				t.Fatalf("blocked %v, the latest decision was to allow: %v", s.Blocked(), allowed)
			}
			if at := s.BlockedAt; s.Blocked() && at.After(latest) {
				t.Fatalf("blocked at %v, after the decision of %v", at, latest)
			}
		}
	})
}

// The stricter consent wins, and what is imported after an adoption is measured by the later decision.
func TestJoinedDecisions(t *testing.T) {
	at := func(hours int) time.Time { return time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC) }
	n, ch := customer.Number{Number: "1"}, ChannelNumber{Channel: SMS, Number: "2"}
	for _, swap := range []bool{false, true} {
		blocked, allowed := ChannelState{Number: n, Channel: ch}, ChannelState{Number: n, Channel: ch}
		blocked.SetConsent(false, at(1))
		allowed.SetConsent(true, at(3))
		own, other := []ChannelState{blocked}, []ChannelState{allowed}
		if swap {
			own, other = other, own
		}
		s := &JoinStates(own, other)[0]
		if !s.Blocked() || s.ImportConsent(true, at(2)) || !s.ImportConsent(true, at(4)) || s.Blocked() {
			t.Errorf("swapped %v: %+v", swap, s)
		}
	}
}
