"""The text behind a contribution: which terms or tokens of a chunk matched, where they stand, and their share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from codeintel.analysis.identifiers import terms
from codeintel.catalog.rows import Chunk
from codeintel.engines.late_maxsim import Alignment, similarities
from codeintel.engines.late_view import LateView
from codeintel.engines.lexical import TermScore
from codeintel.engines.sparse import Sums
from codeintel.models.outputs import POOLED, OutputsEncoder, Row, gives_outputs
from codeintel.models.passage import content_offsets, query_text
from codeintel.models.vectors import TextEncoder, Vectors, passage_for
from codeintel.search.answers import Evidence
from codeintel.search.term_query import TermQuery

_WORD = re.compile(r"\w+")
SHOWN_TERMS = 8  # a line of an explanation; the rest is in the score all the same


def term_evidence(chunk: Chunk, scores: Sequence[TermScore]) -> tuple[Evidence, ...]:
    """Each matching term with its share of the BM25 score, placed where the chunk first has it.

    A term that matched only the path or a breadcrumb has no place in the text: its range is empty, at the start.
    """
    by_term: dict[str, float] = defaultdict(float)
    for score in scores:
        by_term[score.term] += score.score
    total = sum(by_term.values()) or 1.0
    strongest = sorted(by_term, key=lambda term: (-by_term[term], term))[:SHOWN_TERMS]
    places = dict(_first_places(chunk, set(strongest)))
    return tuple(
        Evidence(term, *places.get(term, (chunk.start_byte, chunk.start_byte)), by_term[term] / total)
        for term in strongest
    )


def run_evidence(chunk: Chunk, words: str) -> tuple[Evidence, ...]:
    """Where a chunk has lower-cased words as they stand; nothing where lower-casing moves its characters."""
    text = chunk.content.lower()
    at = text.find(words) if len(text) == len(chunk.content) else -1
    if at < 0:
        return ()
    written = chunk.content[at : at + len(words)]
    start = chunk.start_byte + len(chunk.content[:at].encode())
    return (Evidence(written, start, start + len(written.encode()), 1.0),)


def _first_places(chunk: Chunk, wanted: set[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    missing = set(wanted)
    for match in _WORD.finditer(chunk.content):
        for term in missing.intersection(terms(match[0])):
            missing.discard(term)
            start = chunk.start_byte + len(chunk.content[: match.start()].encode())
            yield term, (start, start + len(match[0].encode()))
        if not missing:
            return


def passage_of(model: TextEncoder, chunk: Chunk) -> str:
    """The text of a chunk that `model` encodes."""
    return passage_for(model, chunk.uri, chunk.breadcrumb, chunk.content)


def passage_evidence(chunk: Chunk, model: TextEncoder, query_vector: Vectors) -> tuple[Evidence, ...]:
    """Each token of the chunk with its exact part of the cosine, in the order of the text; they sum to it.

    The model's own tokens, the path and the breadcrumb have no place in the text: their range is empty, at the start.
    """
    passage = passage_of(model, chunk)
    offsets = content_offsets(chunk.uri if model.reads_path else "", chunk.breadcrumb, chunk.content)
    return tuple(
        Evidence(
            passage[token.start : token.end],
            *_source_range(chunk, offsets[token.start : token.end]),
            token.share,
        )
        for token in model.token_shares(query_vector, passage)
    )


def alignment_evidence(
    chunk: Chunk, model: TextEncoder, query: str, late: LateView | None
) -> tuple[Evidence, ...]:
    """Each word piece of the query with the one of the chunk that is nearest to it; the shares sum to the MaxSim.

    Of neighbours that share a vector the nearer one is shown, which costs a run of the encoder. What is aligned with
    the breadcrumb has no place in the text: its range is empty, at the start.
    """
    if late is None or not gives_outputs(model):
        return ()
    tokens = model.encode_query_outputs(query).tokens[0]
    trace = late.explain(tokens, chunk.id)
    if trace is None or not trace.alignments:
        return ()
    passage = passage_for(model, chunk.uri, chunk.breadcrumb, chunk.content)
    offsets = content_offsets(chunk.uri if model.reads_path else "", chunk.breadcrumb, chunk.content)
    asked, words = _pieces(model, query_text(query)), model.token_places(passage).spans.tolist()
    nearest = _nearest_tokens(tokens, model.encode_query_outputs(passage).tokens[0], trace.alignments)
    return tuple(
        Evidence(
            passage[start:end],
            *_source_range(chunk, offsets[start:end]),
            one.score / len(trace.alignments),
            asked[one.query_token],
            one.query_token in trace.imputed,
        )
        for one, token in zip(trace.alignments, nearest, strict=True)
        for start, end in (words[token],)
    )


def _nearest_tokens(query: Row, passage: Row, alignments: Sequence[Alignment]) -> list[int]:
    """Of the tokens behind each entry that is aligned, the one nearest to the query's."""
    near = similarities(query, passage)
    firsts = [POOLED * one.token for one in alignments]
    return [
        first + int(near[one.query_token, first : first + POOLED].argmax())
        for first, one in zip(firsts, alignments, strict=True)
    ]


def _pieces(model: OutputsEncoder, words: str) -> list[str]:
    return [words[start:end] for start, end in model.token_places(words).spans.tolist()]


def weighed_term_evidence(
    chunk: Chunk, encoder: OutputsEncoder, asked: TermQuery, scores: Sums
) -> tuple[Evidence, ...]:
    """Each term of the query with its share of the sparse score, placed where the chunk first has it.

    Marked as expanded is what the query does not have itself, or the chunk. A term that the chunk has only in its
    breadcrumb, or not itself, has no place in the text: its range is empty, at the start.
    """
    total = float(scores.sum()) or 1.0
    found = [at for at in np.lexsort((asked.query.terms, -scores)).tolist() if scores[at] > 0][:SHOWN_TERMS]
    passage = passage_of(encoder, chunk)
    offsets = content_offsets(chunk.uri if encoder.reads_path else "", chunk.breadcrumb, chunk.content)
    tokens = encoder.term_places(passage)
    own, missing = set(tokens.ids.tolist()), set(asked.query.terms[found].tolist())
    places: dict[int, tuple[int, int]] = {}
    for term, (start, end) in zip(tokens.ids.tolist(), tokens.spans.tolist(), strict=True):
        if term in missing and len(offsets[start:end]) and offsets[start] >= 0:
            missing.discard(term)
            places[term] = _source_range(chunk, offsets[start:end])
    return tuple(
        Evidence(
            asked.names[term],
            *places.get(term, (chunk.start_byte, chunk.start_byte)),
            share / total,
            expanded=term in asked.expanded or term not in own,
        )
        for term, share in zip(asked.query.terms[found].tolist(), scores[found].tolist(), strict=True)
    )


def _source_range(chunk: Chunk, characters: Sequence[int]) -> tuple[int, int]:
    """Bytes of the file for the characters of the content a token came from."""
    if not characters or characters[0] < 0:
        return chunk.start_byte, chunk.start_byte
    start = chunk.start_byte + len(chunk.content[: characters[0]].encode())
    return start, start + len(chunk.content[characters[0] : characters[-1] + 1].encode())
