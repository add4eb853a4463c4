package elarian

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
)

// Serializer turns Go values into metadata and app data, and back. The zero Serializer means [JSON].
//
// A text serializer's output is stored as text, a binary one's as bytes (the protocol keeps them
// apart). What is stored otherwise is read all the same: Unmarshal then gets the bytes of the text,
// or the text of the bytes. Any encoding can be used:
//
//	elarian.Serializer{Binary: true, Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}
type Serializer struct {
	// Binary tells that values are to be stored as bytes.
	Binary    bool
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
}

// JSON stores values as JSON text, the way the JavaScript SDK does, so that apps in both languages
// read each other's data. Stored text that is no JSON is read as a string.
var JSON = Serializer{Marshal: marshalJSON, Unmarshal: unmarshalJSON}

// Gob stores values as bytes of encoding/gob. Only Go apps read them.
var Gob = Serializer{Binary: true, Marshal: marshalGob, Unmarshal: unmarshalGob}

func (s Serializer) orDefault() Serializer {
	if s.Marshal == nil && s.Unmarshal == nil {
		return JSON
	}
	return s
}

func (s Serializer) check() error {
	if s.Marshal == nil || s.Unmarshal == nil {
		return errors.New("elarian: Config.Serializer needs both Marshal and Unmarshal")
	}
	return nil
}

// marshalJSON writes what JSON.stringify writes. Apps in JavaScript send app data back parsed and
// written again, and the server tells an echo from a change by comparing bytes.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return unescapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// unescapeJSON writes the characters plainly that encoding/json always escapes and JSON.stringify never does.
func unescapeJSON(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u202`)) && !bytes.Contains(b, []byte(`\ufffd`)) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		switch {
		case bytes.HasPrefix(b[i:], []byte(`\u2028`)):
			out = append(out, "\u2028"...)
			i += 5
		case bytes.HasPrefix(b[i:], []byte(`\u2029`)):
			out = append(out, "\u2029"...)
			i += 5
		case bytes.HasPrefix(b[i:], []byte(`\ufffd`)):
			out = append(out, "\ufffd"...)
			i += 5
		default: // an escape that stays, with the character that it escapes
			out = append(out, b[i], b[i+1])
			i++
		}
	}
	return out
}

func unmarshalJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	switch into := v.(type) {
	case *string:
		*into = string(data)
		return nil
	case *any:
		*into = string(data)
		return nil
	}
	return err
}

func marshalGob(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unmarshalGob(data []byte, v any) error {
	return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
}
