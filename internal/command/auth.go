package command

import (
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// generateAuthToken makes a short-lived token for browsers and phones. A connection that came with a
// token cannot make another, or a token would live for ever.
func (c *Commands) generateAuthToken(r *appRequest) {
	r.name = "generate_auth_token"
	if r.Caller.Token {
		c.fail(r.Request, Invalid, "generate_auth_token: a connection with an auth token cannot make tokens: use an API key")
		return
	}
	token := store.NewSecret("el_tkn_")
	c.do(r, work{secret: true, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		tx.AddToken(r.Caller.Org, store.HashSecret(token), store.Token{
			KeyHash: r.Caller.KeyHash, App: r.Caller.App, ExpiresAt: tx.Now().Add(c.options.TokenLifetime),
		})
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_GenerateAuthToken{
			GenerateAuthToken: &pb.GenerateAuthTokenReply{Token: token, Lifetime: durationpb.New(c.options.TokenLifetime)}}}, nil
	}})
}
