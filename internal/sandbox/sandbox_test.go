package sandbox

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
	"github.com/elarian-go/elarian/internal/testpg"
)

// stores opens an empty database of each kind.
func stores(t *testing.T, test func(t *testing.T, st *store.Store)) {
	for name, location := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "a.db") },
		"postgres": func(t *testing.T) string { return testpg.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			st, err := store.Open(location(t), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			test(t, st)
		})
	}
}

func ensure(t *testing.T, s Sandbox, st *store.Store, wantNew bool) *store.Directory {
	t.Helper()
	isNew, err := s.Ensure(st)
	if err != nil || isNew != wantNew {
		t.Fatalf("Ensure: new %v, %v, want new %v", isNew, err, wantNew)
	}
	d, err := st.Directory(nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEnsureMakesEverythingOnce(t *testing.T) {
	stores(t, func(t *testing.T, st *store.Store) {
		s := New()
		d := ensure(t, s, st, true)
		if org, ok := d.Org(s.Org); !ok || org.Live {
			t.Errorf("org: %+v, %v", org, ok)
		}
		if _, ok := d.App(s.Org, s.App); !ok {
			t.Error("no app")
		}
		if _, ok := d.Key(s.Org, store.HashSecret(s.Key)); !ok {
			t.Error("no key")
		}
		if len(d.MessagingChannels) != 8 || len(d.PaymentChannels) != 2 || len(d.Purses) != 1 {
			t.Errorf("%d messaging channels, %d payment channels, %d purses", len(d.MessagingChannels), len(d.PaymentChannels), len(d.Purses))
		}
		for _, c := range d.MessagingChannels {
			if normal, err := c.Number.Normalize(); err != nil || normal != c.Number || c.App != s.App || c.Provider != "simulator" {
				t.Errorf("channel %+v: normal form %v, %v", c, normal, err)
			}
		}
		again := ensure(t, s, st, false)
		if again.Version != d.Version {
			t.Error("a second time changes something")
		}
		ensure(t, New(), st, true) // another sandbox beside it
	})
}

func TestEnsureCompletesWhatWasCutShort(t *testing.T) {
	stores(t, func(t *testing.T, st *store.Store) {
		s := New()
		if _, err := st.AddApp(store.App{Org: s.Org, ID: s.App, Name: "half"}); err != nil {
			t.Fatal(err)
		}
		d := ensure(t, s, st, true)
		if len(d.MessagingChannels) != 8 || len(d.Apps) != 1 {
			t.Errorf("%d channels, %d apps", len(d.MessagingChannels), len(d.Apps))
		}
	})
}

func TestEnsureFillsThePurseOnce(t *testing.T) {
	stores(t, func(t *testing.T, st *store.Store) {
		s := New()
		has := func(want string) {
			t.Helper()
			if money, err := s.Money(st); err != nil || money != want {
				t.Fatalf("the purse has %s, %v, want %s", money, err, want)
			}
		}
		// A folder of before there was money.
		if err := s.fill(st); err != nil {
			t.Fatal(err)
		}
		has("KES 0.00")
		ensure(t, s, st, false)
		has("KES 1,000,000.00")
		if _, err := st.MoveCash(store.CashMove{Purse: s.purse(), Amount: -100_000_000}); err != nil {
			t.Fatal(err)
		}
		ensure(t, s, st, false)
		has("KES 0.00")
	})
}

func TestEnsureLeavesWhatOperatorsChanged(t *testing.T) {
	stores(t, func(t *testing.T, st *store.Store) {
		s := New()
		ensure(t, s, st, true)
		if err := st.RemoveMessagingChannel(s.Org, messaging.ChannelNumber{Channel: messaging.SMS, Number: SenderID}); err != nil {
			t.Fatal(err)
		}
		if d := ensure(t, s, st, false); len(d.MessagingChannels) != 7 {
			t.Errorf("%d channels", len(d.MessagingChannels))
		}
	})
}

func TestEnsureRefusesALiveOrg(t *testing.T) {
	stores(t, func(t *testing.T, st *store.Store) {
		s := New()
		if _, err := st.AddOrg(store.Org{ID: s.Org, Live: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ensure(st); err == nil || !strings.Contains(err.Error(), "live") {
			t.Errorf("%v", err)
		}
	})
}

func TestAFolderHasOneUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	f, err := OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenFolder(path); err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	_ = f.Close()
}

func TestOnlyTheUserReadsSecrets(t *testing.T) {
	f, err := OpenFolder(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := store.Open(f.File(Database), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, _, err := f.Certificate([]string{"localhost"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Fill(st, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sandbox.json", "ca.key", "server.key"} {
		info, err := os.Stat(f.File(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestCertificatesServeTheirHosts(t *testing.T) {
	f, err := OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	certificate := func(hosts ...string) tls.Certificate {
		t.Helper()
		c, caFile, err := f.Certificate(hosts)
		if err != nil || caFile != f.File("ca.pem") {
			t.Fatalf("%v, %s", err, caFile)
		}
		return c
	}
	first := certificate("localhost", "127.0.0.1", "::1")
	authority, err := f.authority()
	if err != nil {
		t.Fatal(err)
	}
	if !authority.serves(first.Leaf, []string{"localhost", "127.0.0.1", "::1"}, time.Now()) {
		t.Error("it does not serve what it was made for")
	}
	if authority.serves(first.Leaf, []string{"localhost"}, time.Now().Add(certificateLife-renewBefore/2)) {
		t.Error("it is not renewed before its end")
	}
	if again := certificate("localhost"); again.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) != 0 {
		t.Error("it is made anew without need")
	}
	if other := certificate("localhost", "box.test"); other.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 {
		t.Error("a new host did not make a new certificate")
	}
	if same, err := f.authority(); err != nil || !same.certificate.Equal(authority.certificate) {
		t.Errorf("the authority changed: %v", err)
	}
	if err := os.WriteFile(f.File("ca.key"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Certificate([]string{"localhost"}); err == nil || !strings.Contains(err.Error(), "remove both") {
		t.Errorf("a broken authority: %v", err)
	}
}
