package rsocket

import (
	"encoding/binary"
	"errors"
)

type frameType uint8

const (
	typeSetup           frameType = 0x01
	typeLease           frameType = 0x02
	typeKeepAlive       frameType = 0x03
	typeRequestResponse frameType = 0x04
	typeRequestFNF      frameType = 0x05
	typeRequestStream   frameType = 0x06
	typeRequestChannel  frameType = 0x07
	typeRequestN        frameType = 0x08
	typeCancel          frameType = 0x09
	typePayload         frameType = 0x0A
	typeError           frameType = 0x0B
	typeMetadataPush    frameType = 0x0C
	typeResume          frameType = 0x0D
	typeResumeOK        frameType = 0x0E
	typeExt             frameType = 0x3F
)

// Flags; what a bit means depends on the frame type.
const (
	flagIgnore   uint16 = 0x200
	flagMetadata uint16 = 0x100
	flagResume   uint16 = 0x080 // SETUP
	flagLease    uint16 = 0x040 // SETUP
	flagRespond  uint16 = 0x080 // KEEPALIVE
	flagFollows  uint16 = 0x080 // REQUEST_*, PAYLOAD
	flagComplete uint16 = 0x040 // PAYLOAD
	flagNext     uint16 = 0x020 // PAYLOAD
)

const (
	headerSize   = 6
	lengthSize   = 3 // before each frame on TCP
	maxStreamID  = 1<<31 - 1
	versionMajor = 1
	versionMinor = 0
)

var errMalformed = errors.New("malformed frame")

type header struct {
	stream uint32
	typ    frameType
	flags  uint16
}

func (h header) has(flag uint16) bool { return h.flags&flag != 0 }

func parseHeader(frame []byte) (h header, body []byte, err error) {
	if len(frame) < headerSize {
		return h, nil, errMalformed
	}
	h.stream = binary.BigEndian.Uint32(frame)
	if h.stream > maxStreamID {
		return h, nil, errMalformed
	}
	tf := binary.BigEndian.Uint16(frame[4:])
	h.typ, h.flags = frameType(tf>>10), tf&0x3FF
	return h, frame[headerSize:], nil
}

func appendHeader(dst []byte, stream uint32, typ frameType, flags uint16) []byte {
	dst = binary.BigEndian.AppendUint32(dst, stream)
	return binary.BigEndian.AppendUint16(dst, uint16(typ)<<10|flags)
}

func putLength(dst []byte, n int) {
	dst[0], dst[1], dst[2] = byte(n>>16), byte(n>>8), byte(n)
}

func getLength(b []byte) int {
	return int(b[0])<<16 | int(b[1])<<8 | int(b[2])
}

// splitMetadata cuts the metadata off a body: present when flag M is set, after its three-byte length.
func splitMetadata(h header, body []byte) (metadata, data []byte, err error) {
	if !h.has(flagMetadata) {
		return nil, body, nil
	}
	if len(body) < lengthSize {
		return nil, nil, errMalformed
	}
	n := getLength(body)
	body = body[lengthSize:]
	if n > len(body) {
		return nil, nil, errMalformed
	}
	return body[:n], body[n:], nil
}

// A field reader over one frame's body: after the first short read everything is empty and ok is false.
type fields struct {
	b  []byte
	ok bool
}

func (f *fields) take(n int) []byte {
	if !f.ok || n > len(f.b) {
		f.ok = false
		return nil
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) u8() int {
	if v := f.take(1); f.ok {
		return int(v[0])
	}
	return 0
}

func (f *fields) u16() uint16 {
	if v := f.take(2); f.ok {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (f *fields) u32() uint32 {
	if v := f.take(4); f.ok {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if v := f.take(8); f.ok {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}
