"""From a file of pairs to tokenised examples for the encoder and for the static table, kept beside it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.batches import Examples, Tokens, numbered, tokenised
from training.pairs import Pair, read_pairs

# The benchmark's queries have at most 37 tokens. Passages are read up to 128 tokens later; three quarters of that
# train a quarter more pairs in the same time.
QUERY_TOKENS, PASSAGE_TOKENS = 40, 96
# The table's cost is a look-up a token; 256 reach further into a chunk than the encoder does.
STATIC_PASSAGE_TOKENS = 256
# No text has longer tokens on average; tokenising what is then cut off took most of the time.
TOKEN_CHARACTERS = 10


def read_subset(path: Path, limit: int | None, seed: int) -> list[Pair]:
    """All pairs, or `limit` of them chosen by `seed` in whole repositories, so that batches stay as hard."""
    pairs = list(read_pairs(path))
    if limit is None or limit >= len(pairs):
        return pairs
    repositories = sorted({pair.repository for pair in pairs})
    random.Random(seed).shuffle(repositories)
    kept: list[Pair] = []
    for repository in repositories:
        kept += [pair for pair in pairs if pair.repository == repository]
        if len(kept) >= limit:
            break
    return kept[:limit]


def encoder_examples(pairs: Sequence[Pair], tokenizer: Tokenizer) -> Examples:
    """Without paths, as the encoder's passages are."""
    return _examples(pairs, tokenizer, lambda pair: pair.passage_words, PASSAGE_TOKENS)


def static_examples(pairs: Sequence[Pair], tokenizer: Tokenizer) -> Examples:
    """With paths, as the table's passages are."""
    return _examples(pairs, tokenizer, lambda pair: pair.located_passage_words, STATIC_PASSAGE_TOKENS)


def kept_or_made(path: Path, make: Callable[[], Examples]) -> Examples:
    """The examples in the .npz at `path`, made and written there where it does not exist."""
    if not path.exists():
        _write(make(), path)
    with np.load(path) as stored:
        groups = np.split(stored["group_rows"], stored["group_ends"][:-1])
        return Examples(
            Tokens(stored["query_ids"], stored["query_starts"]),
            Tokens(stored["passage_ids"], stored["passage_starts"]),
            tuple(groups),
            stored["files"],
            stored["chunks"],
        )


def _write(examples: Examples, path: Path) -> None:
    np.savez(
        path,
        query_ids=examples.queries.ids,
        query_starts=examples.queries.starts,
        passage_ids=examples.passages.ids,
        passage_starts=examples.passages.starts,
        group_rows=np.concatenate(examples.groups),
        group_ends=np.cumsum([len(group) for group in examples.groups]),
        files=examples.files,
        chunks=examples.chunks,
    )


def _examples(
    pairs: Sequence[Pair], tokenizer: Tokenizer, passage: Callable[[Pair], str], limit: int
) -> Examples:
    repositories = numbered([pair.repository for pair in pairs])
    return Examples(
        tokenised((pair.query_words for pair in pairs), tokenizer, QUERY_TOKENS),
        tokenised((passage(pair)[: limit * TOKEN_CHARACTERS] for pair in pairs), tokenizer, limit),
        tuple(np.flatnonzero(repositories == number) for number in range(int(repositories.max()) + 1)),
        numbered([f"{pair.repository}:{pair.path}" for pair in pairs]),
        numbered([f"{pair.repository}:{pair.place}" for pair in pairs]),
    )
