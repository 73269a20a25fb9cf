"""How well the sample workspace's questions are answered, tier by tier; a change of any rank shows here.

`pytest tests/golden --update` writes the golden files again: look at the difference before you commit it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from codeintel.search.answers import Hit
from codeintel.search.searcher import SearchRequest
from codeintel.service import Service
from codeintel.settings import Settings
from workspaces import MEANING, TEXT_ONLY, copy_sample, indexed

HERE = Path(__file__).parent
DEPTH = 20


@dataclass(frozen=True, slots=True)
class Question:
    """A query and where its answer lies: a file, and a name that the chunk defines, stands under or is headed by."""

    query: str
    path: str
    symbol: str

    def is_in_file(self, hit: Hit) -> bool:
        return hit.chunk.uri == self.path

    def is_answered_by(self, hit: Hit) -> bool:
        chunk = hit.chunk
        names = {*chunk.symbols, *(part.strip() for part in chunk.breadcrumb.split(">"))}
        heads = chunk.kind == "doc" and self.symbol in chunk.content
        return self.is_in_file(hit) and (self.symbol in names or heads)


Ranks = tuple[int | None, int | None]
"""Of the first hit in the question's file, and of the first that answers it; None beyond DEPTH."""

QUESTIONS = [
    Question(**json.loads(line)) for line in (HERE / "sample_queries.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize(("tier", "options"), [("text", TEXT_ONLY), ("meaning", MEANING)])
def test_the_questions_are_answered_as_before(
    tier: str, options: Settings, tmp_path: Path, update: bool
) -> None:
    golden = HERE / f"sample_queries.{tier}.txt"
    with indexed(copy_sample(tmp_path / "courier"), settings=options) as service:
        found = printed([ranks_of(service, question) for question in QUESTIONS])
    if update:
        golden.write_text(found)
    assert found == golden.read_text()


def test_every_question_has_an_answer_in_the_workspace(sample: Service) -> None:
    hits = sample.search(SearchRequest("path:**", 1_000, explain=False)).hits
    missing = [question for question in QUESTIONS if not any(map(question.is_answered_by, hits))]
    assert missing == []


def ranks_of(service: Service, question: Question) -> Ranks:
    hits = service.search(SearchRequest(question.query, DEPTH, explain=False)).hits
    return first(question.is_in_file, hits), first(question.is_answered_by, hits)


def first(test: Callable[[Hit], bool], hits: Sequence[Hit]) -> int | None:
    return next((place for place, hit in enumerate(hits, 1) if test(hit)), None)


def printed(ranks: Sequence[Ranks]) -> str:
    """The metrics of files and of chunks, then a line for each question: both ranks, '-' where there is none."""
    files, chunks = zip(*ranks, strict=True)
    lines = [f"{'':8}   file  chunk"]
    lines += [f"{name:8}  {metric(files):.3f}  {metric(chunks):.3f}" for name, metric in METRICS.items()]
    lines += [f"{'':8}"]
    for (file, chunk), question in zip(ranks, QUESTIONS, strict=True):
        lines.append(f"{file or '-':>3} {chunk or '-':>4}  {question.query}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def recall(depth: int) -> Callable[[Sequence[int | None]], float]:
    return lambda ranks: sum(rank is not None and rank <= depth for rank in ranks) / len(ranks)


METRICS: dict[str, Callable[[Sequence[int | None]], float]] = {
    "recall@1": recall(1),
    "recall@5": recall(5),
    "MRR": lambda ranks: sum(1 / rank for rank in ranks if rank) / len(ranks),
}
