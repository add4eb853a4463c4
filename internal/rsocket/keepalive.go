package rsocket

import (
	"fmt"
	"time"
)

// startKeepAlive begins to watch the lifetime. The caller holds c.mu.
func (c *Conn) startKeepAlive() {
	c.link.started = time.Now()
	next := c.lifetime
	if c.client {
		next = c.keepAlive
	}
	c.timer = time.AfterFunc(next, c.tick)
}

// tick is the one timer of a connection: it sends the client's KEEPALIVE, ends a transport whose
// peer has fallen silent, and a session that nobody resumed.
func (c *Conn) tick() {
	c.mu.Lock()
	l := c.link
	switch {
	case c.closed:
	case l == nil:
		c.tickDetached()
		return
	case l.dead: // its reader is about to notice
	default:
		if idle := l.idle(); idle >= c.lifetime {
			c.tickSilent(l)
			return
		} else if c.client {
			c.emit(0, func(b []byte) []byte { return appendKeepAlive(b, flagRespond, c.position(), nil) })
			c.timer.Reset(min(c.keepAlive, c.lifetime-idle))
		} else {
			c.timer.Reset(c.lifetime - idle)
		}
	}
	c.mu.Unlock()
}

// idle is how long nothing has been heard. The time before the reader started does not count: an
// Acceptor may take longer than a lifetime.
func (l *link) idle() time.Duration {
	return min(time.Since(l.t.LastRead()), time.Since(l.started))
}

func (c *Conn) tickSilent(l *link) {
	e := connectionError("nothing heard for %v", c.lifetime)
	if c.resumable() {
		c.cut(l, e)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.shut(fmt.Errorf("%w: %w", ErrLost, e), e)
}

func (c *Conn) tickDetached() {
	left := c.resumeTime() - time.Since(c.detachedAt)
	if c.resumable() && left > 0 {
		c.timer.Reset(left)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.shut(fmt.Errorf("%w: the session was not resumed in time", ErrLost), nil)
}

func (c *Conn) onKeepAlive(h header, body []byte) *Error {
	received, data, err := parseKeepAlive(h, body)
	if err != nil {
		return connectionError("malformed KEEPALIVE frame")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume != nil {
		c.resume.confirm(received)
	}
	if h.has(flagRespond) {
		c.emit(0, func(b []byte) []byte { return appendKeepAlive(b, 0, c.position(), data) })
	} else if c.client {
		select {
		case <-c.alive:
		default:
			close(c.alive)
		}
	}
	return nil
}

// position is what KEEPALIVE tells about received bytes. The caller holds c.mu.
func (c *Conn) position() uint64 {
	if c.resume == nil {
		return 0
	}
	return c.resume.received
}
