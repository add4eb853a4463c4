CREATE TABLE call_queues (
	org_id TEXT NOT NULL,
	channel TEXT NOT NULL,
	name TEXT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, channel, name)
);
CREATE TABLE recordings (
	token TEXT NOT NULL PRIMARY KEY,
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	duration BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX recordings_customer ON recordings (org_id, customer_id);
CREATE INDEX recordings_expiry ON recordings (expires_at);
