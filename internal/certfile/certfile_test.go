package certfile

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/sandbox"
)

// issue writes a new certificate for localhost into a folder.
func issue(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	a, err := sandbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM, err := a.Issue([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write(t, key, keyPEM)
	write(t, certificate, certPEM)
	return certificate, key
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// serial does a handshake and gives the number of the certificate that it got.
func serial(t *testing.T, f *Files) string {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		_ = tls.Server(server, f.Config()).Handshake()
	}()
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func load(t *testing.T, certificate, key string) *Files {
	t.Helper()
	f, err := Load(certificate, key, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAChangedFileIsServedFromTheNextHandshake(t *testing.T) {
	dir := t.TempDir()
	certificate, key := issue(t, dir)
	f := load(t, certificate, key)
	before := serial(t, f)
	if again := serial(t, f); again != before {
		t.Fatalf("an unchanged file gave another certificate: %s, %s", before, again)
	}
	issue(t, dir)
	later(t, certificate, key)
	if after := serial(t, f); after == before {
		t.Error("the old certificate is still served")
	}
}

func TestHalfReplacedFilesLeaveTheOldCertificate(t *testing.T) {
	dir := t.TempDir()
	certificate, key := issue(t, dir)
	f := load(t, certificate, key)
	before := serial(t, f)
	other, _ := issue(t, t.TempDir())
	content, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certificate, content) // the key is not there yet
	later(t, certificate)
	if now := serial(t, f); now != before {
		t.Error("a certificate without its key is served")
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if now := serial(t, f); now != before {
		t.Error("a missing key changed what is served")
	}
	issue(t, dir)
	later(t, certificate, key)
	if now := serial(t, f); now == before {
		t.Error("the complete pair is not served")
	}
}

func TestReloadTakesFilesThatLookUnchanged(t *testing.T) {
	dir := t.TempDir()
	certificate, key := issue(t, dir)
	f := load(t, certificate, key)
	before := serial(t, f)
	issue(t, dir)
	f.Reload()
	if serial(t, f) == before {
		t.Error("the old certificate is still served")
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	certificate, key := issue(t, dir)
	for _, c := range []struct{ certificate, key, want string }{
		{filepath.Join(dir, "none"), key, "no such file"},
		{certificate, certificate, "key"},
	} {
		if _, err := Load(c.certificate, c.key, slog.Default()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.certificate, c.key, err, c.want)
		}
	}
}

// later makes files look changed, also where the file system's clock is coarse.
func later(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		soon := time.Now().Add(time.Minute)
		if err := os.Chtimes(path, soon, soon); err != nil {
			t.Fatal(err)
		}
	}
}
