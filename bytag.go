package elarian

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

// The fields of AppToServerCommand's oneof.
const (
	fieldAddCustomerReminderTag    protowire.Number = 6
	fieldCancelCustomerReminderTag protowire.Number = 8
	fieldSendMessageTag            protowire.Number = 19
)

// SendMessageByTag sends a body to all customers that have the tag now, key and value: Tag.ExpiresAt
// is not read. It returns as soon as the server has noted that, with the id of the work: "el_wrk_…".
// The server does it in the background, each customer once, also when it is restarted meanwhile; `elarian
// work list` shows how far it is. A channel may be set up to take so many a second only.
//
// What comes of each message is told to [Client.OnMessageStatus]: [MessageSent], and what follows;
// [MessageNoConsent] from those who have blocked the channel; [MessageCustomerNumberNotFound] from
// those who have no number on it. Of several numbers it takes the one that was last used on the channel.
//
// A channel number that is not the org's is [ErrInvalidChannel]; a body that is empty, or that the
// channel cannot carry, is [ErrInvalidRequest] or [ErrNotSupported]; no tag is [ErrInvalidRequest].
func (c *Client) SendMessageByTag(ctx context.Context, tag Tag, from MessagingChannelNumber, body Body) (workID string, err error) {
	return c.byTag(ctx, "SendMessageByTag", fieldSendMessageTag, tag, &pb.SendMessageTagCommand{
		Tag: tag.mapping(), ChannelNumber: from.proto(), Message: outboundMessage(body),
	})
}

// AddCustomerReminderByTag sets a reminder of all customers that have the tag now. It works as
// [Client.SendMessageByTag] and [Customer.AddReminder] do; each reminder comes with the tag and the id
// of the work.
func (c *Client) AddCustomerReminderByTag(ctx context.Context, tag Tag, r Reminder) (workID string, err error) {
	return c.byTag(ctx, "AddCustomerReminderByTag", fieldAddCustomerReminderTag, tag, &pb.AddCustomerReminderTagCommand{
		Tag: tag.mapping(), Reminder: r.proto(),
	})
}

// CancelCustomerReminderByTag takes the reminder with this key from all customers that have the tag
// now. It works as [Client.SendMessageByTag] does.
func (c *Client) CancelCustomerReminderByTag(ctx context.Context, tag Tag, key string) (workID string, err error) {
	return c.byTag(ctx, "CancelCustomerReminderByTag", fieldCancelCustomerReminderTag, tag, &pb.CancelCustomerReminderTagCommand{
		Tag: tag.mapping(), Key: key,
	})
}

// String shows the tag as "key=value".
func (t Tag) String() string { return fmt.Sprintf("%s=%s", t.Key, t.Value) }

func (t Tag) mapping() *pb.IndexMapping { return mapping(t.Key, t.Value) }

func (c *Client) byTag(ctx context.Context, name string, field protowire.Number, tag Tag, fields proto.Message) (workID string, err error) {
	cmd := &command{name: name, field: field, about: tag, fields: fields}
	reply, err := c.link.do(ctx, cmd)
	if err != nil {
		return "", err
	}
	work := reply.GetTagCommand()
	return work.GetWorkId().GetValue(), cmd.check(work, work != nil)
}
