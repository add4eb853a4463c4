ALTER TABLE customer_tags ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messaging_channels ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
CREATE TABLE messaging_sessions (
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	id TEXT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, customer_id, id)
){{clustered}};
CREATE TABLE templates (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE TABLE reminders (
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	key TEXT NOT NULL,
	due_at BIGINT NOT NULL,
	timer_id BIGINT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, customer_id, app_id, key)
){{clustered}};
CREATE TABLE works (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	done BOOLEAN NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX works_open ON works (done, id);
CREATE TABLE provider_ids (
	org_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	channel BIGINT NOT NULL,
	number TEXT NOT NULL,
	provider_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	id TEXT NOT NULL,
	PRIMARY KEY (org_id, kind, channel, number, provider_id)
){{clustered}};
CREATE INDEX provider_ids_customer ON provider_ids (org_id, customer_id);
