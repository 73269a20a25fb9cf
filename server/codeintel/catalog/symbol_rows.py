"""Occurrences from their table to the arrays that queries search; nothing of them is a Python object on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeintel.catalog.store import Store
from codeintel.symbol_table import DEFINITION, LOCAL, SymbolTable

COMPILED = "scip"
"""The origin of a compiler's rows."""

INFERRED = "inferred"
"""The origin of rows that go by a name alone."""

_COLUMNS = ("uri", "symbol", "symbol_norm", "name", "roles", "start_byte", "origin")


def read_symbols(store: Store, uris: frozenset[str] | None = None) -> SymbolTable:
    """The named occurrences of the documents that have structure, or of those among `uris`. Raises IndexCorrupt."""
    modules = store.read("modules", ["uri", "content_hash"], uris)
    rows = store.read("scip_occurrences", _COLUMNS, uris)
    is_local = pc.starts_with(rows["symbol"], LOCAL)
    rows = rows.filter(pc.and_(pc.not_equal(rows["name"], pa.scalar("")), pc.invert(is_local)))
    is_definition = np.bitwise_and(rows["roles"].to_numpy(), DEFINITION).astype(bool)
    by_name = np.asarray(pc.equal(rows["origin"], pa.scalar(INFERRED))) & ~is_definition
    norm_codes, norms = coded(rows["symbol_norm"])
    if by_name.any():
        norms = [*norms, ""]
        norm_codes = np.where(by_name, len(norms) - 1, norm_codes).astype(np.int32)
    name_codes, names = coded(rows["name"])
    documents: list[Any] = modules["uri"].to_pylist()
    hashes: list[Any] = modules["content_hash"].to_pylist()
    places = {uri: code for code, uri in enumerate(documents)}
    uri_codes, found = coded(rows["uri"])
    known = np.array([places.get(uri, -1) for uri in found], np.int32)
    codes = known[uri_codes] if len(found) else uri_codes
    kept = codes >= 0
    return SymbolTable.of_columns(
        names,
        norms,
        documents,
        hashes,
        (name_codes[kept], norm_codes[kept], codes[kept]),
        rows["start_byte"].to_numpy()[kept],
        is_definition[kept],
    )


def compiled_documents(store: Store) -> list[str]:
    """The documents that a compiler's rows are known of. Raises IndexCorrupt."""
    rows = store.read("scip_occurrences", ["uri", "origin"])
    found: list[Any] = rows.filter(pc.equal(rows["origin"], pa.scalar(COMPILED)))["uri"].unique().to_pylist()
    return found


def hash_of(occurrences: pa.Table) -> int | None:
    """The hash of the text that one document's occurrences are of; None where there are none."""
    return occurrences["content_hash"][0].as_py() if occurrences.num_rows else None


def coded(column: pa.ChunkedArray[Any]) -> tuple[np.ndarray[Any, np.dtype[np.int32]], list[str]]:
    """Strings as codes, int32 [n], and what they stand for."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    values: list[Any] = coded.dictionary.to_pylist()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int32), values
