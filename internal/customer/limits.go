package customer

import (
	"strings"
	"unicode/utf8"
)

// Limits bounds what one customer may hold; sizes are in bytes. Past a limit a command is refused
// with a text that names the limit, and changes nothing.
type Limits struct {
	KeyBytes      int // a key; also a value of a tag or secondary id, which are indexed
	ValueBytes    int // a value of metadata; all properties of an activity
	MetadataKeys  int
	MetadataBytes int // keys and values of one customer together
	Tags          int
	SecondaryIDs  int
	AppDataBytes  int
	Reminders     int // of all apps
}

// DefaultLimits are those of behaviour.md, section 3.
func DefaultLimits() Limits {
	return Limits{
		KeyBytes:      256,
		ValueBytes:    64 << 10,
		MetadataKeys:  256,
		MetadataBytes: 512 << 10,
		Tags:          64,
		SecondaryIDs:  32,
		AppDataBytes:  256 << 10,
		Reminders:     256,
	}
}

// isText says whether s can be looked for: not every database takes a zero byte or other than UTF-8.
func isText(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// checkKey refuses an empty or too long key; field names it in the text.
func (l Limits) checkKey(field, key string) error {
	if key == "" {
		return Refuse(InvalidRequest, "%s: empty key", field)
	}
	if !isText(key) {
		return Refuse(InvalidRequest, "%s: the key %q is not a text: it has a zero byte, or is no UTF-8", field, key)
	}
	if len(key) > l.KeyBytes {
		return Refuse(LimitReached, "%s: a key of %d bytes is over the limit of %d", field, len(key), l.KeyBytes)
	}
	return nil
}

// CheckTag refuses what cannot be the key and value of a tag.
func (l Limits) CheckTag(field, key, value string) error {
	if err := l.checkKey(field+".key", key); err != nil {
		return err
	}
	return l.checkIndexed(field+".value", key, value)
}

func (l Limits) checkValue(field, key string, size int) error {
	if size > l.ValueBytes {
		return Refuse(LimitReached, "%s: the value of %q has %d bytes, over the limit of %d", field, key, size, l.ValueBytes)
	}
	return nil
}

// checkIndexed is checkValue for values that customers are found by: they are as short as keys.
func (l Limits) checkIndexed(field, key, value string) error {
	if !isText(value) {
		return Refuse(InvalidRequest, "%s: the value of %q is not a text: it has a zero byte, or is no UTF-8", field, key)
	}
	if len(value) > l.KeyBytes {
		return Refuse(LimitReached, "%s: the value of %q has %d bytes, over the limit of %d", field, key, len(value), l.KeyBytes)
	}
	return nil
}
