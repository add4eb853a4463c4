// Package certfile serves a TLS certificate from files and takes the new one when they change.
package certfile

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are a certificate with its chain and its key, both PEM.
type Files struct {
	certificate, key string
	log              *slog.Logger

	mu     sync.Mutex // guards what follows
	served *tls.Certificate
	seen   [2]stamp // of the files as they were last read
}

// stamp tells whether a file was changed.
type stamp struct {
	modified time.Time
	size     int64
}

// Load reads the files. A certificate that has expired is refused.
func Load(certificate, key string, log *slog.Logger) (*Files, error) {
	f := &Files{certificate: certificate, key: key, log: log}
	f.seen, _ = f.stamps()
	read, err := f.read()
	if err != nil {
		return nil, err
	}
	f.served = read
	return f, nil
}

// Config is for servers: each handshake looks at the files, which costs microseconds.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil },
	}
}

func (f *Files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	// A file that is not there is being replaced: the old certificate serves until it is.
	if now, err := f.stamps(); err == nil && now != f.seen {
		f.seen = now
		f.take()
	}
	return f.served
}

// Reload reads the files whether they look changed or not. An error leaves the old certificate.
func (f *Files) Reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.take()
}

// take reads the files; f.mu is held.
func (f *Files) take() {
	read, err := f.read()
	if err != nil {
		f.log.Error("the new certificate cannot be used, the old one stays", "error", err)
		return
	}
	f.served = read
	f.log.Info("certificate reloaded", "file", f.certificate, "expires", read.Leaf.NotAfter)
}

func (f *Files) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", f.certificate, f.key, err)
	}
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		return nil, fmt.Errorf("certificate %s expired on %s", f.certificate, end.Format(time.DateOnly))
	}
	return &pair, nil
}

func (f *Files) stamps() (s [2]stamp, err error) {
	for i, path := range []string{f.certificate, f.key} {
		info, statErr := os.Stat(path)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		s[i] = stamp{info.ModTime(), info.Size()}
	}
	return s, err
}
