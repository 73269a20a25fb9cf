"""The qualifiers `def:`, `ref:` and `sym:` answered from occurrences: where a name is defined and referred to.

Which qualifiers there are, and what they admit while a document's occurrences are not known, is filters.py's.
"""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from codeintel.snapshot import IndexedFile
from codeintel.symbol_table import Occurrence, SymbolTable

WILDCARD: Final = re.compile(r"[*?\[]")

COMPLETE: Final = frozenset({"python"})
"""Languages in which every name of a text is an occurrence; in others a word that is none may still be a reference."""

Places = Mapping[str, list[int]]
"""By document the first bytes of occurrences, sorted."""


def name_test(value: str) -> Callable[[str], bool]:
    """Whether a name is `value`, capitals aside; `*`, `?` and `[…]` stand for parts of one."""
    if not WILDCARD.search(value):
        wanted = value.lower()
        return lambda name: name.lower() == wanted
    pattern = re.compile(fnmatch.translate(value), re.IGNORECASE)
    return lambda name: pattern.match(name) is not None


def places_of(symbols: SymbolTable, value: str, *, definitions: bool, references: bool) -> Places:
    """Where a name is defined, or referred to; a qualified one, `Session.send`, means symbols that end so.

    Costs 5 ms for 40,000 names. What is known by its name alone may be any symbol of that name.
    """
    scope, _, last = value.rpartition(".")
    matches, found = name_test(last), defaultdict[str, list[int]](list)
    suffix = f".{value}".lower() if scope else ""
    for name in [name for name in symbols.names() if matches(name)]:
        for one in symbols.find(name):
            wanted = definitions if one.is_definition else references
            if wanted and (not suffix or _is_so_qualified(one, suffix)):
                found[one.uri].append(one.start_byte)
    return {uri: sorted(places) for uri, places in found.items()}


def _is_so_qualified(occurrence: Occurrence, suffix: str) -> bool:
    return not occurrence.norm or f".{occurrence.norm}".lower().endswith(suffix)


def has_one(places: Iterable[int] | None, start: int, end: int) -> bool:
    """Whether one of some sorted places lies in the half-open range."""
    kept = list(places or ())
    at = bisect_left(kept, start)
    return at < len(kept) and kept[at] < end


def is_known(symbols: SymbolTable, file: IndexedFile | None) -> bool:
    """Whether a document's occurrences are those of the text that is searched."""
    return file is not None and symbols.content_hash(file.row.uri) == file.row.content_hash
