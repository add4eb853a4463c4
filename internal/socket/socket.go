// Package socket takes connections: it authenticates their SETUP, and passes what comes over them to
// the commands, and what waits for them from the outbox.
package socket

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/command"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/store"
)

// Options of the socket; the zero value works.
type Options struct {
	// CommandsPerSecond bounds each app; more get REJECTED. Zero is no bound.
	CommandsPerSecond float64
	// Failures is how many refused attempts an address may make at once, and FailureEvery how often
	// one more; 20 and 1 s.
	Failures     int
	FailureEvery time.Duration
	RSocket      rsocket.Options
}

// Socket is the door: one session per connection.
type Socket struct {
	Server *rsocket.Server
	// Refresh reads the directory again, where it has changed.
	Refresh func() error
	// Connections is told of each connection that comes (+1) and goes (-1).
	Connections func(kind string, change int)

	store    *store.Store
	outbox   *outbox.Outbox
	commands *command.Commands
	clock    *clock.Clock
	log      *slog.Logger
	options  Options
	throttle *throttle

	mu         sync.Mutex // guards what follows
	directory  *store.Directory
	sessions   map[*session]struct{}
	simulators map[string]map[*session]struct{} // by org
	limiters   map[string]*rate.Limiter         // by app
}

// session is one connection that was let in.
type session struct {
	caller command.Caller
	conn   *rsocket.Conn
	kind   string // "app", "simplex" or "simulator"
}

// New makes the socket; its Server is ready to serve.
func New(s *store.Store, o *outbox.Outbox, commands *command.Commands, c *clock.Clock, log *slog.Logger, options Options) *Socket {
	k := &Socket{
		Refresh:     func() error { return nil },
		Connections: func(string, int) {},
		store:       s, outbox: o, commands: commands, clock: c, log: log, options: options,
		throttle: newThrottle(options.Failures, options.FailureEvery), directory: &store.Directory{},
		sessions: make(map[*session]struct{}), simulators: make(map[string]map[*session]struct{}), limiters: make(map[string]*rate.Limiter),
	}
	k.Server = &rsocket.Server{Accept: k.accept, Options: options.RSocket}
	commands.Directory, commands.Simulate, commands.Simulated = k.Directory, k.simulate, k.simulated
	return k
}

// Directory is who is who now.
func (k *Socket) Directory() *store.Directory {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.directory
}

// SetDirectory replaces the directory, and cuts the connections that it no longer allows.
func (k *Socket) SetDirectory(d *store.Directory) {
	k.mu.Lock()
	k.directory = d
	var cut []*session
	for s := range k.sessions {
		if !allows(d, s) {
			cut = append(cut, s)
		}
	}
	k.mu.Unlock()
	for _, s := range cut {
		k.log.Info("a connection is cut: its key was revoked or its app removed", "org", s.caller.Org, "app", s.caller.App, "remote", s.conn.RemoteAddr())
		go func() {
			_ = s.conn.Close(&rsocket.Error{Code: rsocket.ConnectionClose, Text: "the API key was revoked"})
		}()
	}
}

// allows says whether the session's key and app still hold.
func allows(d *store.Directory, s *session) bool {
	_, app := d.App(s.caller.Org, s.caller.App)
	_, key := d.Key(s.caller.Org, s.caller.KeyHash)
	return app && key
}

// accept authenticates a SETUP and starts its session.
func (k *Socket) accept(ctx context.Context, setup *rsocket.Setup, conn *rsocket.Conn) (rsocket.Handler, error) {
	s, meta, err := k.authenticate(setup)
	if err != nil {
		k.log.Info("a connection is refused", "remote", setup.RemoteAddr, "reason", err)
		return nil, err
	}
	s.conn = conn
	if !k.enter(s, exactAnswers(setup)) {
		return nil, refused(unauthorized) // revoked just now
	}
	k.log.Info("connected", "kind", s.kind, "org", s.caller.Org, "app", s.caller.App, "remote", setup.RemoteAddr, "transport", setup.Transport, "agent", agent(setup))
	if meta.SimulatorMode {
		return k.handler(s, k.commands.Simulator), nil
	}
	return k.handler(s, k.commands.App), nil
}

// enter starts the session, and has it end with its connection; not where the directory has changed
// meanwhile and no longer allows it.
func (k *Socket) enter(s *session, exact bool) bool {
	s.caller.Conn = &outbox.Conn{Send: s.tell, Exact: exact}
	k.mu.Lock()
	if !allows(k.directory, s) {
		k.mu.Unlock()
		return false
	}
	k.sessions[s] = struct{}{}
	if s.kind == "simulator" {
		if k.simulators[s.caller.Org] == nil {
			k.simulators[s.caller.Org] = make(map[*session]struct{})
		}
		k.simulators[s.caller.Org][s] = struct{}{}
	}
	k.mu.Unlock()
	k.Connections(s.kind, 1)
	if s.kind == "app" {
		k.outbox.Connect(s.caller.Org, s.caller.App, s.caller.Conn)
	}
	s.conn.OnClose(func() { k.leave(s) })
	return true
}

func (k *Socket) leave(s *session) {
	if s.kind == "app" {
		k.outbox.Disconnect(s.caller.Org, s.caller.App, s.caller.Conn)
	}
	k.mu.Lock()
	delete(k.sessions, s)
	if all := k.simulators[s.caller.Org]; all != nil {
		if delete(all, s); len(all) == 0 {
			delete(k.simulators, s.caller.Org)
		}
	}
	k.mu.Unlock()
	k.Connections(s.kind, -1)
	k.log.Info("disconnected", "kind", s.kind, "org", s.caller.Org, "app", s.caller.App, "reason", s.conn.Err())
}

// handler passes requests to the commands.
func (k *Socket) handler(s *session, do func(*command.Request)) rsocket.Handler {
	limiter := k.limiter(s.caller.Org + s.caller.App)
	var settled sync.Once
	return func(r *rsocket.Request) {
		settled.Do(func() { k.outbox.Settled(s.caller.Conn) })
		if limiter != nil && !limiter.AllowN(k.clock.Now(), 1) {
			r.Fail(&rsocket.Error{Code: rsocket.Rejected, Text: "too many commands for this app: try again later"})
			return
		}
		do(&command.Request{
			Caller: &s.caller, Payload: r.Payload, Reply: r.Reply, OnCancel: r.OnCancel,
			Fail: func(kind command.FailKind, text string) { r.Fail(&rsocket.Error{Code: failCodes[kind], Text: text}) },
		})
	}
}

var failCodes = map[command.FailKind]rsocket.ErrorCode{
	command.Invalid: rsocket.Invalid, command.Busy: rsocket.Rejected, command.Internal: rsocket.ApplicationError,
}

func (k *Socket) limiter(app string) *rate.Limiter {
	if k.options.CommandsPerSecond <= 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.limiters[app] == nil {
		k.limiters[app] = rate.NewLimiter(rate.Limit(k.options.CommandsPerSecond), int(k.options.CommandsPerSecond)+1)
	}
	return k.limiters[app]
}

// simulated says whether a simulator of the org is connected here.
func (k *Socket) simulated(org string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.simulators[org]) > 0
}

// simulate hands a notification to every simulator of the org.
func (k *Socket) simulate(org string, n *pb.ServerToSimulatorNotification) {
	k.mu.Lock()
	var conns []*rsocket.Conn
	for s := range k.simulators[org] {
		conns = append(conns, s.conn)
	}
	k.mu.Unlock()
	if len(conns) == 0 {
		return
	}
	payload, err := proto.Marshal(n)
	if err != nil {
		k.log.Error("a simulator notification", "error", err)
		return
	}
	for _, c := range conns {
		c.Send(payload, func(_ []byte, err error) {
			if err != nil {
				k.log.Debug("a simulator did not take a notification", "error", err)
			}
		})
	}
}

// setupMetadata is what clients say about themselves, as JSON.
type setupMetadata struct {
	Agent   string `json:"agent"`
	Answers string `json:"answers"`
}

func readMetadata(setup *rsocket.Setup) (m setupMetadata) {
	const most = 1024
	if len(setup.Metadata) <= most {
		_ = json.Unmarshal(setup.Metadata, &m) // absent or something else: nothing is known
	}
	return m
}

func exactAnswers(setup *rsocket.Setup) bool { return readMetadata(setup).Answers == "exact" }

func agent(setup *rsocket.Setup) string {
	const most = 64
	a := readMetadata(setup).Agent
	return a[:min(len(a), most)]
}
