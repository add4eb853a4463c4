package command

import (
	"errors"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Commands by tag are answered at once with the id of a work, which is done in the background.

func (c *Commands) sendMessageTag(r *appRequest, m *pb.SendMessageTagCommand) {
	c.addWork(r, "send_message_tag", m.Tag, func(w *store.Work) error {
		w.Kind, w.Channel, w.Message = store.SendMessageWork, channelOf(m.ChannelNumber), outboundOf(m.Message)
		return c.checkBroadcast(w)
	})
}

func (c *Commands) addCustomerReminderTag(r *appRequest, m *pb.AddCustomerReminderTagCommand) {
	c.addWork(r, "add_customer_reminder_tag", m.Tag, func(w *store.Work) (err error) {
		w.Kind = store.AddReminderWork
		if w.Reminder, err = c.reminderOf(m.Reminder); err == nil {
			w.Key = w.Reminder.Key
		}
		return err
	})
}

func (c *Commands) cancelCustomerReminderTag(r *appRequest, m *pb.CancelCustomerReminderTagCommand) {
	c.addWork(r, "cancel_customer_reminder_tag", m.Tag, func(w *store.Work) error {
		w.Kind, w.Key = store.CancelReminderWork, m.Key
		return c.options.Limits.CheckReminderKey(m.Key)
	})
}

// addWork checks what can be checked before, and stores the work.
func (c *Commands) addWork(r *appRequest, name string, tag *pb.IndexMapping, fill func(*store.Work) error) {
	r.name = name
	w := store.Work{Org: r.Caller.Org, App: r.Caller.App, Tag: tag.GetKey(), Value: tag.GetValue().GetValue()}
	err := c.options.Limits.CheckTag("tag", w.Tag, w.Value)
	if err == nil {
		err = fill(&w)
	}
	if err != nil {
		c.refuse(r, tagRefusal(err))
		return
	}
	var added *store.Work
	c.do(r, work{
		about: customer.FoldKey(w.Tag) + "\x00" + w.Value,
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			added = tx.AddWork(w)
			return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_TagCommand{
				TagCommand: &pb.TagCommandReply{Status: true, Description: "accepted", WorkId: wrapperspb.String(added.ID)}}}, nil
		},
		committed: func() { c.WorkAdded(added) },
	})
}

// tagRefusal is a refusal of the rules of customers, or of messages as one of those.
func tagRefusal(err error) *customer.Refusal {
	var refused *messaging.Refusal
	if errors.As(err, &refused) {
		return customer.Refuse(customer.Code(refused.Status.String()), "%s", refused.Text)
	}
	return refusal(err)
}

// checkBroadcast refuses a message that could reach nobody.
func (c *Commands) checkBroadcast(w *store.Work) error {
	if _, refused := c.channel(w.Org, w.Channel); refused != nil {
		return &messaging.Refusal{Status: messaging.InvalidChannelNumber, Text: refused.Text}
	}
	if err := w.Message.CheckBody(w.Channel.Channel); err != nil {
		return err
	}
	switch {
	case w.Channel.Channel == messaging.USSD:
		return &messaging.Refusal{Status: messaging.NotSupported, Text: "channel_number: a USSD session cannot be opened by the app: the customer dials"}
	case w.Message.ReplyToken != nil:
		return &messaging.Refusal{Status: messaging.InvalidReplyToken, Text: "message.reply_token: belongs to one customer's session, and the message goes to many"}
	}
	_, err := c.rendered(&outgoing{org: w.Org, message: w.Message})
	return err
}

// WorkPage does a work for some customers, in one unit. sent are the messages that are to be handed
// over after the commit.
func (c *Commands) WorkPage(tx *store.Tx, w *store.Work, ids []string) (sent []func(), err error) {
	tx.Actor = customer.Actor{Kind: "app", ID: w.App}
	for _, id := range ids {
		rec, err := tx.Customer(w.Org, customer.ByID(id))
		if refusal(err) != nil {
			continue // deleted or adopted meanwhile: of an adoption the store takes care
		}
		if err != nil {
			return nil, err
		}
		handOver, failure, err := c.workOn(tx, w, rec)
		if err != nil {
			return nil, err
		}
		if handOver != nil {
			sent = append(sent, handOver)
		}
		if failure != "" {
			w.Failed++
			w.Failure = failure
		} else {
			w.Succeeded++
		}
	}
	return sent, nil
}

// workOn does a work for one customer; failure says why that was not possible.
func (c *Commands) workOn(tx *store.Tx, w *store.Work, rec *store.Record) (handOver func(), failure string, err error) {
	switch w.Kind {
	case store.SendMessageWork:
		return c.broadcast(tx, w, rec)
	case store.AddReminderWork:
		r := *w.Reminder
		r.Key, r.Work, r.Tag = w.Key, w.ID, customer.Tag{Key: w.Tag, Value: w.Value}
		if i := slices.IndexFunc(rec.Tags, func(t customer.Tag) bool { return customer.FoldKey(t.Key) == customer.FoldKey(w.Tag) }); i >= 0 {
			r.Tag = rec.Tags[i]
		}
		err := c.addReminder(tx, rec, w.App, r)
		if refused := refusal(err); refused != nil {
			return nil, refused.Text, nil
		}
		return nil, "", err
	case store.CancelReminderWork:
		return nil, "", cancelReminder(tx, rec, w.App, w.Key)
	}
	return nil, "work of an unknown kind: " + string(w.Kind), nil
}

// broadcast sends the work's message to the customer and tells the app what came of it.
func (c *Commands) broadcast(tx *store.Tx, w *store.Work, rec *store.Record) (handOver func(), failure string, err error) {
	number, ok := numberFor(rec, w.Channel)
	if !ok {
		text := "customer_number: the customer has no number for " + w.Channel.Channel.String()
		tx.Record(rec, "message.refused", w.Channel.String()+" "+messaging.CustomerNumberNotFound.String())
		notifyStatus(tx, rec, w.App, tx.NewMessageID(), messaging.CustomerNumberNotFound, text)
		return nil, text, nil
	}
	message := *w.Message
	m, handOver, err := c.send(tx, rec, &outgoing{org: w.Org, app: w.App, number: number, channel: w.Channel, message: &message})
	var refused *messaging.Refusal
	if errors.As(err, &refused) {
		// It has an id, which its status is told by: so it is found in the state, with the reason.
		m := &messaging.Message{
			ID: tx.NewMessageID(), Number: number, Channel: w.Channel, App: w.App, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			Out: &message, Status: refused.Status, Description: refused.Text,
		}
		tx.AddMessage(rec, m)
		tx.Record(rec, "message.refused", w.Channel.String()+" "+refused.Status.String())
		notifyStatus(tx, rec, w.App, m.ID, m.Status, m.Description)
		return nil, refused.Text, nil
	}
	if err != nil {
		return nil, "", err
	}
	notifyStatus(tx, rec, w.App, m.ID, m.Status, "")
	return handOver, "", nil
}

// numberFor chooses the number that a channel reaches the customer by: the one that was last in touch
// with the channel number, or with another of its kind, or the first.
func numberFor(rec *store.Record, ch messaging.ChannelNumber) (customer.Number, bool) {
	fits := func(n customer.Number) bool {
		return n.Provider == ch.Channel.Provider() && slices.Contains(rec.Numbers, n)
	}
	for _, same := range []func(messaging.ChannelNumber) bool{
		func(other messaging.ChannelNumber) bool { return other == ch },
		func(other messaging.ChannelNumber) bool { return other.Channel == ch.Channel },
	} {
		for _, s := range slices.Backward(rec.Channels) {
			if same(s.Channel) && fits(s.Number) {
				return s.Number, true
			}
		}
	}
	i := slices.IndexFunc(rec.Numbers, fits)
	if i < 0 {
		return customer.Number{}, false
	}
	return rec.Numbers[i], true
}

// WorkRate is how many messages a second a work may send, 0 for no bound, and the name of what is
// bounded so.
func (c *Commands) WorkRate(w *store.Work) (channel string, perSecond float64) {
	if w.Kind != store.SendMessageWork {
		return "", 0
	}
	found, _ := c.Directory().MessagingChannel(w.Org, w.Channel)
	return strings.Join([]string{w.Org, w.Channel.String()}, " "), found.Settings.Rate
}
