package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, e := range []event{
		{Action: "build-output", ImportPath: "b", Output: "b.go:1: syntax error\n"},
		{Action: "output", Package: "a", Test: "TestGood", Output: "noise\n"},
		{Action: "pass", Package: "a", Test: "TestGood"},
		{Action: "output", Package: "a", Test: "TestBad", Output: "a_test.go:7: broken\n"},
		{Action: "fail", Package: "a", Test: "TestBad"},
		{Action: "output", Package: "a", Test: "TestSkip", Output: "not today\n"},
		{Action: "skip", Package: "a", Test: "TestSkip"},
		{Action: "output", Package: "a", Test: "TestPanics", Output: "panic: out of range\n"},
		{Action: "output", Package: "a", Output: "FAIL\ta\t0.1s\n"},
		{Action: "fail", Package: "a"},
		{Action: "output", Package: "c", Output: "PASS\n"},
		{Action: "output", Package: "c", Output: "ok  \tc\t0.2s\n"},
		{Action: "skip", Package: "d"}, // has no test files
	} {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	r := &report{out: &out, tests: map[testID]string{}}
	if err := r.read(&in); err != nil {
		t.Fatal(err)
	}
	want := `b.go:1: syntax error
a_test.go:7: broken
FAIL	a	0.1s
panic: out of range
ok  	c	0.2s
SKIPPED a TestSkip
`
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}
