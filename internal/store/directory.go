package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/payment"
)

// Org owns everything; a sandbox one is played by the simulator.
type Org struct {
	ID, Name  string
	Live      bool
	CreatedAt time.Time
}

// App is one use case of an org.
type App struct {
	Org, ID, Name string
	CreatedAt     time.Time
}

// APIKey opens all apps of its org; of the key itself only the hash is kept.
type APIKey struct {
	Org, Hash string
	Hint      string // the key's first characters, to tell keys apart
	Name      string
	CreatedAt time.Time
	RevokedAt time.Time // zero: valid
}

// MessagingChannel is a number of an org on a channel, bound to the app that gets what comes in.
type MessagingChannel struct {
	Org              string
	Number           messaging.ChannelNumber
	App              string
	Provider         string // "simulator"
	DefaultPartition string
	CreatedAt        time.Time
	Settings         messaging.Settings
}

// PaymentChannel is a number of an org that money goes through, bound to an app and a purse.
type PaymentChannel struct {
	Org        string
	Kind       payment.Channel
	Number     string
	App, Purse string
	CreatedAt  time.Time
}

// Purse is a money account of an org.
type Purse struct {
	Org, ID, Name, Currency string
	CreatedAt               time.Time
}

// Directory is who is who: all orgs with what operators set up for them, which is little and changes
// seldom. It is never changed once it is read.
type Directory struct {
	Version           string
	Orgs              []Org
	Apps              []App
	Keys              []APIKey
	MessagingChannels []MessagingChannel
	PaymentChannels   []PaymentChannel
	Purses            []Purse
	Templates         []Template
}

// Template is a text of an org with places for values, as {{name}}.
type Template struct {
	Org, ID, Body string
	CreatedAt     time.Time
}

// HashSecret is the form in which keys and tokens are kept. They have 256 random bits, so a fast hash
// is enough.
func HashSecret(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

var (
	selectVersion           = newStatement("", "SELECT value FROM settings WHERE name = 'directory_version'")
	selectOrgs              = newStatement("", "SELECT id, name, live, created_at FROM orgs ORDER BY created_at, id")
	selectApps              = newStatement("", "SELECT org_id, id, name, created_at FROM apps ORDER BY created_at, id")
	selectKeys              = newStatement("", "SELECT org_id, hash, hint, name, created_at, revoked_at FROM api_keys ORDER BY created_at, hash")
	selectMessagingChannels = newStatement("", "SELECT org_id, channel, number, app_id, provider, default_partition, created_at, settings FROM messaging_channels ORDER BY channel, created_at, number")
	selectPaymentChannels   = newStatement("", "SELECT org_id, channel, number, app_id, purse_id, created_at FROM payment_channels ORDER BY channel, number")
	selectPurses            = newStatement("", "SELECT org_id, id, name, currency, created_at FROM purses ORDER BY created_at, id")
	selectTemplates         = newStatement("", "SELECT org_id, id, body, created_at FROM templates ORDER BY id")
)

// Directory reads the directory; with known given and still true it gives that.
func (s *Store) Directory(known *Directory) (*Directory, error) {
	d := &Directory{}
	if err := s.query(op{selectVersion, &values{}, func(r row) error { d.Version = r.text(0); return nil }}); err != nil {
		return nil, err
	}
	if known != nil && known.Version == d.Version {
		return known, nil
	}
	read := func(st *statement, scan func(r row)) error {
		return s.query(op{st, &values{}, func(r row) error { scan(r); return nil }})
	}
	return d, errors.Join(
		read(selectOrgs, func(r row) {
			d.Orgs = append(d.Orgs, Org{r.text(0), r.text(1), r.bool(2), fromMillis(r.int(3))})
		}),
		read(selectApps, func(r row) {
			d.Apps = append(d.Apps, App{r.text(0), r.text(1), r.text(2), fromMillis(r.int(3))})
		}),
		read(selectKeys, func(r row) {
			d.Keys = append(d.Keys, APIKey{r.text(0), r.text(1), r.text(2), r.text(3), fromMillis(r.int(4)), fromMillis(r.int(5))})
		}),
		read(selectMessagingChannels, func(r row) {
			c := MessagingChannel{Org: r.text(0), Number: messaging.ChannelNumber{Channel: messaging.Channel(r.int(1)), Number: r.text(2)},
				App: r.text(3), Provider: r.text(4), DefaultPartition: r.text(5), CreatedAt: fromMillis(r.int(6))}
			if err := json.Unmarshal([]byte(r.text(7)), &c.Settings); err != nil {
				s.log.Error("the settings of a channel cannot be read; the defaults hold", "org", c.Org, "channel", c.Number.String(), "error", err)
			}
			d.MessagingChannels = append(d.MessagingChannels, c)
		}),
		read(selectPaymentChannels, func(r row) {
			d.PaymentChannels = append(d.PaymentChannels, PaymentChannel{r.text(0), payment.Channel(r.int(1)), r.text(2), r.text(3), r.text(4), fromMillis(r.int(5))})
		}),
		read(selectPurses, func(r row) {
			d.Purses = append(d.Purses, Purse{r.text(0), r.text(1), r.text(2), r.text(3), fromMillis(r.int(4))})
		}),
		read(selectTemplates, func(r row) {
			d.Templates = append(d.Templates, Template{r.text(0), r.text(1), r.text(2), fromMillis(r.int(3))})
		}),
	)
}

// Org, App, Key and Channel find something; ok is false where it is not there.
func (d *Directory) Org(id string) (org Org, ok bool) {
	return find(d.Orgs, func(o Org) bool { return o.ID == id })
}

// App finds an app of an org.
func (d *Directory) App(org, id string) (App, bool) {
	return find(d.Apps, func(a App) bool { return a.Org == org && a.ID == id })
}

// Key finds a valid key of an org by its hash.
func (d *Directory) Key(org, hash string) (APIKey, bool) {
	return find(d.Keys, func(k APIKey) bool { return k.Org == org && k.Hash == hash && k.RevokedAt.IsZero() })
}

// MessagingChannel finds a channel of an org.
func (d *Directory) MessagingChannel(org string, n messaging.ChannelNumber) (MessagingChannel, bool) {
	return find(d.MessagingChannels, func(c MessagingChannel) bool { return c.Org == org && c.Number == n })
}

// PaymentChannel finds a payment channel of an org.
func (d *Directory) PaymentChannel(org string, n payment.ChannelNumber) (PaymentChannel, bool) {
	return find(d.PaymentChannels, func(c PaymentChannel) bool { return c.Org == org && c.Kind == n.Channel && c.Number == n.Number })
}

// Purse finds a purse of an org.
func (d *Directory) Purse(org, id string) (Purse, bool) {
	return find(d.Purses, func(p Purse) bool { return p.Org == org && p.ID == id })
}

// Template finds a template of an org.
func (d *Directory) Template(org, id string) (Template, bool) {
	return find(d.Templates, func(t Template) bool { return t.Org == org && t.ID == id })
}

func find[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var none T
	return none, false
}

// ErrExists is something that is there already, ErrNotFound something that is not.
var (
	ErrExists   = errors.New("exists already")
	ErrNotFound = errors.New("is not there")
)

var (
	insertOrg = newStatement("id text, name text, live bool, at int", "INSERT INTO orgs (id, name, live, created_at) {{values}}")
	insertApp = newStatement("org text, id text, name text, at int", "INSERT INTO apps (org_id, id, name, created_at) {{values}}")
	insertKey = newStatement("org text, hash text, hint text, name text, at int, revoked int",
		"INSERT INTO api_keys (org_id, hash, hint, name, created_at, revoked_at) {{values}}")
	revokeKey              = newStatement("org text, hash text, at int", "UPDATE api_keys AS k SET revoked_at = r.at {{given}} k.org_id = r.org AND k.hash = r.hash RETURNING revoked_at")
	insertMessagingChannel = newStatement("org text, channel int, number text, app text, provider text, part text, at int, settings text",
		"INSERT INTO messaging_channels (org_id, channel, number, app_id, provider, default_partition, created_at, settings) {{values}}")
	updateMessagingChannel = newStatement("org text, channel int, number text, settings text",
		"UPDATE messaging_channels AS c SET settings = r.settings {{given}} c.org_id = r.org AND c.channel = r.channel AND c.number = r.number")
	upsertTemplate = newStatement("org text, id text, body text, at int", `
		INSERT INTO templates (org_id, id, body, created_at) {{values}} ON CONFLICT (org_id, id) DO UPDATE SET body = excluded.body`)
	deleteTemplate         = newStatement("org text, id text", "DELETE FROM templates WHERE {{key org_id, id}}")
	deleteMessagingChannel = newStatement("org text, channel int, number text",
		"DELETE FROM messaging_channels WHERE {{key org_id, channel, number}} RETURNING number")
	insertPaymentChannel = newStatement("org text, channel int, number text, app text, purse text, at int",
		"INSERT INTO payment_channels (org_id, channel, number, app_id, purse_id, created_at) {{values}}")
	deletePaymentChannel = newStatement("org text, channel int, number text",
		"DELETE FROM payment_channels WHERE {{key org_id, channel, number}} RETURNING number")
	insertPurse = newStatement("org text, id text, name text, currency text, at int",
		"INSERT INTO purses (org_id, id, name, currency, created_at) {{values}}")
	deleteApp  = newStatement("org text, id text", "DELETE FROM apps WHERE {{key org_id, id}} RETURNING id")
	setVersion = newStatement("name text, value text", `
		INSERT INTO settings (name, value) {{values}}
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
)

// change writes to the directory, and gives it a new version, by which running servers see it.
func (s *Store) change(what string, ops ...op) error {
	err := s.write(append(ops, op{setVersion, new(values).text("directory_version").text(NewID("")), nil})...)
	if err != nil && s.dialect.unique(err) {
		return fmt.Errorf("%s %w", what, ErrExists)
	}
	return err
}

// changeFound is change for a statement that gives back what it found.
func (s *Store) changeFound(what string, o op) error {
	found := false
	o.scan = func(row) error { found = true; return nil }
	err := s.write(o)
	if err == nil && !found {
		return fmt.Errorf("%s %w", what, ErrNotFound)
	}
	if err != nil {
		return err
	}
	return s.change(what)
}

// AddOrg stores an org; an empty ID gets one.
func (s *Store) AddOrg(o Org) (Org, error) {
	if o.ID == "" {
		o.ID = NewID("el_org_")
	}
	o.CreatedAt = s.now()
	return o, s.change("org "+o.ID, op{insertOrg, new(values).text(o.ID).text(o.Name).bool(o.Live).int(millis(o.CreatedAt)), nil})
}

// AddApp stores an app; an empty ID gets one.
func (s *Store) AddApp(a App) (App, error) {
	if a.ID == "" {
		a.ID = NewID("el_app_")
	}
	a.CreatedAt = s.now()
	return a, s.change("app "+a.ID, op{insertApp, new(values).text(a.Org).text(a.ID).text(a.Name).int(millis(a.CreatedAt)), nil})
}

// RemoveApp removes an app without channels.
func (s *Store) RemoveApp(org, id string) error {
	return s.changeFound("app "+id, op{deleteApp, new(values).text(org).text(id), nil})
}

// AddKey makes an API key of an org and gives it in the clear, this once.
func (s *Store) AddKey(org Org, name string) (APIKey, string, error) {
	prefix := "el_k_test_"
	if org.Live {
		prefix = "el_k_live_"
	}
	secret := NewSecret(prefix)
	k := APIKey{Org: org.ID, Hash: HashSecret(secret), Hint: secret[:len(prefix)+4], Name: name, CreatedAt: s.now()}
	return k, secret, s.PutKey(k)
}

// PutKey stores an API key that was made elsewhere, by its hash.
func (s *Store) PutKey(k APIKey) error {
	return s.change("key", op{insertKey, new(values).text(k.Org).text(k.Hash).text(k.Hint).text(k.Name).int(millis(s.now())).int(0), nil})
}

// RevokeKey makes a key, and the tokens made with it, worthless; servers cut its connections.
func (s *Store) RevokeKey(k APIKey) error {
	return s.changeFound("key "+k.Hint, op{revokeKey, new(values).text(k.Org).text(k.Hash).int(millis(s.now())), nil})
}

// AddMessagingChannel stores a channel.
func (s *Store) AddMessagingChannel(c MessagingChannel) error {
	return s.change("channel "+c.Number.String(), op{insertMessagingChannel, new(values).text(c.Org).int(int64(c.Number.Channel)).text(c.Number.Number).
		text(c.App).text(c.Provider).text(c.DefaultPartition).int(millis(s.now())).text(settingsText(c.Settings)), nil})
}

// SetChannelSettings changes how a channel works.
func (s *Store) SetChannelSettings(org string, n messaging.ChannelNumber, settings messaging.Settings) error {
	return s.change("channel", op{updateMessagingChannel, new(values).text(org).int(int64(n.Channel)).text(n.Number).text(settingsText(settings)), nil})
}

func settingsText(settings messaging.Settings) string {
	b, err := json.Marshal(settings)
	if err != nil {
		panic("store: channel settings: " + err.Error()) // of texts and numbers
	}
	return string(b)
}

// AddTemplate stores a template, or replaces it.
func (s *Store) AddTemplate(t Template) error {
	return s.change("template "+t.ID, op{upsertTemplate, new(values).text(t.Org).text(t.ID).text(t.Body).int(millis(s.now())), nil})
}

// RemoveTemplate removes a template.
func (s *Store) RemoveTemplate(org, id string) error {
	return s.change("template", op{deleteTemplate, new(values).text(org).text(id), nil})
}

// RemoveMessagingChannel removes a channel.
func (s *Store) RemoveMessagingChannel(org string, n messaging.ChannelNumber) error {
	return s.changeFound("channel "+n.String(), op{deleteMessagingChannel, new(values).text(org).int(int64(n.Channel)).text(n.Number), nil})
}

// AddPaymentChannel stores a channel.
func (s *Store) AddPaymentChannel(c PaymentChannel) error {
	return s.change("payment channel "+c.Kind.String()+" "+c.Number, op{insertPaymentChannel, new(values).text(c.Org).int(int64(c.Kind)).text(c.Number).
		text(c.App).text(c.Purse).int(millis(s.now())), nil})
}

// RemovePaymentChannel removes a channel.
func (s *Store) RemovePaymentChannel(org string, kind payment.Channel, number string) error {
	return s.changeFound("payment channel "+kind.String()+" "+number, op{deletePaymentChannel, new(values).text(org).int(int64(kind)).text(number), nil})
}

// AddPurse stores a purse; an empty ID gets one.
func (s *Store) AddPurse(p Purse) (Purse, error) {
	if p.ID == "" {
		p.ID = NewID("el_prs_")
	}
	p.CreatedAt = s.now()
	return p, s.change("purse "+p.ID, op{insertPurse, new(values).text(p.Org).text(p.ID).text(p.Name).text(p.Currency).int(millis(p.CreatedAt)), nil})
}
