package command

import (
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// channel finds the org's channel that a command names. One that it has not is refused by the part of
// the name that is wrong.
func (c *Commands) channel(org string, n messaging.ChannelNumber) (store.MessagingChannel, *customer.Refusal) {
	found, ok := c.Directory().MessagingChannel(org, n)
	switch {
	case ok:
		return found, nil
	case n == messaging.ChannelNumber{}:
		return found, customer.Refuse(customer.InvalidRequest, "channel_number: missing")
	case !n.Channel.Known():
		return found, customer.Refuse(customer.InvalidRequest, "channel_number.channel: %d is no channel", int32(n.Channel))
	case n.Number == "":
		return found, customer.Refuse(customer.InvalidRequest, "channel_number.number: empty")
	}
	return found, customer.Refuse(customer.NotFound, "channel_number.number: %.80s is not a channel of this org", n.String())
}
