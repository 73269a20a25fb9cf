"""What the process behind live_analysis.py keeps of open documents between two keystrokes."""

from __future__ import annotations

from collections import OrderedDict

from codeintel.analysis.reparsing import Reparser
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis, analyse_text
from codeintel.workspace.files import SourceFile

KEPT_DOCUMENTS = 32  # more than anybody types in at a time
KEPT_BYTES = (
    4_000_000  # of source: trees take 15 to 30 times as much, 170 times at worst, and memory is limited
)


class LiveDocument:
    """Analyses the texts of one document as they follow one another; each result is what the text alone gives."""

    def __init__(self) -> None:
        self._reparser = Reparser()
        self._bodies: dict[str, str] = {}

    @property
    def kept_bytes(self) -> int:
        """How much source the tree is of."""
        return self._reparser.kept_bytes

    def analyse(self, file: SourceFile, data: bytes, rules: AnalysisRules) -> FileAnalysis:
        """The analysis of the document's text, in UTF-8."""
        found = analyse_text(file, data, rules, self._reparser.parse, self._bodies)
        self._bodies = {chunk.content: chunk.body for chunk in found.chunks}
        return found


class LiveDocuments:
    """The documents typed in last, as far as they may take memory."""

    def __init__(self, most: int = KEPT_DOCUMENTS, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, LiveDocument] = OrderedDict()

    def analyse(self, key: str, file: SourceFile, data: bytes, rules: AnalysisRules) -> FileAnalysis:
        """The analysis of a document's text; faster where the one before it is kept."""
        document = self._kept.pop(key, None) or LiveDocument()
        found = document.analyse(file, data, rules)
        self._kept[key] = document
        while len(self._kept) > self._most or self._bytes() > self._most_bytes:
            self._kept.popitem(last=False)
        return found

    def forget(self, key: str) -> None:
        """Let go of a document."""
        self._kept.pop(key, None)

    def keys(self) -> tuple[str, ...]:
        """What is kept, the one typed in last at the end."""
        return tuple(self._kept)

    def _bytes(self) -> int:
        return sum(document.kept_bytes for document in self._kept.values())


_documents = LiveDocuments()


def analyse_live(key: str, file: SourceFile, data: bytes, rules: AnalysisRules) -> FileAnalysis:
    """In the process: analyse a document's text."""
    return _documents.analyse(key, file, data, rules)


def forget_live(key: str) -> None:
    """In the process: let go of a document."""
    _documents.forget(key)
