package rsocket

import (
	"encoding/binary"
	"strings"
)

func appendCancel(dst []byte, stream uint32) []byte {
	return appendHeader(dst, stream, typeCancel, 0)
}

// maxErrorText keeps an ERROR frame within one fragment-free frame whatever its text.
const maxErrorText = 4 << 10

func appendError(dst []byte, stream uint32, e *Error) []byte {
	dst = appendHeader(dst, stream, typeError, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.Code))
	text := e.Text
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	return append(dst, strings.ToValidUTF8(text, "\uFFFD")...)
}

func parseError(body []byte) (*Error, error) {
	f := fields{b: body, ok: true}
	code := f.u32()
	if !f.ok {
		return nil, errMalformed
	}
	return &Error{Code: ErrorCode(code), Text: strings.ToValidUTF8(string(f.b), "\uFFFD")}, nil
}

func appendKeepAlive(dst []byte, flags uint16, received uint64, data []byte) []byte {
	dst = appendHeader(dst, 0, typeKeepAlive, flags)
	dst = binary.BigEndian.AppendUint64(dst, received)
	return append(dst, data...)
}

func parseKeepAlive(h header, body []byte) (received uint64, data []byte, err error) {
	f := fields{b: body, ok: true}
	received = f.u64()
	if !f.ok || h.stream != 0 || received > 1<<63-1 {
		return 0, nil, errMalformed
	}
	return received, f.b, nil
}
