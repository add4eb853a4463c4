package elarian

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// link keeps one connection to the server: it connects, connects again when the connection is
// lost, and gives up only where it is refused. Clients and simulators have one each.
//
// One goroutine, run, owns the connection; handlers run on goroutines of the pool. Both end before close returns.
type link struct {
	config    *Config
	simulator bool
	// receive answers a notification. Nil means that none are taken.
	receive receiver
	pool    pool

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	ended  chan struct{} // closed when run has returned

	mu       sync.Mutex
	started  bool
	draining bool
	conn     *rsocket.Conn
	err      error         // why it ended for good
	last     error         // why the latest attempt failed
	changed  chan struct{} // closed with each change of conn or err, then replaced
}

func newLink(config *Config, simulator bool) *link {
	l := &link{config: config, simulator: simulator, changed: make(chan struct{}), ended: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.pool.limit = config.Concurrency
	return l
}

// start begins to connect, once. It gives false where that had happened before.
func (l *link) start(takes receiver) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return false, fmt.Errorf("elarian: %w", l.err)
	case l.started:
		return false, nil
	}
	if err := l.config.check(); err != nil {
		return false, err
	}
	l.started, l.receive = true, takes
	go l.run()
	return true, nil
}

func (l *link) isStarted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.started
}

// run connects until close or a refusal.
func (l *link) run() {
	defer close(l.ended)
	log := l.config.Logger.With("server", l.config.Address, "app", l.config.AppID)
	var pause time.Duration
	for first := true; ; first = false {
		lived, err := l.serve()
		switch {
		case l.ctx.Err() != nil:
			l.end(ErrClosed)
			return
		case errors.Is(err, ErrUnauthorized):
			if !first { // of the first attempt the caller is told
				log.Error("elarian: the server refuses this app", "error", err)
			}
			l.end(err)
			return
		}
		pause = l.config.nextPause(pause, lived)
		wait := pause/2 + rand.N(pause/2+1)
		log.Warn("elarian: not connected, trying again", "error", err, "in", wait.Round(time.Millisecond))
		select {
		case <-time.After(wait):
		case <-l.ctx.Done():
		}
	}
}

// steady is how long a connection lives that nothing is wrong with.
const steady = 5 * time.Second

// nextPause is how long to wait before the next attempt, after one whose connection has lived for a
// time, 0 where it never stood. It doubles, but after a connection that was a good one it begins anew.
func (c *Config) nextPause(last, lived time.Duration) time.Duration {
	if lived >= steady || lived > last {
		last = 0
	}
	return min(max(2*last, c.retryMin), c.retryMax)
}

// serve makes one connection and returns when it has ended, with the reason and how long it has lived.
func (l *link) serve() (lived time.Duration, err error) {
	ctx, cancel := context.WithCancel(l.ctx) // of handlers: they answer on this connection or not at all
	defer cancel()
	conn, err := l.dial(ctx)
	if err != nil {
		l.set(nil, err)
		return 0, err
	}
	connected := time.Now()
	l.config.Logger.Debug("elarian: connected", "server", l.config.Address, "app", l.config.AppID)
	l.set(conn, nil)
	select {
	case <-conn.Done():
	case <-l.ctx.Done():
		_ = conn.Close(nil)
	}
	err = refusal(conn.Err())
	l.set(nil, err)
	return time.Since(connected), err
}

func (l *link) dial(ctx context.Context) (*rsocket.Conn, error) {
	tlsConfig, err := l.config.tlsConfig()
	if err != nil {
		return nil, err
	}
	setup, err := l.setup()
	if err != nil {
		return nil, err
	}
	var handler rsocket.Handler
	if l.receive != nil {
		handler = func(r *rsocket.Request) { l.notified(ctx, r) }
	}
	conn, err := rsocket.Dial(ctx, l.config.Address, setup, handler, rsocket.Options{
		TLS:    tlsConfig,
		Logger: l.config.Logger,
	})
	if err != nil {
		return nil, refusal(err)
	}
	return conn, nil
}

// setup is what the app says of itself. "answers":"exact" tells that a notification is answered when
// its handler returns, so that the server need not guess how long to hold the next one back.
func (l *link) setup() (*rsocket.Setup, error) {
	m := &pb.AppConnectionMetadata{
		OrgId:         l.config.OrgID,
		AppId:         l.config.AppID,
		SimulatorMode: l.simulator,
		SimplexMode:   l.simulator || l.receive == nil,
	}
	if l.config.AuthToken != "" {
		m.AuthToken = wrapperspb.String(l.config.AuthToken)
	} else {
		m.ApiKey = wrapperspb.String(l.config.APIKey)
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	return &rsocket.Setup{
		Data:         data,
		Metadata:     []byte(`{"agent":"go/` + Version + `","answers":"exact"}`),
		MetadataMIME: "application/json",
		KeepAlive:    l.config.KeepAlive,
		Lifetime:     4 * l.config.KeepAlive,
	}, nil
}

// refusal marks the errors that connecting again would not cure.
func refusal(err error) error {
	var remote *rsocket.Error
	if !errors.As(err, &remote) {
		return err
	}
	switch remote.Code {
	case rsocket.RejectedSetup, rsocket.InvalidSetup, rsocket.UnsupportedSetup:
		if temporary(remote.Text) {
			return fmt.Errorf("the server takes no connections now: %w", err)
		}
		return fmt.Errorf("%w: %s", ErrUnauthorized, strings.TrimPrefix(remote.Text, "unauthorized: "))
	}
	return err
}

// temporary tells a server that cannot from one that does not want. RSocket has one code for both.
func temporary(text string) bool {
	return strings.Contains(text, "try again") || text == "shutting down" || text == "setup failed"
}

func (l *link) set(conn *rsocket.Conn, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.last = conn, err
	l.signal()
}

func (l *link) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	l.signal()
}

// signal wakes who waits for a change. The caller holds l.mu.
func (l *link) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// first waits for the outcome of the first attempt to connect.
func (l *link) first(ctx context.Context) error {
	for {
		l.mu.Lock()
		conn, err, last, changed := l.conn, l.err, l.last, l.changed
		l.mu.Unlock()
		switch {
		case err != nil:
			return err
		case conn != nil:
			return nil
		case last != nil:
			return last
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// drain takes no more notifications and waits for the handlers that run, until ctx ends.
func (l *link) drain(ctx context.Context) {
	l.mu.Lock()
	l.draining = true
	l.mu.Unlock()
	select {
	case <-l.pool.idle():
	case <-ctx.Done():
	}
}

// close ends the connection and waits for everything that was started.
func (l *link) close() {
	l.cancel()
	l.end(ErrClosed)
	if l.isStarted() {
		<-l.ended
	}
	<-l.pool.idle()
}

// receiver reads a notification, on the goroutine that reads the connection, which it must not keep. What
// takes longer is left to handle, which gives the answer; nil where there is no more to do. Those
// of one line are handled one after the other, as they came; those of the line "" side by side.
type receiver = func(payload []byte) (line string, handle func(ctx context.Context) ([]byte, error))

// notified takes a notification, on the goroutine that reads the connection.
func (l *link) notified(ctx context.Context, r *rsocket.Request) {
	l.mu.Lock()
	draining := l.draining
	l.mu.Unlock()
	if draining {
		r.Fail(&rsocket.Error{Code: rsocket.Rejected, Text: "shutting down"})
		return
	}
	line, handle := l.receive(r.Payload)
	if handle == nil {
		r.Reply(nil)
		return
	}
	if l.pool.add(line, func() { respond(ctx, r, handle) }) {
		return
	}
	r.Fail(&rsocket.Error{Code: rsocket.Rejected, Text: "busy, try again"})
	if l.simulator { // which is told of nothing again
		l.config.Logger.Warn("elarian: handlers take too long: a notification is dropped", "of", line)
	}
}

func respond(ctx context.Context, r *rsocket.Request, handle func(ctx context.Context) ([]byte, error)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.OnCancel(cancel)
	reply, err := handle(ctx)
	if err != nil {
		r.Fail(&rsocket.Error{Code: rsocket.ApplicationError, Text: err.Error()})
		return
	}
	r.Reply(reply)
}
