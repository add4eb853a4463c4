package elarian

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"
)

// Config says where the server is and who the app is. Address, OrgID, AppID and one of APIKey and
// AuthToken are needed; [ConfigFromEnv] reads them from the environment.
type Config struct {
	// Address of the server's socket: "localhost:8443", or a URL: "tls://…" (which a bare address
	// means), "wss://host/" and "ws://host:8080/" for WebSocket, "tcp://…" without TLS.
	Address string
	// OrgID, such as "el_org_…".
	OrgID string
	// AppID, such as "el_app_…".
	AppID string
	// APIKey of the org, such as "el_k_test_…".
	APIKey string
	// AuthToken is used in place of the APIKey where both are set. See [Client.GenerateAuthToken].
	AuthToken string

	// CAFile is a PEM file with certificates to trust beside the system's: that of `elarian dev`, say.
	CAFile string
	// TLS is used as it is, in place of CAFile and the system's certificates.
	TLS *tls.Config

	// Serializer of metadata and app data. Default [JSON].
	Serializer Serializer
	// Timeout of a command whose context has no deadline; it includes waiting for a connection.
	// Default 2 minutes, which is longer than anybody can hold a lease; negative means none.
	Timeout time.Duration
	// Concurrency is how many handlers run at once. Default 256. Notifications beyond wait for their turn.
	Concurrency int
	// ShutdownTimeout is how long [Client.Run] waits at its end for handlers that still run. Default 10 s.
	ShutdownTimeout time.Duration
	// KeepAlive is how often a sign of life is sent. Default 5 s. A server that is silent four times as long is lost.
	KeepAlive time.Duration
	// Logger gets failures of handlers and changes of the connection, never a key or a message text.
	// Default [slog.Default].
	Logger *slog.Logger

	// Pauses between attempts to connect; shorter in tests.
	retryMin, retryMax time.Duration
}

// ConfigFromEnv reads what `elarian dev` and `elarian env` write: HOST, PORT, ORG_ID, APP_ID,
// API_KEY or AUTH_TOKEN, and NODE_EXTRA_CA_CERTS (the same file that apps in JavaScript use). What is
// missing is told by [Connect] and [Client.Run].
func ConfigFromEnv() Config {
	c := Config{
		OrgID:     os.Getenv("ORG_ID"),
		AppID:     os.Getenv("APP_ID"),
		APIKey:    os.Getenv("API_KEY"),
		AuthToken: os.Getenv("AUTH_TOKEN"),
		CAFile:    os.Getenv("NODE_EXTRA_CA_CERTS"),
	}
	if host := os.Getenv("HOST"); host != "" {
		c.Address = net.JoinHostPort(host, cmp.Or(os.Getenv("PORT"), "443"))
	}
	return c
}

func (c Config) withDefaults() Config {
	c.Serializer = c.Serializer.orDefault()
	c.Timeout = cmp.Or(c.Timeout, 2*time.Minute)
	c.Concurrency = cmp.Or(c.Concurrency, 256)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 10*time.Second)
	c.KeepAlive = cmp.Or(c.KeepAlive, 5*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.retryMin = cmp.Or(c.retryMin, 100*time.Millisecond)
	c.retryMax = cmp.Or(c.retryMax, 30*time.Second)
	if c.Address != "" && !strings.Contains(c.Address, "://") {
		c.Address = "tls://" + c.Address
	}
	return c
}

// check says what is missing, all at once.
func (c *Config) check() error {
	var missing []string
	for _, field := range []struct{ name, env, value string }{
		{"Address", "HOST and PORT", c.Address},
		{"OrgID", "ORG_ID", c.OrgID},
		{"AppID", "APP_ID", c.AppID},
		{"APIKey", "API_KEY or AUTH_TOKEN", c.APIKey + c.AuthToken},
	} {
		if field.value == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", field.name, field.env))
		}
	}
	if missing != nil {
		return fmt.Errorf("elarian: the configuration lacks %s", strings.Join(missing, ", "))
	}
	if c.Concurrency < 0 {
		return errors.New("elarian: Config.Concurrency is negative")
	}
	return c.Serializer.check()
}

// tlsConfig reads the CA file, at each attempt to connect: it may be there later, or change.
func (c *Config) tlsConfig() (*tls.Config, error) {
	if c.TLS != nil || c.CAFile == "" {
		return c.TLS, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s: no certificate in it", c.CAFile)
	}
	return &tls.Config{RootCAs: roots}, nil
}

// explain says which server an error is about.
func (c *Config) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("elarian: %s: %w", strings.TrimPrefix(c.Address, "tls://"), err)
}
