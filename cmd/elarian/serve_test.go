package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/sandbox"
)

// certify writes a new certificate for localhost, and the authority's own, into a folder.
func certify(t *testing.T, dir string) {
	t.Helper()
	a, err := sandbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM, err := a.Issue([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"tls.crt": certPEM, "tls.key": keyPEM, "ca.pem": a.CertPEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// serial is the number of the certificate that a server shows.
func serial(t *testing.T, address string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// logged is a line of the JSON log.
type logged struct {
	Msg, Level, Socket, HTTP, Store string
	TLS                             bool
}

func parseLog(t *testing.T, line string) logged {
	t.Helper()
	var l logged
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return l
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	certify(t, dir)
	config := fmt.Sprintf("store = %q\nsocket = \"localhost:0\"\nhttp = \"localhost:0\"\n[tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n[log]\nformat = \"json\"\n",
		filepath.Join(dir, "live.db"))
	if err := os.WriteFile(filepath.Join(dir, "elarian.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	org := must(t, dir, "org", "add", "Afya", "--live", "--store", "live.db") // before the first start
	app := must(t, dir, "app", "add", "A", "--store", "live.db")
	key := must(t, dir, "key", "add", "--store", "live.db")
	p := launch(t, invocation{dir: dir}, true, "serve", "--config", "elarian.toml")
	ready := parseLog(t, p.await(`"ready"`))
	if !ready.TLS || ready.Level != "INFO" || !strings.HasPrefix(ready.Store, "SQLite") {
		t.Errorf("ready: %+v", ready)
	}
	_, port, _ := strings.Cut(ready.Socket, ":")
	address := "localhost:" + port
	settings := elarian.Config{Address: address, OrgID: org, AppID: app, APIKey: key, CAFile: filepath.Join(dir, "ca.pem")}
	eventually(t, "connecting", settings, func(err error) bool { return err == nil })
	refused(t, runIn(t, dir, "serve", "--config", "elarian.toml"), 1, "another elarian is using it")

	// A new certificate is served once its files are there, with a signal or without.
	before := serial(t, address)
	certify(t, dir)
	soon := time.Now().Add(time.Minute)
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.Chtimes(filepath.Join(dir, name), soon, soon); err != nil {
			t.Fatal(err)
		}
	}
	renewed := serial(t, address)
	if renewed == before {
		t.Error("the changed certificate is not served")
	}
	p.await("certificate reloaded")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.await("certificate reloaded")
	if serial(t, address) != renewed {
		t.Error("reloading the same certificate changed it")
	}
	eventually(t, "connecting with the new certificate", settings, func(err error) bool { return err == nil })
	p.stop()
	for line := range strings.Lines(p.output()) {
		parseLog(t, line)
	}
	if !strings.Contains(p.output(), `"stopped"`) || strings.Contains(p.output(), key) {
		t.Errorf("the log:\n%s", p.output())
	}
}

func TestFlagsCountMoreThanTheEnvironmentAndThatMoreThanTheFile(t *testing.T) {
	dir := t.TempDir()
	config := "store = \"postgres://u:hush@db.example.org/x?sslmode=require&password=hush\"\nhold_back = \"3s\"\nsocket = \":1\"\n[limits]\ntags = 11\nsecondary-ids = 12\nmetadata_keys = 13\n"
	if err := os.WriteFile(filepath.Join(dir, "c.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	got := invocation{dir: dir, env: []string{"ELARIAN_CONFIG=c.toml", "ELARIAN_LIMITS_TAGS=21", "ELARIAN_LIMITS_SECONDARY_IDS=22", "ELARIAN_INSECURE_PLAIN_HTTP=true"}}.
		run(t, "serve", "--limits-tags", "31", "--print-config")
	for _, line := range []string{
		"limits_tags = 31  # flag:", "limits_secondary_ids = 22  # environment:", "limits_metadata_keys = 13  # file:", "limits_key_bytes = 256  # default:",
		`hold_back = "3s"  # file:`, "insecure_plain_http = true  # environment:", `socket = ":1"  # file:`, `answer_time = "10s"  # default:`, "db.example.org",
	} {
		if !strings.Contains(got.out, line) {
			t.Errorf("the settings lack %q:\n%s%s", line, got.out, got.err)
		}
	}
	if strings.Contains(got.out, "hush") {
		t.Errorf("the settings show a password:\n%s", got.out)
	}
}

func TestServeRefusesWhatIsWrongOrNotSafe(t *testing.T) {
	dir := t.TempDir()
	certify(t, dir)
	for name, content := range map[string]string{
		"unknown.toml": "nonsense = 1\n", "broken.toml": "store =\n", "twice.toml": "tls_key = \"a\"\n[tls]\nkey = \"b\"\n",
		"list.toml": "store = [\"a\"]\n", "value.toml": "[limits]\ntags = \"many\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := []string{"--store", "a.db", "--tls-certificate", "tls.crt", "--tls-key", "tls.key", "--socket", "localhost:0", "--http", "localhost:0"}
	with := func(args ...string) []string { return append(append([]string{}, good...), args...) }
	for name, c := range map[string]struct {
		args []string
		code int
		text string
	}{
		"no store":                {[]string{}, 1, "no database is set"},
		"no certificate":          {[]string{"--store", "a.db"}, 1, "--insecure-plain-socket"},
		"no key":                  {[]string{"--store", "a.db", "--tls-certificate", "tls.crt"}, 1, "go together"},
		"no such certificate":     {with("--tls-certificate", "none.crt"), 1, "none.crt"},
		"key of another":          {with("--tls-certificate", "ca.pem"), 1, "ca.pem"},
		"plain and TLS":           {with("--insecure-plain-socket"), 1, "contradicts"},
		"http for everybody":      {with("--http", ":0"), 1, "--insecure-plain-http"},
		"http for others":         {with("--http", "192.0.2.1:0"), 1, "--insecure-plain-http"},
		"plain PostgreSQL":        {with("--store", "postgres://u@db.example.org/x?sslmode=disable"), 1, "--insecure-plain-store"},
		"perhaps plain":           {with("--store", "postgres://u@db.example.org/x"), 1, "sslmode=verify-full"},
		"time of nought":          {with("--answer-time", "0"), 1, "--answer-time"},
		"negative limit":          {with("--limits-tags", "-1"), 1, "--limits-tags"},
		"no number":               {with("--limits-tags", "many"), 2, "--limits-tags"},
		"log format":              {with("--log-format", "xml"), 2, "--log-format"},
		"config not there":        {with("--config", "none.toml"), 1, "none.toml"},
		"config unknown":          {with("--config", "unknown.toml"), 1, `"nonsense" is no setting`},
		"config broken":           {with("--config", "broken.toml"), 1, "broken.toml:1"},
		"config says it twice":    {with("--config", "twice.toml"), 1, "set twice"},
		"config of another kind":  {with("--config", "list.toml"), 1, "not a text"},
		"config with a bad value": {with("--config", "value.toml"), 1, "limits_tags"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, runIn(t, dir, append([]string{"serve"}, c.args...)...), c.code, c.text) })
	}
	bad := invocation{dir: dir, env: []string{"ELARIAN_HOLD_BACK=soon"}}.run(t, append([]string{"serve"}, good...)...)
	refused(t, bad, 1, "ELARIAN_HOLD_BACK")

	// What its name calls unsafe is let through.
	p := launch(t, invocation{dir: dir}, true, "serve", "--store", "a.db", "--socket", "localhost:0", "--http", ":0", "--insecure-plain-socket", "--insecure-plain-http", "--log-format", "json")
	if ready := parseLog(t, p.await(`"ready"`)); ready.TLS {
		t.Errorf("%+v", ready)
	}
	p.stop()
}

func TestWhatIsPrivate(t *testing.T) {
	for location, want := range map[string]bool{
		"a.db": true, "sqlite:///var/a.db": true,
		"postgres://u@localhost/x": true, "postgres://u@127.0.0.1/x?sslmode=disable": true, "postgres:///x?host=/run/postgresql": true,
		"postgres://u@db/x?sslmode=require": true, "postgres://u@db/x?sslmode=verify-full": true,
		"postgres://u@db/x": false, "postgres://u@db/x?sslmode=prefer": false, "postgres://u@db/x?sslmode=allow": false, "postgres://u@db/x?sslmode=disable": false,
		"postgres://u@localhost,db/x": false,
	} {
		if got := storeIsPrivate(location); got != want {
			t.Errorf("%s: private is %v, want %v", location, got, want)
		}
	}
	for address, want := range map[string]bool{"localhost:1": true, "127.0.0.2:1": true, "[::1]:1": true, ":1": false, "0.0.0.0:1": false, "10.0.0.1:1": false, "example.org:1": false} {
		if got := isLocal(address); got != want {
			t.Errorf("%s: local is %v, want %v", address, got, want)
		}
	}
}
