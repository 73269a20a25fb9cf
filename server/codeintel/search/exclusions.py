"""Which qualifiers keep a chunk from being found, and what it is about the chunk, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codeintel.catalog.rows import Chunk
from codeintel.search.filters import allowed_chunks, module_of
from codeintel.search.query import Qualifier, Query
from codeintel.snapshot import Snapshot

MOST_NAMES = 5  # of those that a chunk defines: a sentence stays readable


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A qualifier that leaves a chunk out, and why it does: "its path is tests/a.py"."""

    qualifier: Qualifier
    reason: str

    def __str__(self) -> str:
        """As a part of a sentence; columns count from 1, as people do."""
        return f"`{self.written}` (column {self.qualifier.column + 1}) leaves it out, since {self.reason}"

    @property
    def written(self) -> str:
        """The qualifier as the query has it, a phrase in its quotes."""
        if self.qualifier.name != "phrase":
            return str(self.qualifier)
        return f'{"-" if self.qualifier.negated else ""}"{self.qualifier.value}"'


class Excluder:
    """Tells for any chunk of a snapshot which qualifiers of a query leave it out."""

    def __init__(self, snapshot: Snapshot, query: Query) -> None:
        """Tries every qualifier on every chunk: a few milliseconds each for 10,000."""
        self._admitted = [
            (
                qualifier,
                {chunk.id for chunk in allowed_chunks(snapshot.chunks, [qualifier], snapshot.symbols) or ()},
            )
            for qualifier in query.qualifiers
        ]

    def exclusions(self, chunk: Chunk) -> list[Exclusion]:
        """Those of the chunk, in the order of the query; empty where all admit it."""
        return [
            Exclusion(qualifier, REASONS[qualifier.name](qualifier, chunk))
            for qualifier, admitted in self._admitted
            if chunk.id not in admitted
        ]


def without(query: Query, exclusions: Sequence[Exclusion]) -> Query | None:
    """The query without those qualifiers; None where nothing is left of it. A phrase's words stay to be ranked by."""
    culprits = {exclusion.qualifier for exclusion in exclusions}
    kept = tuple(qualifier for qualifier in query.qualifiers if qualifier not in culprits)
    return Query(query.raw, query.text, kept) if query.text or kept else None


def _language(_: Qualifier, chunk: Chunk) -> str:
    return f"its language is {chunk.lang}"


def _path(_: Qualifier, chunk: Chunk) -> str:
    return f"its path is {chunk.uri}"


def _module(_: Qualifier, chunk: Chunk) -> str:
    return f"its module is {module_of(chunk.uri)}"


def _kind(_: Qualifier, chunk: Chunk) -> str:
    return f"its kind is {chunk.kind}"


def _definition(qualifier: Qualifier, chunk: Chunk) -> str:
    if qualifier.negated:
        return f"it defines {qualifier.value}"
    names = ", ".join(chunk.symbols[:MOST_NAMES])
    return f"it defines {names}" if names else "it defines no name"


def _reference(qualifier: Qualifier, chunk: Chunk) -> str:
    if qualifier.negated:
        return f"it refers to {qualifier.value}"
    defined = {name.rpartition(".")[2].lower() for name in chunk.symbols}
    own = qualifier.value.rpartition(".")[2].lower() in defined
    return f"it {'defines' if own else 'does not refer to'} {qualifier.value}"


def _symbol(qualifier: Qualifier, _: Chunk) -> str:
    verbs = "defines or mentions" if qualifier.negated else "neither defines nor mentions"
    return f"it {verbs} {qualifier.value}"


def _phrase(qualifier: Qualifier, _: Chunk) -> str:
    return f"it {'has' if qualifier.negated else 'does not have'} exactly that text"


REASONS: dict[str, Callable[[Qualifier, Chunk], str]] = {
    "lang": _language,
    "path": _path,
    "module": _module,
    "kind": _kind,
    "def": _definition,
    "ref": _reference,
    "sym": _symbol,
    "phrase": _phrase,
}
