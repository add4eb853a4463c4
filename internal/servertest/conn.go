package servertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

// Login is what a connection says about itself; what is empty is the sandbox's.
type Login struct {
	Org, App, Key, Token string
	Simulator, Simplex   bool
	Exact                bool // answers when its handlers return
	URL                  string
}

// Conn is a raw connection to the server.
type Conn struct {
	*rsocket.Conn
	// Notified gets what the server sends. Nothing is answered unless the test does.
	Notified chan *Notified
}

// Notified is a notification that waits for its answer.
type Notified struct {
	*pb.ServerToAppCustomerNotification
	Purse     *pb.ServerToAppPurseNotification  // where it is about a purse
	Simulator *pb.ServerToSimulatorNotification // on a simulator's connection
	Payload   []byte

	request *rsocket.Request
}

// Dial connects; an error is the server's refusal.
func (s *Server) Dial(l Login) (*Conn, error) {
	set := func(v *string, to string) {
		if *v == "" {
			*v = to
		}
	}
	set(&l.Org, s.Org)
	set(&l.App, s.Sandbox.App)
	set(&l.URL, s.URL)
	meta := &pb.AppConnectionMetadata{OrgId: l.Org, AppId: l.App, SimplexMode: l.Simplex, SimulatorMode: l.Simulator}
	if l.Token != "" {
		meta.AuthToken = wrapperspb.String(l.Token)
	} else {
		set(&l.Key, s.Key)
		meta.ApiKey = wrapperspb.String(l.Key)
	}
	data, err := proto.Marshal(meta)
	if err != nil {
		return nil, err
	}
	setup := &rsocket.Setup{Data: data, KeepAlive: 10 * time.Second, Lifetime: 10 * time.Minute}
	if l.Exact {
		setup.Metadata, setup.MetadataMIME = []byte(`{"agent":"test","answers":"exact"}`), "application/json"
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c := &Conn{Notified: make(chan *Notified, 1<<16)}
	c.Conn, err = rsocket.Dial(ctx, l.URL, setup, func(r *rsocket.Request) { c.take(l, r) }, rsocket.Options{MaxInFlight: 1 << 16})
	return c, err
}

func (c *Conn) take(l Login, r *rsocket.Request) {
	n := &Notified{Payload: r.Payload, request: r}
	if l.Simulator {
		n.Simulator = &pb.ServerToSimulatorNotification{}
		if err := proto.Unmarshal(r.Payload, n.Simulator); err != nil {
			panic(err)
		}
	} else {
		m := &pb.ServerToAppNotification{}
		if err := proto.Unmarshal(r.Payload, m); err != nil {
			panic(err)
		}
		n.ServerToAppCustomerNotification, n.Purse = m.GetCustomer(), m.GetPurse()
	}
	c.Notified <- n
}

// Connect connects and closes the connection with the test.
func (s *Server) Connect(t testing.TB, l Login) *Conn {
	t.Helper()
	c, err := s.Dial(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(nil) })
	return c
}

// App connects the sandbox's app, which answers exactly.
func (s *Server) App(t testing.TB) *Conn {
	t.Helper()
	return s.Connect(t, Login{Exact: true})
}

// Simplex connects the sandbox's app without notifications.
func (s *Server) Simplex(t testing.TB) *Conn {
	t.Helper()
	return s.Connect(t, Login{Simplex: true})
}

// Simulator connects a simulator.
func (s *Server) Simulator(t testing.TB) *Conn {
	t.Helper()
	return s.Connect(t, Login{Simulator: true, Simplex: true})
}

// Kill ends the connection without a word, and waits until it has ended here.
func (c *Conn) Kill() {
	_ = c.Close(nil)
	<-c.Done()
}

// Next waits for a notification.
func (c *Conn) Next(t testing.TB) *Notified {
	t.Helper()
	select {
	case n := <-c.Notified:
		return n
	case <-c.Done():
		t.Fatalf("the connection ended: %v", c.Err())
	case <-time.After(Patience):
		t.Fatal("no notification came")
	}
	return nil
}

// None fails the test when a notification is there.
func (c *Conn) None(t testing.TB) {
	t.Helper()
	select {
	case n := <-c.Notified:
		t.Fatalf("a notification that should not be there: %v %v", n.ServerToAppCustomerNotification, n.Simulator)
	default:
	}
}

// Answer answers the notification.
func (n *Notified) Answer(r *pb.ServerToAppNotificationReply) {
	b, err := proto.Marshal(r)
	if err != nil {
		panic(err)
	}
	n.request.Reply(b)
}

// OK answers without a change.
func (n *Notified) OK() { n.Answer(&pb.ServerToAppNotificationReply{}) }

// Raw answers with any bytes.
func (n *Notified) Raw(b []byte) { n.request.Reply(b) }

// Fail answers with ERROR.
func (n *Notified) Fail(text string) {
	n.request.Fail(&rsocket.Error{Code: rsocket.ApplicationError, Text: text})
}

// Data is the app data that came with the notification, "" and false for none.
func (n *Notified) Data() (string, bool) {
	d := n.GetAppData()
	return d.GetStringVal() + string(d.GetBytesVal()), d != nil
}

// Try sends any bytes and waits for the reply.
func (c *Conn) Try(payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return c.Request(ctx, payload)
}

// Command sends an app's command and gives its reply, or the server's ERROR.
func (c *Conn) Command(cmd *pb.AppToServerCommand) (*pb.AppToServerCommandReply, error) {
	payload, err := proto.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	b, err := c.Try(payload)
	if err != nil {
		return nil, err
	}
	reply := &pb.AppToServerCommandReply{}
	return reply, proto.Unmarshal(b, reply)
}

// Do sends a command that has to be answered, whatever with.
func (c *Conn) Do(t testing.TB, cmd *pb.AppToServerCommand) *pb.AppToServerCommandReply {
	t.Helper()
	reply, err := c.Command(cmd)
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	return reply
}

// Must sends a command that has to succeed.
func (c *Conn) Must(t testing.TB, cmd *pb.AppToServerCommand) *pb.AppToServerCommandReply {
	t.Helper()
	reply := c.Do(t, cmd)
	if v := Verdict(reply); !v.OK {
		t.Fatalf("%v: %+v", cmd, v)
	}
	return reply
}

// Go sends a command and gives what comes of it later; cancel ends the interest.
func (c *Conn) Go(t testing.TB, cmd *pb.AppToServerCommand) *Pending {
	t.Helper()
	payload, err := proto.Marshal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &Pending{reply: make(chan *pb.AppToServerCommandReply, 1), err: make(chan error, 1)}
	p.Cancel = c.Send(payload, func(b []byte, err error) {
		reply := &pb.AppToServerCommandReply{}
		if err == nil {
			err = proto.Unmarshal(b, reply)
		}
		if err != nil {
			p.err <- err
			return
		}
		p.reply <- reply
	})
	return p
}

// Pending is a command without its reply yet.
type Pending struct {
	Cancel func()
	reply  chan *pb.AppToServerCommandReply
	err    chan error
}

// Reply waits for the reply.
func (p *Pending) Reply(t testing.TB) *pb.AppToServerCommandReply {
	t.Helper()
	select {
	case r := <-p.reply:
		return r
	case err := <-p.err:
		t.Fatal(err)
	case <-time.After(Patience):
		t.Fatal("no reply came")
	}
	return nil
}

// Answered says whether the reply came: a connection that has ended tells no more.
func (p *Pending) Answered() bool {
	select {
	case r := <-p.reply:
		return Verdict(r).OK
	default:
		return false
	}
}

// Fails waits for the ERROR that the command is answered with.
func (p *Pending) Fails(t testing.TB) error {
	t.Helper()
	select {
	case r := <-p.reply:
		t.Fatalf("a reply that should be an ERROR: %v", r)
	case err := <-p.err:
		return err
	case <-time.After(Patience):
		t.Fatal("no reply came")
	}
	return nil
}

// Waits fails the test when the reply is there.
func (p *Pending) Waits(t testing.TB) {
	t.Helper()
	select {
	case r := <-p.reply:
		t.Fatalf("a reply that should wait: %v", r)
	case err := <-p.err:
		t.Fatal(err)
	default:
	}
}

// Simulate sends a simulator's command.
func (c *Conn) Simulate(cmd *pb.SimulatorToServerCommand) (*pb.SimulatorToServerCommandReply, error) {
	payload, err := proto.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	b, err := c.Try(payload)
	if err != nil {
		return nil, err
	}
	reply := &pb.SimulatorToServerCommandReply{}
	return reply, proto.Unmarshal(b, reply)
}

// SendSMS has a phone send a text.
func (c *Conn) SendSMS(t testing.TB, from, to, text string) {
	t.Helper()
	r, err := c.Simulate(ReceiveSMS(from, to, text))
	if err == nil && !r.Status {
		err = errors.New(r.Description)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Menu is what a phone shows.
type Menu struct {
	Text     string
	Terminal bool
	Err      error
}

// Hop has a phone send a hop, and gives the menu once it comes.
func (c *Conn) Hop(from, code, session, text string) <-chan Menu {
	menu := make(chan Menu, 1)
	payload, err := proto.Marshal(ReceiveUSSD(from, code, session, text))
	if err != nil {
		panic(err)
	}
	c.Send(payload, func(b []byte, err error) {
		r := &pb.SimulatorToServerCommandReply{}
		if err == nil {
			err = proto.Unmarshal(b, r)
		}
		if err == nil && !r.Status {
			err = fmt.Errorf("refused: %s", r.Description)
		}
		u := r.GetMessage().GetBody().GetUssd()
		menu <- Menu{u.GetText(), u.GetIsTerminal(), err}
	})
	return menu
}

// Shown waits for the menu.
func Shown(t testing.TB, menu <-chan Menu) Menu {
	t.Helper()
	select {
	case m := <-menu:
		if m.Err != nil {
			t.Fatal(m.Err)
		}
		return m
	case <-time.After(Patience):
		t.Fatal("no menu came")
	}
	return Menu{}
}
