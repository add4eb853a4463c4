package rsocket

import (
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// An idle connection keeps smallBuffer for reading; one that is busy borrows bigBuffer.
const (
	smallBuffer = 512
	bigBuffer   = 16 << 10
)

var bigBuffers = sync.Pool{New: func() any { return new([bigBuffer]byte) }}

// streamTransport is TCP or TLS: a frame is preceded by its length in three bytes.
type streamTransport struct {
	conn  net.Conn
	kind  string
	limit int
	last  atomic.Int64 // monotonic nanoseconds, see clock
	buf   []byte       // buf[r:w] is read and not yet parsed
	r, w  int
	big   *[bigBuffer]byte // set while buf is borrowed
	quiet int              // reads in a row that would have fitted the small buffer
	skip  int              // bytes of an overlong frame still to be thrown away
}

var clockStart = time.Now()

// clock is monotonic time since the program began, cheap to store atomically.
func clock() time.Duration { return time.Since(clockStart) }

func newStreamTransport(conn net.Conn) *streamTransport {
	kind := "tcp"
	if _, ok := conn.(*tls.Conn); ok {
		kind = "tls"
	}
	t := &streamTransport{conn: conn, kind: kind, limit: maxFrameLength, buf: make([]byte, smallBuffer)}
	t.last.Store(int64(clock()))
	return t
}

func (t *streamTransport) SetLimit(n int)       { t.limit = n }
func (t *streamTransport) Kind() string         { return t.kind }
func (t *streamTransport) RemoteAddr() net.Addr { return t.conn.RemoteAddr() }
func (t *streamTransport) LastRead() time.Time {
	return clockStart.Add(time.Duration(t.last.Load()))
}

func (t *streamTransport) SetReadDeadline(at time.Time) {
	// The error only says that the connection is closed, which the next read says too.
	_ = t.conn.SetReadDeadline(at)
}

func (t *streamTransport) ReadFrame() (frame []byte, size int, err error) {
	for {
		if t.skip > 0 {
			if err := t.discard(); err != nil {
				return nil, 0, err
			}
			continue
		}
		need := lengthSize
		if t.w-t.r >= lengthSize {
			size = getLength(t.buf[t.r:])
			if size > t.limit {
				need += headerSize // enough to say which stream it was for
			} else {
				need += size
			}
			if t.w-t.r >= need {
				frame = t.buf[t.r+lengthSize : t.r+need]
				t.r += need
				t.skip = size - len(frame)
				return frame, size, nil
			}
		}
		if err := t.fill(need); err != nil {
			return nil, 0, err
		}
	}
}

// fill reads once, after making room for a frame of need bytes. Room grows with what has arrived,
// not with what the peer announces.
func (t *streamTransport) fill(need int) error {
	switch have := t.w - t.r; {
	case have == 0:
		t.r, t.w = 0, 0
		if len(t.buf) > bigBuffer {
			t.buf = t.borrow()
		} else if t.big != nil && t.quiet >= 4 {
			bigBuffers.Put(t.big)
			t.big, t.buf = nil, make([]byte, smallBuffer)
		}
	case t.w == len(t.buf) && t.r > 0:
		copy(t.buf, t.buf[t.r:t.w])
		t.r, t.w = 0, have
	case t.w == len(t.buf):
		t.grow(min(2*len(t.buf), max(need, bigBuffer)))
	}
	n, err := t.conn.Read(t.buf[t.w:])
	if n == 0 {
		return err
	}
	t.last.Store(int64(clock()))
	t.w += n
	t.quiet++
	if n >= smallBuffer {
		t.quiet = 0
	}
	if t.w == smallBuffer && len(t.buf) == smallBuffer {
		t.grow(bigBuffer)
	}
	return nil
}

func (t *streamTransport) borrow() []byte {
	if t.big == nil {
		t.big = bigBuffers.Get().(*[bigBuffer]byte)
	}
	return t.big[:]
}

func (t *streamTransport) grow(n int) {
	old := t.buf[t.r:t.w]
	if n <= bigBuffer {
		t.buf = t.borrow()
	} else {
		t.buf = make([]byte, n)
	}
	t.r, t.w = 0, copy(t.buf, old)
}

func (t *streamTransport) discard() error {
	if t.w == t.r {
		if err := t.fill(0); err != nil {
			return err
		}
	}
	n := min(t.skip, t.w-t.r)
	t.r += n
	t.skip -= n
	return nil
}

func (t *streamTransport) Write(frames []byte, timeout time.Duration) error {
	for len(frames) > 0 {
		n := min(len(frames), writeChunk)
		if err := t.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		if _, err := t.conn.Write(frames[:n]); err != nil {
			return err
		}
		frames = frames[n:]
	}
	return nil
}

type closeWriter interface{ CloseWrite() error }

// Finish half-closes, so that what was written last reaches a peer that is still sending: closing a
// socket with unread input would reset it and destroy the ERROR on its way.
func (t *streamTransport) Finish(deadline time.Time) {
	_ = t.conn.SetReadDeadline(deadline)
	_ = t.conn.SetWriteDeadline(deadline)
	if tc, ok := t.conn.(*tls.Conn); ok {
		err := tc.CloseWrite()
		if cw, ok := tc.NetConn().(closeWriter); ok && err == nil {
			err = cw.CloseWrite()
		}
		if err != nil {
			t.Abort()
		}
		return
	}
	cw, ok := t.conn.(closeWriter)
	if !ok || cw.CloseWrite() != nil {
		t.Abort()
	}
}

func (t *streamTransport) Abort() {
	if tc, ok := t.conn.(*tls.Conn); ok {
		_ = tc.NetConn().Close() // tls.Conn.Close would first try to write an alert to a peer that may not read
		return
	}
	_ = t.conn.Close()
}
