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
	// DecidedAt is when the customer last allowed or blocked, zero where nobody asked: AllowedAt is then
	// when they met.
	DecidedAt time.Time `cbor:"6,keyasint,omitzero"`
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

// SetConsent allows or blocks, as the customer has decided now.
func (s *ChannelState) SetConsent(allow bool, now time.Time) {
	switch {
	case !allow && !s.Blocked():
		s.BlockedAt = now
	case allow && (s.Blocked() || s.DecidedAt.IsZero()):
		s.AllowedAt, s.BlockedAt = now, time.Time{}
	}
	s.DecidedAt = now
}

// ImportConsent is a decision of the past, in whatever order they are brought in: the latest holds. It
// says whether this one is.
func (s *ChannelState) ImportConsent(allow bool, at time.Time) bool {
	if at.Before(s.DecidedAt) || at.Before(s.BlockedAt) || at.Equal(s.DecidedAt) && allow == !s.Blocked() {
		return false
	}
	if s.DecidedAt = at; allow {
		s.AllowedAt, s.BlockedAt = at, time.Time{}
	} else {
		s.BlockedAt = at
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
			if o.DecidedAt.After(s.DecidedAt) {
				s.DecidedAt = o.DecidedAt
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
