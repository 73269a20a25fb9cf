"""The SQLite file of the vector cache: rows by key, in the order of their last use, within a bound.

What keys and values mean, and what becomes of trouble with the file, is decided in cache.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from codeintel.models.cache_place import identity, prepare

# Measured with 384 dimensions: five rows fill 96 % of such a page (1.67 kB of file a row), two a page of 4 kB
# only 77 % (2.08 kB); larger pages save nothing more and write more around each new key.
PAGE_BYTES = 8_192
# How long to wait for another process. A transaction takes milliseconds, a checkpoint tens of them. A guess.
BUSY_SECONDS = 1.0
# Rows of one transaction, and rows that one transaction removes while there are too many (4 ms); more go than come.
WRITE_ROWS, EVICT_ROWS = 500, 1_000
# Keys of one statement, below the 999 variables that every SQLite takes.
READ_KEYS = 512
# Free pages take the next rows; they are given back only where the file outgrew its bound by this, as after the
# bound was lowered, and so many at a time (2 MB).
OUTGROWN, GIVE_BACK_PAGES = 1.05, 256
FORM = 1

# Rows stand in the order of their last use. The oldest are then the first, and removing them frees whole pages.
_TABLE = """CREATE TABLE vectors (
    place INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    used INTEGER NOT NULL, -- days since 1970
    digest BLOB NOT NULL,
    vector BLOB NOT NULL
)"""
_READ = "SELECT key, digest, vector, CASE WHEN used < ? THEN place END FROM vectors WHERE key IN ({})"
_WRITE = "INSERT OR REPLACE INTO vectors (key, used, digest, vector) VALUES (?, ?, ?, ?)"
_MOVE = """UPDATE vectors SET place = (SELECT max(place) + 1 FROM vectors), used = ?
    WHERE place = ? AND used < ?"""
_EVICT = "DELETE FROM vectors WHERE place IN (SELECT place FROM vectors ORDER BY place LIMIT ?)"

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
# What the medium or the system refuses; everything else is the fault of what the file holds.
_REFUSED = frozenset(
    {
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_MISUSE,
    }
)  # fmt: skip

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class CacheBusy(Exception):
    """Another process held the file for too long; the next call may be luckier."""


class CacheRefused(Exception):
    """The file cannot be opened or written: a full disk, a read-only folder."""


class CacheDamaged(Exception):
    """The file does not hold what it should."""


class Row(NamedTuple):
    """A stored row; `digest` and `vector` are as the file has them, of any type where it rotted.

    `stale` is the place of a row that was last used on an earlier day, else None.
    """

    digest: object
    vector: object
    stale: int | None


NewRow = tuple[bytes, bytes, bytes]
"""Key, digest, vector."""


def _explained(
    method: Callable[Concatenate[CacheFile, Parameters], Result],
) -> Callable[Concatenate[CacheFile, Parameters], Result]:
    """Let the method raise one of the three errors of this module in place of SQLite's and the system's."""

    @functools.wraps(method)
    def explained(self: CacheFile, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with _translated():
            return method(self, *args, **kwargs)

    return explained


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheRefused(str(error)) from error
    except (sqlite3.Error, UnicodeError) as error:  # a message may quote what rotted
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        kind = CacheBusy if code in _BUSY else CacheRefused if code in _REFUSED else CacheDamaged
        raise kind(str(error)) from error


class CacheFile:
    """An open file; one thread at a time. Every method raises CacheBusy, CacheRefused or CacheDamaged."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self.identity: tuple[int, int] | None = None
        with _translated():
            prepare(path)
            # The cache's lock keeps threads apart, hence check_same_thread.
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        self.identity = identity(path)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    @property
    def in_place(self) -> bool:
        """Whether the file still lies where it was opened: a person may have removed it."""
        return self.identity is not None and identity(self._path) == self.identity

    @_explained
    def read(self, keys: Sequence[bytes], today: int) -> dict[bytes, Row]:
        """The rows that there are."""
        rows: dict[bytes, Row] = {}
        for start in range(0, len(keys), READ_KEYS):
            part = keys[start : start + READ_KEYS]
            statement = _READ.format(",".join("?" * len(part)))
            rows.update(
                {row[0]: Row(*row[1:]) for row in self._connection.execute(statement, (today, *part))}
            )
        return rows

    @_explained
    def write(self, rows: Sequence[NewRow], today: int) -> None:
        """Keep the rows, as the last used; where that is too many, the longest unused go."""
        for start in range(0, len(rows), WRITE_ROWS):
            part = rows[start : start + WRITE_ROWS]
            with self._transaction():
                self._connection.executemany(
                    _WRITE, [(key, today, digest, vector) for key, digest, vector in part]
                )
                if self._bytes_used() > self._max_bytes:
                    self._connection.execute(_EVICT, (EVICT_ROWS,))
        if self._pragma("page_count") * self._page_bytes > OUTGROWN * self._max_bytes:
            # A step gives back one page and yields no row: `executescript` takes every step, `execute` the first.
            self._connection.executescript(f"PRAGMA incremental_vacuum({GIVE_BACK_PAGES})")

    @_explained
    def move_to_end(self, places: Sequence[int], today: int) -> None:
        """Note that the rows at `places`, last used before today, were used."""
        with self._transaction():
            self._connection.executemany(_MOVE, [(today, place, today) for place in places])

    @_explained
    def count(self) -> int:
        """How many rows there are. Costs a walk over all keys, 5 ms for 600,000."""
        return self._number("SELECT count(*) FROM vectors")

    @_explained
    def clear(self) -> None:
        """Remove every row and give the space back; half a second for 1 GB."""
        with self._transaction():
            self._connection.execute("DELETE FROM vectors")
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of the file; never raises."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @_explained
    def _set_up(self) -> None:
        self._connection.text_factory = bytes  # rot can make a text of anything, and not all of it decodes
        # Some builds of SQLite overwrite all that is deleted, which took fifteen times as long.
        self._set(
            "synchronous = NORMAL", "cell_size_check = ON", "trusted_schema = OFF", "secure_delete = OFF"
        )
        if self._pragma("user_version") != FORM:
            self._set(f"page_size = {PAGE_BYTES}", "auto_vacuum = INCREMENTAL", "journal_mode = WAL")
            with self._transaction():
                if self._pragma("user_version") != FORM:  # else another process has just made it
                    self._connection.execute(_TABLE)
                    self._set(f"user_version = {FORM}")
        self._page_bytes = self._pragma("page_size")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def _bytes_used(self) -> int:
        """What the rows take: pages that are not free, so that rows scattered over half-empty pages count as such."""
        return (self._pragma("page_count") - self._pragma("freelist_count")) * self._page_bytes

    def _set(self, *settings: str) -> None:
        for setting in settings:
            self._connection.execute(f"PRAGMA {setting}").fetchall()

    def _pragma(self, name: str) -> int:
        return self._number(f"PRAGMA {name}")

    def _number(self, statement: str) -> int:
        row: tuple[Any] = self._connection.execute(statement).fetchone()
        return int(row[0])
