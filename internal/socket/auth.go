package socket

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/command"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/rsocket"
	"github.com/elarian-go/elarian/internal/store"
)

// unauthorized is the one text for an unknown org, app, key or token: it tells a guesser nothing.
const unauthorized = "unauthorized: unknown org, app or key: check ORG_ID, APP_ID and API_KEY"

func refused(format string, args ...any) error {
	return &rsocket.Error{Code: rsocket.RejectedSetup, Text: fmt.Sprintf(format, args...)}
}

// authenticate lets a SETUP in or says why not.
func (k *Socket) authenticate(setup *rsocket.Setup) (*session, *pb.AppConnectionMetadata, error) {
	address := host(setup.RemoteAddr)
	if wait := k.throttle.wait(address, k.clock.Now()); wait > 0 {
		return nil, nil, refused("too many failed attempts from this address: try again in %d s", int(wait/time.Second)+1)
	}
	meta := &pb.AppConnectionMetadata{}
	s, err := k.identify(setup, meta)
	if err != nil && k.Refresh() == nil { // an operator may have made the key just now
		s, err = k.identify(setup, meta)
	}
	if err != nil {
		k.throttle.failed(address, k.clock.Now())
	}
	return s, meta, err
}

func (k *Socket) identify(setup *rsocket.Setup, meta *pb.AppConnectionMetadata) (*session, error) {
	if err := proto.Unmarshal(setup.Data, meta); err != nil {
		return nil, refused("the SETUP data is no AppConnectionMetadata")
	}
	key, token := meta.ApiKey.GetValue(), meta.AuthToken.GetValue()
	if meta.OrgId == "" || meta.AppId == "" || key == "" && token == "" {
		return nil, refused("the SETUP needs org_id, app_id, and api_key or auth_token")
	}
	if strings.IndexByte(meta.OrgId, 0) >= 0 { // which would not go into a query
		return nil, refused(unauthorized)
	}
	d := k.Directory()
	org, orgFound := d.Org(meta.OrgId)
	_, appFound := d.App(meta.OrgId, meta.AppId)
	s := &session{caller: command.Caller{Org: meta.OrgId, App: meta.AppId, Live: org.Live}, kind: "app"}
	if err := k.checkSecret(d, s, key, token); err != nil {
		return nil, err
	}
	if !orgFound || !appFound {
		return nil, refused(unauthorized)
	}
	switch {
	case meta.SimulatorMode && org.Live:
		return nil, refused("simulator_mode: org %s is a live one: simulators play phones of sandbox orgs only", org.ID)
	case meta.SimulatorMode:
		s.kind = "simulator"
	case meta.SimplexMode, s.caller.Token:
		s.kind = "simplex"
	}
	return s, nil
}

// checkSecret checks the key or the token, and notes the key's hash.
func (k *Socket) checkSecret(d *store.Directory, s *session, key, token string) error {
	if key != "" {
		found, ok := d.Key(s.caller.Org, store.HashSecret(key))
		if !ok {
			return refused(unauthorized)
		}
		s.caller.KeyHash = found.Hash
		return nil
	}
	found, err := k.store.Token(s.caller.Org, store.HashSecret(token))
	if err != nil {
		k.log.Error("reading an auth token failed", "error", err)
		return refused("the server has a problem: try again")
	}
	if found == nil || !k.clock.Now().Before(found.ExpiresAt) {
		return refused(unauthorized)
	}
	if _, ok := d.Key(s.caller.Org, found.KeyHash); !ok {
		return refused(unauthorized)
	}
	s.caller.KeyHash, s.caller.Token = found.KeyHash, true
	return nil
}

func host(a net.Addr) string {
	if a == nil {
		return ""
	}
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}

// throttle slows guessing: an address that was refused too often is refused at once for a while,
// whatever it comes with. Connections that are up are not touched.
type throttle struct {
	burst int
	every time.Duration

	mu        sync.Mutex // guards addresses
	addresses map[string]failures
}

// failures are the refused attempts of an address: as many as were left at a time.
type failures struct {
	count float64
	at    time.Time
}

// maxAddresses bounds the memory for addresses; beyond it the least recent go.
const maxAddresses = 100_000

func newThrottle(burst int, every time.Duration) *throttle {
	if burst == 0 {
		burst = 20
	}
	if every == 0 {
		every = time.Second
	}
	return &throttle{burst: burst, every: every, addresses: make(map[string]failures)}
}

// left is how many failures still count at now.
func (t *throttle) left(f failures, now time.Time) float64 {
	return max(0, f.count-now.Sub(f.at).Seconds()/t.every.Seconds())
}

// wait is how long the address has to wait before its next attempt.
func (t *throttle) wait(address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	over := t.left(t.addresses[address], now) - float64(t.burst-1)
	if over <= 0 {
		return 0
	}
	return time.Duration(over * float64(t.every))
}

func (t *throttle) failed(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.addresses) >= maxAddresses {
		for a, f := range t.addresses {
			if t.left(f, now) == 0 || len(t.addresses) >= maxAddresses {
				delete(t.addresses, a)
			}
		}
	}
	t.addresses[address] = failures{t.left(t.addresses[address], now) + 1, now}
}
