package envfile

import (
	"fmt"
	"os"
	"strings"
)

// Vars are the settings of a file, in its order.
type Vars []Var

// Get gives the last value of a key, as dotenv and shells do; empty where there is none.
func (v Vars) Get(key string) string {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].Key == key {
			return v[i].Value
		}
	}
	return ""
}

// Read reads a file as dotenv does: KEY=value, with or without export and quotes; # begins a comment.
func Read(path string) (Vars, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var vars Vars
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, rest, ok := split(line)
		if !ok {
			return nil, fmt.Errorf("%s:%d: not KEY=\"value\"", path, number)
		}
		value, ok := unquote(rest)
		if !ok {
			return nil, fmt.Errorf("%s:%d: the quotes of %s do not end", path, number, key)
		}
		vars = append(vars, Var{key, value})
	}
	return vars, nil
}

// split gives a line's key and what follows the equals sign.
func split(line string) (key, rest string, ok bool) {
	line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
	key, rest, ok = strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \t#\"'") {
		return "", "", false
	}
	return key, strings.TrimSpace(rest), true
}

func unquote(s string) (string, bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		s, _, _ = strings.Cut(s, " #")
		return strings.TrimSpace(s), true
	}
	value, _, ok := strings.Cut(s[1:], s[:1])
	return value, ok
}
