package rsocket

import (
	"bytes"
	"errors"
	"time"
)

const (
	defaultMIME      = "application/octet-stream"
	defaultKeepAlive = time.Second
	defaultLifetime  = time.Minute
)

func (s *setupFrame) intervals() (keepAlive, lifetime time.Duration) {
	return time.Duration(s.keepAlive) * time.Millisecond, time.Duration(s.lifetime) * time.Millisecond
}

// setup is the frame as an Acceptor sees it; it owns its bytes.
func (s *setupFrame) setup(t transport) *Setup {
	keepAlive, lifetime := s.intervals()
	return &Setup{
		Data: bytes.Clone(s.data), Metadata: bytes.Clone(s.metadata),
		DataMIME: s.dataMIME, MetadataMIME: s.metadataMIME,
		KeepAlive: keepAlive, Lifetime: lifetime,
		ResumeToken: bytes.Clone(s.token),
		RemoteAddr:  t.RemoteAddr(), Transport: t.Kind(),
	}
}

// frame is what a client sends for s.
func (s *Setup) frame(resume bool, token []byte) (setupFrame, error) {
	f := setupFrame{
		major: versionMajor, minor: versionMinor,
		keepAlive: uint32(orDefault(s.KeepAlive, defaultKeepAlive).Milliseconds()),
		lifetime:  uint32(orDefault(s.Lifetime, defaultLifetime).Milliseconds()),
		resume:    resume, token: token,
		metadataMIME: orDefault(s.MetadataMIME, defaultMIME),
		dataMIME:     orDefault(s.DataMIME, defaultMIME),
		hasMetadata:  s.Metadata != nil,
		metadata:     s.Metadata, data: s.Data,
	}
	switch {
	case len(f.metadataMIME) > 255 || len(f.dataMIME) > 255:
		return f, errors.New("rsocket: MIME type longer than 255 bytes")
	case len(token) > 1<<16-1:
		return f, errors.New("rsocket: resume token longer than 65535 bytes")
	case len(f.data)+len(f.metadata) > maxFrameLength/2:
		return f, errors.New("rsocket: SETUP too long")
	}
	if e := f.check(&Options{}); e != nil {
		return f, e
	}
	return f, nil
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
