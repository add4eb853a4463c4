package testpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds each wait for PostgreSQL; a start normally takes a tenth of a second.
const patience = 60 * time.Second

// Options are a cluster's settings.
type Options struct {
	NoSync bool              // fsync=off: for tests that never crash the machine and start many clusters
	Conf   map[string]string // further settings of postgresql.conf
}

// Server is one temporary cluster.
type Server struct {
	dir, bin string
	port     int
	flags    []string
	user     *syscall.Credential
	janitor  *janitor
	process  *process // nil while it does not run
}

// process is a running postmaster. Its fields after done is closed are final.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// New makes and starts a cluster. Close removes it; so does the end of this process.
func New(o Options) (*Server, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	who, err := account()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "elarian-testpg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, user: who, flags: flags(o)}
	if err := s.create(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) create() error {
	if s.user != nil {
		if err := os.Chown(s.dir, int(s.user.Uid), int(s.user.Gid)); err != nil {
			return err
		}
	}
	var err error
	if s.janitor, err = watch(s.dir, s.user); err != nil {
		return err
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username=postgres", "--auth=trust", "--no-sync",
		"--no-locale", "--encoding=UTF8", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	return s.Start()
}

func flags(o Options) []string {
	conf := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"max_connections":         "300",
		"fsync":                   "on",
	}
	if o.NoSync {
		conf["fsync"] = "off"
	}
	for k, v := range o.Conf {
		conf[k] = v
	}
	var flags []string
	for k, v := range conf {
		flags = append(flags, "-c", k+"="+v)
	}
	return flags
}

// Start runs the cluster again after Kill or Stop, on the same port. It returns when it answers.
func (s *Server) Start() error {
	if s.process != nil {
		return errors.New("testpg: the cluster runs already")
	}
	deadline := time.Now().Add(patience)
	for {
		err := s.start(deadline)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond) // the processes of a killed cluster may still be ending
	}
}

func (s *Server) start(deadline time.Time) error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.command("postgres", append([]string{"-D", s.data(), "-p", strconv.Itoa(s.port)}, s.flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	for time.Now().Before(deadline) {
		if s.answers() {
			s.process = p
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("PostgreSQL did not start:\n%s", s.logTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
	_ = cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("PostgreSQL does not answer after %v:\n%s", patience, s.logTail())
}

func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.AdminURL())
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}

// Kill ends every process of the cluster at once, with nothing flushed or said to anybody, as when
// the machine stops: kill -9 of the postmaster and of all backends.
func (s *Server) Kill() error {
	if s.process == nil {
		return nil
	}
	postmaster := s.process.cmd.Process
	// Stopped first, so that it cannot fork another backend while we look for them.
	if err := postmaster.Signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	for _, pid := range children(postmaster.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended by itself
	}
	err := postmaster.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-s.process.done
	s.process = nil
	return err
}

// Stop shuts the cluster down properly, cutting the connections it has.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	if err := s.process.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.process.done:
		s.process = nil
		return nil
	case <-time.After(patience):
		return fmt.Errorf("PostgreSQL does not stop:\n%s", s.logTail())
	}
}

// Close ends the cluster and removes its files.
func (s *Server) Close() {
	_ = s.Kill() // nobody needs the files any more
	if s.janitor != nil {
		s.janitor.dismiss()
	}
	_ = os.RemoveAll(s.dir) // the janitor did so, unless it never started
}

// AdminURL is the database that new ones are made from.
func (s *Server) AdminURL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

func (s *Server) logTail() string {
	log, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	asUser(cmd, s.dir, s.user)
	return cmd
}

// asUser lets cmd run in dir, in a session of its own: a Ctrl-C for the tests is not for it, the
// janitor ends it in order.
func asUser(cmd *exec.Cmd, dir string, who *syscall.Credential) {
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isPG), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: who}
}

// isPG finds what would steer PostgreSQL's programs from outside.
func isPG(kv string) bool { return strings.HasPrefix(kv, "PG") }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// children lists the processes that pid started. Without /proc it is empty: the backends then end
// by themselves as soon as they see that their postmaster is gone, and Start waits for that.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	var found []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// "PID (name) S PPID …": the name may hold anything, so count from the last bracket.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			found = append(found, child)
		}
	}
	return found
}
