// Command run starts a temporary PostgreSQL cluster, runs a command that finds it by the
// environment variable of package testpg, and removes it again:
//
//	go run ./internal/testpg/run -- go test ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/elarian-go/elarian/internal/testpg"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: run -- COMMAND [ARG…]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	// The command gets the terminal's Ctrl-C too and ends by it; we stay to clean up.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	pg, err := testpg.New(testpg.Options{})
	if err != nil {
		return 1, err
	}
	defer pg.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), testpg.AdminEnv+"="+pg.AdminURL())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil // it has said why
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
