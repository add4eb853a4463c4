package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// settings gives flags their values from the environment and a file: flags count more than the
// environment, and that more than the file. The flag --tls-key is ELARIAN_TLS_KEY in the
// environment and tls_key, or key in the table [tls], in the file.
type settings struct {
	flags  *pflag.FlagSet
	source map[string]string // where a flag has its value from, "" by default
}

func envName(flag string) string {
	return "ELARIAN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// loadSettings fills in the flags that were not given; only those that are named can be set elsewhere.
func loadSettings(flags *pflag.FlagSet, names []string, configFile string, environ func(string) (string, bool)) (*settings, error) {
	s := &settings{flags: flags, source: make(map[string]string)}
	file, err := readConfigFile(configFile)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s: %q is no setting: elarian serve --print-config shows all", configFile, strings.ReplaceAll(name, "-", "_"))
		}
	}
	for _, name := range names {
		fromEnv, inEnv := environ(envName(name))
		fromFile, inFile := file[name]
		switch {
		case flags.Changed(name):
			s.source[name] = "flag"
		case inEnv:
			s.source[name] = "environment"
			err = s.set(name, fromEnv, envName(name))
		case inFile:
			s.source[name] = "file"
			err = s.set(name, fromFile, configFile+": "+strings.ReplaceAll(name, "-", "_"))
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *settings) set(name, value, from string) error {
	if err := s.flags.Set(name, value); err != nil {
		return fmt.Errorf("%s: %w", from, settingCause(err))
	}
	return nil
}

// settingCause leaves out the flag's name, which is said already.
func settingCause(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return fmt.Errorf("invalid value %q", invalid.GetValue())
	}
	return err
}

// readConfigFile reads a TOML file into flag names and values; no path is no settings.
func readConfigFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(content, &tree); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return nil, fmt.Errorf("%s:%d: %s", path, parse.Position.Line, parse.Message)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	values := make(map[string]string)
	return values, flatten(values, path, "", tree)
}

func flatten(into map[string]string, path, prefix string, tree map[string]any) error {
	for key, value := range tree {
		name := prefix + strings.ReplaceAll(key, "_", "-")
		switch value := value.(type) {
		case map[string]any:
			if err := flatten(into, path, name+"-", value); err != nil {
				return err
			}
			continue
		case string, bool, int64, float64:
			if _, twice := into[name]; twice {
				return fmt.Errorf("%s: %s is set twice", path, strings.ReplaceAll(name, "-", "_"))
			}
			into[name] = fmt.Sprint(value)
		default:
			return fmt.Errorf("%s: %s: not a text, number or true or false", path, key)
		}
	}
	return nil
}

// print writes the settings as a file that could be read again, but for the secrets in it.
func (s *settings) print(w io.Writer, names []string) error {
	for _, name := range names {
		flag := s.flags.Lookup(name)
		value := flag.Value.String()
		switch flag.Value.Type() {
		case "bool", "int", "float64":
		default:
			value = fmt.Sprintf("%q", hideSecrets(value))
		}
		origin := s.source[name]
		if origin == "" {
			origin = "default"
		}
		if _, err := fmt.Fprintf(w, "%s = %s  # %s: %s\n", strings.ReplaceAll(name, "-", "_"), value, origin, flag.Usage); err != nil {
			return err
		}
	}
	return nil
}

const hidden = "xxxxx"

// hideSecrets takes the password out of a URL.
func hideSecrets(value string) string {
	if !strings.Contains(value, "://") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		scheme, _, _ := strings.Cut(value, "://")
		return scheme + "://" + hidden
	}
	query := u.Query()
	for _, key := range []string{"password", "sslpassword", "passfile"} {
		if query.Has(key) {
			query.Set(key, hidden)
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}
