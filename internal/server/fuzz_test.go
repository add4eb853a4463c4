package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
	"github.com/elarian-go/elarian/internal/servertest"
	"github.com/elarian-go/elarian/internal/testpg"
)

// faults notes what the server logs as an error: mistakes of its own, never those of a peer.
type faults struct {
	mu  sync.Mutex
	all []string
}

func (f *faults) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (f *faults) WithAttrs([]slog.Attr) slog.Handler           { return f }
func (f *faults) WithGroup(string) slog.Handler                { return f }
func (f *faults) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, text)
	return nil
}

// none fails the test where the server made a mistake.
func (f *faults) none(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) > 0 {
		t.Errorf("the server logs: %s", strings.Join(f.all, "\n"))
		f.all = nil
	}
}

// maxHeap bounds the memory of the server and of the test together.
const maxHeap = 1 << 30

// fuzzed is a server for all inputs of a fuzz target.
type fuzzed struct {
	*servertest.Server
	faults *faults
	count  int
}

func startFuzzed(f *testing.F, store string) *fuzzed {
	f.Helper()
	log := &faults{}
	srv := servertest.Start(f, store, func(c *server.Config) {
		c.Log = slog.New(log)
		c.Delivery = outbox.Options{FirstRetry: time.Hour, AnswerTime: time.Hour}
	})
	return &fuzzed{Server: srv, faults: log}
}

// check wants a reply, or an ERROR that blames the peer; and now and then that the server still serves
// and its memory is bounded.
func (f *fuzzed) check(t *testing.T, c *servertest.Conn, reply []byte, err error) {
	t.Helper()
	var refused *rsocket.Error
	switch {
	case errors.As(err, &refused) && refused.Code == rsocket.ApplicationError && strings.Contains(refused.Text, "internal"):
		t.Errorf("an internal error: %v", err)
	case err != nil && refused == nil:
		t.Fatalf("no answer: %v", err)
	}
	f.faults.none(t)
	if f.count++; f.count%256 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > maxHeap {
			t.Fatalf("%d MiB of memory", m.HeapAlloc>>20)
		}
	}
	_ = reply
}

func (f *fuzzed) serves(t *testing.T, c *servertest.Conn) {
	t.Helper()
	if v := servertest.Verdict(c.Do(t, servertest.CreateCustomer(fmt.Sprintf("+2548%08d", f.count)))); !v.OK {
		t.Fatalf("the server serves no more: %+v", v)
	}
}

func mustMarshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// entries are a message of each kind that the oneof "entry" can have, filled by the generator.
func entries(m protoreflect.Message, g *generator) []proto.Message {
	var all []proto.Message
	fields := m.Descriptor().Oneofs().ByName("entry").Fields()
	for i := range fields.Len() {
		out := m.New()
		f := fields.Get(i)
		g.fill(out.Mutable(f).Message(), 0)
		all = append(all, out.Interface())
	}
	return all
}

// FuzzAppCommand: any bytes of an app get exactly one answer.
func FuzzAppCommand(f *testing.F) {
	srv := startFuzzed(f, filepath.Join(f.TempDir(), "x.db"))
	c := srv.Simplex(f)
	for i := range uint64(3) {
		for _, m := range entries((&pb.AppToServerCommand{}).ProtoReflect(), newGenerator(i)) {
			f.Add(mustMarshal(m))
		}
	}
	f.Add([]byte{})
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if isLease(payload) {
			srv.Clock().Advance(2 * time.Minute) // so that none waits for another
		}
		reply, err := c.Try(payload)
		srv.check(t, c, reply, err)
		if err == nil {
			if err := proto.Unmarshal(reply, &pb.AppToServerCommandReply{}); err != nil {
				t.Errorf("the reply: %v", err)
			}
		}
		srv.serves(t, c)
	})
}

func isLease(payload []byte) bool {
	cmd := &pb.AppToServerCommand{}
	return proto.Unmarshal(payload, cmd) == nil && cmd.GetLeaseCustomerAppData() != nil
}

// FuzzSimulatorCommand: any bytes of a simulator get exactly one answer.
func FuzzSimulatorCommand(f *testing.F) {
	srv := startFuzzed(f, filepath.Join(f.TempDir(), "x.db"))
	c, app := srv.Simulator(f), srv.Simplex(f)
	for i := range uint64(20) {
		for _, m := range entries((&pb.SimulatorToServerCommand{}).ProtoReflect(), newGenerator(i)) {
			f.Add(mustMarshal(m))
		}
	}
	f.Add(mustMarshal(servertest.ReceiveSMS("+254710000001", sandbox.ShortCode, "hi")))
	f.Add(mustMarshal(servertest.ReceiveUSSD("+254710000001", sandbox.USSDCode, "s", "1")))
	f.Fuzz(func(t *testing.T, payload []byte) {
		reply, err := c.Try(payload)
		srv.check(t, c, reply, err)
		srv.serves(t, app)
	})
}

// FuzzNotificationReply: whatever an app answers to a hop, the phone gets a menu; whatever to an SMS,
// the server goes on.
func FuzzNotificationReply(f *testing.F) {
	srv := startFuzzed(f, filepath.Join(f.TempDir(), "x.db"))
	phones, app, simplex := srv.Simulator(f), srv.App(f), srv.Simplex(f)
	for i := range uint64(20) {
		m := &pb.ServerToAppNotificationReply{}
		newGenerator(i).fill(m.ProtoReflect(), 0)
		f.Add(mustMarshal(m))
	}
	f.Add(mustMarshal(servertest.MenuAnswer("menu", false)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, answer []byte) {
		number := fmt.Sprintf("+2549%08d", srv.count)
		phones.SendSMS(t, number, sandbox.ShortCode, "hi")
		menu := phones.Hop(fmt.Sprintf("+2547%08d", srv.count), sandbox.USSDCode, "s", "")
		for answered := 0; answered < 2; {
			n := app.Next(t)
			if n.GetReceivedMessage() == nil {
				n.OK()
				continue
			}
			if p := n.GetReceivedMessage().Parts; p[0].GetUssd() != nil && p[0].GetUssd().Status != pb.UssdSessionStatus_USSD_SESSION_STATUS_ACTIVE {
				n.OK() // of one that failed before
				continue
			}
			n.Raw(answer)
			answered++
		}
		select {
		case m := <-menu:
			if m.Text == "" {
				t.Errorf("the phone shows nothing: %+v", m)
			}
		case <-time.After(servertest.Patience):
			t.Fatal("the phone gets no menu")
		}
		srv.check(t, app, nil, nil)
		srv.serves(t, simplex)
	})
}

// FuzzOddValues: every command, filled with odd values, on both databases.
func FuzzOddValues(f *testing.F) {
	var servers []*fuzzed
	var apps, phones []*servertest.Conn
	for _, store := range []string{filepath.Join(f.TempDir(), "x.db"), testpg.URL(f)} {
		srv := startFuzzed(f, store)
		servers, apps, phones = append(servers, srv), append(apps, srv.Simplex(f)), append(phones, srv.Simulator(f))
	}
	for i := range uint64(12) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := newGenerator(seed)
		commands := entries((&pb.AppToServerCommand{}).ProtoReflect(), g)
		simulated := entries((&pb.SimulatorToServerCommand{}).ProtoReflect(), g)
		for i, srv := range servers {
			for _, cmd := range commands {
				payload := mustMarshal(cmd)
				if len(payload) > 1<<20 {
					continue
				}
				if isLease(payload) {
					srv.Clock().Advance(2 * time.Minute)
				}
				reply, err := apps[i].Try(payload)
				srv.check(t, apps[i], reply, err)
				if t.Failed() {
					t.Fatalf("by %.2000v", cmd)
				}
			}
			for _, cmd := range simulated {
				payload := mustMarshal(cmd)
				if len(payload) > 1<<20 {
					continue
				}
				reply, err := phones[i].Try(payload)
				srv.check(t, phones[i], reply, err)
				if t.Failed() {
					t.Fatalf("by %.2000v", cmd)
				}
			}
			srv.serves(t, apps[i])
		}
	})
}

// generator fills messages with odd values, and with plain ones, so that it gets past the first check.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, 1))}
}

func pick[T any](g *generator, all ...T) T { return all[g.IntN(len(all))] }

func (g *generator) text(name string) string {
	if g.IntN(2) == 0 {
		switch name {
		case "number", "customer_number", "destination_number":
			return pick(g, "+254710000001", "+254710000002", sandbox.ShortCode, sandbox.USSDCode, sandbox.Number)
		case "customer_id", "other_customer_id":
			return "el_cst_" + strings.Repeat("0", 32)
		}
		return pick(g, "a", "b", "1", "s")
	}
	return pick(g, "", " ", "\x00", "a\x00b", strings.Repeat("é", 40_000), strings.Repeat("x", 300), "\U0010ffff\u202e\ufeff", "'; DROP TABLE customers; --", "{{name}}", "*#", "\n\r\t",
		"-1", "1e999", "\ufffd", strings.Repeat("\U0001f600", 91))
}

func (g *generator) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text(string(f.Name())))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(g.text("")))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.IntN(2) == 0)
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		known := values.Get(g.IntN(values.Len())).Number()
		return protoreflect.ValueOfEnum(pick(g, known, known, known, 0, -1, math.MaxInt32, math.MinInt32, 77))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(pick(g, 0, 1.5, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 1e-320))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(pick(g, int32(0), 1, -1, math.MaxInt32, math.MinInt32))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(pick(g, int64(0), 1, -1, math.MaxInt64, math.MinInt64, 1e9, -62135596800))
	}
	panic("a kind of field that the wire has not: " + f.Kind().String())
}

func (g *generator) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if o := f.ContainingOneof(); o != nil && m.WhichOneof(o) != nil && g.IntN(2) == 0 || g.IntN(8) == 0 {
			continue
		}
		switch {
		case f.IsMap():
			for range g.many() {
				k := g.scalar(f.MapKey()).MapKey()
				if f.MapValue().Message() == nil {
					m.Mutable(f).Map().Set(k, g.scalar(f.MapValue()))
					continue
				}
				v := m.Mutable(f).Map().NewValue()
				g.fill(v.Message(), depth+1)
				m.Mutable(f).Map().Set(k, v)
			}
		case f.IsList():
			for range g.many() {
				if f.Message() == nil {
					m.Mutable(f).List().Append(g.scalar(f))
					continue
				}
				g.fill(m.Mutable(f).List().AppendMutable().Message(), depth+1)
			}
		case f.Message() != nil:
			g.fill(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, g.scalar(f))
		}
	}
}

func (g *generator) many() int { return pick(g, 0, 1, 1, 1, 2, 3, 70) }
