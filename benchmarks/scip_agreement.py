"""How far one set of occurrences of a document agrees with another one, a compiler's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from codeintel.analysis.columns import Columns

DEFINITION = 1  # bit of `roles`
LOCAL = "local "
LIBRARY = " python-stdlib "

Place = tuple[int, int]
Row = tuple[Place, str, int, str]
"""Start and end byte, symbol, roles, origin."""


@dataclass(slots=True)
class Agreement:
    """Counts over documents: of the compiler's rows `wanted`, of those found by place, by symbol, and by who is sure.

    Keys are ('definition' | 'reference', 'local' | 'document' | 'library' | 'project'): where the symbol is defined.
    """

    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    placed: Counter[tuple[str, str]] = field(default_factory=Counter)
    fast: Counter[tuple[str, str]] = field(default_factory=Counter)
    inferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    surplus: int = 0
    rows: int = 0

    def add(self, compiler: Columns, ours: Columns) -> None:
        """Compare one document. Local symbols agree where they stand for each other one to one."""
        mine: dict[Place, list[Row]] = defaultdict(list)
        for row in _rows(ours):
            mine[row[0]].append(row)
        theirs = list(_rows(compiler))
        paired = _paired_locals(theirs, mine)
        module = (
            next((symbol for place, symbol, _, _ in theirs if place == (0, 0)), "").rpartition("/")[0] + "/"
        )
        for place, symbol, roles, _ in theirs:
            key = ("definition" if roles & DEFINITION else "reference", _home(symbol, module))
            origins = {
                origin for _, found, _, origin in mine.get(place, ()) if paired.get(found, found) == symbol
            }
            self.wanted[key] += 1
            self.placed[key] += place in mine
            self.fast[key] += "fast" in origins
            self.inferred[key] += bool(origins) and "fast" not in origins
        places = {place for place, _, _, _ in theirs}
        self.rows += sum(map(len, mine.values()))
        self.surplus += sum(len(rows) for place, rows in mine.items() if place not in places)

    def share(
        self, what: str, role: str, homes: Iterable[str] = ("local", "document", "library", "project")
    ) -> float:
        """`placed`, `fast`, or `known` (fast or inferred) of the rows wanted, where `role` and home are such."""
        keys = [(role, home) for home in homes]
        counts = self.fast + self.inferred if what == "known" else getattr(self, what)
        return sum(counts[key] for key in keys) / max(1, sum(self.wanted[key] for key in keys))


def _rows(columns: Columns) -> Iterable[Row]:
    names = ("start_byte", "end_byte", "symbol", "roles", "origin")
    for start, end, symbol, roles, origin in zip(*(columns[name] for name in names), strict=True):
        yield (start, end), symbol, roles, origin


def _paired_locals(theirs: list[Row], mine: Mapping[Place, list[Row]]) -> dict[str, str]:
    """Our local symbols to theirs; those that share most places first, none twice."""
    together: Counter[tuple[str, str]] = Counter()
    for place, symbol, _, _ in theirs:
        if symbol.startswith(LOCAL):
            together.update((row[1], symbol) for row in mine.get(place, ()) if row[1].startswith(LOCAL))
    paired: dict[str, str] = {}
    taken: set[str] = set()
    for (own, symbol), _ in together.most_common():
        if own not in paired and symbol not in taken:
            paired[own] = symbol
            taken.add(symbol)
    unpaired = {row[1] for rows in mine.values() for row in rows if row[1].startswith(LOCAL)} - paired.keys()
    return {**paired, **dict.fromkeys(unpaired, "")}


def _home(symbol: str, module: str) -> str:
    if symbol.startswith(LOCAL):
        return "local"
    if symbol.startswith(module):
        return "document"
    return "library" if LIBRARY in symbol else "project"
