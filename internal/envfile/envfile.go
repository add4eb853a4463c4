// Package envfile reads and writes KEY="value" files that a shell and dotenv both read right.
package envfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Var is one setting.
type Var struct{ Key, Value string }

// Line writes a setting so that a shell and dotenv read the same value. In double quotes the one takes
// backslashes away and the other does not, so a value with $, ", ` or \ stands in single quotes.
func Line(v Var) (string, error) {
	switch {
	case strings.ContainsAny(v.Value, "\r\n\x00"):
		return "", fmt.Errorf("%s: a value of more than one line cannot stand in an env file", v.Key)
	case !strings.ContainsAny(v.Value, "$\"`\\"):
		return v.Key + `="` + v.Value + `"`, nil
	case !strings.Contains(v.Value, "'"):
		return v.Key + "='" + v.Value + "'", nil
	}
	return "", fmt.Errorf("%s: no quotes that a shell and dotenv both understand fit around %s", v.Key, v.Value)
}

// Export writes a setting for a shell to evaluate.
func Export(v Var) string {
	return "export " + v.Key + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(v.Value) + `"`
}

// Write puts the settings into a file, for the user's eyes only. Lines of the file that are about
// something else stay as they are.
func Write(path string, vars []Var) error {
	lines := make(map[string]string, len(vars))
	for _, v := range vars {
		line, err := Line(v)
		if err != nil {
			return err
		}
		lines[v.Key] = line
	}
	old, err := present(path)
	if err != nil {
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(string(old)) {
		line = strings.TrimRight(line, "\r\n")
		key, _, _ := split(line)
		if _, ours := lines[key]; !ours {
			fmt.Fprintln(&out, line)
		}
	}
	for _, v := range vars {
		fmt.Fprintln(&out, lines[v.Key])
	}
	return Replace(path, []byte(out.String()))
}

// present gives what a file holds: nothing where there is none, and what is no ordinary file is not read.
func present(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, nil
	}
	return os.ReadFile(path)
}

// Replace writes a file, which only the user can read, all at once: a reader sees the old content or
// the new. What is no ordinary file, as a pipe, is written to.
func Replace(path string, content []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, content, 0o600)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // has mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
