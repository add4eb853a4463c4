package rsocket

import (
	"crypto/sha256"
	"time"
)

// resumeState counts and keeps what a session needs to go on with another transport. A position
// is the number of bytes of all frames of streams other than 0, without the length of TCP.
// Guarded by Conn.mu.
type resumeState struct {
	received uint64 // position of what came from the peer
	sent     uint64 // position of what went to the peer
	first    uint64 // position of the first frame in buf
	buf      []byte // frames sent and not confirmed, each after its length
	head     int    // where in buf they begin
	asked    bool   // a KEEPALIVE is on its way to get a confirmation
	broken   bool   // frames are missing from buf: counted on, because KEEPALIVE tells positions, but not resumable
}

// resumable reports whether the session can go on with another transport. The caller holds c.mu.
func (c *Conn) resumable() bool { return c.resume != nil && !c.resume.broken }

// giveUpResuming makes the session end with its transport. The caller holds c.mu.
func (c *Conn) giveUpResuming() {
	r := c.resume
	r.broken, r.buf, r.head = true, nil, 0
	if c.link == nil {
		c.timer.Reset(0) // tick ends the session
	}
}

// sessionID is the form in which tokens are kept and compared: looking up a hash tells nobody by
// its timing how much of a guessed token was right.
type sessionID [sha256.Size]byte

func sessionOf(token []byte) sessionID { return sha256.Sum256(token) }

func (r *resumeState) size() int { return len(r.buf) - r.head }

// keep stores a sent frame, which comes with its length before it. Without room for it the session
// is no longer resumable. The caller holds c.mu.
func (c *Conn) keep(frame []byte) {
	r := c.resume
	if r.size()+len(frame) > c.opt.ResumeBuffer {
		c.giveUpResuming()
		return
	}
	if r.head > 0 && len(r.buf)+len(frame) > cap(r.buf) {
		r.buf = r.buf[:copy(r.buf, r.buf[r.head:])]
		r.head = 0
	}
	r.buf = append(r.buf, frame...)
	r.sent += uint64(len(frame) - lengthSize)
	if !r.asked && r.size() > c.opt.ResumeBuffer/2 {
		r.asked = true
		c.emit(0, func(b []byte) []byte { return appendKeepAlive(b, flagRespond, r.received, nil) })
	}
}

// at finds the frame that begins at a position; false when none does.
func (r *resumeState) at(position uint64) (offset int, ok bool) {
	at, offset := r.first, r.head
	for at < position && offset < len(r.buf) {
		n := getLength(r.buf[offset:])
		at += uint64(n)
		offset += lengthSize + n
	}
	return offset, at == position
}

// confirm forgets the frames that the peer has received.
func (r *resumeState) confirm(position uint64) {
	if position > r.sent {
		return
	}
	for r.head < len(r.buf) {
		n := getLength(r.buf[r.head:])
		if r.first+uint64(n) > position {
			break
		}
		r.first += uint64(n)
		r.head += lengthSize + n
		r.asked = false
	}
	if r.head == len(r.buf) {
		r.buf, r.head = nil, 0
	}
}

// resumeTime is how long a session waits for another transport.
func (c *Conn) resumeTime() time.Duration {
	return min(c.opt.ResumeTime, c.lifetime)
}

func rejectResume(text string) *Error { return &Error{RejectedResume, text} }

// check says why a RESUME cannot be served. The caller holds c.mu.
func (c *Conn) checkResume(f *resumeFrame) *Error {
	if c.closed || !c.resumable() {
		return rejectResume("unknown session")
	}
	if _, ok := c.resume.at(f.lastServer); !ok {
		return rejectResume("the server no longer has what the client missed")
	}
	if f.firstAvailable > c.resume.received {
		return rejectResume("the client no longer has what the server missed")
	}
	return nil
}

// resumeOn moves a server's session to another transport. One that still seems alive is cut: the
// client would not ask if it could use it.
func (c *Conn) resumeOn(l *link, f *resumeFrame) *Error {
	c.takeover.Lock()
	defer c.takeover.Unlock()
	c.mu.Lock()
	if e := c.checkResume(f); e != nil {
		c.mu.Unlock()
		return e
	}
	old := c.link
	if old != nil {
		c.link, c.detachedAt = nil, time.Now()
		old.dead, old.out = true, nil
		c.timer.Reset(c.resumeTime())
	}
	c.mu.Unlock()
	if old != nil {
		old.t.Abort()
		<-old.gone // what it received counts, and comes before what the new transport brings
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.checkResume(f); e != nil {
		if old != nil && !c.closed {
			c.giveUpResuming() // it has lost its transport for nothing
		}
		return e
	}
	c.resume.confirm(f.lastServer)
	c.attach(l)
	c.emit(0, func(b []byte) []byte { return appendResumeOK(b, c.resume.received) })
	c.replay(l)
	c.timer.Reset(c.lifetime)
	return nil
}

// replay queues everything that the peer has not confirmed. The caller holds c.mu.
func (c *Conn) replay(l *link) {
	r := c.resume
	r.asked = false
	if r.size() == 0 {
		return
	}
	if l.out == nil {
		l.out = outBuffers.Get().(*outBuffer)
	}
	l.out.b = append(l.out.b, r.buf[r.head:]...)
	c.signalRoom()
	c.kick(l)
}
