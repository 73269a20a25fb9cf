"""Lexical documents held in memory, by group, with their postings; what they are worth is lexical_bm25's.

A group's postings are made once, when one of its documents changes, and shared by every later layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, repeat

import numpy as np
import numpy.typing as npt

from codeintel.engines.lexical_bm25 import LENGTH_CODES, Floats, length_code
from codeintel.engines.lexical_schema import FIELDS, MAX_TERM_BYTES, LexicalDocument, field_texts

Ids = npt.NDArray[np.int64]

# A posting is one int64: row, field and length code, term frequency; 2**21 documents are far beyond a group.
FREQUENCY_BITS = 32
SLOT_BITS = (LENGTH_CODES * len(FIELDS) - 1).bit_length()
ROW_SHIFT = FREQUENCY_BITS + SLOT_BITS
POSTING_BYTES = 8
# As bytes, which Python joins and cuts faster than numpy slices.
POSTING = np.dtype((np.void, POSTING_BYTES))


@dataclass(frozen=True, slots=True)
class MemoryDocument:
    """A document taken apart: its terms, field after field, and a posting without its row for each."""

    id: int
    lengths: tuple[int, ...]  # terms in each of FIELDS
    terms: tuple[str, ...]
    postings: Ids


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that share one inverted index; a document's row is its place."""

    documents: tuple[MemoryDocument, ...]
    rows: Mapping[int, int]  # by id, ascending
    lengths: tuple[int, ...]  # terms in each of FIELDS, of all documents
    postings: Mapping[str, bytes]  # a term's, one after the other


@dataclass(frozen=True, slots=True)
class Postings:
    """The postings of some terms in a whole layer, as columns: `term` and `field` are positions."""

    term: Ids
    row: Ids
    field: Ids
    code: Ids  # of the field's length
    frequency: Ids

    def scores(self, weights: Floats, norms: Floats) -> Floats:
        """What each posting adds, from `weights` [terms, fields] and `norms` [fields, codes]."""
        frequency = self.frequency.astype(np.float32)
        fraction = frequency / (frequency + norms[self.field, self.code])
        return weights[self.term, self.field] * fraction

    def frequencies(self, terms: int) -> Ids:
        """How many documents hold each of the `terms` in each of FIELDS, int64 [terms, fields]."""
        cells = np.bincount(self.term * len(FIELDS) + self.field, minlength=terms * len(FIELDS))
        return cells.reshape(terms, len(FIELDS))


NO_GROUP = Group((), {}, (), {})


class MemoryLayer:
    """An immutable set of groups; `changed` shares all that it does not concern."""

    def __init__(self, groups: Mapping[str, Group] | None = None) -> None:
        self._groups: Mapping[str, Group] = groups or {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def _starts(self) -> Ids:
        """The row of each group's first document, and behind them the number of rows."""
        sizes = (len(group.documents) for group in self._groups.values())
        return np.array([0, *accumulate(sizes)], np.int64)

    @cached_property
    def ids(self) -> Ids:
        """The id of each row, int64 [n]."""
        ids = chain.from_iterable(group.rows for group in self._groups.values())
        return np.fromiter(ids, np.int64, len(self))

    @cached_property
    def mean_lengths(self) -> Floats:
        """Mean terms in each of FIELDS, float32 [fields]; zeros where there are no documents."""
        lengths = [group.lengths for group in self._groups.values()]
        total = np.array(lengths, np.int64).reshape(-1, len(FIELDS)).sum(axis=0)
        return np.asarray(total / max(1, len(self)), np.float32)

    def changed(self, gone: Set[int], added: Mapping[str, Sequence[MemoryDocument]]) -> MemoryLayer:
        """The layer without the documents `gone`, and with those `added` to their groups."""
        groups = dict(self._groups)
        losing = [name for name, group in groups.items() if not group.rows.keys().isdisjoint(gone)]
        for name in dict.fromkeys([*losing, *added]):
            group = _changed(groups.get(name, NO_GROUP), gone, added.get(name, ()))
            if group.documents:
                groups[name] = group
            else:
                groups.pop(name, None)
        return MemoryLayer(groups)

    def row(self, document_id: int) -> int | None:
        """Where a document lies, None where it does not."""
        for start, group in zip(self._starts.tolist(), self._groups.values(), strict=False):
            if document_id in group.rows:
                return int(start + group.rows[document_id])
        return None

    def postings(self, terms: Sequence[str]) -> Postings:
        """Every posting of `terms`, a row's in the order of terms, then fields; 0.2 ms for 8 in 200 groups."""
        # one look-up a group and term, all of them in C: absent terms are empty bytes
        found = [
            *chain.from_iterable(
                map(group.postings.get, terms, repeat(b"")) for group in self._groups.values()
            )
        ]
        sizes = np.fromiter(map(len, found), np.int64, len(found)) // POSTING_BYTES
        packed = np.frombuffer(b"".join(found), np.int64)
        term = np.repeat(np.tile(np.arange(len(terms)), len(self._groups)), sizes)
        start = np.repeat(np.repeat(self._starts[:-1], len(terms)), sizes)
        slot = packed >> FREQUENCY_BITS & (1 << SLOT_BITS) - 1
        return Postings(
            term,
            row=(packed >> ROW_SHIFT) + start,
            field=slot // LENGTH_CODES,
            code=slot % LENGTH_CODES,
            frequency=packed & (1 << FREQUENCY_BITS) - 1,
        )

    def frequencies(self, terms: Sequence[str]) -> Counter[str]:
        """In how many fields of documents each term occurs; 0.1 us a group and term."""
        wanted, counts = set(terms), Counter[str]()
        for group in self._groups.values():
            for term in group.postings.keys() & wanted:
                counts[term] += len(group.postings[term]) // POSTING_BYTES
        return counts


def memory_document(document: LexicalDocument) -> MemoryDocument:
    """Take a document apart as tantivy would; ValueError for an id that is no positive int64."""
    counted = [Counter(_tokens(text)) for text in field_texts(document).values()]
    lengths = tuple(counts.total() for counts in counted)
    postings: list[int] = []
    for field, (length, counts) in enumerate(zip(lengths, counted, strict=True)):
        slot = (field * LENGTH_CODES + length_code(length)) << FREQUENCY_BITS
        postings += [slot | frequency for frequency in counts.values()]
    terms = tuple(chain.from_iterable(counted))
    return MemoryDocument(int(document.id), lengths, terms, np.array(postings, np.int64))


def _tokens(text: str) -> list[str]:
    tokens = text.split()
    if len(text) <= MAX_TERM_BYTES // 4:  # the longest encoding of a character
        return tokens
    return [token for token in tokens if len(token.encode()) <= MAX_TERM_BYTES]


def _changed(group: Group, gone: Set[int], added: Sequence[MemoryDocument]) -> Group:
    """The group without `gone` and with `added`; where little changes, from a copy of its postings."""
    holes = sorted(group.rows[number] for number in group.rows.keys() & gone)
    if 2 * len(holes) + len(added) >= len(group.documents):
        return _group([*(document for document in group.documents if document.id not in gone), *added])
    documents, postings = list(group.documents), dict(group.postings)
    for row in holes:
        _take_out(postings, documents[row], row)
    for document in added:
        row = holes.pop() if holes else len(documents)
        documents[row : row + 1] = [document]
        _put_in(postings, document, row)
    while holes:  # from the highest on, so that the last document is none of those that are gone
        row, document = holes.pop(), documents.pop()
        if row < len(documents):
            _take_out(postings, document, len(documents))
            _put_in(postings, document, row)
            documents[row] = document
    return _grouped(documents, postings)


def _group(documents: Sequence[MemoryDocument]) -> Group:
    postings: dict[str, bytes] = {}
    for row, document in enumerate(documents):
        _put_in(postings, document, row)
    return _grouped(documents, postings)


def _grouped(documents: Sequence[MemoryDocument], postings: Mapping[str, bytes]) -> Group:
    rows = {document.id: row for row, document in enumerate(documents)}
    lengths = tuple(map(sum, zip(*(document.lengths for document in documents), strict=True)))
    return Group(tuple(documents), rows, lengths, postings)


def _put_in(inverted: dict[str, bytes], document: MemoryDocument, row: int) -> None:
    for term, posting in _pieces(document, row):
        inverted[term] = inverted.get(term, b"") + posting


def _take_out(inverted: dict[str, bytes], document: MemoryDocument, row: int) -> None:
    for term, posting in _pieces(document, row):
        piece = inverted[term]
        at = piece.index(posting)
        while at % POSTING_BYTES:  # bytes of two neighbours that look like it
            at = piece.index(posting, at + 1)
        if rest := piece[:at] + piece[at + POSTING_BYTES :]:
            inverted[term] = rest
        else:
            del inverted[term]


def _pieces(document: MemoryDocument, row: int) -> Iterator[tuple[str, bytes]]:
    """Each term with its posting's bytes."""
    packed = document.postings | row << ROW_SHIFT
    return zip(document.terms, packed.view(POSTING).tolist(), strict=True)
