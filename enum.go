package elarian

import (
	"strconv"
	"strings"
)

// enumName gives the name of a protocol value the way the reference writes it: "no_consent" for
// MESSAGE_DELIVERY_STATUS_NO_CONSENT. A number that this version does not know stays a number.
func enumName(names map[int32]string, prefix string, value int32) string {
	name, ok := names[value]
	if !ok {
		return strconv.Itoa(int(value))
	}
	return strings.ToLower(strings.TrimPrefix(name, prefix))
}
