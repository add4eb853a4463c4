CREATE TABLE accounts (
	org_id TEXT NOT NULL,
	kind BIGINT NOT NULL,
	owner_id TEXT NOT NULL,
	id TEXT NOT NULL,
	currency TEXT NOT NULL,
	number BIGINT NOT NULL,
	actual BIGINT NOT NULL,
	held BIGINT NOT NULL CHECK (held >= 0),
	sequence BIGINT NOT NULL,
	latest BIGINT NOT NULL,
	PRIMARY KEY (org_id, kind, owner_id, id, currency),
	CHECK (kind > 2 OR actual >= held)
){{clustered}};
CREATE UNIQUE INDEX accounts_number ON accounts (number);
CREATE TABLE journal (
	id {{rowid}} PRIMARY KEY,
	org_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	what TEXT NOT NULL,
	payment_id TEXT NOT NULL,
	note TEXT NOT NULL,
	actor_kind TEXT NOT NULL,
	actor_id TEXT NOT NULL
);
CREATE TABLE journal_entries (
	journal_id BIGINT NOT NULL,
	account BIGINT NOT NULL,
	amount BIGINT NOT NULL,
	balance BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	previous BIGINT NOT NULL,
	PRIMARY KEY (journal_id, account)
){{clustered}};
{{append_only journal}}
{{append_only journal_entries}}
CREATE TABLE payments (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	debit_customer TEXT NOT NULL,
	credit_customer TEXT NOT NULL,
	pending BOOLEAN NOT NULL,
	held_account BIGINT NOT NULL,
	held BIGINT NOT NULL,
	moved BIGINT NOT NULL,
	reversed BIGINT NOT NULL,
	doc {{blob}} NOT NULL,
	PRIMARY KEY (org_id, id)
){{clustered}};
CREATE INDEX payments_debit ON payments (org_id, debit_customer, id) WHERE debit_customer <> '';
CREATE INDEX payments_credit ON payments (org_id, credit_customer, id) WHERE credit_customer <> '';
CREATE INDEX payments_pending_debit ON payments (org_id, debit_customer, id) WHERE pending AND debit_customer <> '';
CREATE INDEX payments_pending_credit ON payments (org_id, credit_customer, id) WHERE pending;
CREATE TABLE payment_names (
	org_id TEXT NOT NULL,
	provider_id TEXT NOT NULL,
	channel BIGINT NOT NULL,
	number TEXT NOT NULL,
	payment_id TEXT NOT NULL,
	PRIMARY KEY (org_id, provider_id, channel, number)
){{clustered}};
