package elarian

import (
	"context"
	"time"

	"github.com/elarian-go/elarian/internal/pb"
)

// GenerateAuthToken makes a short-lived token, to be used as [Config].AuthToken where the API key
// must not be: in browsers and phones. Connections with it get no notifications and make no tokens.
// The lifetime is one hour by the server's default.
func (c *Client) GenerateAuthToken(ctx context.Context) (token string, lifetime time.Duration, err error) {
	// No key: a second token does no harm, and the first must not be kept for being answered again.
	cmd := &command{name: "GenerateAuthToken", field: fieldGenerateAuthToken, reads: true}
	reply, err := c.link.do(ctx, cmd)
	if err != nil {
		return "", 0, err
	}
	switch r := reply.GetEntry().(type) {
	case *pb.AppToServerCommandReply_GenerateAuthToken:
		return r.GenerateAuthToken.GetToken(), r.GenerateAuthToken.GetLifetime().AsDuration(), nil
	case *pb.AppToServerCommandReply_UpdateCustomerState:
		return "", 0, cmd.check(r.UpdateCustomerState, !r.UpdateCustomerState.GetStatus())
	}
	return "", 0, cmd.check(nil, false)
}
