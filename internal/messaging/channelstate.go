package messaging

import (
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
)

// ChannelState is how a customer's number and a channel number of the org stand to each other.
type ChannelState struct {
	Number    customer.Number `cbor:"1,keyasint"`
	Channel   ChannelNumber   `cbor:"2,keyasint"`
	AllowedAt time.Time       `cbor:"3,keyasint,omitzero"`
}

// Engage notes that the number and the channel have met; it says whether that is new.
func Engage(states []ChannelState, n customer.Number, ch ChannelNumber, now time.Time) ([]ChannelState, bool) {
	if slices.ContainsFunc(states, func(s ChannelState) bool { return s.Number == n && s.Channel == ch }) {
		return states, false
	}
	return append(states, ChannelState{Number: n, Channel: ch, AllowedAt: now}), true
}

// JoinStates adds the states of an adopted customer.
func JoinStates(own, other []ChannelState) []ChannelState {
	for _, o := range other {
		if !slices.ContainsFunc(own, func(s ChannelState) bool { return s.Number == o.Number && s.Channel == o.Channel }) {
			own = append(own, o)
		}
	}
	return own
}
