package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/elariantest"
)

// What was booked with the app in Go, the one in JavaScript knows, and reminds of.
func TestSameCustomersInJavaScript(t *testing.T) {
	srv := elariantest.Start(t)
	inGo := newClinic(srv.Config())
	srv.Connect(inGo)
	day := srv.Now().UTC().AddDate(0, 0, 3)
	phone := srv.Phone("+254710000001")
	phone.Dial("*83044#").Type("1").Type(day.Format("2/1")).Expect("See you on").Ended()
	if err := inGo.Close(); err != nil {
		t.Fatal(err)
	}

	startJavaScript(t, srv)
	phone.Dial("*83044#").Type("2").Expect("You have an appointment on " + day.Format(time.DateOnly)).Ended()
	srv.Advance(3 * 24 * time.Hour)
	phone.ExpectSMS("83044", "Do not forget your appointment on "+day.Format(time.DateOnly))

	// Booked with the app in JavaScript, whose clock is the wall's.
	other := srv.Phone("+254710000002")
	later := day.AddDate(0, 0, 4)
	other.Dial("*83044#").Type("1").Type(later.Format("2/1")).Expect("See you on " + later.Format(time.DateOnly)).Ended()
	srv.Advance(4 * 24 * time.Hour)
	other.ExpectSMS("83044", "Do not forget your appointment on "+later.Format(time.DateOnly))
}

// startJavaScript runs app.js, with the npm packages of the interoperation tests, until the test ends.
func startJavaScript(t *testing.T, srv *elariantest.Server) {
	t.Helper()
	modules, err := filepath.Abs("../../interop/js/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "elarian")); err != nil {
		t.Fatalf("%v: run make deps, which installs the npm packages", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "app.js")
	cmd.Env = append(append(os.Environ(), srv.Env()...), "NODE_PATH="+modules)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "The clinic is open") {
			return
		}
	}
	t.Fatal("app.js has ended")
}
