package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/envfile"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/server"
)

type devFlags struct {
	dir, socket, http, envFile, store string
	log                               logFlags
}

func newDevCommand() *cobra.Command {
	var flags devFlags
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run a server with everything in it to try things",
		Long: `Run a server with everything in it to try things: the first time it makes a database, a certificate for
localhost, and a sandbox with an org, an app, an API key, channels and a purse, all in one folder. The
next time it finds them again. Removing the folder removes it all.`,
		Example: `  elarian dev
  elarian dev --env-file .env
  elarian dev --dir /tmp/other --socket localhost:0 --http localhost:0
  elarian dev --store postgres://me@localhost/elarian`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return dev(c.Context(), flags, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&flags.dir, "dir", defaultDir, "folder that it keeps everything in")
	f.StringVar(&flags.socket, "socket", "localhost:8443", "address for apps: TLS; port 0 takes a free one")
	f.StringVar(&flags.http, "http", "localhost:8080", "address for WebSocket, health and metrics; port 0 takes a free one")
	f.StringVar(&flags.envFile, "env-file", "", "write what apps need to know into this file, too, as KEY=\"value\"; its other lines stay")
	f.StringVar(&flags.store, "store", "", "database: a file, sqlite://PATH or postgres://… (default: a file in the folder)")
	flags.log.register(f, "warn")
	return c
}

func dev(ctx context.Context, flags devFlags, out, errOut io.Writer) (err error) {
	log, err := flags.log.logger(errOut)
	if err != nil {
		return err
	}
	folder, err := sandbox.OpenFolder(flags.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	certificate, caFile, err := folder.Certificate(hostNames(flags.socket))
	if err != nil {
		return err
	}
	location := flags.store
	if location == "" {
		location = folder.File(sandbox.Database)
	}
	s, err := server.New(server.Config{
		Store: location, Socket: flags.socket, HTTP: flags.http, Log: log,
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		return startError(err)
	}
	if err := prepare(s, folder, caFile, location, flags, out); err != nil {
		return errors.Join(err, s.Close())
	}
	return s.Run(ctx)
}

// prepare finds or makes the sandbox in the server's database, writes the env files and says what to do next.
func prepare(s *server.Server, folder *sandbox.Folder, caFile, location string, flags devFlags, out io.Writer) error {
	box, isNew, err := folder.Fill(s.Store(), flags.store)
	if err == nil {
		err = s.Refresh()
	}
	if err != nil {
		return err
	}
	at := sandbox.Endpoint{Socket: reachable(s.SocketAddr()), HTTP: reachable(s.HTTPAddr()), CAFile: caFile}
	vars, err := box.Env(at)
	if err != nil {
		return err
	}
	money, err := box.Money(s.Store())
	if err != nil {
		return err
	}
	files := []string{folder.File(sandbox.EnvFile)}
	if flags.envFile != "" {
		files = append(files, flags.envFile)
	}
	for _, file := range files {
		if err := envfile.Write(file, vars); err != nil {
			return fmt.Errorf("env file: %w", err)
		}
	}
	guide{flags: flags, location: location, box: box, at: at, isNew: isNew, money: money}.print(out)
	return nil
}

// startError says what to do about an address that is taken.
func startError(err error) error {
	var listen *net.OpError
	if errors.Is(err, syscall.EADDRINUSE) && errors.As(err, &listen) {
		which := "socket"
		if strings.HasPrefix(err.Error(), "http:") {
			which = "http"
		}
		return fmt.Errorf("address %s is in use: stop what listens there, or choose another by --%s", listen.Addr, which)
	}
	return err
}

// hostNames are the names that the certificate is for.
func hostNames(address string) []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || host == "" || ip != nil && ip.IsUnspecified() || slices.Contains(names, host) {
		return names
	}
	return append(names, host)
}

// reachable is an address as clients on this machine use it.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost" // the name that the certificate is for
	}
	return net.JoinHostPort(host, port)
}
