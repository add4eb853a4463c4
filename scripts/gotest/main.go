// Command gotest runs go test and prints what it would print, and at the end which tests were
// skipped: a skip must be seen. With CI set it is a failure, because there everything that a test
// may need is installed.
//
//	go run ./scripts/gotest -race ./...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// event is what go test -json prints (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

type testID struct{ pkg, test string }

// report follows the events of one run.
type report struct {
	out     io.Writer
	tests   map[testID]string // what each running test has printed so far
	skipped []testID
}

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	r := &report{out: os.Stdout, tests: map[testID]string{}}
	readErr := r.read(stdout)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		code, err = exit.ExitCode(), nil // the output says why
	}
	if err = errors.Join(readErr, err); err != nil {
		return 1, err
	}
	if len(r.skipped) > 0 && code == 0 && os.Getenv("CI") != "" {
		fmt.Fprintln(os.Stderr, "gotest: in CI a skipped test is a failure")
		code = 1
	}
	return code, nil
}

func (r *report) read(in io.Reader) error {
	dec := json.NewDecoder(in)
	for {
		var e event
		err := dec.Decode(&e)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("go test -json: %w", err)
		}
		r.see(e)
	}
	for _, id := range r.skipped {
		fmt.Fprintf(r.out, "SKIPPED %s %s\n", id.pkg, id.test)
	}
	return nil
}

// see prints a package's own lines at once and a test's lines when it has failed. What a test that
// never ended had printed comes when its package fails.
func (r *report) see(e event) {
	id := testID{e.Package, e.Test}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" { // as go test without -v does it
			fmt.Fprint(r.out, e.Output)
		}
	case e.Action == "output":
		r.tests[id] += e.Output
	case e.Action == "skip" && e.Test != "":
		r.skipped = append(r.skipped, id)
		delete(r.tests, id)
	case e.Action == "pass" && e.Test != "":
		delete(r.tests, id)
	case e.Action == "fail" && e.Test != "":
		fmt.Fprint(r.out, r.tests[id])
		delete(r.tests, id)
	case e.Action == "fail":
		for id, output := range r.tests {
			if id.pkg == e.Package {
				fmt.Fprint(r.out, output)
				delete(r.tests, id)
			}
		}
	}
}
