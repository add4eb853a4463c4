package store

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// What has no column of its own is kept as CBOR: structs with numbers for keys, so that a field
// can be added at any time, and is read back exactly.
var (
	encoder = func() cbor.EncMode {
		m, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagNone}.EncMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	decoder = func() cbor.DecMode {
		m, err := cbor.DecOptions{MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 20, UTF8: cbor.UTF8DecodeInvalid}.DecMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
)

// encode cannot fail for our own types; one that does is a mistake of ours.
func encode(v any) []byte {
	b, err := encoder.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	return b
}

func decode(b []byte, v any) error {
	if err := decoder.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode a stored %T: %w", v, err)
	}
	return nil
}
