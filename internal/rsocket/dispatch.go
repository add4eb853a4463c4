package rsocket

// dispatch handles one frame of the peer. An error is for the connection.
func (c *Conn) dispatch(h header, body []byte) *Error {
	if h.stream == 0 {
		return c.dispatchConnection(h, body)
	}
	switch h.typ {
	case typeRequestResponse:
		return c.onRequest(h, body)
	case typePayload:
		return c.onPayload(h, body)
	case typeCancel:
		c.onCancel(h.stream)
	case typeError:
		return c.onError(h, body)
	case typeRequestStream, typeRequestChannel:
		c.rejectStream(h.stream)
	case typeRequestFNF, typeRequestN:
	case typeSetup, typeLease, typeKeepAlive, typeMetadataPush, typeResume, typeResumeOK:
		return connectionError("frame type 0x%02x must be on stream 0", uint8(h.typ))
	default:
		return unknownFrame(h)
	}
	return nil
}

func (c *Conn) dispatchConnection(h header, body []byte) *Error {
	switch h.typ {
	case typeKeepAlive:
		return c.onKeepAlive(h, body)
	case typeError:
		e, err := parseError(body)
		if err != nil {
			return connectionError("malformed ERROR frame")
		}
		c.shut(e, nil)
	case typeLease, typeMetadataPush:
	case typeSetup:
		// The published JavaScript client does this after commands that failed while it had no connection, and would
		// then handle everything twice. After an ERROR it would never connect again.
		c.shut(connectionError("the connection is set up already"), nil)
	case typeResume, typeResumeOK:
		return connectionError("unexpected frame type 0x%02x", uint8(h.typ))
	case typeRequestResponse, typeRequestFNF, typeRequestStream, typeRequestChannel, typeRequestN, typeCancel, typePayload:
		return connectionError("frame type 0x%02x must not be on stream 0", uint8(h.typ))
	default:
		return unknownFrame(h)
	}
	return nil
}

// unknownFrame covers EXT, of which no extension is known, and types that do not exist.
func unknownFrame(h header) *Error {
	if h.has(flagIgnore) {
		return nil
	}
	return connectionError("unknown frame type 0x%02x", uint8(h.typ))
}

// overlong handles a frame that was too long to keep; only its header is known.
func (c *Conn) overlong(h header) *Error {
	if h.stream == 0 {
		return connectionError("frame too long")
	}
	switch h.typ {
	case typeRequestResponse:
		c.refuse(h.stream, c.tooLarge("payload"))
	case typePayload:
		c.dropOverlong(h.stream)
	case typeRequestFNF:
	case typeRequestStream, typeRequestChannel:
		c.rejectStream(h.stream)
	default:
		return connectionError("frame too long")
	}
	return nil
}
