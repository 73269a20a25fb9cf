"""Where parts and the manifest are kept: a folder of Parquet files, or memory where no folder can be written.

Both shelves know parts by path and nothing of which rows are current; that is store.py and folding.py. What becomes
of files that no manifest lists is in leftovers.py.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from codeintel.catalog.durable import checksum, sync_folder, write_file
from codeintel.catalog.leftovers import Leftovers, Retired
from codeintel.catalog.manifest import MANIFEST_NAME, REBUILT, Manifest, Part, decode, encode
from codeintel.catalog.schemas import VECTOR_COLUMNS
from codeintel.errors import IndexCorrupt

GRACE_SECONDS = 60.0
"""How long a superseded part stays for readers of older generations; a query takes a second at most."""

ROWS_PER_GROUP = 8_192
"""What is read of a part for one document: 12 MB of vectors."""

_SETTLED_SECONDS = 2.0  # the coarsest file time there is: two manifests within it may look the same
_ZSTD_LEVEL = 3  # 1 % smaller than 1 at the same time; 5 takes half as long again for another 1 %
_VARIED = frozenset(
    {"id", "chunk_id", "faiss_id", "content", "preview"}
)  # a dictionary would hold every value


# Arrow's own pool keeps what it has freed: 35 to 80 MB more resident after writing 20,000 chunks than with malloc.
pa.set_memory_pool(pa.system_memory_pool())


class Shelf(Protocol):
    """What the store needs of the place where it keeps its parts."""

    @property
    def folder(self) -> Path | None:
        """The index folder; None in memory."""

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Keep a new part durably and give its size and checksum."""

    def read(self, part: Part, columns: Sequence[str] | None, uris: Sequence[str] | None = None) -> pa.Table:
        """A part's rows; with `uris`, which are sorted, at least those of these documents.

        Raises IndexCorrupt where the part is missing or differs from what was written.
        """

    def verify(self, part: Part) -> None:
        """Raise IndexCorrupt where a part is not what was written, whatever was read of it before."""

    def save(self, manifest: Manifest, tables: Collection[str]) -> None:
        """Make `manifest` the current one, after the new parts of `tables`."""

    def load(self) -> Manifest | None:
        """The current manifest, if there is any. Raises as manifest.decode does."""

    def stamp(self) -> object:
        """What differs after every `save`, cheaper than `load`; None where that cannot be told."""

    def retire(self, paths: Iterable[str], at: float) -> None:
        """Start the grace period of files that the current manifest no longer lists."""

    def find(self, keep: Collection[str], at: float) -> None:
        """Start that of every other file that `keep` lacks."""

    def collect(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Remove files whose grace period is over, unless `keep` lists them again; answers their sizes in bytes."""

    def orphans(self, keep: Collection[str], grace: float) -> list[str]:
        """Files of past generations, or never published, that `keep` lacks and whose grace is over."""


class FolderShelf:
    """Parts as Parquet files in `<folder>/<table>/`."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self.folder: Path | None = folder
        self._root = folder
        self._secret = secret
        self._verified: set[str] = set()
        self._has_new_folder = True  # perhaps: one that an earlier process made and did not sync
        self._leftovers = Leftovers(folder)

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Write and sync a new part; OSError where the disk refuses."""
        data = memoryview(_parquet(rows))
        folder = self._root / table
        if not folder.exists():
            self._has_new_folder = True
            folder.mkdir()
        write_file(folder / name, data)
        return len(data), checksum(data)

    def read(self, part: Part, columns: Sequence[str] | None, uris: Sequence[str] | None = None) -> pa.Table:
        """Rows of a part, its whole file checked at the first read of this process, its pages at each.

        Nothing is mapped into memory: a file that is cut short under a mapping would kill the process.
        """
        path = self._root / part.path
        try:
            source: Any = path
            if part.path not in self._verified:
                source = pa.BufferReader(self._verify(part, path.read_bytes()))
            with pq.ParquetFile(source, page_checksum_verification=True) as file:
                groups = _groups_with(file.metadata, uris)
                rows = file.read_row_groups(groups, columns=None if columns is None else list(columns))
                return _with_later_columns(rows, part.table, columns)
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
        if self._has_new_folder:
            sync_folder(self._root)
            self._has_new_folder = False
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

    def stamp(self) -> object:
        """Which file the manifest is; None while it is so young that the next could look the same."""
        try:
            found = (self._root / MANIFEST_NAME).stat()
        except OSError:
            return None
        is_settled = abs(time.time() - found.st_mtime) > _SETTLED_SECONDS
        return (found.st_ino, found.st_size, found.st_mtime_ns) if is_settled else None

    def last_generation(self) -> int:
        """The highest generation in any name."""
        return self._leftovers.last_generation()

    def retire(self, paths: Iterable[str], at: float) -> None:
        """Counted from the modification time, too, which outlives this process."""
        self._leftovers.retire(paths, at)

    def find(self, keep: Collection[str], at: float) -> None:
        """A look at every name in the folder."""
        self._leftovers.find(keep, at)

    def collect(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Costs what it removes."""
        return self._leftovers.collect(keep, at, grace)

    def collect_old(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Remove what earlier processes left; only before anything is written."""
        return self._leftovers.collect_old(keep, at, grace)

    def orphans(self, keep: Collection[str], grace: float) -> list[str]:
        """By their modification times."""
        return self._leftovers.orphans(keep, grace)


class MemoryShelf:
    """Parts as tables in memory, for a workspace whose folder cannot be written."""

    folder: Path | None = None

    def __init__(self) -> None:
        self._tables: dict[str, pa.Table] = {}
        self._retired = Retired()
        self._manifest: Manifest | None = None

    def write(self, table: str, name: str, rows: pa.Table) -> tuple[int, str]:
        """Keep the rows; there is no file, hence no checksum."""
        self._tables[f"{table}/{name}"] = rows
        return rows.nbytes, ""

    def read(
        self,
        part: Part,
        columns: Sequence[str] | None,
        uris: Sequence[str] | None = None,  # noqa: ARG002
    ) -> pa.Table:
        """All rows, not copied."""
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

    def stamp(self) -> object:
        """Loading costs nothing."""
        return None

    def retire(self, paths: Iterable[str], at: float) -> None:
        """As on disk: a reader of an older generation may still want them."""
        self._retired.note(paths, at)

    def find(self, keep: Collection[str], at: float) -> None:
        """Start the grace period of parts that were written and never published."""
        self._retired.note([path for path in self._tables if path not in keep], at)

    def collect(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Forget parts."""
        over = [path for path in self._retired.due(keep, at, grace) if path in self._tables]
        return {path: self._tables.pop(path).nbytes for path in over}

    def orphans(self, keep: Collection[str], grace: float) -> list[str]:  # noqa: ARG002
        """Nothing outlives a process."""
        return []


def now() -> float:
    """The clock of grace periods; it never jumps."""
    return time.monotonic()


def _parquet(rows: pa.Table) -> pa.Buffer:
    """Everything compressed, after what makes columns compress: half the bytes of a syntax tree, and sooner written."""
    encodings: Any = {_leaf(field): encoding for field in rows.schema if (encoding := _encoding(field))}
    text: Any = [_leaf(field) for field in rows.schema if field.name not in VECTOR_COLUMNS]
    repetitive: Any = [name for name in text if name not in encodings and name not in _VARIED]
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        use_dictionary=repetitive,
        column_encoding=encodings,
        write_statistics=text,
        write_page_checksum=True,
        row_group_size=ROWS_PER_GROUP,
    )
    return sink.getvalue()


def _encoding(column: pa.Field[Any]) -> str | None:
    """How the values of a column are laid out before compression, None for plainly or by a dictionary.

    Positions and counts lie near those of the row before: their differences take a third of a dictionary's bytes. Of
    a vector's floats the exponents are alike: a sixth less with all first bytes first. DuckDB 2.0 reads that of
    float32, not of the float16 of static vectors.
    """
    if pa.types.is_signed_integer(column.type) and column.name not in _VARIED:
        return "DELTA_BINARY_PACKED"
    return "BYTE_STREAM_SPLIT" if column.name == "embedding" else None


def _groups_with(metadata: Any, uris: Sequence[str] | None) -> list[int]:
    """The row groups that may hold rows of `uris`, which are sorted, by the range that each notes of its own."""
    if uris is None:
        return list(range(metadata.num_row_groups))
    at = metadata.schema.names.index("uri")
    found = []
    for group in range(metadata.num_row_groups):
        noted = metadata.row_group(group).column(at).statistics
        if noted is None or not noted.has_min_max:
            found.append(group)
            continue
        first = bisect_left(uris, noted.min)
        if first < len(uris) and uris[first] <= noted.max:
            found.append(group)
    return found


def _leaf(column: pa.Field[Any]) -> str:
    is_list = pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)
    return f"{column.name}.list.element" if is_list else column.name


def _with_later_columns(rows: pa.Table, table: str, columns: Sequence[str] | None) -> pa.Table:
    """Rows of a part of layout 1, whose files had no `ctime_ns`: 0 there makes each be read once more."""
    if (
        table == "files"
        and "ctime_ns" not in rows.column_names
        and (columns is None or "ctime_ns" in columns)
    ):
        return rows.append_column(
            pa.field("ctime_ns", pa.int64(), nullable=False), pa.array([0] * rows.num_rows, pa.int64())
        )
    return rows


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
