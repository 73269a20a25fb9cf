"""Every piece of evidence, of whatever channel, stands in the file where it says, in bytes and in editors' units."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.catalog.rows import Chunk
from codeintel.lsp.locations import ENCODINGS, Ranges
from codeintel.models.folder import Models
from codeintel.models.outputs import Output
from codeintel.models.passage import query_text
from codeintel.search.answers import Contribution, Evidence
from codeintel.search.channel_outputs import LateMode
from codeintel.service import Service
from codeintel.settings import ChannelSettings
from lookup_model import lookup_models
from workspaces import MEANING, opened, snapshot, write

URIS = ("notes.txt", "src/code.py")
WORDS = [
    "retry", "waitLonger", "queue_size", "HTTPServer2", "größe", "Été", "e\u0301te\u0301", "東京", "İstanbul", "ﬁn",
    "🙂", "👩‍👩‍👧", "𝔘𝔫", "x", "\t", "()", "\x0c", "\u2028", "\u200d", "\ufeff", "def größe(self):", "class Warte:",
]  # fmt: skip
LINES = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=12)
QUERY = st.lists(st.sampled_from(WORDS[:12]), min_size=1, max_size=4).map(" ".join)
BREAKS = st.sampled_from(["\n", "\r\n", "\r"])
FILES_ENCODINGS = st.sampled_from([None, "utf-8", "utf-8-sig", "utf-16"])
"""How the text is saved; None where it is not."""

LINE_BREAK = re.compile(r"\r\n|\n|\r")
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TICKS = count(10**18)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return replace(lookup_models(tmp_path_factory.mktemp("lookup")), wanted=frozenset(Output))


@pytest.fixture(scope="module", params=["narrow", "wide"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, models: Models
) -> Iterator[Service]:
    late: LateMode = request.param
    folder = write(tmp_path_factory.mktemp(late) / "ws", dict.fromkeys(URIS, "retry\n"))
    chosen = replace(MEANING, channels=ChannelSettings(late, splade=True))
    with opened(folder, settings=chosen, models=models) as one:
        one.index()
        yield one


def put(service: Service, uri: str, text: str, encoding: str | None) -> str:
    """Have a text searched, saved or not, as encoded; answers what positions are of: no byte order mark."""
    path = service.roots[0].path / uri
    if encoding is None:
        service.edit(path, text)
        return text.removeprefix("\ufeff")
    service.revert(path)
    path.write_bytes(text.encode(encoding))
    tick = next(TICKS)
    os.utime(path, ns=(tick, tick))
    service.touch([path])
    return text.removeprefix("\ufeff") if encoding == "utf-8" else text


def explained(service: Service, uri: str, query: str) -> Iterator[tuple[Chunk, Contribution]]:
    now = snapshot(service)
    file = now.chunks.file(uri)
    assert file is not None
    for chunk in file.chunks:
        told = service._searcher.explain([now], query, now.root, chunk).hit
        for part in told.contributions if told else ():
            yield chunk, part


def check(service: Service, text: str, chunk: Chunk, part: Contribution, query: str) -> None:
    data, last = text.encode(), chunk.start_byte
    for found in part.evidence:
        assert chunk.start_byte <= found.start_byte <= found.end_byte <= chunk.end_byte
        there = data[found.start_byte : found.end_byte].decode()
        assert holds(part.source, found, there, chunk)
        if found.query:
            assert found.query in query_text(query)
        if there:
            assert_in_editors(service, text, chunk, found, there)
        if there and part.source in ("dense", "static"):  # token by token
            assert found.start_byte >= last
            last = found.end_byte


def holds(source: str, found: Evidence, there: str, chunk: Chunk) -> bool:
    """Whether the text at a place is what the evidence says; there is none for what is not in the content."""
    around = query_text(f"{chunk.uri} {chunk.breadcrumb}").lower()
    if source == "bm25":
        return found.text in terms(there) if found.text in terms(chunk.content) else there == ""
    if source == "splade":
        return plain(found.text) == plain(there) if there else found.text in plain(around)
    return there == found.text if there else found.text.lower() in around


def plain(text: str) -> str:
    """As a vocabulary without accents and capitals has it."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def assert_in_editors(service: Service, text: str, chunk: Chunk, found: Evidence, there: str) -> None:
    lines = LINE_BREAK.split(text)
    for encoding, (codec, width) in UNITS.items():
        ranges = Ranges(service, ENCODINGS[encoding])
        span = ranges.of_bytes(service.roots[0], chunk, found.start_byte, found.end_byte)
        assert span.start.line == span.end.line
        line = lines[span.start.line].encode(codec)
        assert line[width * span.start.character : width * span.end.character].decode(codec) == there


SEEN: set[str] = set()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(URIS), LINES, BREAKS, FILES_ENCODINGS, QUERY)
def check_any_text(
    service: Service, uri: str, lines: Sequence[str], line_break: str, encoding: str | None, query: str
) -> None:
    text = put(service, uri, line_break.join([*lines, "retry it"]), encoding)
    for encode in (False, True):
        while encode and service.encode_some():
            pass
        for chunk, part in explained(service, uri, f"retry {query}"):
            check(service, text, chunk, part, f"retry {query}")
            SEEN.update([part.source] if any(e.start_byte < e.end_byte for e in part.evidence) else [])


def test_evidence_stands_where_it_says_for_every_channel_in_any_text(service: Service) -> None:
    SEEN.clear()
    check_any_text(service)
    assert {"bm25", "static", "dense", "late", "splade"} <= SEEN
