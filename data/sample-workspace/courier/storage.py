"""The durable queue in SQLite: what was accepted stays until it is delivered or declared dead."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from courier.message import Message

SCHEMA_FILE = Path(__file__).parent.parent / "sql" / "schema.sql"
LEASE_SECONDS = 120.0


class QueueStore:
    """Messages by state. A worker leases a message; a lease that runs out returns it to the queue."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA_FILE.read_text())

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def enqueue(self, message: Message, due_at: float | None = None) -> None:
        """Accept a message; an id that is known already is left as it is (idempotent)."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO message (id, host, payload, state, due_at) VALUES (?, ?, ?, 'ready', ?)"
                " ON CONFLICT (id) DO NOTHING",
                (message.id, message.host, message.to_json(), due_at or time.time()),
            )

    def lease(self, worker: str, now: float | None = None) -> Message | None:
        """Hand the oldest due message to a worker, one at a time per receiver to keep the order."""
        now = now if now is not None else time.time()
        with self._transaction() as db:
            row = db.execute(
                "SELECT id, payload FROM message AS m WHERE state = 'ready' AND due_at <= ?"
                " AND NOT EXISTS (SELECT 1 FROM message AS l WHERE l.host = m.host AND l.state = 'leased')"
                " ORDER BY due_at LIMIT 1",
                (now,),
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE message SET state = 'leased', worker = ?, leased_until = ? WHERE id = ?",
                (worker, now + LEASE_SECONDS, row["id"]),
            )
        return Message.from_json(row["payload"])

    def acknowledge(self, message_id: str) -> None:
        """The receiver has it: forget it."""
        with self._transaction() as db:
            db.execute("DELETE FROM message WHERE id = ?", (message_id,))

    def release(self, message: Message, due_at: float) -> None:
        """Return a leased message to the queue, to be tried again at `due_at`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE message SET state = 'ready', worker = NULL, due_at = ?, payload = ? WHERE id = ?",
                (due_at, message.to_json(), message.id),
            )

    def bury(self, message: Message, reason: str) -> None:
        """Move a message that cannot be delivered to the dead letters."""
        with self._transaction() as db:
            db.execute("DELETE FROM message WHERE id = ?", (message.id,))
            db.execute(
                "INSERT INTO dead_letter (id, payload, reason, buried_at) VALUES (?, ?, ?, ?)",
                (message.id, message.to_json(), reason, time.time()),
            )

    def reclaim_expired(self, now: float | None = None) -> int:
        """Put messages whose worker vanished back into the queue; returns how many."""
        now = now if now is not None else time.time()
        with self._transaction() as db:
            cursor = db.execute(
                "UPDATE message SET state = 'ready', worker = NULL WHERE state = 'leased' AND leased_until < ?",
                (now,),
            )
        return cursor.rowcount

    def counts(self) -> dict[str, int]:
        """How many messages are in each state, the dead included."""
        rows = self._db.execute("SELECT state, count(*) AS n FROM message GROUP BY state").fetchall()
        dead = self._db.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
        return {row["state"]: row["n"] for row in rows} | {"dead": dead}

    def close(self) -> None:
        self._db.close()
