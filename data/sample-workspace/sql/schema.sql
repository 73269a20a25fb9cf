-- The queue. Times are seconds since 1970, as SQLite's REAL.
CREATE TABLE IF NOT EXISTS message (
    id            TEXT PRIMARY KEY,
    host          TEXT NOT NULL,
    payload       TEXT NOT NULL,              -- the message as one line of JSON
    state         TEXT NOT NULL CHECK (state IN ('ready', 'leased')),
    due_at        REAL NOT NULL,
    worker        TEXT,
    leased_until  REAL
);

-- A worker asks for the oldest due message; without this the question scans the table.
CREATE INDEX IF NOT EXISTS message_due ON message (state, due_at);
CREATE INDEX IF NOT EXISTS message_host ON message (host, state);

-- What could not be delivered, kept for a person to look at.
CREATE TABLE IF NOT EXISTS dead_letter (
    id         TEXT PRIMARY KEY,
    payload    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    buried_at  REAL NOT NULL
);

CREATE VIEW IF NOT EXISTS backlog_by_host AS
SELECT host, count(*) AS waiting, min(due_at) AS oldest
FROM message
WHERE state = 'ready'
GROUP BY host
ORDER BY waiting DESC;
