package rsocket

import (
	"bytes"
	"fmt"
)

// partial is a payload of which more fragments follow.
type partial struct{ data []byte }

// sendPayload queues a payload on a stream, in fragments where it is larger than one frame: the
// first frame has the type given, the others are PAYLOAD. The caller holds c.mu.
func (c *Conn) sendPayload(stream uint32, typ frameType, flags uint16, data []byte) {
	room := c.opt.MaxFrame - headerSize
	for len(data) > room {
		part := data[:room]
		data = data[room:]
		// COMPLETE is for the last one.
		c.emit(stream, func(b []byte) []byte {
			return append(appendHeader(b, stream, typ, flags&^flagComplete|flagFollows), part...)
		})
		if typ == typeRequestResponse {
			typ, flags = typePayload, flagNext
		}
	}
	c.emit(stream, func(b []byte) []byte { return append(appendHeader(b, stream, typ, flags), data...) })
}

// collect adds a fragment to the unfinished payload of a stream; nil means that it was too much
// and everything of it has been dropped. The caller holds c.mu.
func (c *Conn) collect(stream uint32, data []byte) *Error {
	p := c.partials[stream]
	if p == nil {
		p = &partial{}
		if c.partials == nil {
			c.partials = make(map[uint32]*partial)
		}
		c.partials[stream] = p
	}
	switch {
	case len(p.data)+len(data) > c.opt.MaxPayload:
		c.dropPartial(stream)
		return c.tooLarge("payload")
	case c.partialBytes+len(data) > c.opt.MaxReassembly:
		c.dropPartial(stream)
		return &Error{Rejected, fmt.Sprintf("more than %d bytes of unfinished payloads on the connection", c.opt.MaxReassembly)}
	}
	p.data = append(p.data, data...)
	c.partialBytes += len(data)
	return nil
}

// whole ends the reassembly on a stream: all fragments and the last one, owned by the caller of
// it. The caller holds c.mu.
func (c *Conn) whole(stream uint32, last []byte) ([]byte, *Error) {
	if c.partials[stream] == nil {
		if len(last) > c.opt.MaxPayload {
			return nil, c.tooLarge("payload")
		}
		return bytes.Clone(last), nil
	}
	if err := c.collect(stream, last); err != nil {
		return nil, err
	}
	data := c.partials[stream].data
	c.dropPartial(stream)
	return data, nil
}

func (c *Conn) dropPartial(stream uint32) {
	if p := c.partials[stream]; p != nil {
		c.partialBytes -= len(p.data)
		delete(c.partials, stream)
	}
}

func (c *Conn) tooLarge(what string) *Error {
	return &Error{Invalid, fmt.Sprintf("%s larger than %d bytes", what, c.opt.MaxPayload)}
}
