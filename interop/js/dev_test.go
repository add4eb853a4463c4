package js_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// What a newcomer does: elarian dev, the example in JavaScript, and a phone, by the commands that the
// guide prints.
func TestExampleAgainstDev(t *testing.T) {
	t.Parallel()
	programs(t)
	bin := build(t)
	folder := filepath.Dir(bin)
	modules, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}

	dev := background(t, shell(t.Context(), folder, "exec ./elarian dev --socket localhost:0 --http localhost:0"))
	dev.expect(t, "\nready\n")
	app := background(t, shell(t.Context(), folder, `./elarian example js > app.js && eval "$(./elarian env)" && exec node app.js`))
	app.expect(t, "The clinic is open")

	phone := background(t, shell(t.Context(), folder, `./elarian phone ussd '*83044#' 1 24/12 && ./elarian phone ussd '*83044#' 2`))
	phone.expect(t, "Which day? (DD/MM)")
	phone.expect(t, "See you on ")
	phone.expect(t, "You have an appointment on ")
}

// build makes the program in a folder of its own.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "elarian")
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/elarian").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// shell runs commands in a folder with an environment that names no server.
func shell(ctx context.Context, folder, commands string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", commands)
	cmd.Dir = folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + os.TempDir()}
	// With its children, also where one of them is a step of the shell.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
