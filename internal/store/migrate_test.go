package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/testpg"
)

// Once the first schema is released, its text and the frozen database never change again.
var freeze = flag.Bool("freeze", false, "write testdata/first.sum and testdata/first.sql anew, from the first migration as it is")

const (
	firstMigration = "migrations/0001_first.sql"
	firstSum       = "testdata/first.sum"
	firstDatabase  = "testdata/first.sql"
)

func sum(t *testing.T) string {
	t.Helper()
	text, err := migrations.ReadFile(firstMigration)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:]) + "\n"
}

func TestFirstMigrationIsFrozen(t *testing.T) {
	if *freeze {
		frozen := frozenDatabase(t)
		for path, text := range map[string]string{firstSum: sum(t), firstDatabase: frozen} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := os.ReadFile(firstSum)
	if err != nil {
		t.Fatal(err)
	}
	if sum(t) != string(want) {
		t.Fatalf("%s is not what it was: databases that were made by it would not get the change.\n"+
			"Write another migration; only before the first release run: go test ./internal/store -run Frozen -freeze", firstMigration)
	}
}

var frozenCreated = time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)

// frozenDatabase is the first schema and a row of each kind that matters, in the form of a migration;
// {{bytes HEX}} is a blob.
func frozenDatabase(t *testing.T) string {
	t.Helper()
	schema, err := migrations.ReadFile(firstMigration)
	if err != nil {
		t.Fatal(err)
	}
	blob := func(b []byte) string { return "{{bytes " + hex.EncodeToString(b) + "}}" }
	number := customer.Number{Provider: customer.Cellular, Number: "+254711000001"}
	channel := messaging.ChannelNumber{Channel: messaging.SMS, Number: "83044"}
	record := encode(&Record{
		Customer: customer.Customer{
			Numbers: []customer.Number{number}, Tags: []customer.Tag{{Key: "Town", Value: "Kisumu"}},
			SecondaryIDs: []customer.SecondaryID{{Key: "member", Value: "7"}},
			Metadata:     map[string]customer.Value{"plan": customer.Text("gold")}, CreatedAt: frozenCreated, UpdatedAt: frozenCreated,
		},
		Channels:      []messaging.ChannelState{{Number: number, Channel: channel}},
		HasActivities: true,
	})
	message := encode(&messaging.Message{Number: number, Channel: channel, App: "app", CreatedAt: frozenCreated, Status: messaging.Sent,
		Out: &messaging.Outbound{Body: messaging.Body{Text: "Hello"}}})
	key := customer.ActivityKey{Number: number, Source: "web", Session: "s", App: "app"}
	session := encode(&customer.ActivitySession{ActivityKey: key, CreatedAt: frozenCreated, UpdatedAt: frozenCreated,
		Activities: []customer.Activity{{Key: "page", CreatedAt: frozenCreated}}})
	return string(schema) + `
INSERT INTO settings VALUES ('directory_version', 'v1');
INSERT INTO orgs VALUES ('org', 'Afya', FALSE, 1767323045006);
INSERT INTO apps VALUES ('org', 'app', 'Clinic', 1767323045006);
INSERT INTO api_keys VALUES ('org', 'hash', 'el_k_test_1234', 'first', 1767323045006, 0);
INSERT INTO messaging_channels (org_id, channel, number, app_id, provider, default_partition, created_at) VALUES ('org', 1, '83044', 'app', 'simulator', '', 1767323045006);
INSERT INTO customers (org_id, id, version, history, messages, doc) VALUES ('org', 'el_cst_1', 2, 2, 1, ` + blob(record) + `);
INSERT INTO customer_numbers (org_id, provider, number, partition, customer_id) VALUES ('org', 2, '+254711000001', '', 'el_cst_1');
INSERT INTO customer_secondary_ids (org_id, key, value, customer_id, expires_at) VALUES ('org', 'member', '7', 'el_cst_1', 0);
INSERT INTO customer_tags (org_id, key, value, customer_id, expires_at) VALUES ('org', 'town', 'Kisumu', 'el_cst_1', 0);
INSERT INTO app_data (org_id, customer_id, app_id, present, is_binary, value, leased_until) VALUES ('org', 'el_cst_1', 'app', TRUE, FALSE, ` + blob([]byte("data")) + `, 0);
INSERT INTO messages (org_id, customer_id, id, doc) VALUES ('org', 'el_cst_1', 'el_msg_1', ` + blob(message) + `);
INSERT INTO activity_sessions (org_id, customer_id, session_key, updated_at, doc) VALUES ('org', 'el_cst_1', ` + blob(encode(key)) + `, 1767323045006, ` + blob(session) + `);
INSERT INTO history (id, org_id, customer_id, previous, adopted, at, actor_kind, actor_id, what, detail) VALUES (1, 'org', 'el_cst_1', 0, 0, 1767323045006, 'system', '', 'customer.created', 'cellular');
INSERT INTO history (id, org_id, customer_id, previous, adopted, at, actor_kind, actor_id, what, detail) VALUES (2, 'org', 'el_cst_1', 1, 0, 1767323045006, 'app', 'app', 'metadata.updated', 'plan');
INSERT INTO outbox (org_id, app_id, subject_id, id, kind, interactive, created_at, attempts, due_at, dead, failure, body) VALUES ('org', 'app', 'el_cst_1', 3, 'customer_activity', FALSE, 1767323045006, 0, 0, FALSE, '', ` + blob([]byte{1}) + `);
INSERT INTO timers (due_at, id, kind, org_id, customer_id, ref) VALUES (1767323045006, 4, 'delivered', 'org', 'el_cst_1', 'el_msg_1');
INSERT INTO idempotency (org_id, app_id, key, command, reply, at) VALUES ('org', 'app', 'key', ` + blob([]byte{2}) + `, ` + blob([]byte{3}) + `, 1767323045006);
`
}

// A database that the first release made is brought up to date by opening it, with all that is in it.
func TestFrozenDatabaseIsMigrated(t *testing.T) {
	frozen, err := os.ReadFile(firstDatabase)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ url, blob string }{
		"sqlite":   {filepath.Join(t.TempDir(), "frozen.db"), "X'$1'"},
		"postgres": {testpg.URL(t), `'\x$1'::bytea`},
	} {
		t.Run(name, func(t *testing.T) {
			text := regexp.MustCompile(`{{bytes (\w+)}}`).ReplaceAllString(string(frozen), c.blob)
			restore(t, c.url, text)
			checkFrozen(t, c.url)
		})
	}
}

func restore(t *testing.T, url, text string) {
	t.Helper()
	d, err := openDialect(url, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.connect(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{schemaTable, "INSERT INTO schema_versions VALUES (1, 0)", d.ddl(text)} {
		if err := c.script(script); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func checkFrozen(t *testing.T, url string) {
	t.Helper()
	s, err := Open(url, Options{Serve: true, Now: func() time.Time { return frozenCreated }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var version int64
	if err := s.query(op{schemaVersion, &values{}, func(r row) error { version = r.int(0); return nil }}); err != nil {
		t.Fatal(err)
	}
	if steps, err := migrations.ReadDir("migrations"); err != nil || version != int64(len(steps)) {
		t.Errorf("the schema is %d of %d, %v", version, len(steps), err)
	}
	ref := customer.BySecondaryID("member", "7")
	v, err := s.View(ctx, &Read{Org: "org", Ref: ref, App: "app", State: func(*Record) bool { return true }})
	if err != nil || v.Record == nil {
		t.Fatalf("%+v, %v", v, err)
	}
	if v.Record.ID != "el_cst_1" || v.Record.Metadata["plan"] != customer.Text("gold") || v.Record.CreatedAt != frozenCreated || len(v.Record.Channels) != 1 ||
		len(v.Messages) != 1 || v.Messages[0].Out.Body.Text != "Hello" || len(v.Activities) != 1 || v.AppData.Value != customer.Text("data") {
		t.Errorf("%+v %+v", v, v.Record)
	}
	entries, err := s.History(v.Record.History, 10)
	if err != nil || len(entries) != 2 {
		t.Errorf("history %+v, %v", entries, err)
	}
	lane, err := s.Lane("org", "app", "el_cst_1", 10)
	if err != nil || len(lane) != 1 {
		t.Errorf("outbox %+v, %v", lane, err)
	}
	due, err := s.DueTimers(nil, frozenCreated.Add(time.Hour), 10)
	if err != nil || len(due) != 1 || due[0].Ref != "el_msg_1" {
		t.Errorf("timers %+v, %v", due, err)
	}
	d, err := s.Directory(nil)
	if err != nil || len(d.Orgs)+len(d.Apps)+len(d.Keys)+len(d.MessagingChannels) != 4 {
		t.Errorf("directory %+v, %v", d, err)
	}
	// It goes on from there.
	err = s.Do(ctx, &Unit{Run: func(tx *Tx) error {
		rec, err := tx.Customer("org", ref)
		if err != nil {
			return err
		}
		if first, err := tx.FirstReply(IdempotencyKey{"org", "app", "key"}); err != nil || first == nil || string(first.Reply) != "\x03" {
			t.Errorf("first reply %+v, %v", first, err)
		}
		tx.Record(rec, "metadata.updated", strings.Repeat("x", 10))
		return tx.UpdateTags(rec, []customer.Tag{{Key: "town", Value: "Nairobi"}}, customer.DefaultLimits())
	}})
	if err != nil {
		t.Error(err)
	}
}
