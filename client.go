package elarian

import (
	"context"
	"errors"
)

// Client is an app's connection to the server, the reference's Elarian: it sends commands and gives
// notifications to handlers. Make one with [New] or [Connect]. It may be used from any goroutine, and
// a process may have several.
//
// A client connects again by itself when the connection is lost. Commands that have no reply by then
// are sent again, and act once all the same; commands called meanwhile wait. How long, says their context.
type Client struct {
	config   Config
	link     *link
	handlers [eventCount]handler
}

// New makes a client and does nothing else. Then set its handlers, and call [Client.Run] or [Client.Connect].
func New(config Config) *Client {
	c := &Client{config: config.withDefaults()}
	c.link = newLink(&c.config, false)
	return c
}

// Connect makes a client and connects it, the reference's newInstance. Without handlers it gets no
// notifications and takes none from other connections of the app: the way for scripts. An app that
// has handlers uses [New], then sets them, then [Client.Run] or [Client.Connect].
//
// It returns when the server has accepted the connection, with [ErrUnauthorized] when the server has
// refused it, and with what else went wrong with the first attempt. ctx is for connecting only.
func Connect(ctx context.Context, config Config) (*Client, error) {
	c := New(config)
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Connect connects a client that [New] has made and returns as the function [Connect] does. After an
// error the client is closed. Handlers run until [Client.Close].
func (c *Client) Connect(ctx context.Context) error { return c.link.connect(ctx, c.receiver()) }

// Run connects, handles notifications, connects again whenever the connection is lost, and returns
// when ctx ends and the handlers that run have answered, nil then, or after Config.ShutdownTimeout.
// Meanwhile their commands still work. It gives up only when the server refuses the app:
// [ErrUnauthorized].
func (c *Client) Run(ctx context.Context) error { return c.link.serveUntil(ctx, c.receiver()) }

// Close ends the connection and waits for the handlers, whose contexts end. Commands in flight fail
// with [ErrClosed]. It must not be called from a handler.
func (c *Client) Close() error {
	c.link.close()
	return nil
}

// receiver is what takes notifications, nil where no handler would.
func (c *Client) receiver() receiver {
	for _, h := range c.handlers {
		if h != nil {
			// The server sends those of one customer one after the other.
			return func(payload []byte) (string, func(context.Context) ([]byte, error)) {
				return "", func(ctx context.Context) ([]byte, error) { return c.receive(ctx, payload) }
			}
		}
	}
	return nil
}

func (l *link) connect(ctx context.Context, receive receiver) error {
	started, err := l.start(receive)
	if err != nil {
		return err
	}
	if err := l.first(ctx); err != nil {
		if started {
			l.close()
		}
		return l.config.explain(err)
	}
	return nil
}

func (l *link) serveUntil(ctx context.Context, receive receiver) error {
	if _, err := l.start(receive); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.config.ShutdownTimeout)
		defer cancel()
		l.drain(grace)
	case <-l.ended:
	}
	l.mu.Lock()
	err := l.err
	l.mu.Unlock()
	l.close()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return l.config.explain(err)
}
