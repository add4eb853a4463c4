package js_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestServerRestarts: the client, which is told nothing that makes it give up, is there again by itself after the
// server was stopped or killed, and gets what it missed.
func TestServerRestarts(t *testing.T) {
	programs(t)
	bin := build(t)
	for _, transport := range []string{"tls", "ws"} {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(transport+"/"+signal.String(), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				run := func(commands string) (*exec.Cmd, *output) {
					cmd := shell(t.Context(), folder, commands)
					cmd.Env = append(cmd.Env, "ELARIAN="+bin, "TRANSPORT="+transport)
					return cmd, background(t, cmd)
				}
				program, err := filepath.Abs("programs/restarted.js")
				if err != nil {
					t.Fatal(err)
				}
				dev, out := run("exec $ELARIAN dev --socket localhost:0 --http localhost:0")
				out.expect(t, "\nready\n")
				_, app := run(`eval "$($ELARIAN env)" && exec node ` + program)
				app.expect(t, "connected")
				run("exec $ELARIAN phone sms 83044 before")
				app.expect(t, "told: before")

				if err := dev.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				_ = dev.Wait() // who was killed is no success
				_, out = run(`eval "$($ELARIAN env)" && exec $ELARIAN dev --socket $HOST:$PORT --http ${HTTP_URL#http://}`)
				out.expect(t, "\nready\n")
				run("exec $ELARIAN phone sms 83044 after")
				app.expect(t, "told: after")
			})
		}
	}
}
