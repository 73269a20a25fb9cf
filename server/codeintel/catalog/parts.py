"""Where parts and the manifest are kept: a folder of Parquet files, or memory where no folder can be written.

Both shelves know parts by path and nothing of which rows are current; that is store.py and folding.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from codeintel.catalog.durable import TEMPORARY_PREFIX, checksum, sync_folder, write_file
from codeintel.catalog.manifest import MANIFEST_NAME, REBUILT, Manifest, Part, decode, encode
from codeintel.catalog.schemas import VECTOR_COLUMNS
from codeintel.errors import IndexCorrupt

GRACE_SECONDS = 60.0
"""How long a superseded part stays for readers of older generations; a query takes a second at most."""

_GENERATION = re.compile(r"-g(\d{1,15})\.")
_ZSTD_LEVEL = 1
_VARIED = frozenset({"id", "content", "preview"})  # a dictionary would hold every value


# Arrow's own pool keeps what it has freed: 35 to 80 MB more resident after writing 20,000 chunks than with malloc.
pa.set_memory_pool(pa.system_memory_pool())


class Shelf(Protocol):
    """What the store needs of the place where it keeps its parts."""

    @property
    def folder(self) -> Path | None:
        """The index folder; None in memory."""

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Keep a new part durably and give its size and checksum."""

    def read(self, part: Part, columns: Sequence[str] | None) -> pa.Table:
        """A part's rows. Raises IndexCorrupt where it is missing or differs from what was written."""

    def verify(self, part: Part) -> None:
        """Raise IndexCorrupt where a part is not what was written, whatever was read of it before."""

    def save(self, manifest: Manifest, tables: Collection[str]) -> None:
        """Make `manifest` the current one, after the new parts of `tables`."""

    def load(self) -> Manifest | None:
        """The current manifest, if there is any. Raises as manifest.decode does."""

    def retire(self, paths: Iterable[str], now: float) -> None:
        """Start the grace period of files that the current manifest no longer lists."""

    def collect(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """Remove what `orphans` lists, and list it."""

    def orphans(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """Files of past generations, or never published, that `keep` lacks and whose grace is over."""


class FolderShelf:
    """Parts as Parquet files in `<folder>/<table>/`."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self.folder: Path | None = folder
        self._root = folder
        self._secret = secret
        self._verified: set[str] = set()

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Write and sync a new part; OSError where the disk refuses."""
        data = memoryview(_parquet(rows))
        folder = self._root / table
        folder.mkdir(exist_ok=True)
        write_file(folder / name, data)
        return len(data), checksum(data)

    def read(self, part: Part, columns: Sequence[str] | None) -> pa.Table:
        """Rows of a part, its whole file checked at the first read of this process, its pages at each.

        Nothing is mapped into memory: a file that is cut short under a mapping would kill the process.
        """
        path = self._root / part.path
        try:
            source: Any = path
            if part.path not in self._verified:
                source = pa.BufferReader(self._verify(part, path.read_bytes()))
            with pq.ParquetFile(source, page_checksum_verification=True) as file:
                return file.read(columns=None if columns is None else list(columns))
        except (OSError, pa.ArrowException) as error:
            raise IndexCorrupt(f"{part.path} cannot be read ({_reason(error)}).", REBUILT) from error

    def verify(self, part: Part) -> None:
        """Read the whole part and raise IndexCorrupt where it is not what was written."""
        try:
            self._verify(part, (self._root / part.path).read_bytes())
        except OSError as error:
            raise IndexCorrupt(f"{part.path} cannot be read ({_reason(error)}).", REBUILT) from error

    def _verify(self, part: Part, data: bytes) -> bytes:
        if len(data) != part.bytes or checksum(data) != part.checksum:
            self._verified.discard(part.path)
            raise IndexCorrupt(f"{part.path} is damaged (its checksum does not match).", REBUILT)
        self._verified.add(part.path)
        return data

    def save(self, manifest: Manifest, tables: Collection[str]) -> None:
        """Parts are synced by now; their folders, the manifest, and its folder follow, in that order."""
        for table in tables:
            sync_folder(self._root / table)
        if tables:
            sync_folder(self._root)
        write_file(self._root / MANIFEST_NAME, encode(manifest, self._secret))
        sync_folder(self._root)

    def load(self) -> Manifest | None:
        """The manifest on disk."""
        try:
            data = (self._root / MANIFEST_NAME).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IndexCorrupt(f"{MANIFEST_NAME} cannot be read ({_reason(error)}).", REBUILT) from error
        return decode(data, self._secret)

    def last_generation(self) -> int:
        """The highest generation in any name: no name is used twice, even after a manifest was lost."""
        return max((int(m[1]) for path in self._files() if (m := _GENERATION.search(path))), default=0)

    def retire(self, paths: Iterable[str], now: float) -> None:
        """The grace period is counted from the modification time, which outlives this process."""
        for path in paths:
            with contextlib.suppress(OSError):
                os.utime(self._root / path, (now, now))

    def collect(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """Remove past files; a time in the future counts as long ago (the clock was set back)."""
        over = self.orphans(keep, now, grace)
        for path in over:
            with contextlib.suppress(OSError):
                (self._root / path).unlink()
        return over

    def orphans(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """What `collect` would remove."""
        over = []
        for path in self._files():
            if path in keep or not (_GENERATION.search(path) or _is_temporary(path)):
                continue
            with contextlib.suppress(OSError):
                if not 0 <= now - (self._root / path).stat().st_mtime < grace:
                    over.append(path)
        return sorted(over)

    def _files(self) -> Iterable[str]:
        """Files of the tables' and engines' folders, and temporary ones beside them; no links."""
        for entry in _scan(self._root):
            if entry.is_dir(follow_symlinks=False):
                inner = _scan(Path(entry.path))
                yield from (f"{entry.name}/{f.name}" for f in inner if f.is_file(follow_symlinks=False))
            elif _is_temporary(entry.name):
                yield entry.name


class MemoryShelf:
    """Parts as tables in memory, for a workspace whose folder cannot be written."""

    folder: Path | None = None

    def __init__(self) -> None:
        self._tables: dict[str, pa.Table] = {}
        self._retired: dict[str, float] = {}
        self._manifest: Manifest | None = None

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Keep the rows; there is no file, hence no checksum."""
        self._tables[f"{table}/{name}"] = rows
        return rows.nbytes, ""

    def read(self, part: Part, columns: Sequence[str] | None) -> pa.Table:
        """The rows, not copied."""
        rows = self._tables.get(part.path)
        if rows is None:
            raise IndexCorrupt(f"{part.path} is missing.", REBUILT)
        return rows if columns is None else rows.select(list(columns))

    def verify(self, part: Part) -> None:
        """Memory is taken to be sound."""

    def save(self, manifest: Manifest, tables: Collection[str]) -> None:  # noqa: ARG002
        """Nothing to sync."""
        self._manifest = manifest

    def load(self) -> Manifest | None:
        """The last one saved."""
        return self._manifest

    def retire(self, paths: Iterable[str], now: float) -> None:
        """As on disk: a reader of an older generation may still want them."""
        self._retired.update(dict.fromkeys(paths, now))

    def collect(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """Forget retired parts."""
        over = self.orphans(keep, now, grace)
        for path in over:
            del self._retired[path]
            self._tables.pop(path, None)
        return over

    def orphans(self, keep: Collection[str], now: float, grace: float) -> list[str]:
        """What `collect` would forget."""
        return [p for p, at in self._retired.items() if p not in keep and not 0 <= now - at < grace]


def now() -> float:
    """The wall clock that file times are compared with."""
    return time.time()


def _is_temporary(path: str) -> bool:
    return path.rpartition("/")[2].startswith(TEMPORARY_PREFIX)


def _parquet(rows: pa.Table) -> pa.Buffer:
    """Text compressed, vectors plain: a third of the time for 6 % more bytes (20,000 x 384 float32)."""
    codecs: Any = {_leaf(f): "none" if f.name in VECTOR_COLUMNS else "zstd" for f in rows.schema}
    text = [name for name, codec in codecs.items() if codec == "zstd"]
    repetitive: Any = [name for name in text if name not in _VARIED]
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression=codecs,
        compression_level=dict.fromkeys(text, _ZSTD_LEVEL),
        use_dictionary=repetitive,
        write_statistics=text,
        write_page_checksum=True,
    )
    return sink.getvalue()


def _leaf(column: pa.Field[Any]) -> str:
    is_list = pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)
    return f"{column.name}.list.element" if is_list else column.name


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
