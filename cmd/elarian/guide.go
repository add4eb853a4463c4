package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/elarian-go/elarian/internal/sandbox"
)

// guide is what elarian dev prints: what somebody who is new needs next, in order.
type guide struct {
	flags    devFlags
	location string
	box      sandbox.Sandbox
	at       sandbox.Endpoint
	isNew    bool
	money    string // of the purse
}

func (g guide) print(w io.Writer) {
	news := ""
	if g.isNew {
		news = "   (first start: made a database, a certificate and a sandbox)"
	}
	program, dir := programName(), ""
	if filepath.Clean(g.flags.dir) != filepath.Clean(defaultDir) {
		dir = " --dir " + shellWord(g.flags.dir)
	}
	fmt.Fprintf(w, `Elarian is running in %s%s

  socket    %s  (TLS)
  http      http://%s  (WebSocket ws://%[4]s/, /healthz, /metrics)
  store     %s

  org       %s
  app       %s
  key       %s
  purse     %s  (%s)
  channels  sms %s, %s · ussd %s · voice, whatsapp, telegram, messenger %s
            email %s · payment %s (cellular, airtime)

Try it, in another terminal:
`, shortPath(g.flags.dir), news, g.at.Socket, g.at.HTTP, storeName(g.location), g.box.Org, g.box.App, g.box.Key, g.box.Purse, g.money,
		sandbox.ShortCode, sandbox.SenderID, sandbox.USSDCode, sandbox.Number, sandbox.Email, sandbox.Paybill)

	env := fmt.Sprintf(`eval "$(%s env%s)"`, program, dir)
	// npm comes first: it may need another NODE_EXTRA_CA_CERTS than the environment's.
	inGo, install, inJavaScript := "go run ./examples/clinic", "npm install --prefix examples/clinic", "node examples/clinic/app.js"
	if !isFile("examples/clinic/app.js") { // not in the repository
		inGo = program + " example go > main.go && go mod init clinic && go mod tidy && go run ."
		install, inJavaScript = "npm install elarian", program+" example js > app.js && node app.js"
	}
	steps := [][2]string{
		{"run an app", env + " && " + inGo},
		{"or in JavaScript", install + " && " + env + " && " + inJavaScript},
		{"dial it", fmt.Sprintf(`%s phone%s --number +254710000001 ussd '%s'`, program, dir, sandbox.USSDCode)},
		{"write to it", fmt.Sprintf(`%s phone%s --number +254710000001 sms %s "Hello"`, program, dir, sandbox.ShortCode)},
		{"pay by it", fmt.Sprintf(`%s phone%s --number +254710000001 pay %s 500 && %[1]s purse statement%[2]s %[4]s`, program, dir, sandbox.Paybill, g.box.Purse)},
	}
	for i, number := range []string{"1", " ", "2", "3", "4"} {
		fmt.Fprintf(w, "  %s  %-17s %s\n", number, steps[i][0], steps[i][1])
	}
	fmt.Fprintf(w, "\n%s env%s shows the environment. In it NODE_EXTRA_CA_CERTS=%s makes apps in JavaScript trust the certificate.\nready\n", program, dir, shellWord(g.at.CAFile))
}

// programName is how this program was called, so that it can be called again.
func programName() string {
	self, err := os.Executable()
	if err != nil {
		return "elarian"
	}
	if strings.Contains(self, string(filepath.Separator)+"go-build") { // go run
		if isFile("cmd/elarian/main.go") {
			return "go run ./cmd/elarian"
		}
		if info, ok := debug.ReadBuildInfo(); ok {
			return "go run " + info.Path + "@" + cmp.Or(strings.TrimPrefix(info.Main.Version, "(devel)"), "latest")
		}
	}
	if found, err := exec.LookPath("elarian"); err == nil && sameFile(found, self) {
		return "elarian"
	}
	return shellWord(os.Args[0])
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// shellWord quotes a word where a shell would not take it as it is.
func shellWord(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
