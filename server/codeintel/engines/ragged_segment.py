"""Immutable, memory-mapped files of rows of differing length by chunk id; what a row holds is its user's.

header     256 bytes of JSON, padded: form, sizes, and the fingerprint of the model that made the rows
ids        int64 [n], ascending
readings   uint64 [n], of what was read to make the row: it tells a row of an earlier text under the same id
starts     int64 [n + 1], in entries
entries    of one fixed size, row after row
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codeintel.engines.dense_files import replace_file
from codeintel.errors import IndexCorrupt

MAGIC = "codeintel-rows-1"
HEADER_BYTES = 256
REMEDY = "Delete it; its rows are made again."

Ids = npt.NDArray[np.int64]
Readings = npt.NDArray[np.uint64]
Row = npt.NDArray[Any]
Layout = np.dtype[Any]


@dataclass(frozen=True, slots=True)
class RaggedSegment:
    """Rows by ascending id; `name` is the file's path in the index folder."""

    name: str
    ids: Ids
    readings: Readings
    starts: Ids
    entries: Row

    def __len__(self) -> int:
        return len(self.ids)

    def places(self, ids: Ids) -> Ids:
        """Where each id's row lies, -1 for an id that has none here."""
        at = np.minimum(np.searchsorted(self.ids, ids), max(len(self.ids) - 1, 0))
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        return np.where(self.ids[at] == ids, at, -1)

    def row(self, place: int) -> Row:
        """The entries of a row; a part of the file, read by whoever looks at it."""
        return self.entries[self.starts[place] : self.starts[place + 1]]


def write_segment(
    path: Path, maker: str, layout: Layout, ids: Ids, readings: Readings, rows: Sequence[Row]
) -> None:
    """Write rows atomically and durably; `maker` is the model's id. Raises IndexTrouble."""
    order = np.argsort(ids)
    starts = np.zeros(len(ids) + 1, np.int64)
    np.cumsum([len(rows[at]) for at in order], out=starts[1:])
    head = {
        "magic": MAGIC,
        "rows": len(ids),
        "entries": int(starts[-1]),
        "entry_bytes": layout.itemsize,
        "maker": _fingerprint(maker),
    }

    def write(temporary: Path) -> None:
        with temporary.open("xb") as file:
            file.write(json.dumps(head).encode().ljust(HEADER_BYTES))
            for column in (ids[order].astype("<i8"), readings[order].astype("<u8"), starts.astype("<i8")):
                file.write(column.tobytes())
            for at in order:
                file.write(np.ascontiguousarray(rows[at], layout.base).tobytes())

    replace_file(path, write)


def read_segment(folder: Path, name: str, maker: str, layout: Layout) -> RaggedSegment:
    """Map a file that `write_segment` wrote; its checksum has been compared.

    Raises IndexCorrupt where it is none, is cut short, or holds what another model made.
    """
    path = folder / name
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(HEADER_BYTES))
            size = os.fstat(file.fileno()).st_size
        count, total = int(head["rows"]), int(head["entries"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt(f"{name} cannot be read: {type(error).__name__}.", REMEDY) from error
    expected = {"magic": MAGIC, "entry_bytes": layout.itemsize, "maker": _fingerprint(maker)}
    if {key: head.get(key) for key in expected} != expected:
        raise IndexCorrupt(f"{name} was made by another model.", REMEDY)
    if size != HEADER_BYTES + 8 * (3 * count + 1) + total * layout.itemsize:
        raise IndexCorrupt(f"{name} is cut short.", REMEDY)
    data = np.asarray(
        np.memmap(path, np.uint8, "r")
    )  # a plain view: slices of a memmap cost microseconds each
    numbers = data[HEADER_BYTES : HEADER_BYTES + 8 * (3 * count + 1)]
    return RaggedSegment(
        name,
        numbers[: 8 * count].view("<i8"),
        numbers[8 * count : 16 * count].view("<u8"),
        numbers[16 * count :].view("<i8"),
        _entries(data[HEADER_BYTES + len(numbers) :], layout),
    )


def _entries(data: npt.NDArray[np.uint8], layout: Layout) -> Row:
    entries: Row = data.view(layout.base)
    return entries.reshape(-1, *layout.shape) if layout.shape else entries


def _fingerprint(maker: str) -> str:
    return blake2b(maker.encode(), digest_size=16).hexdigest()
