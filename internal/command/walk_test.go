package command_test

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/servertest"
)

// TestWalkBadInput sends every command of the wire with each of its fields spoilt in each way that its
// kind allows, one at a time. Such a command is refused with the status of its family and a description
// that names the field, or exceptions says why not. Commands and fields come from the descriptors, so
// that a new one is walked without a change here, but for a value that is good where "x" is none.
func TestWalkBadInput(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		w := newWorld(t, store)
		for _, socket := range []protoreflect.Message{(&pb.AppToServerCommand{}).ProtoReflect(), (&pb.SimulatorToServerCommand{}).ProtoReflect()} {
			kinds := socket.Descriptor().Oneofs().ByName("entry").Fields()
			for i := range kinds.Len() {
				w.walk(t, socket, kinds.Get(i))
			}
		}
		for _, field := range w.stale() {
			t.Errorf("an exception that nothing needs: %s", field)
		}
	})
}

// walk spoils one kind of command. First each of its variants is sent whole, which must succeed: what
// is refused after that is refused for what was spoilt.
func (w *world) walk(t *testing.T, socket protoreflect.Message, entry protoreflect.FieldDescriptor) {
	name := string(entry.Name())
	for _, v := range variants(socket, entry) {
		good := w.good(t, socket, entry, v.choice)
		said := w.say(t, good)
		where := name + v.under
		if because := never[where]; (because == "") != said.ok {
			t.Errorf("%s, with nothing spoilt: %+v, though %q\n%s", where, said, because, shortly(good.msg.Interface()))
		}
		if !said.ok {
			continue
		}
		visit(good.msg.Mutable(entry).Message(), nil, func(p place) {
			if !strings.HasPrefix(p.String()+".", strings.TrimPrefix(v.under+".", ".")) {
				return // walked with another variant
			}
			for _, s := range w.spoilings(p.last()) {
				w.spoil(t, socket, entry, v, p, s)
			}
		})
	}
}

// spoil sends the command with one field spoilt in one way.
func (w *world) spoil(t *testing.T, socket protoreflect.Message, entry protoreflect.FieldDescriptor, v variant, p place, s spoiling) {
	name := string(entry.Name())
	c := w.good(t, socket, entry, v.choice)
	s.apply(c, p.in(c.msg.Mutable(entry).Message()), p.last())
	said := w.say(t, c)
	e := w.exceptionOf(name, p, s.name)
	switch {
	case e != nil && e.names == "":
		if !said.ok {
			t.Errorf("%s: %s %s: refused: %+v, though %s", name, p, s.name, said, e.because)
		}
		return
	case said.ok:
		t.Errorf("%s: %s %s: accepted: %+v", name, p, s.name, said)
		return
	}
	if codes := codesFor(name, p, s.name); !slices.Contains(codes, said.code) {
		t.Errorf("%s: %s %s: refused with %q, want one of %q (%s)", name, p, s.name, said.code, codes, said.text)
	}
	field := p.String()
	if o := p.last().ContainingOneof(); o != nil && len(p) > 1 && slices.Contains([]string{"missing", "empty", "of another wire type"}, s.name) || strings.HasPrefix(s.name, "of the kind") {
		field = p[:len(p)-1].String() // what has none, or another, of the oneof
	}
	if e != nil {
		field = e.names
	}
	if !strings.Contains(indexes.ReplaceAllString(said.text, ""), field) {
		t.Errorf("%s: %s %s: %q does not name %s", name, p, s.name, said.text, field)
	}
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// said is what a reply says, whatever its kind.
type said struct {
	ok   bool
	code string // error_code, or the name of the status
	text string
}

// say sends the command and reads the reply. One that gets none but an ERROR is refused, too.
func (w *world) say(t *testing.T, c *made) said {
	t.Helper()
	if c.simulator {
		reply, err := w.phones.Simulate(c.msg.Interface().(*pb.SimulatorToServerCommand))
		if err != nil {
			return said{code: "error", text: err.Error()}
		}
		return said{reply.Status, reply.ErrorCode, reply.Description}
	}
	reply, err := w.app.Command(c.msg.Interface().(*pb.AppToServerCommand))
	if err != nil {
		return said{code: "error", text: err.Error()}
	}
	switch e := reply.Entry.(type) {
	case *pb.AppToServerCommandReply_SendMessage:
		s := messaging.Status(e.SendMessage.Status)
		return said{s > 0 && s < messaging.Failed, s.String(), e.SendMessage.Description}
	case *pb.AppToServerCommandReply_UpdateMessagingConsent:
		s := e.UpdateMessagingConsent.Status
		code := strings.ToLower(strings.TrimPrefix(s.String(), "MESSAGING_CONSENT_UPDATE_STATUS_"))
		return said{s > 0 && s < 400, code, e.UpdateMessagingConsent.Description}
	case *pb.AppToServerCommandReply_InitiatePayment:
		s := e.InitiatePayment.Status
		code := strings.ToLower(strings.TrimPrefix(s.String(), "PAYMENT_STATUS_"))
		return said{s > 0 && s < 200 || s == 300, code, e.InitiatePayment.Description}
	}
	v := servertest.Verdict(reply)
	return said{v.OK, v.Code, v.Description}
}

// place is a field in a command: the fields that lead to it, and itself. Of a list it is the first
// element that is meant, of a map the value of "k".
type place []protoreflect.FieldDescriptor

func (p place) last() protoreflect.FieldDescriptor { return p[len(p)-1] }

func (p place) String() string {
	names := make([]string, len(p))
	for i, f := range p {
		names[i] = string(f.Name())
	}
	return strings.Join(names, ".")
}

// in is the message that has the field.
func (p place) in(m protoreflect.Message) protoreflect.Message {
	for _, f := range p[:len(p)-1] {
		m = within(m, f)
	}
	return m
}

var mapKey = protoreflect.ValueOfString("k").MapKey()

func within(m protoreflect.Message, f protoreflect.FieldDescriptor) protoreflect.Message {
	switch {
	case f.IsMap():
		return m.Get(f).Map().Get(mapKey).Message()
	case f.IsList():
		return m.Get(f).List().Get(0).Message()
	}
	return m.Get(f).Message()
}

// isLeaf says whether a field has no fields of ours in it.
func isLeaf(f protoreflect.FieldDescriptor) bool {
	if f.IsMap() {
		return f.MapValue().Message() == nil
	}
	return f.Message() == nil || f.Message().FullName().Parent() == "google.protobuf"
}

// visit calls do with each field that is set, those that lead to others first.
func visit(m protoreflect.Message, to place, do func(place)) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		p := append(slices.Clone(to), f)
		do(p)
		if !isLeaf(f) {
			visit(within(m, f), p, do)
		}
	}
}

// variant is a command with other alternatives of its oneofs. What is under the one that was changed
// last is walked with it.
type variant struct {
	choice map[string]string // from a oneof's path to the alternative's name
	under  string            // "" or "." and a path
}

// variants are the command with each alternative of each of its oneofs.
func variants(socket protoreflect.Message, entry protoreflect.FieldDescriptor) []variant {
	all := []variant{{choice: map[string]string{}}}
	for i := 0; i < len(all); i++ {
		v := all[i]
		alternatives(entry.Message(), "", v.choice, func(path string, o protoreflect.OneofDescriptor) {
			if !strings.HasPrefix(path+".", v.under+".") {
				return
			}
			for j := 1; j < o.Fields().Len(); j++ {
				choice := maps.Clone(v.choice)
				choice[path] = string(o.Fields().Get(j).Name())
				all = append(all, variant{choice, path + "." + choice[path]})
			}
		})
	}
	return all
}

// alternatives calls do with each oneof of a message as it is chosen, which is the first alternative
// where nothing else is.
func alternatives(m protoreflect.MessageDescriptor, path string, choice map[string]string, do func(path string, o protoreflect.OneofDescriptor)) {
	for i := range m.Oneofs().Len() {
		do(path, m.Oneofs().Get(i))
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if o := f.ContainingOneof(); o != nil && chosen(o, path, choice) != f || isLeaf(f) {
			continue
		}
		inner := f.Message()
		if f.IsMap() {
			inner = f.MapValue().Message()
		}
		alternatives(inner, path+"."+string(f.Name()), choice, do)
	}
}

func chosen(o protoreflect.OneofDescriptor, path string, choice map[string]string) protoreflect.FieldDescriptor {
	if name := choice[path]; name != "" {
		if f := o.Fields().ByName(protoreflect.Name(name)); f != nil {
			return f
		}
	}
	return o.Fields().Get(0)
}

// spoiling is a way to spoil a field of a command that was good.
type spoiling struct {
	name  string
	apply func(c *made, m protoreflect.Message, f protoreflect.FieldDescriptor)
}

// tooLong is over every limit of a text, and fits into a payload.
var tooLong = strings.Repeat("1", messaging.MaxBytes+1)

const tooMany = 5000

// spoilings are the ways to spoil a field of this kind.
func (w *world) spoilings(f protoreflect.FieldDescriptor) []spoiling {
	set := func(name string, v func(m protoreflect.Message) protoreflect.Value) spoiling {
		return spoiling{name, func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) { m.Set(f, v(m)) }}
	}
	value := func(name string, v protoreflect.Value) spoiling {
		return set(name, func(protoreflect.Message) protoreflect.Value { return v })
	}
	all := []spoiling{
		{"missing", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) { m.Clear(f) }},
		{"of another wire type", otherWireType},
	}
	switch {
	case f.IsMap():
		return append(all, spoiling{"with an empty key", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			entries := m.Mutable(f).Map()
			entries.Set(protoreflect.ValueOfString("").MapKey(), entries.Get(mapKey))
		}}, spoiling{"with too long a key", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			entries := m.Mutable(f).Map()
			entries.Set(protoreflect.ValueOfString(tooLong).MapKey(), entries.Get(mapKey))
		}}, spoiling{"with too many", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			entries := m.Mutable(f).Map()
			for i := range tooMany {
				entries.Set(protoreflect.ValueOfString(fmt.Sprint(i)).MapKey(), entries.Get(mapKey))
			}
		}})
	case f.IsList():
		all = append(all, spoiling{"with too many", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			list := m.Mutable(f).List()
			for i := range tooMany {
				list.Append(another(list.Get(0), f, i))
			}
		}}, spoiling{"with an empty one", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			list := m.Mutable(f).List()
			list.Append(list.NewElement())
		}})
		if f.Message() == nil {
			all = append(all, spoiling{"with one too long", func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
				m.Mutable(f).List().Append(protoreflect.ValueOfString(tooLong))
			}})
		}
		return all
	}
	if theirs := w.theirs(f); theirs != nil {
		all = append(all, spoiling{"of another org", func(c *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
			m.Set(f, textValue(m, f, theirs(c)))
		}})
	}
	if f.Message() != nil {
		all = append(all, set("empty", func(m protoreflect.Message) protoreflect.Value { return m.NewField(f) }))
		whole := func(name string, fields map[protoreflect.Name]int64) {
			all = append(all, spoiling{name, func(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
				inner := m.Mutable(f).Message()
				for n, v := range fields {
					field := inner.Descriptor().Fields().ByName(n)
					if field.Kind() == protoreflect.Int32Kind {
						inner.Set(field, protoreflect.ValueOfInt32(int32(v)))
					} else {
						inner.Set(field, protoreflect.ValueOfInt64(v))
					}
				}
			}})
		}
		switch f.Message().FullName() {
		case "google.protobuf.StringValue":
			all = append(all, set("too long", func(m protoreflect.Message) protoreflect.Value { return textValue(m, f, tooLong) }))
		case "google.protobuf.Int32Value":
			whole("negative", map[protoreflect.Name]int64{"value": -1})
			whole("out of range", map[protoreflect.Name]int64{"value": math.MaxInt32})
		case "google.protobuf.Duration":
			whole("negative", map[protoreflect.Name]int64{"seconds": -10})
			whole("out of range", map[protoreflect.Name]int64{"seconds": math.MaxInt64})
			whole("impossible", map[protoreflect.Name]int64{"seconds": 100, "nanos": -1})
		case "google.protobuf.Timestamp":
			whole("out of range", map[protoreflect.Name]int64{"seconds": math.MaxInt64})
			whole("impossible", map[protoreflect.Name]int64{"seconds": 100, "nanos": -1})
		}
	}
	switch f.Kind() {
	case protoreflect.StringKind:
		all = append(all, value("too long", protoreflect.ValueOfString(tooLong)))
		if f.ContainingOneof() != nil {
			all = append(all, value("empty", protoreflect.ValueOfString("")))
		}
	case protoreflect.BytesKind:
		all = append(all, value("too long", protoreflect.ValueOfBytes([]byte(tooLong))))
	case protoreflect.EnumKind:
		all = append(all, value("unknown", protoreflect.ValueOfEnum(9999)), value("negative", protoreflect.ValueOfEnum(-1)))
	case protoreflect.DoubleKind:
		all = append(all, value("not a number", protoreflect.ValueOfFloat64(math.NaN())), value("infinite", protoreflect.ValueOfFloat64(math.Inf(1))),
			value("out of range", protoreflect.ValueOfFloat64(-1e300)))
	case protoreflect.Int32Kind:
		all = append(all, value("negative", protoreflect.ValueOfInt32(-1)), value("out of range", protoreflect.ValueOfInt32(math.MaxInt32)))
	}
	// What a body may be depends on the channel; the alternatives of other oneofs are all walked as variants.
	if o := f.ContainingOneof(); o != nil && strings.HasSuffix(string(f.Parent().Name()), "boundMessageBody") {
		for i := range o.Fields().Len() {
			if other := o.Fields().Get(i); other != f {
				all = append(all, spoiling{"of the kind " + string(other.Name()), func(c *made, m protoreflect.Message, _ protoreflect.FieldDescriptor) {
					c.set(m, other, "")
				}})
			}
		}
	}
	return all
}

// another is an element of a list like the one given, with a key of its own where it has one.
func another(like protoreflect.Value, f protoreflect.FieldDescriptor, i int) protoreflect.Value {
	if f.Message() == nil {
		return protoreflect.ValueOfString(fmt.Sprint(like, i))
	}
	m := proto.Clone(like.Message().Interface()).ProtoReflect()
	keyed := m
	if mapping := m.Descriptor().Fields().ByName("mapping"); mapping != nil {
		keyed = m.Mutable(mapping).Message()
	}
	if key := keyed.Descriptor().Fields().ByName("key"); key != nil {
		keyed.Set(key, protoreflect.ValueOfString(fmt.Sprint(keyed.Get(key), i)))
	}
	return protoreflect.ValueOfMessage(m)
}

// textValue is a text for a field that is a text or the wrapper of one.
func textValue(m protoreflect.Message, f protoreflect.FieldDescriptor, s string) protoreflect.Value {
	if f.Message() == nil {
		return protoreflect.ValueOfString(s)
	}
	v := m.NewField(f)
	v.Message().Set(f.Message().Fields().ByName("value"), protoreflect.ValueOfString(s))
	return v
}

// otherWireType has a number where the field is a text or a message, and a text where it is a number.
func otherWireType(_ *made, m protoreflect.Message, f protoreflect.FieldDescriptor) {
	m.Clear(f)
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		m.SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, f.Number(), protowire.VarintType), 7))
	default:
		m.SetUnknown(protowire.AppendString(protowire.AppendTag(nil, f.Number(), protowire.BytesType), "text"))
	}
}

// TestWalkTop is the walk of what a command has beside its entry.
func TestWalkTop(t *testing.T) {
	servertest.Each(t, func(t *testing.T, store string) {
		app := servertest.Start(t, store).App(t)
		for _, payload := range [][]byte{nil, protowire.AppendVarint(protowire.AppendTag(nil, 18, protowire.VarintType), 7)} {
			if _, err := app.Try(payload); err == nil || !strings.Contains(err.Error(), "entry") {
				t.Errorf("%q, which has no entry: %v", payload, err)
			}
		}
		for _, key := range []string{tooLong, "\x00"} {
			if _, err := app.Command(servertest.WithKey(key, servertest.CreateCustomer(phone(1)))); err == nil || !strings.Contains(err.Error(), "idempotency_key") {
				t.Errorf("an idempotency key of %d bytes: %v", len(key), err)
			}
		}
		notUTF8 := servertest.CreateCustomer(phone(1))
		notUTF8.GetCreateCustomer().CustomerNumber.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "\xff"))
		payload, err := proto.Marshal(notUTF8)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Try(payload); err == nil || !strings.Contains(err.Error(), "no AppToServerCommand") {
			t.Errorf("text that is no UTF-8: %v", err)
		}
	})
}

// walkTime is when things are in the walk: some time ago, which reminders take for now.
var walkTime = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
