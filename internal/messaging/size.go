package messaging

// MaxBytes bounds a message, so that with the app data it fits into one notification.
const MaxBytes = 256 << 10

// size is about how many bytes the body has.
func (b *Body) size() int {
	n := len(b.Text) + len(b.URL)
	if b.Media != nil {
		n += len(b.Media.URL)
	}
	if b.Email != nil {
		n += b.Email.size()
	}
	if b.Template != nil {
		n += len(b.Template.ID)
		for k, v := range b.Template.Params {
			n += len(k) + len(v)
		}
	}
	if b.USSD != nil {
		n += len(b.USSD.Text)
	}
	return n
}

func (e *EmailBody) size() int {
	n := len(e.Subject) + len(e.Plain) + len(e.HTML)
	for _, a := range e.CC {
		n += len(a)
	}
	for _, a := range e.BCC {
		n += len(a)
	}
	return n
}

// PartsSize is about how many bytes the parts of a received message have.
func PartsSize(parts []Part) int {
	n := 0
	for _, p := range parts {
		n += len(p.Text)
		if p.Media != nil {
			n += len(p.Media.URL)
		}
		if p.Email != nil {
			n += p.Email.size()
		}
		if p.USSD != nil {
			n += len(p.USSD.Text)
		}
	}
	return n
}
