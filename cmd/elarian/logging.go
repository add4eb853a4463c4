package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// logFlags say how a server logs: to the standard error, as text for people or as JSON.
type logFlags struct{ format, level string }

func (f *logFlags) register(flags *pflag.FlagSet, level string) {
	flags.StringVar(&f.format, "log-format", "text", "how to log: text or json")
	flags.StringVar(&f.level, "log-level", level, "what to log: debug, info, warn or error")
}

func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: use debug, info, warn or error", f.level)}
	}
	options := &slog.HandlerOptions{Level: level}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q: use text or json", f.format)}
}
