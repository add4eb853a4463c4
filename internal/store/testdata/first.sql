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

INSERT INTO settings VALUES ('directory_version', 'v1');
INSERT INTO orgs VALUES ('org', 'Afya', FALSE, 1767323045006);
INSERT INTO apps VALUES ('org', 'app', 'Clinic', 1767323045006);
INSERT INTO api_keys VALUES ('org', 'hash', 'el_k_test_1234', 'first', 1767323045006, 0);
INSERT INTO messaging_channels (org_id, channel, number, app_id, provider, default_partition, created_at) VALUES ('org', 1, '83044', 'app', 'simulator', '', 1767323045006);
INSERT INTO customers (org_id, id, version, history, messages, doc) VALUES ('org', 'el_cst_1', 2, 2, 1, {{bytes a80281a20102026d2b3235343731313030303030310381a20164546f776e02664b6973756d750481a201666d656d62657202613705a164706c616ea10264676f6c64067818323032362d30312d30325430333a30343a30352e3030365a077818323032362d30312d30325430333a30343a30352e3030365a1481a201a20102026d2b32353437313130303030303102a201010265383330343415f5}});
INSERT INTO customer_numbers (org_id, provider, number, partition, customer_id) VALUES ('org', 2, '+254711000001', '', 'el_cst_1');
INSERT INTO customer_secondary_ids (org_id, key, value, customer_id, expires_at) VALUES ('org', 'member', '7', 'el_cst_1', 0);
INSERT INTO customer_tags (org_id, key, value, customer_id, expires_at) VALUES ('org', 'town', 'Kisumu', 'el_cst_1', 0);
INSERT INTO app_data (org_id, customer_id, app_id, present, is_binary, value, leased_until) VALUES ('org', 'el_cst_1', 'app', TRUE, FALSE, {{bytes 64617461}}, 0);
INSERT INTO messages (org_id, customer_id, id, doc) VALUES ('org', 'el_cst_1', 'el_msg_1', {{bytes a602a20102026d2b32353437313130303030303103a20101026538333034340463617070077818323032362d30312d30325430333a30343a30352e3030365a0aa101a1016548656c6c6f0b1865}});
INSERT INTO activity_sessions (org_id, customer_id, session_key, updated_at, doc) VALUES ('org', 'el_cst_1', {{bytes a401a20102026d2b32353437313130303030303102637765620361730463617070}}, 1767323045006, {{bytes a701a20102026d2b323534373131303030303031026377656203617304636170700581a2016470616765037818323032362d30312d30325430333a30343a30352e3030365a067818323032362d30312d30325430333a30343a30352e3030365a077818323032362d30312d30325430333a30343a30352e3030365a}});
INSERT INTO history (id, org_id, customer_id, previous, adopted, at, actor_kind, actor_id, what, detail) VALUES (1, 'org', 'el_cst_1', 0, 0, 1767323045006, 'system', '', 'customer.created', 'cellular');
INSERT INTO history (id, org_id, customer_id, previous, adopted, at, actor_kind, actor_id, what, detail) VALUES (2, 'org', 'el_cst_1', 1, 0, 1767323045006, 'app', 'app', 'metadata.updated', 'plan');
INSERT INTO outbox (org_id, app_id, subject_id, id, kind, interactive, created_at, attempts, due_at, dead, failure, body) VALUES ('org', 'app', 'el_cst_1', 3, 'customer_activity', FALSE, 1767323045006, 0, 0, FALSE, '', {{bytes 01}});
INSERT INTO timers (due_at, id, kind, org_id, customer_id, ref) VALUES (1767323045006, 4, 'delivered', 'org', 'el_cst_1', 'el_msg_1');
INSERT INTO idempotency (org_id, app_id, key, command, reply, at) VALUES ('org', 'app', 'key', {{bytes 02}}, {{bytes 03}}, 1767323045006);
