package elarian

import (
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
)

// The messages of the state reply, each by a function that reads one from the wire. The numbers are
// those of proto/; a test holds what is read against the protobuf package.

// stateReply is a GetCustomerStateReply.
type stateReply struct {
	found             bool // the reply is of this kind
	status            bool
	description, code string
	state             CustomerState
}

func (r *stateReply) GetStatus() bool        { return r.status }
func (r *stateReply) GetDescription() string { return r.description }
func (r *stateReply) GetErrorCode() string   { return r.code }

// readState reads an AppToServerCommandReply.
func (s *Serializer) readState(reply []byte) (r stateReply, err error) {
	for w := newWire(reply, &err); w.next(); {
		if w.field != 2 {
			continue
		}
		r.found = true
		for v := w.in(); v.next(); {
			switch v.field {
			case 1:
				r.status = v.number != 0
			case 2:
				r.description = v.text()
			case 3:
				s.readData(v.in(), &r.state)
			case 1000:
				r.code = v.text()
			}
		}
	}
	return r, err
}

func (s *Serializer) readData(w wire, state *CustomerState) {
	for w.next() {
		switch w.field {
		case 1:
			state.CustomerID = w.text()
		case 2:
			s.readIdentity(w.in(), &state.Identity)
		case 3:
			readMessaging(w.in(), &state.Messaging)
		case 4:
			readPayments(w.in(), &state.Payment)
		case 5:
			readActivities(w.in(), &state.Activity)
		}
	}
}

func (s *Serializer) readIdentity(w wire, id *IdentityState) {
	for w.next() {
		switch w.field {
		case 1:
			id.Tags = list(id.Tags, &w)
			id.Tags = append(id.Tags, Tag(readIndex(w.in())))
		case 2:
			if id.Metadata == nil {
				id.Metadata = make(map[string]Value, w.count())
			}
			s.readMetadata(w.in(), id.Metadata)
		case 3:
			id.SecondaryIDs = list(id.SecondaryIDs, &w)
			id.SecondaryIDs = append(id.SecondaryIDs, readIndex(w.in()))
		}
	}
}

// list makes room for a list when its first element is met.
func list[T any](have []T, w *wire) []T {
	if have == nil {
		return make([]T, 0, w.count())
	}
	return have
}

func readIndex(w wire) (s SecondaryID) {
	for w.next() {
		switch w.field {
		case 1:
			for v := w.in(); v.next(); {
				switch v.field {
				case 1:
					s.Key = v.text()
				case 2:
					s.Value = v.wrapped()
				}
			}
		case 2:
			s.ExpiresAt = w.moment()
		}
	}
	return s
}

func (s *Serializer) readMetadata(w wire, metadata map[string]Value) {
	var key string
	var value Value
	for w.next() {
		switch w.field {
		case 1:
			key = w.text()
		case 2:
			for v := w.in(); v.next(); {
				switch v.field {
				case 2:
					value = Value{v.text(), kindText, s}
				case 3:
					value = Value{v.text(), kindBinary, s}
				}
			}
		}
	}
	metadata[key] = value
}

func readMessaging(w wire, m *MessagingState) {
	for w.next() {
		switch w.field {
		case 1:
			m.Channels = list(m.Channels, &w)
			m.Channels = append(m.Channels, readChannel(w.in()))
		case 2:
			m.Messages = list(m.Messages, &w)
			m.Messages = append(m.Messages, readMessage(w.in()))
		case 3:
			m.Sessions = list(m.Sessions, &w)
			m.Sessions = append(m.Sessions, readSession(w.in()))
		}
	}
}

// readChannel reads a MessagingChannelState: the field number says which state it is.
func readChannel(w wire) (c ChannelState) {
	for w.next() {
		c.Status = ChannelStatus(w.field)
		if c.Status == ChannelInSession {
			c.Session = new(OpenSession)
		}
		for v := w.in(); v.next(); {
			switch v.field {
			case 1:
				c.Number = v.customerNumber()
			case 2:
				c.Channel = v.channelNumber()
			case 3:
				c.readReplyToken(v.in())
			case 4:
				c.Since = v.moment()
			default:
				if c.Session != nil {
					c.Session.read(&v)
				}
			}
		}
	}
	return c
}

func (c *ChannelState) readReplyToken(w wire) {
	for w.next() {
		switch w.field {
		case 1:
			c.ReplyToken = w.text()
		case 2:
			c.ReplyTokenExpires = w.moment()
		}
	}
}

func (s *OpenSession) read(w *wire) {
	switch w.field {
	case 5:
		s.ID = w.text()
	case 6:
		s.StartedAt = w.moment()
	case 7:
		s.ExpiresAt = w.moment()
	case 8:
		s.AppIDs = append(s.AppIDs, w.text())
	}
}

// readMessage reads a ChannelMessage. Received and sent messages have fields 1 to 8 in common.
func readMessage(w wire) (m StoredMessage) {
	for w.next() {
		sent := w.field == 2
		for v := w.in(); v.next(); {
			switch v.field {
			case 1:
				m.Number = v.customerNumber()
			case 2:
				m.Channel = v.channelNumber()
			case 3:
				m.ID = v.text()
			case 4:
				m.CreatedAt = v.moment()
			case 5:
				m.SessionID = v.wrapped()
			case 6:
				m.InReplyTo = v.wrapped()
			case 8:
				m.AppID = v.wrapped()
			default:
				if sent {
					m.readSent(&v)
				} else if v.field == 9 {
					m.Parts = append(m.Parts, readPart(v.in())...)
				}
			}
		}
	}
	return m
}

func (m *StoredMessage) readSent(w *wire) {
	switch w.field {
	case 9:
		m.UpdatedAt = w.moment()
	case 10:
		m.Status = MessageStatus(w.number)
	case 12:
		m.Message = readOutbound(w.in())
	case 15:
		m.Description = w.wrapped()
	}
}

// readPart reads an InboundMessageBody: a text here, what is rarer by the protobuf package.
func readPart(w wire) []Part {
	if text, ok := onlyText(w); ok {
		return []Part{Text(text)}
	}
	p := new(pb.InboundMessageBody)
	if err := proto.Unmarshal(w.rest(), p); err != nil {
		*w.err = err
		return nil
	}
	return parts([]*pb.InboundMessageBody{p})
}

// readOutbound reads an OutboundMessage: a bare text here, what is rarer by the protobuf package.
func readOutbound(w wire) *Message {
	bare := w
	if bare.next() && bare.field == 1 && bare.done() {
		if text, ok := onlyText(bare.in()); ok {
			return &Message{Body: Text(text)}
		}
	}
	m := new(pb.OutboundMessage)
	if err := proto.Unmarshal(w.rest(), m); err != nil {
		*w.err = err
		return nil
	}
	return message(m)
}

// onlyText reads a body whose only field is the first, a text.
func onlyText(w wire) (text string, ok bool) {
	if w.next() && w.field == 1 && w.done() {
		return w.text(), true
	}
	return "", false
}

func readSession(w wire) (s StoredSession) {
	for w.next() {
		switch w.field {
		case 1:
			s.Number = w.customerNumber()
		case 2:
			s.Channel = w.channelNumber()
		case 3:
			s.ID = w.text()
		case 4:
			s.StartedAt = w.moment()
		case 5:
			s.Duration = w.duration()
		case 6:
			s.AppIDs = append(s.AppIDs, w.text())
		case 7:
			s.EndReason = SessionEndReason(w.number)
		}
	}
	return s
}

func readActivities(w wire, a *ActivityState) {
	for w.next() {
		switch w.field {
		case 1:
			a.Sessions = append(a.Sessions, readActivitySession(w.in()))
		case 2:
			a.Numbers = append(a.Numbers, w.customerNumber())
		}
	}
}

func readActivitySession(w wire) (s ActivitySession) {
	for w.next() {
		switch w.field {
		case 1:
			s.Number = w.customerNumber()
		case 2:
			s.Source = w.text()
		case 3:
			s.SessionID = w.text()
		case 4:
			s.AppID = w.text()
		case 5:
			s.Activities = append(s.Activities, readActivity(w.in()))
		case 6:
			s.CreatedAt = w.moment()
		case 7:
			s.UpdatedAt = w.moment()
		}
	}
	for i := range s.Activities {
		s.Activities[i].Source, s.Activities[i].SessionID = s.Source, s.SessionID
	}
	return s
}

func readActivity(w wire) (a Activity) {
	for w.next() {
		switch w.field {
		case 1:
			a.Key = w.text()
		case 2:
			var key, value string
			for v := w.in(); v.next(); {
				switch v.field {
				case 1:
					key = v.text()
				case 2:
					value = v.text()
				}
			}
			if a.Properties == nil {
				a.Properties = make(map[string]string)
			}
			a.Properties[key] = value
		case 3:
			a.CreatedAt = w.moment()
		}
	}
	return a
}
