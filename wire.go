package elarian

import (
	"errors"
	"time"
)

// wire reads the fields of an encoded message one after the other. A customer's state has hundreds
// of small messages in it; read by the protobuf package it takes 275 allocations and five times as
// long. Strings are parts of the reply, not copies.
//
//	for w := (wire{rest: s}); w.next(); {
//		switch w.field { case 1: id = w.bytes }
//	}
type wire struct {
	rest   string
	field  uint64
	number uint64 // value of a varint or fixed field
	bytes  string // value of a field with a length
	err    *error // set where the message is malformed; shared by the whole reply
}

var errWire = errors.New("malformed message")

// in reads the message that is the current field's value.
func (w *wire) in() wire { return wire{rest: w.bytes, err: w.err} }

// next reads a field; false at the end.
func (w *wire) next() bool {
	if w.rest == "" {
		return false
	}
	tag := w.varint()
	w.field, w.number, w.bytes = tag>>3, 0, ""
	switch tag & 7 {
	case 0:
		w.number = w.varint()
	case 1:
		w.number = w.fixed(8)
	case 2:
		n := w.varint()
		if n > uint64(len(w.rest)) {
			return w.malformed()
		}
		w.bytes, w.rest = w.rest[:n], w.rest[n:]
	case 5:
		w.number = w.fixed(4)
	default: // groups, which this protocol has not
		return w.malformed()
	}
	return *w.err == nil
}

func (w *wire) malformed() bool {
	w.rest, *w.err = "", errWire
	return false
}

func (w *wire) varint() (v uint64) {
	for i := 0; i < len(w.rest) && i < 10; i++ {
		b := w.rest[i]
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			w.rest = w.rest[i+1:]
			return v
		}
	}
	w.malformed()
	return 0
}

func (w *wire) fixed(n int) (v uint64) {
	if len(w.rest) < n {
		w.malformed()
		return 0
	}
	for i := range n {
		v |= uint64(w.rest[i]) << (8 * i)
	}
	w.rest = w.rest[n:]
	return v
}

// count tells how many fields of a number follow, this one included: the length of a list.
func (w *wire) count() int {
	n := 1
	ahead := *w
	for ahead.next() && ahead.field == w.field {
		n++
	}
	return n
}

// wrapped reads a StringValue.
func (w *wire) wrapped() (s string) {
	for v := w.in(); v.next(); {
		if v.field == 1 {
			s = v.bytes
		}
	}
	return s
}

// moment reads a Timestamp. Zero means none.
func (w *wire) moment() time.Time {
	seconds, nanos := w.secondsAndNanos()
	if seconds == 0 && nanos == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, nanos).UTC()
}

// duration reads a Duration.
func (w *wire) duration() time.Duration {
	seconds, nanos := w.secondsAndNanos()
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}

func (w *wire) secondsAndNanos() (seconds, nanos int64) {
	for v := w.in(); v.next(); {
		switch v.field {
		case 1:
			seconds = int64(v.number)
		case 2:
			nanos = int64(int32(v.number))
		}
	}
	return seconds, nanos
}

func (w *wire) customerNumber() (n CustomerNumber) {
	for v := w.in(); v.next(); {
		switch v.field {
		case 1:
			n.Provider = Provider(v.number)
		case 2:
			n.Number = v.bytes
		case 3:
			n.Partition = v.wrapped()
		}
	}
	return n
}

func (w *wire) channelNumber() (n MessagingChannelNumber) {
	for v := w.in(); v.next(); {
		switch v.field {
		case 1:
			n.Channel = MessagingChannel(v.number)
		case 2:
			n.Number = v.bytes
		}
	}
	return n
}
