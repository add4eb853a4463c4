package rsocket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// wsTransport is WebSocket: a frame is one binary message, without a length.
type wsTransport struct {
	conn   *websocket.Conn
	remote net.Addr
	kind   string
	limit  int
	last   atomic.Int64
	buf    []byte
	timer  *time.Timer // read deadline of SETUP and of Finish
}

var errTextMessage = errors.New("WebSocket messages must be binary")

func newWSTransport(conn *websocket.Conn, remote net.Addr, kind string) *wsTransport {
	conn.SetReadLimit(-1) // ReadFrame has its own limit, which skips instead of closing
	t := &wsTransport{conn: conn, remote: remote, kind: kind, limit: maxFrameLength}
	t.last.Store(int64(clock()))
	return t
}

func (t *wsTransport) SetLimit(n int)       { t.limit = n }
func (t *wsTransport) Kind() string         { return t.kind }
func (t *wsTransport) RemoteAddr() net.Addr { return t.remote }
func (t *wsTransport) LastRead() time.Time {
	return clockStart.Add(time.Duration(t.last.Load()))
}

func (t *wsTransport) SetReadDeadline(at time.Time) {
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	if !at.IsZero() {
		t.timer = time.AfterFunc(time.Until(at), t.Abort)
	}
}

func (t *wsTransport) ReadFrame() ([]byte, int, error) {
	if cap(t.buf) > smallBuffer {
		t.buf = nil
	}
	typ, r, err := t.conn.Reader(context.Background())
	if err != nil {
		return nil, 0, err
	}
	if typ != websocket.MessageBinary {
		// A message has to be read to its end before the library can see the next one.
		if _, err := t.skip(r); err != nil {
			return nil, 0, err
		}
		return nil, 0, errTextMessage
	}
	frame := t.buf[:0]
	for {
		if len(frame) == cap(frame) {
			frame = append(frame, make([]byte, max(smallBuffer, len(frame)))...)[:len(frame)]
		}
		n, err := r.Read(frame[len(frame):cap(frame)])
		frame = frame[:len(frame)+n]
		t.last.Store(int64(clock()))
		if len(frame) > t.limit {
			rest, err := t.skip(r)
			return frame[:headerSize], len(frame) + rest, err
		}
		if err == io.EOF {
			t.buf = frame
			return frame, len(frame), nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// skip reads the rest of an overlong message. Unlike TCP, a message has no length limit of its own:
// beyond what a TCP frame could hold the peer is not worth more reading.
func (t *wsTransport) skip(r io.Reader) (int, error) {
	var scratch [4096]byte
	total := 0
	for {
		n, err := r.Read(scratch[:])
		total += n
		t.last.Store(int64(clock()))
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		case total > maxFrameLength:
			return total, errMalformed
		}
	}
}

func (t *wsTransport) Write(frames []byte, timeout time.Duration) error {
	for len(frames) > 0 {
		n := getLength(frames)
		if err := t.writeOne(frames[lengthSize:lengthSize+n], timeout); err != nil {
			return err
		}
		frames = frames[lengthSize+n:]
	}
	return nil
}

func (t *wsTransport) writeOne(frame []byte, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return t.conn.Write(ctx, websocket.MessageBinary, frame)
}

func (t *wsTransport) Finish(deadline time.Time) {
	timer := time.AfterFunc(time.Until(deadline), t.Abort)
	defer timer.Stop()
	// The reader may get the peer's close frame before this call does; either way the handshake is done.
	_ = t.conn.Close(websocket.StatusNormalClosure, "")
	t.Abort()
}

func (t *wsTransport) Abort() { _ = t.conn.CloseNow() }
