package messaging

import (
	"fmt"
	"strings"

	"github.com/elarian-go/elarian/internal/customer"
)

// What a message may have in it, on its way out and in. All is refused by the name of its field.

const (
	maxLabels     = 64
	maxLabelBytes = 256
)

// CheckBody refuses a message that is empty, impossible or too large, or that the channel cannot carry.
func (o *Outbound) CheckBody(ch Channel) error {
	kind := o.Body.kind()
	if kind == "" {
		return &Refusal{InvalidRequest, "message.body: empty"}
	}
	if err := o.Body.check("message.body." + kind); err != nil {
		return err
	}
	if !carries(ch, kind) {
		return &Refusal{NotSupported, "message.body: " + ch.String() + " cannot carry a body of kind " + kind}
	}
	if err := o.checkRest(); err != nil {
		return err
	}
	if n := o.size(); n > MaxBytes {
		return refuseField("message", "%d bytes are over the limit of %d", n, MaxBytes)
	}
	return nil
}

func refuseField(field, format string, args ...any) error {
	return &Refusal{InvalidRequest, field + ": " + fmt.Sprintf(format, args...)}
}

func (b *Body) check(field string) error {
	switch {
	case b.Text != "":
		if strings.TrimSpace(b.Text) == "" {
			return refuseField(field, "empty")
		}
	case b.Media != nil:
		return b.Media.check(field)
	case b.Location != nil:
		return b.Location.check(field)
	case b.Email != nil:
		return b.Email.check(field)
	case b.Template != nil:
		if b.Template.ID == "" {
			return refuseField(field+".id", "empty")
		}
	case b.Dialplan:
		return CheckPlan(b.Voice)
	}
	return nil
}

func (m *Media) check(field string) error {
	if m.URL == "" {
		return refuseField(field+".url", "empty")
	}
	return nil
}

func (l *Location) check(field string) error {
	if l.Latitude < -90 || l.Latitude > 90 {
		return refuseField(field+".latitude", "%v is not between -90 and 90 degrees", l.Latitude)
	}
	if l.Longitude < -180 || l.Longitude > 180 {
		return refuseField(field+".longitude", "%v is not between -180 and 180 degrees", l.Longitude)
	}
	return nil
}

func (e *EmailBody) check(field string) error {
	if e.Subject == "" && e.Plain == "" && e.HTML == "" {
		return refuseField(field, "empty: it has a subject, a body_plain or a body_html")
	}
	for list, addresses := range map[string][]string{"cc_list": e.CC, "bcc_list": e.BCC} {
		for i, a := range addresses {
			if _, err := (customer.Number{Provider: customer.Email, Number: a}).Normalize(); err != nil {
				return refuseField(fmt.Sprintf("%s.%s[%d]", field, list, i), "%.80q is no e-mail address", a)
			}
		}
	}
	return nil
}

// checkRest is for what goes with the body.
func (o *Outbound) checkRest() error {
	if n := len(o.Labels); n > maxLabels {
		return refuseField("message.labels", "%d are over the limit of %d", n, maxLabels)
	}
	for i, l := range o.Labels {
		if field := fmt.Sprintf("message.labels[%d]", i); l == "" {
			return refuseField(field, "empty")
		} else if len(l) > maxLabelBytes {
			return refuseField(field, "%d bytes are over the limit of %d", len(l), maxLabelBytes)
		}
	}
	if o.Prompt == nil {
		return nil
	}
	for i, item := range o.Prompt.Menu {
		field := fmt.Sprintf("message.reply_prompt.menu[%d]", i)
		if item.Media != nil {
			if err := item.Media.check(field + ".media"); err != nil {
				return err
			}
		} else if item.Text == "" {
			return refuseField(field, "empty: it has a text or media")
		}
	}
	return nil
}

// CheckParts refuses a received message that has nothing in it, too much, or what its channel does not
// carry, as a *customer.Refusal.
func CheckParts(ch Channel, parts []Part) error {
	if len(parts) == 0 {
		return customer.Refuse(customer.InvalidRequest, "parts: empty: a message has at least one part")
	}
	for i := range parts {
		p := &parts[i]
		if (ch == USSD) != (p.USSD != nil) || (ch == Voice) != (p.Voice != nil) || ch.Interactive() && len(parts) > 1 {
			return customer.Refuse(customer.InvalidRequest, "parts: %s", partsOn(ch))
		}
		if p.Email != nil && ch != Email {
			return customer.Refuse(customer.InvalidRequest, "parts: a message on %s is no e-mail", ch)
		}
		if err := p.check(fmt.Sprintf("parts[%d]", i)); err != nil {
			return customer.Refuse(customer.InvalidRequest, "%s", err.Error())
		}
	}
	if n := PartsSize(parts); n > MaxBytes {
		return customer.Refuse(customer.LimitReached, "parts: %d bytes are over the limit of %d", n, MaxBytes)
	}
	return nil
}

// partsOn says what a message on the channel consists of.
func partsOn(ch Channel) string {
	switch ch {
	case USSD:
		return "a USSD hop has one part, of kind ussd"
	case Voice:
		return "an event of a call has one part, of kind voice"
	}
	return "a message on " + ch.String() + " has no ussd or voice part"
}

func (p *Part) check(field string) error {
	switch {
	case p.Media != nil:
		return p.Media.check(field + ".media")
	case p.Location != nil:
		return p.Location.check(field + ".location")
	case p.Email != nil:
		return p.Email.check(field + ".email")
	case p.USSD != nil && p.USSD.Status != 0 && !p.USSD.Status.Known():
		return refuseField(field+".ussd.status", "%d is no status of a USSD session", p.USSD.Status)
	case p.Voice != nil && p.Voice.Status != 0 && !p.Voice.Status.Known():
		return refuseField(field+".voice.status", "%d is no status of a call", p.Voice.Status)
	}
	return nil
}
