package elarian

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// command is one AppToServerCommand on its way: a name for errors, the field of the oneof that it
// is, and the encoded command in it.
type command struct {
	name  string
	field protowire.Number
	// customer is the encoded field that names the customer, where the command has one.
	customer []byte
	// about is the customer for errors.
	about fmt.Stringer
	// fields are the other fields of the command.
	fields proto.Message
	// reads tells that the command changes nothing: it may be sent twice without a key.
	reads bool
}

// The fields of AppToServerCommand's oneof. A test holds them against the descriptors.
const (
	fieldGenerateAuthToken            protowire.Number = 1
	fieldCreateCustomer               protowire.Number = 2
	fieldGetCustomerState             protowire.Number = 3
	fieldAdoptCustomerState           protowire.Number = 4
	fieldUpdateCustomerTag            protowire.Number = 9
	fieldDeleteCustomerTag            protowire.Number = 10
	fieldUpdateCustomerSecondaryID    protowire.Number = 11
	fieldDeleteCustomerSecondaryID    protowire.Number = 12
	fieldUpdateCustomerMetadata       protowire.Number = 13
	fieldDeleteCustomerMetadata       protowire.Number = 14
	fieldLeaseCustomerAppData         protowire.Number = 15
	fieldUpdateCustomerAppData        protowire.Number = 16
	fieldDeleteCustomerAppData        protowire.Number = 17
	fieldSendMessage                  protowire.Number = 18
	fieldReplyToMessage               protowire.Number = 20
	fieldUpdateMessagingConsent       protowire.Number = 21
	fieldCustomerActivity             protowire.Number = 23
	fieldReplayMessagingConsentUpdate protowire.Number = 24
	fieldReplayReceivedMessage        protowire.Number = 25
	fieldReplaySentMessage            protowire.Number = 26
	fieldReplayMessageStatusUpdate    protowire.Number = 27
	fieldReplayMessageReactionUpdate  protowire.Number = 28
	fieldReplayMessagingSession       protowire.Number = 29
	fieldDeleteCustomer               protowire.Number = 32
	fieldIdempotencyKey               protowire.Number = 1000
)

// encode writes the AppToServerCommand. Messages in protobuf are their fields one after the other,
// so the customer's bytes, which a [Customer] keeps, are put before the command's other fields.
func (c *command) encode(key string) ([]byte, error) {
	options := proto.MarshalOptions{UseCachedSize: true}
	size := len(c.customer)
	if c.fields != nil {
		size += proto.Size(c.fields)
	}
	b := make([]byte, 0, size+len(key)+16)
	b = protowire.AppendTag(b, c.field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = append(b, c.customer...)
	if c.fields != nil {
		var err error
		if b, err = options.MarshalAppend(b, c.fields); err != nil {
			return nil, c.failed(err)
		}
	}
	if key != "" {
		b = protowire.AppendTag(b, fieldIdempotencyKey, protowire.BytesType)
		b = protowire.AppendString(b, key)
	}
	return b, nil
}

// exchange sends the command and gives its encoded reply. A command whose reply got lost with the
// connection is sent again on the next one with the same key, so that it acts once.
func (l *link) exchange(ctx context.Context, c *command) ([]byte, error) {
	key := ""
	if !c.reads {
		key = idempotencyKey(ctx)
	}
	payload, err := c.encode(key)
	if err != nil {
		return nil, err
	}
	data, err := l.request(ctx, payload, true, nil)
	if err != nil {
		return nil, c.failed(err)
	}
	return data, nil
}

// do sends the command and gives its reply.
func (l *link) do(ctx context.Context, c *command) (*pb.AppToServerCommandReply, error) {
	data, err := l.exchange(ctx, c)
	if err != nil {
		return nil, err
	}
	reply := new(pb.AppToServerCommandReply)
	if err := proto.Unmarshal(data, reply); err != nil {
		return nil, c.failed(fmt.Errorf("the reply cannot be read: %w", err))
	}
	return reply, nil
}

// failed makes an error of what kept the command from being answered.
func (c *command) failed(err error) error {
	var remote *rsocket.Error
	if errors.As(err, &remote) {
		if code := remoteCodes[remote.Code]; code != "" {
			return c.refused(code, remote.Text)
		}
	}
	return fmt.Errorf("elarian: %s: %w", c.subject(), err)
}

// remoteCodes are the ERROR frames that answer a command.
var remoteCodes = map[rsocket.ErrorCode]string{
	rsocket.ApplicationError: "internal",
	rsocket.Canceled:         "internal",
	rsocket.Invalid:          "invalid_request",
}

func (c *command) subject() string {
	if c.about == nil {
		return c.name
	}
	return c.name + " of " + c.about.String()
}

func (c *command) refused(code, description string) error {
	e := &CommandError{Command: c.name, Code: code, Description: description}
	if c.about != nil {
		e.Customer = c.about.String()
	}
	return e
}

// outcome is what replies with a status have in common.
type outcome interface {
	GetStatus() bool
	GetDescription() string
	GetErrorCode() string
}

// check makes an error of a reply that says no, and of a reply of another kind.
func (c *command) check(reply outcome, fits bool) error {
	switch {
	case !fits:
		return fmt.Errorf("elarian: %s: the server's reply is of another kind", c.subject())
	case !reply.GetStatus():
		return c.refused(reply.GetErrorCode(), reply.GetDescription())
	}
	return nil
}

// status is a reply that has no more than an outcome and the customer's id: UpdateCustomerStateReply,
// UpdateCustomerAppDataReply and CustomerActivityReply have the same fields.
type status struct {
	fits              bool
	ok                bool
	description, code string
	customerID        string
}

func (s *status) GetStatus() bool        { return s.ok }
func (s *status) GetDescription() string { return s.description }
func (s *status) GetErrorCode() string   { return s.code }

// readStatus reads an AppToServerCommandReply.
func readStatus(reply []byte) (s status, err error) {
	for w := newWire(reply, &err); w.next(); {
		switch w.field {
		case 3, 4, 10:
			s.fits = true
		default:
			continue
		}
		for v := w.in(); v.next(); {
			switch v.field {
			case 1:
				s.ok = v.number != 0
			case 2:
				s.description = v.text()
			case 3:
				s.customerID = v.wrapped()
			case 1000:
				s.code = v.text()
			}
		}
	}
	return s, err
}

// update sends a command that is answered with a status and the customer's id.
func (l *link) update(ctx context.Context, c *command) (customerID string, err error) {
	data, err := l.exchange(ctx, c)
	if err != nil {
		return "", err
	}
	reply, err := readStatus(data)
	if err != nil {
		return "", c.failed(err)
	}
	return reply.customerID, c.check(&reply, reply.fits)
}
