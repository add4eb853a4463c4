package command

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
)

// The bounds of what a field can have at all; many fields have narrower ones of their own.
const (
	maxLine = 2 << 10 // bytes of a text that names something, as an address or a URL
	maxList = 1000    // elements of a list or a map
)

// shape is what every command is held to, whatever it is about, before it gets to its own rules: no
// text or list is longer than any could be, every number is one, every time is in a calendar. The fields
// come from the descriptors, so that what is new on the wire is bounded from the start.
type shape struct {
	line  int                           // bytes of most texts
	texts map[protoreflect.FullName]int // bytes of those that are more than a line; 0: they have rules of their own
	list  int                           // elements
	// plain are the commands that have no times and numbers: of these a short one is in shape.
	plain map[protoreflect.FieldNumber]bool
}

func newShape(limits customer.Limits) shape {
	s := shape{line: max(maxLine, limits.KeyBytes), list: max(maxList, limits.MetadataKeys, limits.Tags, limits.SecondaryIDs), texts: make(map[protoreflect.FullName]int)}
	long := func(m proto.Message, most int, fields ...protoreflect.Name) {
		for _, f := range fields {
			s.texts[m.ProtoReflect().Descriptor().Fields().ByName(f).FullName()] = most
		}
	}
	s.plain = make(map[protoreflect.FieldNumber]bool)
	entries := (&pb.AppToServerCommand{}).ProtoReflect().Descriptor().Oneofs().ByName("entry").Fields()
	for i := range entries.Len() {
		s.plain[entries.Get(i).Number()] = isPlain(entries.Get(i).Message())
	}
	long(&pb.OutboundMessageBody{}, messaging.MaxBytes, "text")
	long(&pb.InboundMessageBody{}, messaging.MaxBytes, "text")
	long(&pb.EmailMessageBody{}, messaging.MaxBytes, "body_plain", "body_html")
	long(&pb.TemplateMessageBody{}, messaging.MaxBytes, "params")
	long(&pb.UssdMenuMessageBody{}, messaging.MaxBytes, "text")
	long(&pb.UssdInputMessageBody{}, messaging.MaxBytes, "text")
	long(&pb.SayCallAction{}, messaging.MaxBytes, "text")
	long(&pb.DataMapValue{}, 0, "string_val", "bytes_val")
	long(&pb.CustomerReminder{}, 0, "payload")
	long(&pb.CustomerActivityCommand{}, 0, "properties")
	return s
}

// isPlain says whether a message has nothing but texts, choices, and lists and maps of those in it.
func isPlain(m protoreflect.MessageDescriptor) bool {
	switch m.FullName() {
	case "google.protobuf.Timestamp", "google.protobuf.Duration":
		return false
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.Kind() == protoreflect.DoubleKind || f.Message() != nil && !isPlain(f.Message()) {
			return false
		}
	}
	return true
}

// checkApp refuses a command of an app that is out of shape; size is that of its payload. The frequent ones are
// short and plain, and are not looked through: that costs as much as reading them.
func (s *shape) checkApp(cmd *pb.AppToServerCommand, size int) *customer.Refusal {
	m := cmd.ProtoReflect()
	entry := m.WhichOneof(m.Descriptor().Oneofs().ByName("entry"))
	if entry == nil || size <= s.line && s.plain[entry.Number()] {
		return nil
	}
	return s.check(m.Get(entry).Message(), nil)
}

// at is where a field is: its name, and where the message is that has it.
type at struct {
	in    *at
	name  protoreflect.Name
	index int // in a list, -1 elsewhere
}

func (a *at) String() string {
	s := string(a.name)
	if a.index >= 0 {
		s += "[" + strconv.Itoa(a.index) + "]"
	}
	if a.in != nil {
		return a.in.String() + "." + s
	}
	return s
}

// check refuses a message with a field that is out of shape, by the field's path.
func (s *shape) check(m protoreflect.Message, in *at) (refused *customer.Refusal) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		where := at{in, f.Name(), -1}
		switch {
		case f.IsMap():
			refused = s.checkMap(v.Map(), f, &where)
		case f.IsList():
			refused = s.checkList(v.List(), f, &where)
		default:
			refused = s.checkValue(v, f, &where)
		}
		return refused == nil
	})
	return refused
}

func (s *shape) checkMap(entries protoreflect.Map, f protoreflect.FieldDescriptor, where *at) (refused *customer.Refusal) {
	if n := entries.Len(); n > s.list {
		return customer.Refuse(customer.LimitReached, "%s: %d entries are over the limit of %d", where, n, s.list)
	}
	entries.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		switch {
		case k.String() == "":
			refused = customer.Refuse(customer.InvalidRequest, "%s: an empty key", where)
		case len(k.String()) > s.line:
			refused = customer.Refuse(customer.LimitReached, "%s: a key of %d bytes is over the limit of %d", where, len(k.String()), s.line)
		case f.MapValue().Message() != nil:
			refused = s.check(v.Message(), where)
		default:
			refused = s.checkLength(len(v.String()), f, where)
		}
		return refused == nil
	})
	return refused
}

func (s *shape) checkList(list protoreflect.List, f protoreflect.FieldDescriptor, where *at) *customer.Refusal {
	if n := list.Len(); n > s.list {
		return customer.Refuse(customer.LimitReached, "%s: %d are over the limit of %d", where, n, s.list)
	}
	for i := range list.Len() {
		where.index = i
		if refused := s.checkValue(list.Get(i), f, where); refused != nil {
			return refused
		}
	}
	return nil
}

func (s *shape) checkValue(v protoreflect.Value, f protoreflect.FieldDescriptor, where *at) *customer.Refusal {
	switch f.Kind() {
	case protoreflect.StringKind:
		return s.checkLength(len(v.String()), f, where)
	case protoreflect.BytesKind:
		return s.checkLength(len(v.Bytes()), f, where)
	case protoreflect.DoubleKind:
		if n := v.Float(); math.IsNaN(n) || math.IsInf(n, 0) {
			return customer.Refuse(customer.InvalidRequest, "%s: %v is no number", where, n)
		}
	case protoreflect.MessageKind:
		switch m := v.Message().Interface().(type) {
		case *wrapperspb.StringValue:
			return s.checkLength(len(m.Value), f, where)
		case *timestamppb.Timestamp:
			if m.CheckValid() != nil {
				return customer.Refuse(customer.InvalidRequest, "%s: %d s and %d ns are in no calendar: a time is in seconds, between the years 1 and 9999", where, m.Seconds, m.Nanos)
			}
		case *durationpb.Duration:
			if m.CheckValid() != nil || m.Seconds < 0 || m.Nanos < 0 {
				return customer.Refuse(customer.InvalidRequest, "%s: %d s and %d ns are no length of time", where, m.Seconds, m.Nanos)
			}
		default:
			return s.check(v.Message(), where)
		}
	}
	return nil
}

func (s *shape) checkLength(n int, f protoreflect.FieldDescriptor, where *at) *customer.Refusal {
	if n <= s.line {
		return nil
	}
	most, long := s.texts[f.FullName()]
	if !long {
		most = s.line
	}
	if most > 0 && n > most {
		return customer.Refuse(customer.LimitReached, "%s: %d bytes are over the limit of %d", where, n, most)
	}
	return nil
}
