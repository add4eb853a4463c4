package store

import (
	"testing"

	"github.com/elarian-go/elarian/internal/testpg"
)

// TestPlans: statements find their rows by keys and are planned once, but for those that read whole tables, which
// did not end by keys; and what those are allowed does not outlast them.
func TestPlans(t *testing.T) {
	db, err := openPostgres(testpg.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.connect(false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	for _, mode := range []txMode{0, txWhole, 0} {
		want := map[string]string{"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
		if mode == txWhole {
			want = map[string]string{"enable_seqscan": "on", "enable_hashjoin": "on", "enable_mergejoin": "on", "jit": "off", "plan_cache_mode": "force_custom_plan"}
		}
		for name, value := range want {
			var got string
			show := op{newStatement("", "SELECT current_setting('"+name+"')"), &values{}, func(r row) error { got = r.text(0); return nil }}
			if err := c.run(mode|txBeginRead|txCommit, show); err != nil || got != value {
				t.Errorf("mode %d: %s is %q, want %q (%v)", mode, name, got, value, err)
			}
		}
	}
}
