package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/elarian-go/elarian"

// mayImport says which of our packages each of those below may import; what imports them is free.
// docs/ARCHITECTURE.md shows the direction.
var mayImport = map[string][]string{
	"":                   {"internal/currency", "internal/pb", "internal/rsocket"},
	"internal/clock":     {},
	"internal/customer":  {},
	"internal/currency":  {},
	"internal/ledger":    {"internal/currency", "internal/customer"},
	"internal/messaging": {"internal/customer"},
	"internal/payment":   {"internal/customer", "internal/ledger"},
	"internal/pb":        {},
	"internal/rsocket":   {},
	"internal/store":     {"internal/currency", "internal/customer", "internal/ledger", "internal/messaging", "internal/payment"},
	"internal/outbox":    {"internal/clock", "internal/customer", "internal/store"},
	"internal/schedule":  {"internal/clock", "internal/store"},
	"internal/command":   {"internal/clock", "internal/currency", "internal/customer", "internal/ledger", "internal/messaging", "internal/outbox", "internal/payment", "internal/pb", "internal/store"},
	"internal/socket":    {"internal/clock", "internal/command", "internal/outbox", "internal/pb", "internal/rsocket", "internal/store"},
}

// rules are the packages of rules.
var rules = []string{"internal/customer", "internal/ledger", "internal/messaging", "internal/payment"}

// noRules is what the rules do not import: they do no I/O and know no protobuf.
var noRules = []string{"database/sql", "net", "net/http", "os", "google.golang.org/protobuf/proto", "zombiezen.com/go/sqlite", "github.com/jackc/pgx/v5"}

func TestImportsGoOneWay(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, checked := mayImport[name]
		if !checked {
			continue
		}
		seen++
		for _, i := range p.Imports {
			own, isOwn := strings.CutPrefix(i, module+"/")
			if isOwn && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
			if slices.Contains(rules, name) && slices.Contains(noRules, i) {
				t.Errorf("%s has the rules and imports %s", p.ImportPath, i)
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("found %d of the %d packages", seen, len(mayImport))
	}
}
