package socket

import (
	"errors"

	"github.com/elarian-go/elarian/internal/rsocket"
)

// tell sends a notification to the app. That it was not taken is said in words for people: they stand in
// the app's notifications that failed, and before those who play phones.
func (s *session) tell(payload []byte, done func(reply []byte, err error)) (cancel func()) {
	return s.conn.Send(payload, func(reply []byte, err error) { done(reply, undelivered(err)) })
}

func undelivered(err error) error {
	var said *rsocket.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rsocket.ErrServerClosed):
		return errors.New("the server is stopping")
	case errors.Is(err, rsocket.ErrQueueFull):
		return errors.New("the app does not read as fast as it is told things")
	case errors.Is(err, rsocket.ErrTooLarge):
		return errors.New("the notification is too large for a connection")
	case errors.As(err, &said) && said.Code >= rsocket.ApplicationError:
		if said.Text == "" {
			return errors.New("the app answered with an error")
		}
		return errors.New("the app answered with an error: " + said.Text)
	}
	return errors.New("the app's connection was lost before it had answered")
}
