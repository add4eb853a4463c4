package testpg

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

var errNotInstalled = errors.New("PostgreSQL is not installed: run make test, which installs it")

// binDir is where initdb and postgres are. Debian keeps them out of PATH, one folder per version.
func binDir() (string, error) {
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well-formed
	if len(debian) > 0 {
		return filepath.Dir(slices.MaxFunc(debian, byVersion)), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errNotInstalled
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return "", err
	}
	return filepath.Dir(initdb), nil
}

func byVersion(a, b string) int { return version(a) - version(b) }

// version reads the 15 of /usr/lib/postgresql/15/bin/initdb; what is no number comes first.
func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// account is who runs the cluster: PostgreSQL refuses to be run by root, so there it is the user
// that the package made. Elsewhere it is nil: whoever runs the tests.
func account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errNotInstalled
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
