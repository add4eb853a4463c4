// Package command carries out what comes over a connection: decode, authorise, run one unit of work,
// reply. dispatch.go is the one switch; each family of commands has its file.
package command

import (
	"errors"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/clock"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// Options are what operators may set; the zero value means the defaults given here.
type Options struct {
	Limits        customer.Limits
	TokenLifetime time.Duration // of an auth token; 1 h
	MaxReply      int           // bytes; a state that is larger leaves out what is oldest; 1 MiB
	StateCache    int           // bytes of state replies kept ready; 64 MiB
}

// WithDefaults fills in what is zero.
func (o Options) WithDefaults() Options {
	if o.Limits == (customer.Limits{}) {
		o.Limits = customer.DefaultLimits()
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = time.Hour
	}
	if o.MaxReply == 0 {
		o.MaxReply = 1 << 20
	}
	if o.StateCache == 0 {
		o.StateCache = 64 << 20
	}
	return o
}

// Commands carries out commands. Its methods may be called from any goroutine; none blocks.
type Commands struct {
	// Directory gives who is who now. Simulate hands what is sent to the simulators of an org.
	// Counted is told of each command that was answered. They are set before the first command.
	Directory func() *store.Directory
	Simulate  func(org string, n *pb.ServerToSimulatorNotification)
	Simulated func(org string) bool // whether a simulator of the org is connected
	Counted   func(command, result string, took time.Duration)
	WorkAdded func(*store.Work) // is told after the commit
	// RecordingURL gives the address of a recording by its token.
	RecordingURL func(token string) string

	store   *store.Store
	outbox  *outbox.Outbox
	clock   *clock.Clock
	log     *slog.Logger
	options Options
	shape   shape
	states  *stateCache
	hops    hops
	phones  phones
}

// New makes the commands of a store; it takes over what the outbox asks for.
func New(s *store.Store, o *outbox.Outbox, c *clock.Clock, log *slog.Logger, options Options) *Commands {
	options = options.WithDefaults()
	commands := &Commands{
		store: s, outbox: o, clock: c, log: log, options: options, shape: newShape(options.Limits),
		Directory:    func() *store.Directory { return &store.Directory{} },
		Simulate:     func(string, *pb.ServerToSimulatorNotification) {},
		Simulated:    func(string) bool { return false },
		Counted:      func(string, string, time.Duration) {},
		WorkAdded:    func(*store.Work) {},
		states:       newStateCache(options.StateCache),
		hops:         hops{waiting: make(map[int64]*hop)},
		phones:       phones{waiting: make(map[string]*Request)},
		RecordingURL: func(token string) string { return "/recordings/" + token },
	}
	o.Answered, o.GaveUp = commands.answered, commands.gaveUp
	return commands
}

// Caller is who is at the other end of a connection.
type Caller struct {
	Org, App string
	Live     bool   // the org is a live one
	KeyHash  string // of the API key that the connection, or its token, came with
	Token    bool   // it came with an auth token
	Conn     *outbox.Conn
}

func (c *Caller) actor() customer.Actor { return customer.Actor{Kind: "app", ID: c.App} }

// Request is one command as it came. Exactly one of Reply and Fail is called, once.
type Request struct {
	Caller   *Caller
	Payload  []byte
	Reply    func(payload []byte)
	Fail     func(kind FailKind, text string)
	OnCancel func(f func()) // f is called when nobody waits for the reply any more

	start time.Time
	name  string
}

// FailKind says how a request is turned down that gets no reply.
type FailKind int

// Invalid is a request that cannot be read, Busy one that may go through later, Internal a mistake of
// the server.
const (
	Invalid FailKind = iota
	Busy
	Internal
)

var failNames = [...]string{"invalid", "busy", "internal"}

func (c *Commands) reply(r *Request, payload []byte, result string) {
	r.Reply(payload)
	c.Counted(r.name, result, time.Since(r.start))
}

func (c *Commands) fail(r *Request, kind FailKind, text string) {
	r.Fail(kind, text)
	c.Counted(r.name, failNames[kind], time.Since(r.start))
}

// failed turns an error of ours into a failed request: known ones say what to do, others are logged
// once and told without details.
func (c *Commands) failed(r *Request, err error) {
	switch {
	case errors.Is(err, store.ErrBusy):
		c.fail(r, Busy, "the server has too much to do: try again")
	case errors.Is(err, store.ErrClosed):
		c.fail(r, Busy, "the server is stopping: try again")
	default:
		c.log.Error("a command failed", "command", r.name, "org", r.Caller.Org, "app", r.Caller.App, "error", err)
		c.fail(r, Internal, "internal error: the command was not carried out")
	}
}

func marshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		// Only text that is no UTF-8 does that, and all text came in as UTF-8.
		panic("command: marshal: " + err.Error())
	}
	return b
}
