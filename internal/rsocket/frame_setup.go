package rsocket

import (
	"encoding/binary"
	"fmt"
	"time"
)

// setupFrame is SETUP as it is on the wire. Its slices point into the frame that was parsed.
type setupFrame struct {
	major, minor        uint16
	keepAlive, lifetime uint32 // milliseconds
	resume, lease       bool
	token               []byte
	metadataMIME        string
	dataMIME            string
	hasMetadata         bool
	metadata, data      []byte
}

func parseSetup(h header, body []byte) (s setupFrame, err error) {
	f := fields{b: body, ok: true}
	s.major, s.minor = f.u16(), f.u16()
	s.keepAlive, s.lifetime = f.u32(), f.u32()
	s.lease = h.has(flagLease)
	if s.resume = h.has(flagResume); s.resume {
		s.token = f.take(int(f.u16()))
	}
	s.metadataMIME = string(f.take(f.u8()))
	s.dataMIME = string(f.take(f.u8()))
	if !f.ok || h.stream != 0 {
		return s, errMalformed
	}
	s.hasMetadata = h.has(flagMetadata)
	s.metadata, s.data, err = splitMetadata(h, f.b)
	return s, err
}

func appendSetup(dst []byte, s setupFrame) []byte {
	var flags uint16
	if s.resume {
		flags |= flagResume
	}
	if s.lease {
		flags |= flagLease
	}
	if s.hasMetadata {
		flags |= flagMetadata
	}
	dst = appendHeader(dst, 0, typeSetup, flags)
	dst = binary.BigEndian.AppendUint16(dst, s.major)
	dst = binary.BigEndian.AppendUint16(dst, s.minor)
	dst = binary.BigEndian.AppendUint32(dst, s.keepAlive)
	dst = binary.BigEndian.AppendUint32(dst, s.lifetime)
	if s.resume {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(s.token)))
		dst = append(dst, s.token...)
	}
	dst = append(dst, byte(len(s.metadataMIME)))
	dst = append(dst, s.metadataMIME...)
	dst = append(dst, byte(len(s.dataMIME)))
	dst = append(dst, s.dataMIME...)
	if s.hasMetadata {
		n := len(s.metadata)
		dst = append(dst, byte(n>>16), byte(n>>8), byte(n))
		dst = append(dst, s.metadata...)
	}
	return append(dst, s.data...)
}

// check says why a server refuses this SETUP, nil when it does not.
func (s *setupFrame) check(o *Options) *Error {
	switch keepAlive := time.Duration(s.keepAlive) * time.Millisecond; {
	case s.major != versionMajor:
		return &Error{UnsupportedSetup, fmt.Sprintf("protocol version %d.%d is not offered, only 1.0", s.major, s.minor)}
	case s.lease:
		return &Error{UnsupportedSetup, "leases are not offered"}
	case s.keepAlive == 0 || s.keepAlive > maxStreamID:
		return &Error{InvalidSetup, "keep-alive interval must be between 1 and 2147483647 ms"}
	case s.lifetime == 0 || s.lifetime > maxStreamID:
		return &Error{InvalidSetup, "lifetime must be between 1 and 2147483647 ms"}
	case s.lifetime < s.keepAlive:
		return &Error{InvalidSetup, "lifetime must not be shorter than the keep-alive interval"}
	case keepAlive < o.MinKeepAlive:
		return &Error{InvalidSetup, fmt.Sprintf("keep-alive interval must be at least %v", o.MinKeepAlive)}
	case s.resume && len(s.token) == 0:
		return &Error{InvalidSetup, "resumption needs a token"}
	}
	return nil
}
