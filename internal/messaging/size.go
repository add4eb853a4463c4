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

// size is about how many bytes the message has, with all that goes with its body.
func (o *Outbound) size() int {
	n := o.Body.size()
	for i := range o.Body.Voice {
		n += o.Body.Voice[i].size()
	}
	for _, l := range o.Labels {
		n += len(l)
	}
	if o.Prompt != nil {
		for _, item := range o.Prompt.Menu {
			n += len(item.Text)
			if item.Media != nil {
				n += len(item.Media.URL)
			}
		}
	}
	return n
}

// size is of what an action says, or where it is: all else of it is short.
func (a *VoiceAction) size() int {
	n := 0
	add := func(say *Say, play *Play) {
		if say != nil {
			n += len(say.Text)
		}
		if play != nil {
			n += len(play.URL)
		}
	}
	add(a.Say, a.Play)
	if a.GetDigits != nil {
		add(a.GetDigits.Say, a.GetDigits.Play)
	}
	if a.GetRecording != nil {
		add(a.GetRecording.Say, a.GetRecording.Play)
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
