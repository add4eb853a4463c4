package main

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

// What the customer commands show, as JSON.

type numberView struct {
	Provider  string `json:"provider"`
	Number    string `json:"number"`
	Partition string `json:"partition,omitempty"`
}

type indexView struct {
	Key       string    `json:"key"`
	Value     string    `json:"value"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

type channelStateView struct {
	Number  numberView `json:"number"`
	Channel string     `json:"channel"`
	State   string     `json:"state"`
}

type customerView struct {
	Org          string                `json:"org"`
	ID           string                `json:"id"`
	AdoptedBy    string                `json:"adopted_by,omitempty"`
	CreatedAt    time.Time             `json:"created_at"`
	UpdatedAt    time.Time             `json:"updated_at"`
	Numbers      []numberView          `json:"numbers"`
	SecondaryIDs []indexView           `json:"secondary_ids"`
	Tags         []indexView           `json:"tags"`
	Metadata     map[string]storedText `json:"metadata"`
	Channels     []channelStateView    `json:"channels"`
	Reminders    []reminderView        `json:"reminders"`
	Wallets      []walletView          `json:"wallets"`
}

type walletView struct {
	ID        string `json:"id"`
	Actual    string `json:"actual"`
	Available string `json:"available"`
}

func viewWallet(w store.Wallet) walletView {
	return walletView{w.Account.ID, currency.Text(w.Balance.Actual, w.Account.Currency), currency.Text(w.Balance.Available(), w.Account.Currency)}
}

type reminderView struct {
	App     string    `json:"app"`
	Key     string    `json:"key"`
	Next    time.Time `json:"next"`
	Every   string    `json:"every,omitempty"`
	Payload string    `json:"payload,omitempty"`
	Work    string    `json:"work,omitempty"`
}

func viewReminder(r store.AppReminder) reminderView {
	v := reminderView{App: r.App, Key: r.Key, Next: r.Next, Payload: r.Payload, Work: r.Work}
	if r.Interval > 0 {
		v.Every = r.Interval.String()
	}
	return v
}

// storedText is a value of an app: its text, JSON as it is, or bytes in base64.
type storedText string

func (s storedText) MarshalJSON() ([]byte, error) {
	if json.Valid([]byte(s)) {
		return []byte(s), nil
	}
	return json.Marshal(string(s))
}

func viewValue(v customer.Value) storedText {
	if v.Binary {
		return storedText("base64:" + base64.StdEncoding.EncodeToString([]byte(v.Data)))
	}
	return storedText(v.Data)
}

func viewNumber(n customer.Number) numberView {
	return numberView{n.Provider.String(), n.Number, n.Partition}
}

func viewCustomer(rec *store.Record, reminders []store.AppReminder, wallets []store.Wallet) customerView {
	now := time.Now()
	v := customerView{
		Reminders: each(reminders, viewReminder), Wallets: each(wallets, viewWallet),
		Org: rec.Org, ID: rec.ID, AdoptedBy: rec.AdoptedBy, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt,
		Numbers: each(rec.Numbers, viewNumber), Metadata: make(map[string]storedText),
		SecondaryIDs: each(customer.LiveSecondaryIDs(rec.SecondaryIDs, now), func(s customer.SecondaryID) indexView { return indexView(s) }),
		Tags:         each(customer.LiveTags(rec.Tags, now), func(t customer.Tag) indexView { return indexView{t.Key, t.Value, t.ExpiresAt} }),
		Channels: each(rec.Channels, func(s messaging.ChannelState) channelStateView {
			state := "active"
			switch {
			case s.Blocked():
				state = "blocked"
			case s.Session.Live(now):
				state = "in session " + s.Session.ID
			}
			return channelStateView{viewNumber(s.Number), s.Channel.String(), state}
		}),
	}
	for k, value := range rec.Metadata {
		v.Metadata[k] = viewValue(value)
	}
	return v
}

type entryView struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	ID     string    `json:"id,omitempty"`
	What   string    `json:"what"`
	Detail string    `json:"detail,omitempty"`
}

func viewEntry(e customer.Entry) entryView {
	return entryView{e.At, e.Actor.Kind, e.Actor.ID, e.What, e.Detail}
}

type messageView struct {
	ID        string              `json:"id"`
	Direction string              `json:"direction"`
	Number    numberView          `json:"number"`
	Channel   string              `json:"channel"`
	App       string              `json:"app,omitempty"`
	Session   string              `json:"session,omitempty"`
	InReplyTo string              `json:"in_reply_to,omitempty"`
	At        time.Time           `json:"at"`
	Status    string              `json:"status"`
	Parts     []messaging.Part    `json:"parts,omitempty"`
	Message   *messaging.Outbound `json:"message,omitempty"`
	Replayed  bool                `json:"replayed,omitempty"`
	Reactions []reactionView      `json:"reactions,omitempty"`
}

type reactionView struct {
	Reaction string    `json:"reaction"`
	At       time.Time `json:"at"`
}

func viewReaction(r messaging.Reaction) reactionView { return reactionView{r.Kind.String(), r.At} }

func viewMessage(m *messaging.Message) messageView {
	direction := "sent"
	if m.Inbound {
		direction = "received"
	}
	return messageView{m.ID, direction, viewNumber(m.Number), m.Channel.String(), m.App, m.Session, m.InReplyTo, m.CreatedAt, m.Status.String(), m.Parts, m.Out, m.Replayed, each(m.Reactions, viewReaction)}
}

type everythingView struct {
	Customer   customerView                `json:"customer"`
	AppData    map[string]storedText       `json:"app_data"`
	Messages   []messageView               `json:"messages"`
	Sessions   []endedView                 `json:"sessions"`
	Activities []*customer.ActivitySession `json:"activities"`
	Payments   []paymentView               `json:"payments"`
	Waiting    []letterView                `json:"notifications"`
	Timeline   []entryView                 `json:"timeline"`
}

type endedView struct {
	ID        string     `json:"id"`
	Number    numberView `json:"number"`
	Channel   string     `json:"channel"`
	StartedAt time.Time  `json:"started_at"`
	Seconds   float64    `json:"seconds"`
	Reason    string     `json:"reason"`
}

func viewEverything(e *store.Everything) everythingView {
	v := everythingView{
		Customer: viewCustomer(e.Record, e.Reminders, e.Wallets), Payments: each(e.Payments, viewPayment), AppData: make(map[string]storedText), Messages: each(e.Messages, viewMessage), Activities: e.Activities,
		Sessions: each(e.Sessions, func(s *messaging.Ended) endedView {
			return endedView{s.ID, viewNumber(s.State.Number), s.State.Channel.String(), s.StartedAt, s.Duration.Seconds(), s.Reason.String()}
		}),
		Waiting: each(e.Waiting, viewLetter), Timeline: each(e.History, viewEntry),
	}
	for app, d := range e.AppData {
		if d.Present {
			v.AppData[app] = viewValue(d.Value)
		}
	}
	return v
}
