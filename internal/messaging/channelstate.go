package messaging

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// ChannelState is how a customer's number and a channel number of the org stand to each other:
// exactly one of blocked, in session and active.
type ChannelState struct {
	Number    customer.Number `cbor:"1,keyasint"`
	Channel   ChannelNumber   `cbor:"2,keyasint"`
	AllowedAt time.Time       `cbor:"3,keyasint,omitzero"`
	BlockedAt time.Time       `cbor:"4,keyasint,omitzero"` // zero: allowed
	Session   *Session        `cbor:"5,keyasint,omitempty"`
}

// Blocked says whether nothing may be sent to the customer on the channel.
func (s *ChannelState) Blocked() bool { return !s.BlockedAt.IsZero() }

// State finds how a number and a channel stand to each other, nil where they have not met.
func State(states []ChannelState, n customer.Number, ch ChannelNumber) *ChannelState {
	i := slices.IndexFunc(states, func(s ChannelState) bool { return s.Number == n && s.Channel == ch })
	if i < 0 {
		return nil
	}
	return &states[i]
}

// Engage notes that the number and the channel have met. Nobody asked is allowed.
func Engage(states []ChannelState, n customer.Number, ch ChannelNumber, now time.Time) []ChannelState {
	if State(states, n, ch) != nil {
		return states
	}
	return append(states, ChannelState{Number: n, Channel: ch, AllowedAt: now})
}

// CloneStates copies states so that changes of the copy do not show in the original.
func CloneStates(states []ChannelState) []ChannelState {
	c := slices.Clone(states)
	for i := range c {
		if c[i].Session != nil {
			session := *c[i].Session
			session.Apps = slices.Clone(session.Apps)
			if session.Call != nil {
				session.Call = session.Call.clone()
			}
			c[i].Session = &session
		}
	}
	return c
}

// SetConsent allows or blocks; it says whether that changed anything.
func (s *ChannelState) SetConsent(allow bool, now time.Time) bool {
	if allow == !s.Blocked() {
		return false
	}
	if allow {
		s.AllowedAt, s.BlockedAt = now, time.Time{}
	} else {
		s.BlockedAt = now
	}
	return true
}

// JoinStates adds the states of an adopted customer. For the same channel the stricter consent wins,
// whichever of the numbers it was given for.
func JoinStates(own, other []ChannelState) []ChannelState {
	joined := CloneStates(own)
	for _, o := range CloneStates(other) {
		if s := State(joined, o.Number, o.Channel); s != nil {
			if s.Session == nil {
				s.Session = o.Session
			}
			if o.Blocked() && !s.Blocked() {
				s.BlockedAt = o.BlockedAt
			}
			continue
		}
		joined = append(joined, o)
	}
	for i := range joined {
		for _, s := range slices.Concat(own, other) {
			if s.Channel == joined[i].Channel && s.Blocked() && !joined[i].Blocked() {
				joined[i].BlockedAt = s.BlockedAt
			}
		}
	}
	return joined
}
