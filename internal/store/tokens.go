package store

import (
	"cmp"
	"time"
)

type tokenKey struct{ org, hash string }

// Token is an auth token: short-lived, made with an API key or rather by a connection that used one.
type Token struct {
	KeyHash   string // of the API key: a revoked key takes its tokens with it
	App       string // that asked for it
	ExpiresAt time.Time
}

var tokens = &table[tokenKey, Token]{
	load: newStatement("org text, hash text", `
		SELECT t.org_id, t.hash, t.key_hash, t.app_id, t.expires_at FROM {{each auth_tokens t}} t.org_id = r.org AND t.hash = r.hash`),
	upsert: newStatement("org text, hash text, key_hash text, app text, expires int", `
		INSERT INTO auth_tokens (org_id, hash, key_hash, app_id, expires_at) {{values}}`),
	remove:  newStatement("org text, hash text", `DELETE FROM auth_tokens WHERE {{key org_id, hash}}`),
	bindKey: func(v *values, k tokenKey) { v.text(k.org).text(k.hash) },
	bind: func(v *values, k tokenKey, t *Token) {
		v.text(k.org).text(k.hash).text(t.KeyHash).text(t.App).int(millis(t.ExpiresAt))
	},
	scan: func(r row) (tokenKey, *Token, error) {
		return tokenKey{r.text(0), r.text(1)}, &Token{r.text(2), r.text(3), fromMillis(r.int(4))}, nil
	},
	clone: func(t *Token) *Token { c := *t; return &c },
	compare: func(a, b tokenKey) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.hash, b.hash))
	},
}

// AddToken stores a token by its hash.
func (tx *Tx) AddToken(org, hash string, t Token) { tx.b.tokens.put(tokenKey{org, hash}, &t, false) }

// Token finds a token by its hash, nil where there is none.
func (s *Store) Token(org, hash string) (*Token, error) {
	var found *Token
	err := s.query(op{tokens.load, new(values).text(org).text(hash), func(r row) error {
		_, t, err := tokens.scan(r)
		found = t
		return err
	}})
	return found, err
}
