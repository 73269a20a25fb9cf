"""Tables written out for other tools: Parquet, CSV or JSON lines, by the file's ending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from codeintel.catalog.store import Store
from codeintel.errors import UsageError

ENDINGS = (".parquet", ".csv", ".jsonl")


def export_table(table: str, stores: Sequence[Store], path: Path) -> int:
    """Write the current rows of `table` of every store to `path`; answers their number.

    Raises UsageError for another ending, or where the file cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path.name} has no known ending.", f"Use one of {', '.join(ENDINGS)}.", "path")
    rows = pa.concat_tables([store.read(table) for store in stores])
    try:
        _write(rows, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place.", "path"
        ) from error
    return int(rows.num_rows)


def _write(rows: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(rows, path)
    elif path.suffix == ".csv":
        csv.write_csv(rows, path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()), encoding="utf-8")
