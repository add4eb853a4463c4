DROP TABLE recordings;
CREATE TABLE recordings (
	token TEXT NOT NULL PRIMARY KEY,
	org_id TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	size BIGINT NOT NULL,
	sound {{blob}} NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX recordings_customer ON recordings (org_id, customer_id);
CREATE INDEX recordings_expiry ON recordings (expires_at);
