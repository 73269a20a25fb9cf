"""Queries and their answers: one, or many from a file, where a bad one costs its own answer only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from codeintel.cli.documents import Document, answer_document, error_document
from codeintel.errors import NotReady, UsageError

if TYPE_CHECKING:
    from codeintel.search.answers import Answer
    from codeintel.service import Service


def read_queries(lines: Iterable[str]) -> Iterator[str | UsageError]:
    """The query of each line that is not blank; a JSON object without one is an error in its place.

    A line that begins with a brace but is not JSON is a query: people search for code.
    """
    for line in lines:
        text = line.strip()
        if text:
            yield _query_of(text)


def _query_of(text: str) -> str | UsageError:
    if not text.startswith("{"):
        return text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    query = document.get("query")
    if not isinstance(query, str):
        return UsageError(f"The object {text[:80]} has no text in `query`.", 'Write {"query": "…"}.', "query")
    return query


def answer_to(service: Service, query: str, limit: int, *, evidence: bool) -> Answer:
    """The answer to one query; none of an index without a chunk, since nothing is being indexed here."""
    from codeintel.search.answers import Answer, Coverage  # loaded with the service
    from codeintel.service import SearchRequest

    try:
        return service.search(SearchRequest(query, limit, explain=evidence))
    except NotReady:
        return Answer(query, "", (), Coverage(0, 0), 0, 0.0)


def answers_to(
    service: Service, queries: Iterable[str | UsageError], limit: int, *, evidence: bool
) -> Iterator[Document]:
    """One document a query, in order: its answer, or `error` with message, field and column."""
    rooted = len(service.roots) > 1
    for query in queries:
        if isinstance(query, UsageError):
            yield error_document("", query)
            continue
        try:
            answer = answer_to(service, query, limit, evidence=evidence)
        except UsageError as error:
            yield error_document(query, error)
        else:
            yield answer_document(answer, rooted=rooted)
