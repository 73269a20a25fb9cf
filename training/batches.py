"""Batches of tokenised pairs: few repositories at a time and several pairs of a file, so that negatives are hard."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

Ids = NDArray[np.uint16]
# Texts tokenised at a time: bounds the memory that encodings take.
SLICE = 20_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of many texts end to end; text i is ids[starts[i] : starts[i + 1]]."""

    ids: Ids
    starts: NDArray[np.int64]

    def __getitem__(self, row: int) -> Ids:
        return self.ids[self.starts[row] : self.starts[row + 1]]


@dataclass(frozen=True, slots=True)
class Examples:
    """Tokenised pairs; `groups` are the rows of each repository, `files` and `chunks` number where a row is from."""

    queries: Tokens
    passages: Tokens
    groups: tuple[NDArray[np.int64], ...]
    files: NDArray[np.int64]
    chunks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.files)


def tokenised(texts: Iterator[str], tokenizer: Tokenizer, limit: int) -> Tokens:
    """The ids of each text, at most `limit`; a longer one ends as the tokenizer ends texts, with [SEP] or nothing."""
    tokenizer.enable_truncation(limit)
    rows: list[Ids] = []
    for part in _slices(texts):
        rows += [np.array(encoding.ids, np.uint16) for encoding in tokenizer.encode_batch_fast(part)]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Tokens(np.concatenate(rows), starts)


def numbered(values: Sequence[str]) -> NDArray[np.int64]:
    """Equal strings as equal numbers."""
    return np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)


def batches(
    examples: Examples, size: int, repositories: int, per_file: int, rng: random.Random
) -> Iterator[NDArray[np.int64]]:
    """One epoch of rows: `size` at a time out of `repositories`, files in runs of `per_file` where they have as many.

    No batch has a chunk twice, which would be its own negative. Repositories take part in proportion to their pairs.
    """
    share = size // repositories
    parts: list[NDArray[np.int64]] = []
    for rows in examples.groups:
        ordered = _by_file_runs(rows, examples.files, per_file, rng)
        parts += [ordered[start : start + share] for start in range(0, len(ordered) - share + 1, share)]
    rng.shuffle(parts)
    for start in range(0, len(parts) - repositories + 1, repositories):
        rows = np.concatenate(parts[start : start + repositories])
        _, first = np.unique(examples.chunks[rows], return_index=True)
        yield rows[np.sort(first)]


def padded(rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, int64 [rows, longest]."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.from_numpy(row.astype(np.int64))
    return ids, (ids > 0).long()


def _by_file_runs(
    rows: NDArray[np.int64], files: NDArray[np.int64], per_file: int, rng: random.Random
) -> NDArray[np.int64]:
    of_file: dict[int, list[int]] = defaultdict(list)
    for row in rows.tolist():
        of_file[int(files[row])].append(row)
    runs: list[list[int]] = []
    for members in of_file.values():
        rng.shuffle(members)
        runs += [members[start : start + per_file] for start in range(0, len(members), per_file)]
    rng.shuffle(runs)
    return np.array([row for run in runs for row in run], np.int64)


def _slices(texts: Iterator[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for text in texts:
        part.append(text)
        if len(part) == SLICE:
            yield part
            part = []
    if part:
        yield part
