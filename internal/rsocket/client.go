package rsocket

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// Dial connects to tcp://host:port, tls://host:port, ws://host[:port]/path or wss://… and sends
// SETUP. It returns when the server has accepted it, which shows by the answer to a KEEPALIVE sent
// right after; a refusal is returned as [*Error]. ctx bounds the dialling only, and so does
// Options.SetupTimeout. handler gets the server's requests; with nil they are rejected.
func Dial(ctx context.Context, target string, setup *Setup, handler Handler, options Options) (*Conn, error) {
	opt := options.withDefaults()
	d, err := newDialer(target, &opt)
	if err != nil {
		return nil, err
	}
	token := setup.ResumeToken
	resume := opt.Resume && opt.ResumeTime > 0
	if resume && len(token) == 0 {
		token = make([]byte, 16)
		_, _ = rand.Read(token) // never fails
	}
	f, err := setup.frame(resume, token)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, opt.SetupTimeout)
	defer cancel()
	t, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := newConn(&opt, true)
	c.handler = handler
	c.keepAlive, c.lifetime = f.intervals()
	if resume {
		c.resume = &resumeState{}
		c.again = func() { go c.reconnect(d, token) }
	}
	l := newLink(t)
	t.SetLimit(opt.frameLimit())
	c.mu.Lock()
	c.attach(l)
	c.emit(0, func(b []byte) []byte { return appendSetup(b, f) })
	c.emit(0, func(b []byte) []byte { return appendKeepAlive(b, flagRespond, 0, nil) })
	c.startKeepAlive()
	c.mu.Unlock()
	go c.read(l)
	return c, c.waitAccepted(ctx)
}

func (c *Conn) waitAccepted(ctx context.Context) error {
	select {
	case <-c.alive:
		return nil
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		c.shut(ErrClosed, nil)
		return ctx.Err()
	}
}

// dialer makes transports to one target.
type dialer struct {
	url *url.URL
	opt *Options
}

func newDialer(target string, opt *Options) (*dialer, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("rsocket: target: %w", err)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "tcp", "tls":
		if u.Port() == "" {
			return nil, fmt.Errorf("rsocket: target %s needs a port", target)
		}
	default:
		return nil, fmt.Errorf("rsocket: target %s must begin with tcp://, tls://, ws:// or wss://", target)
	}
	return &dialer{u, opt}, nil
}

func (d *dialer) dial(ctx context.Context) (transport, error) {
	switch d.url.Scheme {
	case "tcp":
		var nd net.Dialer
		conn, err := nd.DialContext(ctx, "tcp", d.url.Host)
		if err != nil {
			return nil, err
		}
		return newStreamTransport(conn), nil
	case "tls":
		td := tls.Dialer{Config: d.opt.TLS}
		conn, err := td.DialContext(ctx, "tcp", d.url.Host)
		if err != nil {
			return nil, err
		}
		return newStreamTransport(conn), nil
	}
	return d.dialWS(ctx)
}

func (d *dialer) dialWS(ctx context.Context) (transport, error) {
	var remote net.Addr
	nd := net.Dialer{}
	ht := &http.Transport{
		TLSClientConfig: d.opt.TLS,
		Proxy:           http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := nd.DialContext(ctx, network, addr)
			if err == nil {
				remote = conn.RemoteAddr()
			}
			return conn, err
		},
	}
	defer ht.CloseIdleConnections()
	conn, _, err := websocket.Dial(ctx, d.url.String(), &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: ht},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	return newWSTransport(conn, remote, d.url.Scheme), nil
}

const (
	reconnectMin = 50 * time.Millisecond
	reconnectMax = 2 * time.Second
)

// reconnect finds another transport for the session until its time is over.
func (c *Conn) reconnect(d *dialer, token []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), c.resumeTime())
	defer cancel()
	go func() {
		select {
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	for delay := reconnectMin; ; delay = min(2*delay, reconnectMax) {
		if c.tryResume(ctx, d, token) {
			return
		}
		select {
		case <-ctx.Done():
			return // tick ends the session
		case <-time.After(delay):
		}
	}
}

// tryResume makes one attempt; true when the session goes on or has ended.
func (c *Conn) tryResume(ctx context.Context, d *dialer, token []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, c.opt.SetupTimeout)
	defer cancel()
	t, err := d.dial(ctx)
	if err != nil {
		c.opt.Logger.Debug("rsocket cannot connect again yet", "error", err)
		return false
	}
	stop := context.AfterFunc(ctx, t.Abort)
	defer stop()
	t.SetLimit(c.opt.frameLimit())
	c.mu.Lock()
	if c.closed || !c.resumable() {
		c.mu.Unlock()
		t.Abort()
		return true
	}
	f := resumeFrame{versionMajor, versionMinor, token, c.resume.received, c.resume.first}
	c.mu.Unlock()
	if err := t.Write(appendWithLength(nil, func(b []byte) []byte { return appendResume(b, f) }), c.opt.WriteTimeout); err != nil {
		t.Abort()
		return false
	}
	frame, size, err := t.ReadFrame()
	if err != nil || size > len(frame) {
		t.Abort()
		return false
	}
	return c.resumed(t, frame, stop)
}

// resumed handles the server's answer to RESUME.
func (c *Conn) resumed(t transport, frame []byte, stop func() bool) bool {
	h, body, err := parseHeader(frame)
	var position uint64
	var refusal *Error
	switch {
	case err == nil && h.typ == typeResumeOK:
		position, err = parseResumeOK(h, body)
	case err == nil && h.typ == typeError && h.stream == 0:
		refusal, err = parseError(body)
	default:
		err = errMalformed
	}
	if err != nil {
		refusal = connectionError("malformed answer to RESUME")
	}
	if refusal != nil {
		t.Abort()
		c.shut(refusal, nil)
		return true
	}
	if !stop() {
		t.Abort()
		return false
	}
	c.mu.Lock()
	if c.closed || !c.resumable() {
		c.mu.Unlock()
		t.Abort()
		return true
	}
	if _, ok := c.resume.at(position); !ok {
		c.mu.Unlock()
		t.Abort()
		c.shut(rejectResume("the server missed what is no longer here"), nil)
		return true
	}
	c.resume.confirm(position)
	l := newLink(t)
	c.attach(l)
	c.replay(l)
	c.timer.Reset(min(c.keepAlive, c.lifetime))
	c.mu.Unlock()
	go c.read(l)
	return true
}
