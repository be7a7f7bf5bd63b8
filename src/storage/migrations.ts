/**
 * What is in the database, as the steps that make it: the n-th brings a database of version n - 1 to version n. A step that
 * was ever released never changes.
 */
export const MIGRATIONS: readonly string[] = [
  // Records and their items. A text is kept once for each owner however often it is said, because many clients send all of
  // a conversation with every request; it goes with the last item that holds it. What all of it takes up is counted as it
  // comes and goes, so that any number of processes agree.
  `
  CREATE TABLE records (
    key INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    head TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    UNIQUE (owner, id)
  ) STRICT;
  CREATE INDEX records_by_use ON records (used_at);

  CREATE TABLE texts (
    key INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    hash BLOB NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (owner, hash)
  ) STRICT;

  CREATE TABLE items (
    key INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES records (key) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    part TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES texts (key)
  ) STRICT;
  CREATE INDEX items_by_record ON items (record);
  CREATE INDEX items_by_id ON items (owner, id);
  CREATE INDEX items_by_text ON items (text);

  CREATE TABLE totals (bytes INTEGER NOT NULL) STRICT;
  INSERT INTO totals VALUES (0);

  CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
    UPDATE totals SET bytes = bytes + 256 + octet_length(NEW.head);
  END;
  CREATE TRIGGER record_changed AFTER UPDATE OF head ON records BEGIN
    UPDATE totals SET bytes = bytes + octet_length(NEW.head) - octet_length(OLD.head);
  END;
  CREATE TRIGGER record_removed AFTER DELETE ON records BEGIN
    UPDATE totals SET bytes = bytes - 256 - octet_length(OLD.head);
  END;
  CREATE TRIGGER text_added AFTER INSERT ON texts BEGIN
    UPDATE totals SET bytes = bytes + octet_length(NEW.text);
  END;
  CREATE TRIGGER text_removed AFTER DELETE ON texts BEGIN
    UPDATE totals SET bytes = bytes - octet_length(OLD.text);
  END;
  CREATE TRIGGER item_added AFTER INSERT ON items BEGIN
    UPDATE totals SET bytes = bytes + 128 + 2 * octet_length(NEW.id);
  END;
  CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN
    UPDATE totals SET bytes = bytes - 128 - 2 * octet_length(OLD.id);
    DELETE FROM texts WHERE key = OLD.text AND NOT EXISTS (SELECT 1 FROM items WHERE text = OLD.text);
  END;
  `,
  // What is remembered of requests: in columns what is summed up and searched, in `record` all of it as JSON, so that a new
  // fact needs no new step. How many there are is counted as they come and go, so that any number of processes agree. Small
  // facts about the pool, which outlive the process.
  `
  CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    key TEXT,
    protocol TEXT NOT NULL,
    model TEXT,
    outcome TEXT NOT NULL,
    target TEXT,
    credential TEXT,
    input_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    output_tokens INTEGER,
    cost_usd REAL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX requests_by_time ON requests (at);

  CREATE TABLE request_totals (requests INTEGER NOT NULL) STRICT;
  INSERT INTO request_totals VALUES (0);
  CREATE TRIGGER request_added AFTER INSERT ON requests BEGIN
    UPDATE request_totals SET requests = requests + 1;
  END;
  CREATE TRIGGER request_removed AFTER DELETE ON requests BEGIN
    UPDATE request_totals SET requests = requests - 1;
  END;

  CREATE TABLE state (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX state_by_expiry ON state (expires_at);
  `,
];
