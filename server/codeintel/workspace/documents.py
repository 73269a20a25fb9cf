"""Open documents: the editor's text of a file, kept right edit by edit; what the text means is found out elsewhere.

A document is immutable, so that whoever holds one has a version and its text that belong together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from codeintel.errors import UsageError
from codeintel.workspace.decoding import without_lone_surrogates
from codeintel.workspace.line_breaks import lines_of
from codeintel.workspace.positions import LineIndex, PositionEncoding

Position = tuple[int, int]
"""Line and character, both 0-based; characters count units of the negotiated encoding."""

Range = tuple[Position, Position]
"""From one position up to another."""


@dataclass(frozen=True, slots=True)
class Change:
    """Text in place of what lies between two positions; in place of everything where `range` is None."""

    range: Range | None
    text: str


class DocumentText:
    """A text as a whole, as lines, or both: each is made when it is first asked for. Nobody sees it change."""

    __slots__ = ("_lines", "_whole", "characters")

    def __init__(self, whole: str) -> None:
        self._whole: str | None = without_lone_surrogates(whole)
        self._lines: list[str] | None = None
        self.characters = len(whole)

    @property
    def text(self) -> str:
        """The text as a whole."""
        if self._whole is None:
            self._whole = "".join(self._lines or ())
        return self._whole

    def edited(
        self, edits: Iterable[tuple[Position, Position, str]], encoding: PositionEncoding
    ) -> DocumentText:
        """The text after edits, one after the other; 0.02 ms for one in 500 lines, once the lines are there."""
        after = DocumentText("")
        after._lines = lines = lines_of(self.text) if self._lines is None else self._lines.copy()
        after._whole, after.characters = None, self.characters
        for start, end, text in edits:
            places = _place(lines, start, encoding), _place(lines, end, encoding)
            after.characters += _splice(lines, *places, without_lone_surrogates(text))
        return after


@dataclass(frozen=True, slots=True, eq=False)
class OpenDocument:
    """One version of an open document. Its text has no lone surrogates, so that UTF-8 can encode it.

    `version` is the editor's number, None where it has none. With `in_step` False an edit could not be applied: `text`
    is what it was before that edit and must not be shown as the editor's; the saved file is nearer to the truth.
    """

    key: str
    version: int | None
    content: DocumentText
    language_id: str = ""
    in_step: bool = True

    @property
    def text(self) -> str:
        """The whole text; put together from its lines on first use, 0.3 ms for 1 MB."""
        return self.content.text

    @property
    def characters(self) -> int:
        """The length of the text, known without putting it together; in UTF-8 it has at least so many bytes."""
        return self.content.characters

    def changed(
        self, changes: Sequence[Change], version: int | None, encoding: PositionEncoding
    ) -> OpenDocument:
        """The document after all of `changes`, each in terms of the text that the one before it left.

        A position past the end of its line is the end of the line, past the last line the end of the text, in the
        middle of a character its start. Raises UsageError for a version that is not newer, and for a range that ends
        before it begins or has negative numbers; changes before a whole text cannot matter and are not looked at. A
        document out of step stays so until `changes` hold a whole text, whatever its version.
        """
        last_whole = max((at for at, change in enumerate(changes) if change.range is None), default=None)
        if self.in_step:
            self._check_version(version)
        elif last_whole is None:
            return replace(self, version=version)
        content, edits = self.content, changes
        if last_whole is not None:
            content, edits = DocumentText(changes[last_whole].text), changes[last_whole + 1 :]
        if edits:
            content = content.edited([(*self._checked(edit.range), edit.text) for edit in edits], encoding)
        return replace(self, version=version, content=content, in_step=True)

    def replaced(self, text: str) -> OpenDocument:
        """The document with the editor's whole text, as sent with a save: in step again, of the same version."""
        return replace(self, content=DocumentText(text), in_step=True)

    def _check_version(self, version: int | None) -> None:
        if version is None or self.version is None or version > self.version:
            return
        message = f"{self.key}: version {version} came after version {self.version}."
        raise UsageError(message, _REMEDY, "textDocument")

    def _checked(self, between: Range | None) -> Range:
        if between is not None and between[0] <= between[1] and min(*between[0], *between[1]) >= 0:
            return between
        message = f"{self.key}: an edit has the range {between}, which ends before it begins."
        raise UsageError(message, _REMEDY, "contentChanges")


_REMEDY = "Its unsaved text is left out until the editor sends it whole."


class OpenDocuments:
    """The documents that an editor has open, by key; any thread may call any method."""

    def __init__(self) -> None:
        self._documents: dict[str, OpenDocument] = {}
        self._lock = threading.Lock()

    def open(self, key: str, version: int | None, text: str, language_id: str = "") -> OpenDocument:
        """Take a document in; one that is open already begins anew."""
        document = OpenDocument(key, version, DocumentText(text), language_id)
        with self._lock:
            self._documents[key] = document
        return document

    def change(
        self, key: str, version: int | None, changes: Sequence[Change], encoding: PositionEncoding
    ) -> OpenDocument:
        """Apply all of `changes` or none, see OpenDocument.changed.

        Raises UsageError for a document that is not open; for a change that cannot be applied too, and the document is
        then out of step.
        """
        with self._lock:
            before = self._opened(key)
            try:
                after = before.changed(changes, version, encoding)
            except UsageError:
                self._documents[key] = replace(before, version=version, in_step=False)
                raise
            self._documents[key] = after
            return after

    def saved(self, key: str, text: str) -> OpenDocument:
        """Take in the whole text that came with a save. Raises UsageError for a document that is not open."""
        with self._lock:
            after = self._documents[key] = self._opened(key).replaced(text)
            return after

    def close(self, key: str) -> None:
        """Let go of a document; nothing happens where it is not open."""
        with self._lock:
            self._documents.pop(key, None)

    def get(self, key: str) -> OpenDocument | None:
        """The document as it is now; None where it is not open."""
        return self._documents.get(key)

    def keys(self) -> tuple[str, ...]:
        """What is open, in the order in which it was opened."""
        with self._lock:
            return tuple(self._documents)

    def _opened(self, key: str) -> OpenDocument:
        document = self._documents.get(key)
        if document is None:
            raise UsageError(
                f"{key} is not open.", "Send textDocument/didOpen before its changes.", "textDocument"
            )
        return document


def _place(lines: Sequence[str], position: Position, encoding: PositionEncoding) -> tuple[int, int]:
    """The line and the number of whole characters before a position, clamped to what is there."""
    line, character = position
    if line >= len(lines):
        return _end(lines)
    before = lines[line].rstrip("\r\n")[:character]  # a character is at least one unit
    if before.isascii():
        return line, len(before)
    byte = LineIndex(before).byte_of(0, character, encoding)
    return line, len(before.encode()[:byte].decode())


def _end(lines: Sequence[str]) -> tuple[int, int]:
    if not lines or lines[-1].endswith(("\n", "\r")):
        return len(lines), 0
    return len(lines) - 1, len(lines[-1])


def _splice(lines: list[str], start: tuple[int, int], end: tuple[int, int], text: str) -> int:
    r"""Put `text` in place of what lies between; answers by how many characters that is longer.

    The line before is looked at again where its \r may meet a \n; the line after cannot change, for `end` lies before
    the break of its line.
    """
    (first, begin), (last, stop) = start, end
    after = min(last + 1, len(lines))
    head = lines[first][:begin] if first < len(lines) else ""
    tail = lines[last][stop:] if last < len(lines) else ""
    if first and lines[first - 1].endswith("\r"):
        first -= 1
        head = lines[first] + head
    whole = "".join((head, text, tail))
    grown = len(whole) - sum(map(len, lines[first:after]))
    lines[first:after] = lines_of(whole)
    return grown
