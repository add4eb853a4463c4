package messaging

import (
	"slices"
	"time"
)

// Reaction is what a customer did with a message; Kind is the wire's MessageReaction.
type Reaction struct {
	Kind ReactionKind `cbor:"1,keyasint"`
	At   time.Time    `cbor:"2,keyasint"`
}

// ReactionKind is what a reaction is; the values are the wire's.
type ReactionKind int32

// The reactions.
const (
	Clicked      ReactionKind = 100
	Unsubscribed ReactionKind = 200
	Complained   ReactionKind = 201
)

// String is the reaction as the published clients name it.
func (k ReactionKind) String() string {
	switch k {
	case Clicked:
		return "clicked"
	case Unsubscribed:
		return "unsubscribed"
	case Complained:
		return "complained"
	}
	return "unspecified"
}

// Known says whether there is such a reaction.
func (k ReactionKind) Known() bool { return k == Clicked || k.Blocks() }

// Blocks says whether the customer wants no more messages.
func (k ReactionKind) Blocks() bool { return k == Unsubscribed || k == Complained }

// maxReactions is how many reactions a message keeps: the latest to come.
const maxReactions = 64

// React notes a reaction.
func (m *Message) React(r Reaction) {
	m.Reactions = append(m.Reactions[max(0, len(m.Reactions)-maxReactions+1):], r)
}

// ReactOnce notes an imported reaction; it says whether it is news.
func (m *Message) ReactOnce(r Reaction) bool {
	if slices.ContainsFunc(m.Reactions, func(old Reaction) bool { return old.Kind == r.Kind && old.At.Equal(r.At) }) {
		return false
	}
	m.React(r)
	return true
}
