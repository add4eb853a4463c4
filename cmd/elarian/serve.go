package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/certfile"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/server"
)

// serveFlags are the settings of a server for live use.
type serveFlags struct {
	config                       string
	printConfig                  bool
	certificate, key             string
	plainSocket, plainHTTP, open bool // the insecure-… flags
	log                          logFlags
	server                       server.Config
	names                        []string // of the flags that the environment and the file can set as well
}

func newServeCommand() *cobra.Command {
	var flags serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run a server for live use",
		Long: `Run a server for live use. Settings come from flags, the environment and a file; flags count more than the
environment, and that more than the file. The setting tls-key is --tls-key, ELARIAN_TLS_KEY, and in
the file (TOML) tls_key, or key in the table [tls]. --print-config shows all with their values.

The certificate is read again when its files change, and on SIGHUP.`,
		Example: `  elarian serve --store /var/lib/elarian/elarian.db --tls-certificate tls.crt --tls-key tls.key
  ELARIAN_STORE=postgres://elarian@db/elarian?sslmode=verify-full elarian serve --config /etc/elarian.toml
  elarian serve --config /etc/elarian.toml --print-config`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := loadSettings(c.Flags(), flags.names, flags.config, os.LookupEnv)
			if err != nil {
				return err
			}
			if flags.printConfig {
				return settings.print(c.OutOrStdout(), flags.names)
			}
			return flags.serve(c.Context(), c.ErrOrStderr())
		},
	}
	flags.register(c.Flags())
	return c
}

func (s *serveFlags) register(f *pflag.FlagSet) {
	s.config = os.Getenv("ELARIAN_CONFIG")
	f.StringVar(&s.config, "config", s.config, "file with settings, TOML (also $ELARIAN_CONFIG)")
	f.BoolVar(&s.printConfig, "print-config", false, "show all settings, without secrets, and where each is from; do nothing else")

	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.SortFlags = false
	c := &s.server
	settings.StringVar(&c.Store, "store", "", "database: a file, sqlite://PATH or postgres://…")
	settings.StringVar(&c.Socket, "socket", ":8443", "address for apps, by TLS")
	settings.StringVar(&c.HTTP, "http", "localhost:8080", "address for WebSocket, health and metrics; without TLS, so for a proxy on this machine")
	settings.StringVar(&c.PublicURL, "public-url", "", "how others reach --http, as https://elarian.example; it is part of the addresses of recordings")
	settings.StringVar(&s.certificate, "tls-certificate", "", "file with the certificate and its chain, PEM")
	settings.StringVar(&s.key, "tls-key", "", "file with the certificate's key, PEM")
	s.log.register(settings, "info")
	settings.DurationVar(&c.ShutdownTime, "shutdown-time", 10*time.Second, "how long to finish what is in hand when stopping")

	settings.Float64Var(&c.CommandsPerSecond, "commands-per-second", 0, "most commands of an app in a second; 0 is no bound")
	settings.DurationVar(&c.TokenLifetime, "token-lifetime", time.Hour, "how long an auth token lives")
	settings.DurationVar(&c.Retention.Messages, "keep-messages", 0, "remove messages, and sessions that are over, after this time, as 8760h; 0 keeps them for ever")
	settings.DurationVar(&c.Retention.History, "keep-history", 0, "remove entries of customers' timelines after this time; 0 keeps them for ever")
	settings.IntVar(&c.Failures, "refused-attempts", 20, "refused connections that an address may make at once")
	settings.DurationVar(&c.FailureEvery, "refused-attempt-every", time.Second, "how often an address may make one more")
	settings.IntVar(&c.RSocket.MaxPayload, "max-payload", 1<<20, "largest message of an app in bytes")
	registerDelivery(settings, &c.Delivery)
	registerLimits(settings, &c.Limits)

	settings.BoolVar(&s.plainSocket, "insecure-plain-socket", false, "serve apps without TLS: keys and messages can be read on the way")
	settings.BoolVar(&s.plainHTTP, "insecure-plain-http", false, "let --http be an address that other machines reach, without TLS")
	settings.BoolVar(&s.open, "insecure-plain-store", false, "let the way to PostgreSQL on another machine be without TLS")

	settings.VisitAll(func(flag *pflag.Flag) { s.names = append(s.names, flag.Name) })
	f.AddFlagSet(settings)
	f.SortFlags = false
}

func registerDelivery(f *pflag.FlagSet, o *outbox.Options) {
	d := outbox.Options{}.WithDefaults()
	f.DurationVar(&o.AnswerTime, "answer-time", d.AnswerTime, "how long an app may take to answer a USSD hop")
	f.DurationVar(&o.NotificationTime, "notification-time", d.NotificationTime, "how long an app may take to answer any other notification")
	f.DurationVar(&o.HoldBack, "hold-back", d.HoldBack, "how long a customer's next notification waits for clients that may answer late")
	f.DurationVar(&o.FirstRetry, "first-retry", d.FirstRetry, "pause after a notification failed; it doubles with each failure")
	f.DurationVar(&o.LastRetry, "last-retry", d.LastRetry, "longest such pause")
	f.DurationVar(&o.GiveUp, "give-up", d.GiveUp, "when a notification is put aside as a dead letter")
}

func registerLimits(f *pflag.FlagSet, l *customer.Limits) {
	d := customer.DefaultLimits()
	f.IntVar(&l.KeyBytes, "limits-key-bytes", d.KeyBytes, "most bytes of a key")
	f.IntVar(&l.ValueBytes, "limits-value-bytes", d.ValueBytes, "most bytes of a value of metadata")
	f.IntVar(&l.MetadataKeys, "limits-metadata-keys", d.MetadataKeys, "most keys of metadata of a customer")
	f.IntVar(&l.MetadataBytes, "limits-metadata-bytes", d.MetadataBytes, "most bytes of metadata of a customer")
	f.IntVar(&l.Tags, "limits-tags", d.Tags, "most tags of a customer")
	f.IntVar(&l.SecondaryIDs, "limits-secondary-ids", d.SecondaryIDs, "most secondary ids of a customer")
	f.IntVar(&l.Reminders, "limits-reminders", d.Reminders, "most reminders of a customer, of all apps")
	f.IntVar(&l.AppDataBytes, "limits-app-data-bytes", d.AppDataBytes, "most bytes of app data of a customer and app")
}

func (s *serveFlags) serve(ctx context.Context, errOut io.Writer) error {
	log, err := s.log.logger(errOut)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	config := s.server
	config.Log, config.InsecurePlainSocket = log, s.plainSocket
	if s.certificate != "" {
		files, err := certfile.Load(s.certificate, s.key, log)
		if err != nil {
			return err
		}
		config.TLS = files.Config()
		defer onHangup(files.Reload)()
	}
	running, err := server.New(config)
	if err != nil {
		return startError(err)
	}
	log.Info("ready", "version", elarian.Version, "socket", running.SocketAddr().String(), "http", running.HTTPAddr().String(), "store", storeName(config.Store), "tls", config.TLS != nil)
	err = running.Run(ctx)
	log.Info("stopped")
	return err
}

// check refuses what is missing, impossible, or not safe without being called so.
func (s *serveFlags) check() error {
	c := s.server
	switch {
	case c.Store == "":
		return errors.New("no database is set: say --store, $ELARIAN_STORE or store in the --config file")
	case (s.certificate == "") != (s.key == ""):
		return errors.New("--tls-certificate and --tls-key go together: one of them is missing")
	case s.certificate == "" && !s.plainSocket:
		return errors.New("no certificate is set: say --tls-certificate and --tls-key (or --insecure-plain-socket, and everybody on the way can read along)")
	case s.certificate != "" && s.plainSocket:
		return errors.New("--insecure-plain-socket contradicts --tls-certificate: leave one of them out")
	case !s.plainHTTP && !isLocal(c.HTTP):
		return fmt.Errorf("--http %s can be reached from other machines without TLS: use localhost behind a proxy with TLS (or --insecure-plain-http)", c.HTTP)
	case !s.open && !storeIsPrivate(c.Store):
		return errors.New("the way to PostgreSQL may be without TLS: add sslmode=verify-full to its URL (or --insecure-plain-store)")
	}
	return s.checkNumbers()
}

// checkNumbers refuses what is not above zero: nought would mean the default.
func (s *serveFlags) checkNumbers() error {
	c, d, l := s.server, s.server.Delivery, s.server.Limits
	if c.CommandsPerSecond < 0 {
		return errors.New("--commands-per-second is negative: 0 is no bound")
	}
	for name, value := range map[string]time.Duration{"keep-messages": c.Retention.Messages, "keep-history": c.Retention.History} {
		if value < 0 {
			return fmt.Errorf("--%s %s: negative: 0 is for ever", name, value)
		}
	}
	for name, value := range map[string]time.Duration{
		"shutdown-time": c.ShutdownTime, "token-lifetime": c.TokenLifetime, "refused-attempt-every": c.FailureEvery,
		"answer-time": d.AnswerTime, "notification-time": d.NotificationTime, "hold-back": d.HoldBack,
		"first-retry": d.FirstRetry, "last-retry": d.LastRetry, "give-up": d.GiveUp,
	} {
		if value <= 0 {
			return fmt.Errorf("--%s %s: must be more than 0, such as 10s", name, value)
		}
	}
	for name, value := range map[string]int{
		"refused-attempts": c.Failures, "max-payload": c.RSocket.MaxPayload,
		"limits-key-bytes": l.KeyBytes, "limits-value-bytes": l.ValueBytes, "limits-metadata-keys": l.MetadataKeys, "limits-metadata-bytes": l.MetadataBytes,
		"limits-tags": l.Tags, "limits-secondary-ids": l.SecondaryIDs, "limits-app-data-bytes": l.AppDataBytes,
		"limits-reminders": l.Reminders,
	} {
		if value <= 0 {
			return fmt.Errorf("--%s %d: must be more than 0", name, value)
		}
	}
	return nil
}

// onHangup calls do on each SIGHUP, until the function that it gives is called.
func onHangup(do func()) (stop func()) {
	signals, done, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for {
			select {
			case <-signals:
				do()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}
