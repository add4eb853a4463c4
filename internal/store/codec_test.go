package store

import (
	"reflect"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

// Two fields with one number are both left out by the codec, without a word.
func TestStoredNumbersAreUnique(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	for _, v := range []any{Record{}, messaging.Message{}, customer.ActivitySession{}, customer.ActivityKey{}, messaging.Session{}} {
		checkNumbers(t, reflect.TypeOf(v), seen)
	}
}

func checkNumbers(t *testing.T, typ reflect.Type, seen map[reflect.Type]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		checkNumbers(t, typ.Elem(), seen)
		return
	case reflect.Struct:
	default:
		return
	}
	if seen[typ] || typ.PkgPath() == "time" {
		return
	}
	seen[typ] = true
	numbers := make(map[string]string)
	for _, f := range reflect.VisibleFields(typ) {
		number, _, _ := strings.Cut(f.Tag.Get("cbor"), ",")
		if f.Anonymous || number == "-" || !f.IsExported() {
			continue
		}
		if other, taken := numbers[number]; taken {
			t.Errorf("%v: %s and %s have the number %q", typ, other, f.Name, number)
		}
		numbers[number] = f.Name
		checkNumbers(t, f.Type, seen)
	}
}
