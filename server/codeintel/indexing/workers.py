"""The workers that analyse files as they are on disk: a crash or a stall costs one file, never the server."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis, analyse_files
from codeintel.indexing.parser_processes import MEMORY_BYTES, ParserFault, ParserProcesses, Task
from codeintel.workspace.files import SourceFile

log = logging.getLogger(__name__)

BATCH_BYTES = 96_000  # about 30 ms of work: amortises 0.2 ms of hand-over, stays cancellable
BATCH_FILES = 32
AHEAD = 4  # batches in flight per worker, so that none waits for the consumer

Batch = tuple[SourceFile, ...]
Running = Task[list[FileAnalysis]]


class AnalysisWorkers:
    """A pool of `count` processes; a file that takes over `timeout_s` or over `memory_bytes` is given up."""

    def __init__(self, count: int, timeout_s: float, memory_bytes: int = MEMORY_BYTES) -> None:
        self._count = count
        self._processes = ParserProcesses(count, timeout_s, memory_bytes)

    def warm_up(self) -> None:
        """Start the processes now, so that the first file does not wait for them."""
        self._processes.submit(analyse_files, (), None)

    def analyse(
        self, files: Iterable[SourceFile], rules: AnalysisRules, cancelled: CancelCheck = never
    ) -> Iterator[FileAnalysis]:
        """Analyse `files`, yielding in their order; a file that crashes or stalls its parser comes back skipped."""
        batches = batched(files)
        running: list[tuple[Batch, Running]] = []
        try:
            while True:
                room = self._count * AHEAD - len(running)
                running += [(batch, self._submit(batch, rules)) for batch in islice(batches, room)]
                if not running:
                    return
                stop_if(cancelled)
                batch, task = running.pop(0)
                yield from self._result(batch, task, rules)
        finally:
            for _, task in running:
                task.future.cancel()

    def close(self) -> None:
        """Stop the processes, whatever they are doing; an analysis under way raises Cancelled."""
        self._processes.close()

    def _submit(self, batch: Batch, rules: AnalysisRules) -> Running:
        return self._processes.submit(analyse_files, batch, rules)

    def _result(self, batch: Batch, task: Running, rules: AnalysisRules) -> list[FileAnalysis]:
        try:
            return self._processes.result(task)
        except ParserFault as fault:
            if len(batch) == 1:
                return [quarantined(batch[0], fault)]
        # one of them is at fault: alone, each shows whether it is the one
        return [
            found for file in batch for found in self._result((file,), self._submit((file,), rules), rules)
        ]


def quarantined(file: SourceFile, fault: ParserFault) -> FileAnalysis:
    """What stands for a file whose analysis took its process down; it is skipped until it changes."""
    log.warning("%s is left out: it %s", file.uri, fault.reason)
    return FileAnalysis(file, None, skip_reason=fault.reason)


def batched(files: Iterable[SourceFile]) -> Iterator[Batch]:
    """Group files so that a batch is neither long nor large; a large file is a batch of its own."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        if batch and (size + file.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield tuple(batch)
