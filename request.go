package elarian

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/elarian-go/elarian/internal/rsocket"
)

// request sends a payload and waits for the reply. Where the connection is lost first, a repeatable
// one is sent again on the next connection. What the server has REJECTED it has not begun: while it
// has too much to do or is about to stop, the payload is sent again after a pause. heed, unless nil, is called
// with the reply before anything is read that came after it; it must not block.
func (l *link) request(ctx context.Context, payload []byte, repeatable bool, heed func(reply []byte)) ([]byte, error) {
	if _, ok := ctx.Deadline(); !ok && l.config.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.config.Timeout)
		defer cancel()
	}
	var failed *rsocket.Conn
	var rejected *rsocket.Error
	for pause := rejectedMin; ; {
		conn, err := l.connection(ctx, failed)
		if err != nil {
			return nil, err
		}
		reply, err := conn.RequestHeed(ctx, payload, heed)
		switch {
		case err == nil:
			return reply, nil
		case ended(conn, err):
			if !repeatable {
				return nil, fmt.Errorf("connection lost before the reply: %w", err)
			}
			failed = conn
			continue
		case ctx.Err() != nil && rejected != nil:
			return nil, fmt.Errorf("%w (%s): %w", ErrRateLimited, rejected.Text, context.Cause(ctx))
		case !errors.As(err, &rejected) || rejected.Code != rsocket.Rejected:
			return nil, err
		}
		select { // the next round says what is the matter
		case <-time.After(pause/2 + rand.N(pause)):
		case <-conn.Done():
		case <-ctx.Done():
		}
		pause = min(2*pause, rejectedMax)
	}
}

// Pauses before a command that was REJECTED is sent again.
const (
	rejectedMin = 10 * time.Millisecond
	rejectedMax = time.Second
)

// ended tells whether err is the end of the connection and not the answer to one request.
func ended(conn *rsocket.Conn, err error) bool {
	cause := conn.Err()
	return cause != nil && errors.Is(err, cause)
}

// connection waits for a connection that is not the one that just failed.
func (l *link) connection(ctx context.Context, failed *rsocket.Conn) (*rsocket.Conn, error) {
	for {
		l.mu.Lock()
		conn, err, last, changed := l.conn, l.err, l.last, l.changed
		l.mu.Unlock()
		switch {
		case err != nil:
			return nil, err
		case conn != nil && conn != failed:
			return conn, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, notConnected(ctx, last)
		}
	}
}

func notConnected(ctx context.Context, last error) error {
	if last != nil {
		return fmt.Errorf("not connected (%w): %w", last, context.Cause(ctx))
	}
	return fmt.Errorf("not connected: %w", context.Cause(ctx))
}
