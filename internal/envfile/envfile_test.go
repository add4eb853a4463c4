package envfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var hard = []Var{
	{"PLAIN", "localhost"},
	{"USSD_CODE", "*83044#"},
	{"NUMBER", "+254711621711"},
	{"DOLLAR", "/home/$USER/`x`"},
	{"QUOTE", `a "word" and a \ slash`},
	{"APOSTROPHE", "/home/o'neil/my folder"},
	{"EMPTY", ""},
	{"EQUALS", "a=b #c"},
}

func TestAShellReadsWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	if err := Write(path, hard); err != nil {
		t.Fatal(err)
	}
	for _, v := range hard {
		out, err := exec.Command("sh", "-c", `. "$0"; printf %s "$`+v.Key+`"`, path).Output()
		if err != nil || string(out) != v.Value {
			t.Errorf("%s: the shell reads %q (%v), want %q", v.Key, out, err, v.Value)
		}
	}
}

func TestAShellEvaluatesExports(t *testing.T) {
	for _, v := range append(hard, Var{"BOTH", `it's $5 "now"`}) {
		out, err := exec.Command("sh", "-c", `eval "$0"; printenv `+v.Key, Export(v)).Output()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != v.Value {
			t.Errorf("%s: the shell exports %q (%v), want %q", v.Key, got, err, v.Value)
		}
	}
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	if err := Write(path, hard); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range hard {
		if got.Get(v.Key) != v.Value {
			t.Errorf("%s: %q, want %q", v.Key, got.Get(v.Key), v.Value)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600: it holds a key", info.Mode(), err)
	}
}

func TestReadUnderstandsWhatPeopleWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	text := "# a comment\n\nexport A = 'x y' # said so\nB=plain # comment\r\nC=\"#\"\nA=again\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil || got.Get("A") != "again" || got.Get("B") != "plain" || got.Get("C") != "#" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReadSaysWhichLineIsBroken(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\nnonsense\n": `:2: not KEY="value"`,
		"A=\"1\n":         ":1: the quotes of A do not end",
	} {
		path := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestWriteKeepsOtherLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("# mine\nMINE=1\nPORT=9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []Var{{"PORT", "8443"}}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "# mine\nMINE=1\nPORT=\"8443\"\n"; err != nil || string(got) != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
}

func TestWriteRefusesWhatBothCannotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	for _, value := range []string{`it's $5`, "two\nlines"} {
		if err := Write(path, []Var{{"A", value}}); err == nil {
			t.Errorf("%q was written", value)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused write left a file")
	}
}
