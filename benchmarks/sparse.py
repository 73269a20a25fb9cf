"""What the sparse engine costs beside BM25: the same 50,000 made-up chunks and queries of 40 terms in both.

Words come at Zipf's frequencies, as those of text do; no model is asked. Each query is asked of both engines in turn,
so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.live_arguments import live_parser, write_unless_quick
from benchmarks.live_targets import spread, spreads_table
from benchmarks.reporting import console
from codeintel.engines.lexical import LexicalDocument, LexicalIndex, LexicalView
from codeintel.engines.sparse import SparseQuery, SparseView, TermRows

NAME = "sparse"
CHUNKS, QUICK_CHUNKS = 50_000, 2_000
QUERIES, QUICK_QUERIES = 400, 20
QUERY_TERMS = 40
CHUNK_WORDS = 100  # of 128 tokens about so many are no special ones and no repeats of a neighbour
VOCABULARY = 29_525  # the encoder's
FEW: Final = (1, 16)  # chunks of an edit, and of a batch of the encoder
CHANGES = 60
HITS = 200
SEED = 20_261_123

Terms = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Texts:
    """What each made-up chunk has: `terms` distinct and ascending, a weight each."""

    terms: list[Terms]
    weights: list[npt.NDArray[np.float32]]

    def rows(self, places: range, first_id: int = 1) -> TermRows:
        """Those at `places`, numbered from `first_id`."""
        ids = np.arange(first_id, first_id + len(places))
        return TermRows.of(ids, [(self.terms[place], self.weights[place]) for place in places])


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About a minute, most of it BM25's indexing."""
    chunks, queries = (QUICK_CHUNKS, QUICK_QUERIES) if options.quick else (CHUNKS, QUERIES)
    figures = measured(chunks, queries)
    console.print(spreads_table(f"Milliseconds, {chunks:,} chunks", figures["times"]))
    console.print(
        f"a search takes {figures['search_to_bm25']:.2f} of BM25's time; {figures['bytes_a_chunk']:.0f} bytes a chunk, "
        f"{figures['terms_a_chunk']:.0f} terms each",
        highlight=False,
    )
    write_unless_quick(options, NAME, figures)


def measured(chunks: int, queries: int) -> dict[str, Any]:
    """Searches of both engines, what a chunk takes, and what changes cost."""
    random = np.random.default_rng(SEED)
    texts = made_up(random, chunks + sum(FEW) * CHANGES)
    began = time.perf_counter()
    view = SparseView.build(texts.rows(range(chunks)))
    built = (time.perf_counter() - began) * 1000
    asked = made_up(random, queries, QUERY_TERMS, distinct=True)
    with TemporaryDirectory(prefix="codeintel-benchmark-") as folder:
        times = _searches(view, _lexical(texts, chunks, Path(folder)), asked)
    times |= _changes(view, texts, chunks)
    return {
        "chunks": chunks,
        "query_terms": QUERY_TERMS,
        "terms_a_chunk": len(view.base.impacts) / chunks,
        "bytes_a_chunk": view.base.nbytes / chunks,
        "build_ms": built,
        "times": {name: spread(taken) for name, taken in times.items()},
        "search_to_bm25": float(np.median(times["search"]) / np.median(times["BM25's search"])),
    }


def made_up(
    random: np.random.Generator, count: int, words: int = CHUNK_WORDS, *, distinct: bool = False
) -> Texts:
    """Texts of `words` words, each counted once; with `distinct` of as many different ones."""
    shares = 1 / np.arange(1, VOCABULARY + 1)
    shares /= shares.sum()
    bounds = np.cumsum(shares)
    terms = []
    for _ in range(count):
        if distinct:
            terms.append(np.sort(random.choice(VOCABULARY, words, replace=False, p=shares)))
        else:
            terms.append(np.unique(np.minimum(np.searchsorted(bounds, random.random(words)), VOCABULARY - 1)))
    weights = [random.uniform(0.1, 2.0, len(one)).astype(np.float32) for one in terms]
    return Texts(terms, weights)


def _lexical(texts: Texts, chunks: int, folder: Path) -> LexicalView:
    index = LexicalIndex.open(folder)
    index.replace(
        [],
        (
            LexicalDocument(number + 1, [f"w{term}" for term in texts.terms[number].tolist()])
            for number in range(chunks)
        ),
    )
    index.commit()
    return index.view()


def _searches(view: SparseView, lexical: LexicalView, asked: Texts) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"search": [], "BM25's search": []}
    for terms, weights in zip(asked.terms, asked.weights, strict=True):
        words, query = [f"w{term}" for term in terms.tolist()], SparseQuery.of(terms, weights)
        times["search"].append(_taken(view.search, query, HITS))
        times["BM25's search"].append(_taken(lexical.search, words, HITS))
    return times


def _changes(view: SparseView, texts: Texts, chunks: int) -> dict[str, list[float]]:
    """Adding, removing and folding; the views come one after the other, as those of edits do."""
    times: dict[str, list[float]] = {}
    for count, places in _batches(chunks):
        rows = texts.rows(places, first_id=places.start + 1)
        added = view.changed([], rows)
        times.setdefault(f"add {count}", []).append(_taken(view.changed, [], rows))
        gone = np.arange(places.start % chunks + 1, places.start % chunks + 1 + count)
        times.setdefault(f"remove {count}", []).append(_taken(view.without, gone))
        view = added.without(gone)
    times["fold"] = [_taken(view.folded) for _ in range(5)]
    return times


def _batches(first: int) -> Iterator[tuple[int, range]]:
    for count in FEW:
        for _ in range(CHANGES):
            yield count, range(first, first + count)
            first += count


def _taken(act: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    act(*arguments)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
