package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/examples"
)

// TestHelpIsEnough: each command says what it is, shows an example that it understands, and describes
// each flag.
func TestHelpIsEnough(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s does not say what it is", c.CommandPath())
		}
		if !c.HasSubCommands() && c.Name() != "help" && (!strings.Contains(c.Example, "elarian ") || !strings.Contains(c.Example, c.Name())) {
			t.Errorf("%s has no example of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	root := newRootCommand()
	visit(root)
	for _, c := range root.Commands() {
		help := must(t, t.TempDir(), c.Name(), "--help")
		if !strings.Contains(help, "Usage:") {
			t.Errorf("%s --help: %s", c.Name(), help)
		}
	}
	if help := must(t, t.TempDir()); !strings.Contains(help, "elarian dev") {
		t.Errorf("elarian alone does not say how to begin:\n%s", help)
	}
}

func TestWrongCommandLines(t *testing.T) {
	refused(t, runIn(t, t.TempDir(), "dve"), 2, "did you mean dev?")
	refused(t, runIn(t, t.TempDir(), "example", "rust"), 2, "use go or js")
	refused(t, runIn(t, t.TempDir(), "version", "x"), 2, "unexpected argument")
	refused(t, runIn(t, t.TempDir(), "phone", "ussd"), 2, "CODE")
}

func TestVersionAndExamples(t *testing.T) {
	if got := must(t, t.TempDir(), "version"); !strings.Contains(got, elarian.Version) {
		t.Errorf("version: %q", got)
	}
	if got := must(t, t.TempDir(), "example", "go"); got != strings.TrimSpace(string(examples.Go)) {
		t.Errorf("example go: %q", got)
	}
	if got := must(t, t.TempDir(), "example", "js"); got != strings.TrimSpace(string(examples.JavaScript)) {
		t.Errorf("example js: %q", got)
	}
}
