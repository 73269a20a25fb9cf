"""Analysis of open documents at typing speed, in a process of its own: it neither waits for a run over the workspace
nor holds the server's interpreter lock, and a parser that crashes takes no more than itself down.

Parsing in a thread of the server would save a millisecond or two, and would let a parser end the server.
"""

from __future__ import annotations

from dataclasses import replace

from codeintel.catalog.ids import content_hash
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis
from codeintel.indexing.live_documents import analyse_live, forget_live
from codeintel.indexing.parser_processes import MEMORY_BYTES, ParserFault, ParserProcesses
from codeintel.indexing.workers import quarantined
from codeintel.workspace.decoding import without_lone_surrogates
from codeintel.workspace.files import SourceFile


class LiveAnalysis:
    """One process, started with the first text; a text that takes over `timeout_s` or `memory_bytes` is given up.

    Any thread may call any method; texts are analysed one after the other.
    """

    def __init__(self, timeout_s: float, memory_bytes: int = MEMORY_BYTES) -> None:
        self._processes = ParserProcesses(1, timeout_s, memory_bytes)
        self._faults: dict[str, tuple[int, ParserFault]] = {}

    def analyse(self, uri: str, text: str, file: SourceFile, rules: AnalysisRules) -> FileAnalysis:
        """What a file with this text would give; of `file` all but the size is taken as it is.

        `uri` tells documents apart: trees are kept by it. A text that takes the process down comes back skipped, as a
        file would, and is not tried again until it differs. Raises Cancelled where it is closed meanwhile, IndexTrouble
        where processes do not run. About 4 ms for 500 lines, half of it the way to the process and back.
        """
        data = without_lone_surrogates(text).encode()
        current = replace(file, size=len(data))
        if reason := rules.skip.reason_by_stat(file.uri, len(data)):  # not worth handing over
            return FileAnalysis(current, None, skip_reason=reason)
        hashed, fault = self._faults.pop(uri, (None, None))
        if fault is not None and hashed == content_hash(data):
            self._faults[uri] = (hashed, fault)
            return FileAnalysis(current, None, skip_reason=fault.reason)
        try:
            return self._processes.result(self._processes.submit(analyse_live, uri, current, data, rules))
        except ParserFault as fault_now:
            self._faults[uri] = (content_hash(data), fault_now)
            return quarantined(current, fault_now)

    def warm_up(self) -> None:
        """Start the process now, so that the first keystroke does not wait for it: 0.4 s."""
        if not self._processes.started:
            self._processes.submit(forget_live, "")

    def forget(self, uri: str) -> None:
        """Let go of what is kept of a document; it is closed."""
        self._faults.pop(uri, None)
        if self._processes.started:
            self._processes.submit(forget_live, uri)

    def close(self) -> None:
        """Stop the process, whatever it is doing; an analysis under way raises Cancelled."""
        self._processes.close()
