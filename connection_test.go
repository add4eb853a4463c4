package elarian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
)

func TestConnectIsAccepted(t *testing.T) {
	f := startFake(t)
	began := time.Now()
	c := f.connect()
	if d := time.Since(began); d > 500*time.Millisecond {
		t.Errorf("took %v: the JavaScript SDK waits for a second, this one need not", d)
	}
	if err := c.Customer(Cellular("+254710000001")).UpdateMetadata(t.Context(), map[string]any{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if s := f.setups[0]; s.GetOrgId() != "el_org_1" || s.GetAppId() != "el_app_1" || !s.GetSimplexMode() {
		t.Errorf("a client without handlers said %v", s)
	}
}

// What fails at once is tried less and less often; a connection that stood for a while was a good one. How
// long an attempt takes that never becomes a connection does not count.
func TestPausesBetweenAttempts(t *testing.T) {
	c := Config{}.withDefaults()
	var pause time.Duration
	for i, step := range []struct{ lived, want time.Duration }{
		{0, 100 * time.Millisecond}, {0, 200 * time.Millisecond}, {100 * time.Millisecond, 400 * time.Millisecond}, {401 * time.Millisecond, 100 * time.Millisecond},
		{0, 200 * time.Millisecond}, {0, 400 * time.Millisecond}, {0, 800 * time.Millisecond}, {0, 1600 * time.Millisecond}, {0, 3200 * time.Millisecond},
		{0, 6400 * time.Millisecond}, {4 * time.Second, 12800 * time.Millisecond}, {0, 25600 * time.Millisecond}, {0, 30 * time.Second}, {0, 30 * time.Second},
		{4 * time.Second, 30 * time.Second}, {5 * time.Second, 100 * time.Millisecond},
	} {
		if pause = c.nextPause(pause, step.lived); pause != step.want {
			t.Fatalf("step %d: %v, want %v", i, pause, step.want)
		}
	}
}

func TestConnectIsRefused(t *testing.T) {
	f := startFake(t)
	config := f.config()
	config.APIKey = "wrong"
	_, err := Connect(t.Context(), config)
	expectError(t, err, ErrUnauthorized)
	if !strings.Contains(err.Error(), "unknown org, app or key") || !strings.Contains(err.Error(), f.addr) {
		t.Errorf("%q does not say why and where", err)
	}
	expectError(t, New(config).Run(t.Context()), ErrUnauthorized)
}

func TestConnectFindsNobody(t *testing.T) {
	f := startFake(t)
	f.connect()
	f.stop()
	_, err := Connect(t.Context(), f.config())
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("error is %v", err)
	}
}

func TestConfigLacksThings(t *testing.T) {
	_, err := Connect(t.Context(), Config{OrgID: "o"})
	if want := "elarian: the configuration lacks Address (HOST and PORT), AppID (APP_ID), APIKey (API_KEY or AUTH_TOKEN)"; err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
}

func TestCommandsWaitForTheServer(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	f.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := c.Customer(Cellular("1")).UpdateMetadata(ctx, map[string]any{"a": 1})
	expectError(t, err, context.DeadlineExceeded)
	if !strings.HasPrefix(err.Error(), "elarian: UpdateMetadata of 1: not connected") {
		t.Errorf("%q does not say what was the matter", err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Customer(Cellular("1")).UpdateMetadata(t.Context(), map[string]any{"a": 1}) }()
	f.restart()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestLostReplyIsAskedForAgain(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	lose := 3
	f.after = func(cmd *pb.AppToServerCommand) bool {
		if cmd.GetIdempotencyKey() == "" {
			t.Error("no idempotency key")
		}
		if lose--; lose < 0 {
			return true
		}
		f.cut()
		return false
	}
	if err := c.Customer(Cellular("1")).UpdateMetadata(t.Context(), map[string]any{"a": 1}); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.commands) != 4 || len(f.replies) != 1 {
		t.Errorf("%d commands with %d keys, want 4 with 1", len(f.commands), len(f.replies))
	}
}

func TestRejectedIsSentAgain(t *testing.T) {
	f := startFake(t)
	c := f.connect().Customer(Cellular("1"))
	f.reject = 3
	if err := c.UpdateMetadata(t.Context(), map[string]any{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if len(f.commands) != 4 {
		t.Errorf("%d commands, want 4", len(f.commands))
	}
	f.reject = 1 << 20
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := c.UpdateMetadata(ctx, map[string]any{"a": 1})
	expectError(t, err, ErrRateLimited)
	expectError(t, err, context.DeadlineExceeded)
}

// A server that stops and starts again is not noticed by who can wait.
func TestServerRestarts(t *testing.T) {
	f := startFake(t)
	c := f.connect().Customer(Cellular("1"))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if err := c.UpdateMetadata(t.Context(), map[string]any{fmt.Sprint(i, "-", n): 1}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_ = f.srv.Shutdown(ctx)
		cancel()
		f.mu.Lock()
		arrived := f.arrived
		f.mu.Unlock()
		f.restart()
		await(t, arrived, "the client")
	}
	close(done)
	wg.Wait()
}

// Cut at random, every command must arrive, however often, with one key only.
func TestCutAtRandom(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	const callers, calls = 16, 40
	keys := map[string]map[string]bool{}
	f.mu.Lock()
	f.before = func(cmd *pb.AppToServerCommand) bool {
		f.mu.Lock()
		for k := range cmd.GetUpdateCustomerMetadata().GetUpdates() {
			if keys[k] == nil {
				keys[k] = map[string]bool{}
			}
			keys[k][cmd.GetIdempotencyKey()] = true
		}
		f.mu.Unlock()
		if rand.N(20) == 0 {
			f.cut()
		}
		return true
	}
	f.mu.Unlock()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range calls {
				if err := c.Customer(Cellular("1")).UpdateMetadata(t.Context(), map[string]any{fmt.Sprint(i, "-", j): 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(keys) != callers*calls || len(f.replies) != callers*calls || len(f.state["id-of-1"]) != callers*calls {
		t.Errorf("%d commands, %d keys, %d effects, want %d each", len(keys), len(f.replies), len(f.state["id-of-1"]), callers*calls)
	}
	for k, with := range keys {
		if len(with) != 1 {
			t.Errorf("%s came with %d keys", k, len(with))
		}
	}
	if len(f.setups) < 2 {
		t.Error("nothing was cut")
	}
}

func TestOwnIdempotencyKey(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	for _, v := range []int{1, 2} {
		if err := c.Customer(Cellular("1")).UpdateMetadata(WithIdempotencyKey(t.Context(), "order-7"), map[string]any{"v": v}); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.state["id-of-1"]["v"].GetStringVal(); got != "1" {
		t.Errorf("the second command with the same key acted: %s", got)
	}
}

func TestRunGivesUpWhenTheKeyIsRevoked(t *testing.T) {
	f := startFake(t)
	c := New(f.config())
	OnUSSD(c, func(context.Context, *USSDHop, *struct{}) (Menu, error) { return End("x"), nil })
	done := make(chan error, 1)
	go func() { done <- c.Run(t.Context()) }()
	f.app()
	f.mu.Lock()
	f.refuse = true
	f.mu.Unlock()
	f.cut()
	expectError(t, <-done, ErrUnauthorized)
	expectError(t, c.Customer(Cellular("1")).UpdateTags(t.Context(), Tag{Key: "a"}), ErrUnauthorized)
}

// A server that cannot is not a server that does not want.
func TestTemporaryRefusal(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	refused := make(chan struct{}, 100)
	f.mu.Lock()
	f.refusal = func() error {
		refused <- struct{}{}
		return &rsocket.Error{Code: rsocket.RejectedSetup, Text: "too many failed attempts from this address: try again in 1 s"}
	}
	f.mu.Unlock()
	f.cut()
	for range 3 {
		await(t, refused, "an attempt")
	}
	f.mu.Lock()
	f.refusal = nil
	f.mu.Unlock()
	if err := c.Customer(Cellular("1")).UpdateMetadata(t.Context(), map[string]any{"a": 1}); err != nil {
		t.Fatal(err)
	}
}

func TestRunFinishesWhatIsInHand(t *testing.T) {
	f := startFake(t)
	c := New(f.config())
	running, finish := make(chan struct{}), make(chan struct{})
	OnUSSD(c, func(ctx context.Context, hop *USSDHop, _ *struct{}) (Menu, error) {
		close(running)
		<-finish
		if err := hop.Customer.UpdateMetadata(ctx, map[string]any{"late": true}); err != nil {
			return Menu{}, err
		}
		return End("done"), nil
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	answered := make(chan string, 1)
	go func() {
		r, err := f.notify(hop("", nil))
		answered <- fmt.Sprint(r.GetMessage().GetBody().GetUssd().GetText(), err)
	}()
	await(t, running, "the handler")
	stop()
	for { // until the client says that it is on its way out
		if _, err := f.notify(hop("", nil)); err != nil {
			break
		}
	}
	close(finish)
	if got := <-answered; got != "done<nil>" {
		t.Errorf("answer %s", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestHandlerContextEndsWithTheConnection(t *testing.T) {
	f := startFake(t)
	ended := make(chan struct{})
	running := make(chan struct{})
	f.start(func(c *Client) {
		OnUSSD(c, func(ctx context.Context, _ *USSDHop, _ *struct{}) (Menu, error) {
			close(running)
			<-ctx.Done()
			close(ended)
			return Menu{}, ctx.Err()
		})
	})
	go f.notify(hop("", nil))
	await(t, running, "the handler")
	f.cut()
	await(t, ended, "the end of the handler's context")
}

func TestHandlersSurviveReconnecting(t *testing.T) {
	f := startFake(t)
	f.start(func(c *Client) {
		OnUSSD(c, func(context.Context, *USSDHop, *struct{}) (Menu, error) { return End("here"), nil })
	})
	for range 3 {
		r, err := f.notify(hop("", nil))
		if err != nil || r.GetMessage().GetBody().GetUssd().GetText() != "here" {
			t.Fatal(r, err)
		}
		f.cut()
	}
}

func TestHandlersAreBounded(t *testing.T) {
	f := startFake(t)
	config := f.config()
	config.Concurrency = 3
	c := New(config)
	var mu sync.Mutex
	var now, most int
	full := make(chan struct{})
	reached := sync.OnceFunc(func() { close(full) })
	release := make(chan struct{})
	OnUSSD(c, func(context.Context, *USSDHop, *struct{}) (Menu, error) {
		mu.Lock()
		now++
		most = max(most, now)
		if now == 3 {
			reached()
		}
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		return End("ok"), nil
	})
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := f.notify(hop("", nil)); err != nil {
				t.Error(err)
			}
		})
	}
	await(t, full, "three handlers at once")
	close(release)
	wg.Wait()
	if most != 3 {
		t.Errorf("%d handlers at once, want 3", most)
	}
}

func TestPoolRefusesTooManyWaiting(t *testing.T) {
	p := pool{limit: 1}
	release := make(chan struct{})
	for i := range 1 + waiting {
		if !p.add("", func() { <-release }) {
			t.Fatalf("job %d was refused", i)
		}
	}
	if p.add("", func() {}) {
		t.Error("there is no end to the queue")
	}
	close(release)
	await(t, p.idle(), "the end of all jobs")
}

func TestCloseLeavesNothing(t *testing.T) {
	f := startFake(t)
	f.before = func(cmd *pb.AppToServerCommand) bool { return cmd.GetLeaseCustomerAppData() == nil }
	before := sdkGoroutines()
	handling := make(chan struct{})
	c := New(f.config())
	OnUSSD(c, func(ctx context.Context, _ *USSDHop, _ *struct{}) (Menu, error) {
		close(handling)
		<-ctx.Done()
		return Menu{}, ctx.Err()
	})
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	go f.notify(hop("", nil))
	await(t, handling, "the handler")
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Customer(Cellular("1")).LeaseAppData(t.Context())
		waiting <- err
	}()
	for { // until the command has arrived
		f.mu.Lock()
		n := len(f.commands)
		f.mu.Unlock()
		if n > 0 {
			break
		}
		runtime.Gosched()
	}
	c.Close()
	c.Close()
	expectError(t, <-waiting, ErrClosed)
	expectError(t, c.Customer(Cellular("1")).Delete(t.Context()), ErrClosed)
	expectError(t, c.Connect(t.Context()), ErrClosed)
	f.stop()
	deadline := time.Now().Add(10 * time.Second)
	for sdkGoroutines() > before {
		if time.Now().After(deadline) {
			t.Fatalf("still there:\n%s", stacks())
		}
		runtime.Gosched()
	}
}

// sdkGoroutines counts the goroutines that a client starts, its connection's included.
func sdkGoroutines() int {
	return bytes.Count(stacks(), []byte("created by github.com/elarian-go/elarian.")) +
		bytes.Count(stacks(), []byte("created by github.com/elarian-go/elarian/internal/rsocket.Dial"))
}

func stacks() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}

func TestCloseWhileTheServerIsAway(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	f.stop()
	errs := make(chan error, 1)
	go func() { errs <- c.Customer(Cellular("1")).Delete(t.Context()) }()
	c.Close()
	expectError(t, <-errs, ErrClosed)
}

func TestManyClients(t *testing.T) {
	f := startFake(t)
	var wg sync.WaitGroup
	for i := range 8 {
		c := f.connect()
		wg.Go(func() {
			id := fmt.Sprint(i)
			if err := c.Customer(Cellular(id)).UpdateMetadata(t.Context(), map[string]any{"i": i}); err != nil {
				t.Error(err)
			}
			m, err := c.Customer(Cellular(id)).GetMetadata(t.Context())
			if err != nil || m["i"].Text() != id {
				t.Error(m, err)
			}
		})
	}
	wg.Wait()
}

func TestHandlersComeFirst(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	defer func() {
		if recover() == nil {
			t.Error("a handler was set on a connected client, and nobody said a word")
		}
	}()
	OnUSSD(c, func(context.Context, *USSDHop, *struct{}) (Menu, error) { return Menu{}, errors.New("unused") })
}
