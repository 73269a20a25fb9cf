"""Training pairs: a question and the chunk that answers it, and their file of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from codeintel.models.passage import passage_text, query_text

Kind = Literal["doc", "note", "name", "head"]
KINDS: tuple[Kind, ...] = ("doc", "note", "name", "head")


@dataclass(frozen=True, slots=True)
class Pair:
    """`content` is a chunk without what `query` was taken from; `place` tells chunks of a repository apart."""

    query: str
    repository: str
    language: str
    kind: Kind
    path: str
    place: str
    breadcrumb: str
    content: str

    @property
    def query_words(self) -> str:
        """The query as models see it."""
        return query_text(self.query)

    @property
    def passage_words(self) -> str:
        """The chunk as the encoder sees it."""
        return passage_text("", self.breadcrumb, self.content)

    @property
    def located_passage_words(self) -> str:
        """The chunk as the static table sees it, with its path."""
        return passage_text(self.path, self.breadcrumb, self.content)


def write_pairs(pairs: Iterable[Pair], path: Path) -> int:
    """Write JSON lines; how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for pair in pairs:
            file.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_pairs(path: Path) -> Iterator[Pair]:
    """The pairs of a file, in its order."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Pair(**json.loads(line))
