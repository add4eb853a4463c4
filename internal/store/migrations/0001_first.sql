CREATE TABLE settings (
	name TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
CREATE TABLE orgs (
	id TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	live BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE TABLE apps (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE TABLE api_keys (
	org_id TEXT NOT NULL,
	hash TEXT NOT NULL,
	hint TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, hash)
);
CREATE TABLE auth_tokens (
	org_id TEXT NOT NULL,
	hash TEXT NOT NULL,
	key_hash TEXT NOT NULL,
	app_id TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, hash)
);
CREATE INDEX auth_tokens_expiry ON auth_tokens (expires_at);
CREATE TABLE messaging_channels (
	org_id TEXT NOT NULL,
	channel BIGINT NOT NULL,
	number TEXT NOT NULL,
	app_id TEXT NOT NULL,
	provider TEXT NOT NULL,
	default_partition TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, channel, number)
);
CREATE TABLE payment_channels (
	org_id TEXT NOT NULL,
	channel BIGINT NOT NULL,
	number TEXT NOT NULL,
	app_id TEXT NOT NULL,
	purse_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, channel, number)
);
CREATE TABLE purses (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	currency TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE TABLE customers (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	version BIGINT NOT NULL,
	history BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, id)
){{clustered}};
CREATE TABLE customer_numbers (
	org_id TEXT NOT NULL,
	provider BIGINT NOT NULL,
	number TEXT NOT NULL,
	partition TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	PRIMARY KEY (org_id, provider, number, partition)
){{clustered}};
CREATE TABLE customer_secondary_ids (
	org_id TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, key, value)
){{clustered}};
CREATE TABLE customer_tags (
	org_id TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, key, value, customer_id)
){{clustered}};
CREATE TABLE app_data (
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	present BOOLEAN NOT NULL,
	is_binary BOOLEAN NOT NULL,
	value {{blob}} NOT NULL,
	leased_until BIGINT NOT NULL,
	PRIMARY KEY (org_id, customer_id, app_id)
){{clustered}};
CREATE TABLE activity_sessions (
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	session_key {{blob}} NOT NULL,
	updated_at BIGINT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, customer_id, session_key)
){{clustered}};
CREATE TABLE messages (
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	id TEXT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, customer_id, id)
){{clustered}};
CREATE TABLE history (
	id {{rowid}} PRIMARY KEY,
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	previous BIGINT NOT NULL,
	adopted BIGINT NOT NULL,
	at BIGINT NOT NULL,
	actor_kind TEXT NOT NULL,
	actor_id TEXT NOT NULL,
	what TEXT NOT NULL,
	detail TEXT NOT NULL
);
CREATE TABLE outbox (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	interactive BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	dead BOOLEAN NOT NULL,
	failure TEXT NOT NULL,
	body {{blob}} NOT NULL,
	PRIMARY KEY (org_id, app_id, subject_id, id)
){{clustered}};
CREATE TABLE timers (
	due_at BIGINT NOT NULL,
	id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	ref TEXT NOT NULL,
	PRIMARY KEY (due_at, id)
){{clustered}};
CREATE TABLE idempotency (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	key TEXT NOT NULL,
	command {{blob}} NOT NULL,
	reply {{blob}} NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (org_id, app_id, key)
){{clustered}};
CREATE INDEX idempotency_age ON idempotency (at);
