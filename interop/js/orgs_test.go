package js_test

import (
	"strings"
	"testing"

	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testpg"
)

// Two servers on one database have an org each, and let both in.
func TestOrgsShareNothing(t *testing.T) {
	t.Parallel()
	programs(t)
	store := elariantest.WithStore(testpg.URL(t))
	srv := start(t, store)
	env := append(srv.Env(), "TRANSPORT=tls")
	for _, kv := range start(t, store).Env() {
		switch key, _, _ := strings.Cut(kv, "="); key {
		case "ORG_ID", "APP_ID", "API_KEY":
			env = append(env, "OTHER_"+kv)
		}
	}
	runTests(t, "programs/orgs.js", env)
}
