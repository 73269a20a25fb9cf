"""The vector cache: what an encoder made of a passage, kept for all worktrees, branches and roots of this user.

A passage's vector depends on the passage and the model alone, so it may be kept under these two; switching
branches then encodes nothing. Nothing relies on the cache: where it cannot be read or written, vectors are
computed. Who asks it is cache_encoder, the rows on disk are cache_file's.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from codeintel.models.cache_place import (
    FILE_NAME,
    bytes_on_disk,
    identity,
    remove,
    remove_set_aside,
    set_aside,
    user_cache_folder,
)
from codeintel.models.vectors import Vectors
from codeintel.options import NO_CACHE, USER_CACHE
from codeintel.settings import ModelSettings

if TYPE_CHECKING:
    from codeintel.models.cache_file import CacheFile, NewRow, Row

log = logging.getLogger(__name__)

# 600,000 passages of 384 dimensions (1.67 kB each): thirty repositories of 20,000 chunks, half an hour of encoding
# on two cores, and a small part of a laptop's disk; ccache takes 5 GB unasked. A guess.
DEFAULT_MAX_BYTES = 1_000_000_000
# Places of rows whose use is noted together: 7 ms.
NOTED_ROWS = 1_000
_KEY_BYTES, _DIGEST_BYTES = 16, 8
_STORED = np.dtype("<f4")
_DAY_SECONDS = 86_400

Result = TypeVar("Result")


class CacheSize(NamedTuple):
    """How many vectors are kept, and how much of the disk that takes."""

    entries: int
    bytes: int


class VectorCache:
    """Vectors by model and passage in one SQLite file of this user; any thread, any number of processes.

    A process that was forked from the one that made the cache finds and keeps nothing: SQLite's connections do
    not survive a fork. No method raises for anything that is wrong with the file.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        """Use `open`, which finds the path."""
        self.path = path
        self.max_bytes = max_bytes
        self.trouble = ""
        """Why nothing is kept any more by this process; '' while all is well."""
        self._file: CacheFile | None = None
        self._used: set[int] = set()
        self._replaced = False
        self._lock = Lock()
        self._process = os.getpid()

    @classmethod
    def open(cls, folder: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> VectorCache:
        """The cache in `folder`, None for the user's cache folder; the file is opened by its first use.

        One that cannot be opened answers nothing and keeps nothing, after one line in the log. A damaged file is
        set aside, once, and another takes its place.
        """
        folder = folder or user_cache_folder()
        cache = cls(None if folder is None else folder / FILE_NAME, max_bytes)
        if folder is None:
            cache._give_up("this user has no cache folder")
        return cache

    def get(self, model_id: str, texts: Sequence[str], dim: int) -> tuple[Vectors, NDArray[np.bool_]]:
        """The vectors, float32 [len(texts), dim], bit for bit as put, and which rows of it were found, bool [n].

        The other rows are zero. 64 passages take 0.4 ms; a checksum with each keeps rot from being answered.
        """
        vectors = np.zeros((len(texts), dim), np.float32)
        found = np.zeros(len(texts), np.bool_)
        for index, stored in enumerate(self.get_bytes(model_id, texts)):
            if stored is not None and len(stored) == dim * _STORED.itemsize:
                vectors[index] = np.frombuffer(stored, _STORED)
                found[index] = True
        return vectors, found

    def put(self, model_id: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors, float32 [len(texts), dim]; 64 take 1 to 5 ms. A full disk turns the cache off."""
        rows = vectors.astype(_STORED, copy=False)
        self.put_bytes(model_id, texts, [row.tobytes() for row in rows])

    def get_bytes(self, maker: str, texts: Sequence[str]) -> list[bytes | None]:
        """What was kept of each text under `maker`, a model's id or that of one of its outputs; None of the others."""
        keys, today = _keys(maker, texts), _today()
        nothing: dict[bytes, Row] = {}
        rows = self._attempt(lambda file: file.read(keys, today), nothing)
        stale: set[int] = set()
        found: list[bytes | None] = [None] * len(keys)
        for index, key in enumerate(keys):
            row = rows.get(key)
            if row is None or not isinstance(row.vector, bytes) or row.digest != _digest(key, row.vector):
                continue
            found[index] = row.vector
            if row.stale is not None:
                stale.add(row.stale)
        if stale:
            self._note_use(stale)
        return found

    def put_bytes(self, maker: str, texts: Sequence[str], values: Sequence[bytes]) -> None:
        """Keep something of each text under `maker`."""
        keyed = zip(_keys(maker, texts), values, strict=True)
        rows: list[NewRow] = [(key, _digest(key, stored), stored) for key, stored in keyed]
        if rows:
            self._attempt(lambda file: file.write(rows, _today()), None)

    def size(self) -> CacheSize:
        """What is kept; zeros where there is no file, which is then not made."""
        if self.path is None or identity(self.path) is None:
            return CacheSize(0, 0)
        entries = self._attempt(lambda file: file.count(), 0)
        return CacheSize(entries, bytes_on_disk(self.path))

    def clear(self) -> bool:
        """Forget every vector of every model; whether nothing is kept now."""
        if self.path is None or identity(self.path) is None:
            return True
        remove_set_aside(self.path)

        def cleared(file: CacheFile) -> bool:
            file.clear()
            return True

        # A full disk has no room even for the log of what is removed; there the file itself must go.
        return self._attempt(cleared, False) or remove(self.path)

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        if self._file is not None and os.getpid() == self._process:
            self._note_use(set(), final=True)
            with self._lock:
                self._let_go()

    def _note_use(self, places: set[int], final: bool = False) -> None:
        """Remember a day's first use of rows; it is written down for many at once, as it moves each of them."""
        with self._lock:
            self._used |= places
            if not self._used or (len(self._used) < NOTED_ROWS and not final):
                return
            noted, self._used = sorted(self._used), set()
        self._attempt(lambda file: file.move_to_end(noted, _today()), None)

    def _attempt(self, work: Callable[[CacheFile], Result], otherwise: Result) -> Result:
        """What `work` answers; `otherwise` where the file cannot be used, now or at all."""
        if os.getpid() != self._process:  # before the lock, which another thread may have held while forking
            return otherwise
        with self._lock:
            if self.trouble or self.path is None:
                return otherwise
            try:
                from codeintel.models.cache_file import CacheBusy, CacheDamaged, CacheRefused
            except ImportError as error:  # a Python that was built without SQLite
                self._give_up(str(error))
                return otherwise
            try:
                return work(self._opened(self.path))
            except CacheBusy as error:
                log.debug("the vector cache is busy: %s", error)
            except CacheRefused as error:
                self._give_up(str(error))
            except CacheDamaged as error:
                self._replace(self.path, str(error))
        return otherwise

    def _opened(self, path: Path) -> CacheFile:
        from codeintel.models.cache_file import CacheFile

        if self._file is not None and not self._file.in_place:  # removed, or replaced by another process
            self._let_go()
        if self._file is None:
            self._file = CacheFile(path, self.max_bytes)
        return self._file

    def _replace(self, path: Path, reason: str) -> None:
        """Set the damaged file aside, so that the next call makes another; a second time, give up."""
        damaged = identity(path) if self._file is None else self._file.identity
        self._let_go()
        if self._replaced:
            self._give_up(f"damaged again: {reason}")
            return
        self._replaced = True
        try:
            aside = set_aside(path, damaged)
        except OSError as error:  # another process has it open, on Windows
            self._give_up(f"{reason}; {error}")
            return
        log.warning("the vector cache %s was damaged (%s) and is set aside as %s", path, reason, aside)

    def _give_up(self, reason: str) -> None:
        self.trouble = reason
        self._let_go()
        log.warning(
            "no vector cache, vectors are computed each time: %s (%s)", reason, self.path or "no path"
        )

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def chosen_cache(settings: ModelSettings) -> VectorCache | None:
    """The cache that `model.cache` and `model.max_cache_bytes` choose; None where it is off."""
    if settings.cache == NO_CACHE:
        return None
    folder = None if settings.cache == USER_CACHE else Path(settings.cache)
    return VectorCache.open(folder, settings.max_cache_bytes)


def _keys(model_id: str, texts: Sequence[str]) -> list[bytes]:
    """What each passage's vector is kept under: blake2b-128 of the model's id, NUL and the passage."""
    model = blake2b(f"{model_id}\0".encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES)
    keys = []
    for text in texts:
        key = model.copy()
        key.update(text.encode("utf-8", "surrogatepass"))
        keys.append(key.digest())
    return keys


def _digest(key: bytes, vector: bytes) -> bytes:
    """The checksum of a row, over its key too: a sound vector of another passage is as wrong as a rotted one."""
    return blake2b(key + vector, digest_size=_DIGEST_BYTES).digest()


def _today() -> int:
    return int(time.time() // _DAY_SECONDS)
