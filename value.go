package elarian

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/elarian-go/elarian/internal/pb"
)

// Value is metadata or app data as it is stored: text or bytes that only the apps understand.
// The zero Value means that nothing is stored.
type Value struct {
	data       string
	kind       valueKind
	serializer *Serializer
}

type valueKind uint8

const (
	kindNone valueKind = iota
	kindText
	kindBinary
)

// TextValue is a value to be stored as this text, without the serializer.
func TextValue(s string) Value { return Value{data: s, kind: kindText} }

// BytesValue is a value to be stored as these bytes, without the serializer.
func BytesValue(b []byte) Value { return Value{data: string(b), kind: kindBinary} }

// IsZero tells that nothing is stored.
func (v Value) IsZero() bool { return v.kind == kindNone }

// IsBinary tells that the value is stored as bytes, not as text.
func (v Value) IsBinary() bool { return v.kind == kindBinary }

// Text gives what is stored, bytes too, as a string: JSON text with quotes around a string.
func (v Value) Text() string { return v.data }

// Bytes gives what is stored, text too, as bytes.
func (v Value) Bytes() []byte { return []byte(v.data) }

// Decode reads the value into what into points to, by the client's serializer ([JSON] unless the
// [Config] says otherwise). A *[Value], *[json.RawMessage] or *[]byte gets what is stored as it is.
// Where nothing is stored, into stays as it was.
func (v Value) Decode(into any) error {
	if v.kind == kindNone {
		return nil
	}
	switch into := into.(type) {
	case *Value:
		*into = v
	case *json.RawMessage:
		*into = json.RawMessage(v.data)
	case *[]byte:
		*into = []byte(v.data)
	case *struct{}:
	default:
		s := v.serializer
		if s == nil {
			s = &JSON
		}
		if err := s.Unmarshal([]byte(v.data), into); err != nil {
			return fmt.Errorf("elarian: stored data does not fit %T: %w", into, err)
		}
	}
	return nil
}

// String shows text as it is and bytes quoted.
func (v Value) String() string {
	if v.kind == kindBinary {
		return strconv.Quote(v.data)
	}
	return v.data
}

// encode makes what is stored of x: a [Value], [json.RawMessage] or []byte as it is, anything else by the serializer.
func (s *Serializer) encode(x any) (Value, error) {
	switch x := x.(type) {
	case Value:
		return x, nil
	case *Value:
		return *x, nil
	case json.RawMessage:
		return TextValue(string(x)), nil
	case *json.RawMessage:
		return TextValue(string(*x)), nil
	case []byte:
		return BytesValue(x), nil
	case *[]byte:
		return BytesValue(*x), nil
	}
	b, err := s.Marshal(x)
	if err != nil {
		return Value{}, fmt.Errorf("elarian: %T cannot be stored: %w", x, err)
	}
	if s.Binary {
		return BytesValue(b), nil
	}
	return TextValue(string(b)), nil
}

func (s *Serializer) value(v *pb.DataMapValue) Value {
	switch v := v.GetValue().(type) {
	case *pb.DataMapValue_StringVal:
		return Value{data: v.StringVal, kind: kindText, serializer: s}
	case *pb.DataMapValue_BytesVal:
		return Value{data: string(v.BytesVal), kind: kindBinary, serializer: s}
	}
	return Value{}
}

func (v Value) proto() *pb.DataMapValue {
	switch v.kind {
	case kindText:
		return &pb.DataMapValue{Value: &pb.DataMapValue_StringVal{StringVal: v.data}}
	case kindBinary:
		return &pb.DataMapValue{Value: &pb.DataMapValue_BytesVal{BytesVal: []byte(v.data)}}
	}
	return &pb.DataMapValue{}
}

func (v Value) equal(w Value) bool { return v.kind == w.kind && v.data == w.data }
