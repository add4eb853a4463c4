package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/testpg"
)

var quiet = slog.New(slog.DiscardHandler)

func TestTheSecondStartFindsEverythingAgain(t *testing.T) {
	dir := t.TempDir()
	first := startDev(t, dir)
	if !strings.Contains(first.output(), "first start") {
		t.Errorf("the first start does not say so:\n%s", first.output())
	}
	customer, err := remember(first.config())
	if err != nil {
		t.Fatal(err)
	}
	first.stop()

	second := startDev(t, dir)
	if strings.Contains(second.output(), "first start") {
		t.Errorf("the second start is a first one:\n%s", second.output())
	}
	for _, key := range []string{"ORG_ID", "APP_ID", "API_KEY", "PURSE_ID", "NODE_EXTRA_CA_CERTS"} {
		if a, b := first.vars.Get(key), second.vars.Get(key); a == "" || a != b {
			t.Errorf("%s: first %q, then %q", key, a, b)
		}
	}
	if !strings.Contains(second.output(), second.vars.Get("API_KEY")) {
		t.Error("the second start does not show the key")
	}
	again, err := remember(second.config())
	if err != nil || again != customer {
		t.Errorf("the customer was %s and is %s (%v)", customer, again, err)
	}
	second.stop()
}

// remember gives the id of a customer.
func remember(config elarian.Config) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := elarian.Connect(ctx, config)
	if err != nil {
		return "", err
	}
	defer client.Close()
	state, err := client.Customer(elarian.Cellular("+254710000001")).GetState(ctx)
	if err != nil {
		return "", err
	}
	return state.CustomerID, nil
}

func TestTheFolderAndTheDatabaseCanBeLostOneByOne(t *testing.T) {
	dir := t.TempDir()
	first := startDev(t, dir)
	first.stop()
	for _, name := range []string{"elarian.db", "elarian.db-wal", "elarian.db-shm"} {
		_ = os.Remove(filepath.Join(dir, "elarian-data", name))
	}
	second := startDev(t, dir) // with a new database: what apps know stays true
	if _, err := remember(second.config()); err != nil || second.vars.Get("API_KEY") != first.vars.Get("API_KEY") {
		t.Errorf("after the database was removed: %v, key %s, before %s", err, second.vars.Get("API_KEY"), first.vars.Get("API_KEY"))
	}
	second.stop()
	for _, name := range []string{"ca.pem", "ca.key", "server.pem"} {
		_ = os.Remove(filepath.Join(dir, "elarian-data", name))
	}
	third := startDev(t, dir)
	if _, err := remember(third.config()); err != nil {
		t.Errorf("after the certificates were removed: %v", err)
	}
	third.stop()
}

func TestDevPrintsWhatANewcomerNeeds(t *testing.T) {
	d := startDev(t, t.TempDir())
	out := d.output()
	for _, key := range []string{"ORG_ID", "APP_ID", "API_KEY", "PURSE_ID", "USSD_CODE", "SMS_SHORT_CODE", "SMS_SENDER_ID", "VOICE_NUMBER", "EMAIL_ADDRESS", "HTTP_URL", "WS_URL", "NODE_EXTRA_CA_CERTS"} {
		if v := d.vars.Get(key); v == "" || !strings.Contains(out, v) {
			t.Errorf("the output lacks %s, %q", key, v)
		}
	}
	for _, text := range []string{"eval ", " env", " phone ", "node app.js", "npm install"} {
		if !strings.Contains(out, text) {
			t.Errorf("the output lacks %q", text)
		}
	}
	if !strings.HasSuffix(out, "\nready\n") {
		t.Errorf("the last line is not ready:\n%s", out)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": "elarian_connections", "/": "Elarian is running"} {
		reply, err := http.Get(d.vars.Get("HTTP_URL") + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if err != nil || reply.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s %q (%v)", path, reply.Status, body, err)
		}
	}
	d.stop()
}

// dotenvLine is the expression by which dotenv of npm reads files.
var dotenvLine = regexp.MustCompile("(?m)^\\s*(?:export\\s+)?([\\w.-]+)(?:\\s*=\\s*?|:\\s+?)(\\s*'(?:\\\\'|[^'])*'|\\s*\"(?:\\\\\"|[^\"])*\"|\\s*`(?:\\\\`|[^`])*`|[^#\\r\\n]+)?\\s*(?:#.*)?$")

// dotenv reads a text as dotenv of npm does.
func dotenv(text string) map[string]string {
	vars := make(map[string]string)
	for _, m := range dotenvLine.FindAllStringSubmatch(text, -1) {
		value := strings.TrimSpace(m[2])
		quote := value != "" && strings.ContainsAny(value[:1], "'\"`")
		double := strings.HasPrefix(value, `"`)
		if quote && value[0] == value[len(value)-1] {
			value = value[1 : len(value)-1]
		}
		if double {
			value = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(value)
		}
		vars[m[1]] = value
	}
	return vars
}

func TestShellsAndDotenvReadTheEnvFile(t *testing.T) {
	for _, name := range []string{"plain", "it's my folder", "dollar $HOME `x` \\n"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			d := startDev(t, dir, "--env-file", ".env")
			want := map[string]string{
				"HOST": "localhost", "SMS_SHORT_CODE": "83044", "SMS_SENDER_ID": "TEST_SENDER_ID", "USSD_CODE": "*83044#",
				"VOICE_NUMBER": "+254711621711", "WHATSAPP_NUMBER": "+254711621711", "TELEGRAM_NUMBER": "+254711621711",
				"MESSENGER_NUMBER": "+254711621711", "EMAIL_ADDRESS": "sandbox@elarian.test", "MPESA_PAYBILL": "83044",
				"NODE_EXTRA_CA_CERTS": filepath.Join(dir, "elarian-data", "ca.pem"),
			}
			for _, key := range []string{"PORT", "ORG_ID", "APP_ID", "API_KEY", "PURSE_ID", "HTTP_URL", "WS_URL"} {
				want[key] = d.vars.Get(key)
			}
			content, err := os.ReadFile(filepath.Join(dir, ".env"))
			if err != nil {
				t.Fatal(err)
			}
			read := dotenv(string(content))
			for key, value := range want {
				if read[key] != value || value == "" {
					t.Errorf("dotenv reads %s as %q, want %q", key, read[key], value)
				}
				for how, script := range map[string]string{
					"file": `. ./.env; printf %s "$` + key + `"`,
					"env":  `eval "$("` + binary + `" env)"; printenv ` + key + ` | tr -d '\n'`,
				} {
					cmd := exec.Command("sh", "-c", script)
					cmd.Dir, cmd.Env = dir, environment()
					out, err := cmd.Output()
					if err != nil || string(out) != value {
						t.Errorf("a shell reads %s from the %s as %q (%v), want %q", key, how, out, err, value)
					}
				}
			}
			if len(read) != len(want) {
				t.Errorf("%d settings, want %d", len(read), len(want))
			}
			d.stop()
		})
	}
}

func TestTheDatabaseHasNoKeys(t *testing.T) {
	dir := t.TempDir()
	dev := startDev(t, dir)
	secret, app := []byte(dev.vars.Get("API_KEY")), []byte(dev.vars.Get("APP_ID"))
	dev.stop()
	files, err := filepath.Glob(filepath.Join(dir, "elarian-data", "elarian.db*"))
	if err != nil || len(files) == 0 || len(secret) == 0 {
		t.Fatal(files, err, len(secret))
	}
	named := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named = named || bytes.Contains(content, app)
		if bytes.Contains(content, secret) {
			t.Errorf("%s has the API key", file)
		}
	}
	if !named {
		t.Error("no file names the app: this test looks in the wrong place")
	}
}

func TestDevSaysWhatIsWrong(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("file", "")
	write("garbled/elarian.db", strings.Repeat("this is no database ", 1000))
	write("broken/sandbox.json", "{")
	write("empty/sandbox.json", "{}")
	write("badca/ca.pem", "x")
	write("badca/ca.key", "x")
	running := startDev(t, dir)

	free := []string{"--socket", "localhost:0", "--http", "localhost:0"}
	for name, c := range map[string]struct {
		args []string
		code int
		text string
	}{
		"socket in use":       {[]string{"--dir", "a", "--http", "localhost:0", "--socket", busy.Addr().String()}, 1, busy.Addr().String() + " is in use"},
		"http in use":         {[]string{"--dir", "a", "--socket", "localhost:0", "--http", busy.Addr().String()}, 1, "--http"},
		"no address":          {[]string{"--dir", "a", "--http", "localhost:0", "--socket", "nonsense"}, 1, "nonsense"},
		"folder is a file":    {append(free, "--dir", "file"), 1, "not a directory"},
		"folder below a file": {append(free, "--dir", "file/below"), 1, "not a directory"},
		"folder in use":       {append(free, "--dir", "elarian-data"), 1, "another elarian dev is using it"},
		"database in use":     {append(free, "--dir", "a", "--store", "elarian-data/elarian.db"), 1, "another elarian is using it"},
		"database garbled":    {append(free, "--dir", "garbled"), 1, "garbled/elarian.db"},
		"sandbox broken":      {append(free, "--dir", "broken"), 1, "sandbox.json is broken"},
		"sandbox empty":       {append(free, "--dir", "empty"), 1, "sandbox.json is broken"},
		"authority broken":    {append(free, "--dir", "badca"), 1, "ca.pem"},
		"no such database":    {append(free, "--dir", "a", "--store", "postgres://nobody@127.0.0.1:1/none"), 1, "PostgreSQL"},
		"no such store":       {append(free, "--dir", "a", "--store", "mysql://x"), 1, "mysql"},
		"env file":            {append(free, "--dir", "a", "--env-file", "none/.env"), 1, "env file"},
		"unknown flag":        {[]string{"--nonsense"}, 2, "--nonsense"},
		"argument":            {[]string{"nonsense"}, 2, "nonsense"},
		"log level":           {append(free, "--log-level", "loud"), 2, "--log-level"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runIn(t, dir, append([]string{"dev"}, c.args...)...)
			refused(t, got, c.code, c.text)
			if strings.Contains(got.out, "ready") {
				t.Error("it says ready")
			}
		})
	}
	running.stop()
}

func TestDevOnPostgreSQL(t *testing.T) {
	url := testpg.URL(t)
	dir := t.TempDir()
	first := startDev(t, dir, "--store", url)
	if !strings.Contains(first.output(), "PostgreSQL") {
		t.Errorf("the output does not name the database:\n%s", first.output())
	}
	customer, err := remember(first.config())
	if err != nil {
		t.Fatal(err)
	}
	if orgs := must(t, dir, "org", "list"); !strings.Contains(orgs, first.vars.Get("ORG_ID")) {
		t.Errorf("org list does not find the folder's database:\n%s", orgs)
	}
	first.stop()
	second := startDev(t, dir, "--store", url)
	again, err := remember(second.config())
	if err != nil || again != customer {
		t.Errorf("the customer was %s and is %s (%v)", customer, again, err)
	}
	if strings.Contains(second.output(), "first start") {
		t.Error("the second start is a first one")
	}
	second.stop()
}

func TestARevokedSandboxKeyIsReplaced(t *testing.T) {
	dir := t.TempDir()
	first := startDev(t, dir)
	must(t, dir, "key", "revoke", first.vars.Get("API_KEY"))
	first.stop()
	second := startDev(t, dir)
	if second.vars.Get("API_KEY") == first.vars.Get("API_KEY") {
		t.Error("the revoked key is shown again")
	}
	if _, err := remember(second.config()); err != nil {
		t.Error(err)
	}
	second.stop()
}

// TestTheProgramIsSmall holds what is promised: to start within a second (here of processor time,
// which does not depend on what else runs), under 60 MB as a file, and under 60 MB of memory.
func TestTheProgramIsSmall(t *testing.T) {
	d := startDev(t, t.TempDir())
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var resident int64
	if m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); m == nil {
		t.Fatal("no VmRSS")
	} else if _, err := fmt.Sscan(string(m[1]), &resident); err != nil {
		t.Fatal(err)
	}
	d.stop()
	used := d.cmd.ProcessState.UserTime() + d.cmd.ProcessState.SystemTime()
	t.Logf("program %d MB, memory %d MB, processor time of start and stop %s", info.Size()>>20, resident>>10, used)
	if info.Size() > 60<<20 {
		t.Errorf("the program has %d MB", info.Size()>>20)
	}
	if resident > 60<<10 {
		t.Errorf("idle memory is %d MB", resident>>10)
	}
	if used.Seconds() > 1 {
		t.Errorf("starting took %s of processor time", used)
	}
}
