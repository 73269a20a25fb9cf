"""Reading an `index.scip` that an indexer wrote, one document at a time; the file may be far larger than memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip import protobuf
from codeintel.analysis.scip.index_rows import document_rows
from codeintel.analysis.scip.protobuf import Frame, ScipIndexError
from codeintel.workspace.decoding import without_lone_surrogates
from codeintel.workspace.naming import printable
from codeintel.workspace.positions import PositionEncoding

log = logging.getLogger(__name__)

MAX_DOCUMENT_BYTES = 64_000_000
"""A larger document is left out (a guess: with an occurrence every five bytes, a source file of 1 MB makes 20 MB)."""
MAX_OCCURRENCES = 500_000
"""A document with more is left out: a guess, three times what a generated file of 1 MB has."""
_MIN_OCCURRENCE_BYTES = 2
_HEAD_BYTES = 4_096
"""Read of each document to learn its path, which writers put first."""

_ENCODINGS: Mapping[int, PositionEncoding] = {1: "utf-8", 2: "utf-16", 3: "utf-32"}
# Indexers that count bytes without saying so; the others of that sort count as JavaScript and the JVM do.
_BYTE_COUNTERS = frozenset({"scip-go", "lsif-go", "scip-clang", "rust-analyzer", "scip-ruby"})


@dataclass(frozen=True, slots=True)
class IndexSurvey:
    """What an index says of itself, and where in the file each of its documents lies.

    `project_root` is the file URI of the folder that paths start at, on the machine that made the index. A document may
    be in several pieces.
    """

    tool: str
    version: str
    project_root: str
    documents: Mapping[str, Sequence[Frame]]


def read_index(path: Path, text_of: Callable[[str], str | None]) -> Iterator[tuple[str, Columns, Columns]]:
    """Each document's path, occurrences and symbols, with origin 'scip'.

    `text_of` gives the text that a path's rows are placed in, or None to pass over it. Passed over as well are
    documents whose path leads out of the index's folder, and those that bring a text of their own which is another one.
    Nothing of a file is given out before it was found whole. Memory is that of the largest document.

    ScipIndexError where the file cannot be read, is empty, cut, damaged, foreign, or holds no document.
    """
    place = printable(path)
    try:
        with path.open("rb") as file:
            survey = _survey(file, place)
            if not survey.documents:
                raise ScipIndexError(
                    f"The index {place} holds no document.",
                    "Its indexer found nothing to read; see what it wrote.",
                )
            for uri, frames in survey.documents.items():
                text = text_of(uri)
                if text is None or (rows := _rows(file, uri, frames, text, survey.tool, place)) is None:
                    continue
                yield uri, *rows
    except OSError as error:
        raise _unreadable(place, error) from error


def survey_index(path: Path) -> IndexSurvey:
    """What the index holds, found by reading the first bytes of each document. ScipIndexError as for `read_index`,
    but an index without documents is none."""
    place = printable(path)
    try:
        with path.open("rb") as file:
            return _survey(file, place)
    except OSError as error:
        raise _unreadable(place, error) from error


def _unreadable(place: str, error: OSError) -> ScipIndexError:
    return ScipIndexError(f"The index {place} cannot be read ({error.strerror}).")


def _survey(file: BinaryIO, place: str) -> IndexSurvey:
    metadata = protobuf.parsed("Metadata", b"", place)
    documents: dict[str, list[Frame]] = {}
    for frame in protobuf.frames_of_file(file, place):
        if frame.field == protobuf.METADATA:
            metadata = protobuf.parsed("Metadata", _content(file, frame, place), place)
        elif frame.field == protobuf.DOCUMENT:
            uri = inner_path(_path_of(file, frame, place))
            if uri is not None:
                documents.setdefault(uri, []).append(frame)
    tool = metadata.tool_info
    return IndexSurvey(_text(tool.name), _text(tool.version), _text(metadata.project_root), documents)


def _path_of(file: BinaryIO, frame: Frame, place: str) -> str:
    """The path of a document, without parsing the rest where it comes first."""
    for length in (_HEAD_BYTES, min(frame.end - frame.start, MAX_DOCUMENT_BYTES)):
        head = _content(file, Frame(frame.field, frame.start, min(frame.start + length, frame.end)), place)
        try:
            for inner in protobuf.frames_of_message(head):
                if inner.field == protobuf.PATH:
                    return _text(head[inner.start : inner.end])
        except ValueError:
            continue
    return ""


def inner_path(path: str) -> str | None:
    """A document's path in its shortest form; None where it leads out of the folder, or nowhere."""
    parts = PurePosixPath(path)
    if not path or "\0" in path or parts.is_absolute() or ".." in parts.parts or not parts.parts:
        return None
    return parts.as_posix()


def _rows(
    file: BinaryIO, uri: str, frames: Sequence[Frame], text: str, tool: str, place: str
) -> tuple[Columns, Columns] | None:
    """The rows of one document, its pieces put together; None where it is too large or of another text."""
    if sum(frame.end - frame.start for frame in frames) > MAX_DOCUMENT_BYTES:
        log.warning(
            "%s: %s takes more than %d bytes and is left out", place, printable(uri), MAX_DOCUMENT_BYTES
        )
        return None
    data = b"".join(_content(file, frame, place) for frame in frames)  # which is how protobuf merges messages
    if _is_crowded(data, place):
        log.warning(
            "%s: %s has more than %d occurrences and is left out", place, printable(uri), MAX_OCCURRENCES
        )
        return None
    document = protobuf.parsed("Document", data, place)
    text = without_lone_surrogates(text)
    if document.text and _text(document.text) != text:
        log.info("%s was made from another text of %s", place, printable(uri))
        return None
    return document_rows(document, text, _encoding(document, tool))


def _is_crowded(data: bytes, place: str) -> bool:
    """Whether a document has too many occurrences to be made messages of; most are too small to have."""
    if len(data) <= MAX_OCCURRENCES * _MIN_OCCURRENCE_BYTES:
        return False
    try:
        frames = (frame for frame in protobuf.frames_of_message(data) if frame.field == protobuf.OCCURRENCE)
        return any(number >= MAX_OCCURRENCES for number, _ in enumerate(frames))
    except ValueError as error:
        raise protobuf.damaged(place, str(error)) from error


def _encoding(document: Any, tool: str) -> PositionEncoding:
    """How the document counts characters; an unknown value is taken for the commonest."""
    return _ENCODINGS.get(document.position_encoding, "utf-8" if tool in _BYTE_COUNTERS else "utf-16")


def _content(file: BinaryIO, frame: Frame, place: str) -> bytes:
    file.seek(frame.start)
    data = file.read(frame.end - frame.start)
    if len(data) < frame.end - frame.start:
        raise protobuf.damaged(place, "less than its length said: it was changed while it was read")
    return data


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
