package testpg

import (
	"io"
	"os/exec"
	"syscall"
)

// A janitor is a shell that outlives this process, if only by a moment. It reads from a pipe whose
// other end we hold; when that closes, by dismiss or because we were killed, it ends the cluster
// and removes its files.
type janitor struct {
	cmd  *exec.Cmd
	pipe io.Closer
}

const janitorScript = `
cat >/dev/null
if pid=$(head -n 1 data/postmaster.pid 2>/dev/null); then
	kill -QUIT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
	kill -KILL "$pid" 2>/dev/null
fi
cd / && rm -rf "$1"
`

func watch(dir string, who *syscall.Credential) (*janitor, error) {
	cmd := exec.Command("/bin/sh", "-c", janitorScript, "janitor", dir)
	asUser(cmd, dir, who)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &janitor{cmd, pipe}, nil
}

func (j *janitor) dismiss() {
	_ = j.pipe.Close()
	_ = j.cmd.Wait() // what it could not remove, Close removes
}
