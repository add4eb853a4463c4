package sandbox

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/elarian-go/elarian/internal/envfile"
	"github.com/elarian-go/elarian/internal/store"
)

// Folder keeps a sandbox on the disk:
//
//	sandbox.json           the ids, the key, and the store that was used last
//	elarian.db             the database, where it is SQLite
//	ca.pem, ca.key         the authority
//	server.pem, server.key its certificate for localhost
//	env                    what apps need to know, of the last start
//	dev.lock               held by the process that uses the folder
type Folder struct {
	Path string // absolute
	lock *os.File
}

// ErrInUse is a folder that another process uses.
var ErrInUse = errors.New("another elarian dev is using it: stop that one, or choose another folder")

// OpenFolder makes the folder where it is not there, and holds it until Close.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("folder %s: %w", path, cause(err))
	}
	lock, err := os.OpenFile(filepath.Join(path, "dev.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("folder %s: cannot write there: %w", path, cause(err))
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("folder %s: %w", path, ErrInUse), lock.Close())
	}
	return &Folder{Path: path, lock: lock}, nil
}

// Close lets others use the folder.
func (f *Folder) Close() error { return f.lock.Close() }

// File is the path of a file in the folder.
func (f *Folder) File(name string) string { return filepath.Join(f.Path, name) }

// EnvFile is where the settings of the last start stand.
const EnvFile = "env"

// Database is where a SQLite database stands.
const Database = "elarian.db"

const savedFile = "sandbox.json"

// Saved is what sandbox.json holds.
type Saved struct {
	Sandbox
	Store string `json:"store,omitempty"` // URL, where it is not the folder's own database
}

// ReadSaved reads sandbox.json of a folder.
func ReadSaved(folder string) (Saved, error) {
	path := filepath.Join(folder, savedFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return Saved{}, err
	}
	var saved Saved
	err = json.Unmarshal(content, &saved)
	if err == nil {
		err = saved.check()
	}
	if err != nil {
		return Saved{}, fmt.Errorf("%s is broken (%w): remove it for a new sandbox", path, err)
	}
	return saved, nil
}

// Fill gives the folder's sandbox, a new one the first time, and puts into the database what it lacks
// of it. The URL is noted where it is not of the folder's own database. A key that was revoked is replaced.
func (f *Folder) Fill(st *store.Store, storeURL string) (s Sandbox, isNew bool, err error) {
	saved, err := ReadSaved(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		saved.Sandbox = New()
	case err != nil:
		return Sandbox{}, false, err
	}
	saved.Store = storeURL
	revoked, err := saved.keyRevoked(st)
	if err != nil {
		return Sandbox{}, false, err
	}
	if revoked {
		saved.Key = newKey()
	}
	// First the file: what is in the database and nowhere else could not be found again.
	if err := f.save(saved); err != nil {
		return Sandbox{}, false, err
	}
	isNew, err = saved.Ensure(st)
	return saved.Sandbox, isNew, err
}

func (f *Folder) save(saved Saved) error {
	content, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return err
	}
	return envfile.Replace(f.File(savedFile), append(content, '\n'))
}

// Certificate gives the certificate for these hosts, new where there is none that will do, and the
// path of the authority's own.
func (f *Folder) Certificate(hosts []string) (certificate tls.Certificate, caFile string, err error) {
	authority, err := f.authority()
	if err != nil {
		return tls.Certificate{}, "", err
	}
	certFile, keyFile := f.File("server.pem"), f.File("server.key")
	certificate, err = tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil || !authority.serves(certificate.Leaf, hosts, time.Now()) {
		certPEM, keyPEM, err := authority.Issue(hosts)
		if err != nil {
			return tls.Certificate{}, "", err
		}
		if err := errors.Join(envfile.Replace(keyFile, keyPEM), envfile.Replace(certFile, certPEM)); err != nil {
			return tls.Certificate{}, "", err
		}
		if certificate, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
			return tls.Certificate{}, "", err
		}
	}
	return certificate, f.File("ca.pem"), nil
}

func (f *Folder) authority() (*Authority, error) {
	certFile, keyFile := f.File("ca.pem"), f.File("ca.key")
	certPEM, err := os.ReadFile(certFile)
	keyPEM, keyErr := os.ReadFile(keyFile)
	if err = errors.Join(err, keyErr); err == nil {
		a, err := ParseAuthority(certPEM, keyPEM)
		if err != nil {
			return nil, fmt.Errorf("%s or %s is broken (%w): remove both for new ones", certFile, keyFile, err)
		}
		if !a.expired(time.Now()) {
			return a, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	a, err := NewAuthority()
	if err != nil {
		return nil, err
	}
	keyPEM, err = a.KeyPEM()
	if err != nil {
		return nil, err
	}
	return a, errors.Join(envfile.Replace(keyFile, keyPEM), envfile.Replace(certFile, a.CertPEM()))
}

// cause leaves out the operation and the path, which the caller says better.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
