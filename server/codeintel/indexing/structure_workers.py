"""The processes that turn texts into rows of the structure tier; one that takes its process down costs its own rows."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from codeintel.analysis.columns import Columns
from codeintel.analysis.languages import PLAIN_TEXT, language_named
from codeintel.analysis.scip.merging import merge
from codeintel.analysis.structure import Structure, structure_of
from codeintel.errors import CodeIntelError
from codeintel.indexing.parser_processes import MEMORY_BYTES, ParserFault, ParserProcesses, Task

log = logging.getLogger(__name__)

STRUCTURE_VERSION = 1
"""Raised when the analysis changes what rows of the structure tier hold: they are made anew, and nothing else is."""

PROCESSES = 2
"""One for what was typed or saved, one for the rest of the workspace: neither waits for the other."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compiler found in a text of a document, perhaps an earlier one: rows of occurrences and of symbols."""

    text: str
    occurrences: Columns
    symbols: Columns


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text as a snapshot has it; `lang` names its language, `content_hash` tells texts apart.

    `compiled` is carried over to it, as far as its lines are the same.
    """

    uri: str
    text: str
    lang: str
    content_hash: int
    compiled: Compiled | None = None


class StructureWorkers:
    """A pool that is started with the first text; a text that takes over `timeout_s` or too much memory is given up.

    Any thread may call any method.
    """

    def __init__(self, timeout_s: float, memory_bytes: int = MEMORY_BYTES) -> None:
        self._processes = ParserProcesses(PROCESSES, timeout_s, memory_bytes)
        self._faults: dict[tuple[str, str], tuple[int, str]] = {}
        self._noting = threading.Lock()

    def warm_up(self) -> None:
        """Start the processes now, with all that they need: 0.5 s that the first text does not wait for."""
        if not self._processes.started:
            self._processes.submit(analyse, Text("warm_up.py", "pass\n", "python", 0), "")

    def submit(self, document: Text, project: str) -> Task[Structure] | Structure:
        """Ask for a text's structure, which is known at once where the same text has taken a process down before."""
        with self._noting:
            content_hash, reason = self._faults.get((project, document.uri), (None, ""))
        if content_hash == document.content_hash:
            return _without(document, project, reason)
        return self._processes.submit(analyse, document, project)

    def result(self, document: Text, project: str, task: Task[Structure] | Structure) -> Structure:
        """Wait for what `submit` gave. Raises Cancelled where it is closed meanwhile, IndexTrouble where none run."""
        if isinstance(task, Structure):
            return task
        try:
            return self._processes.result(task)
        except ParserFault as fault:
            log.warning("%s has no structure: it %s", document.uri, fault.reason)
            return self._given_up(document, project, fault.reason)
        except (CodeIntelError, OSError):
            raise
        except Exception:  # a fault of ours on this text: it must not keep all the others waiting
            log.exception("%s has no structure", document.uri)
            return self._given_up(document, project, "is not understood")

    def _given_up(self, document: Text, project: str, reason: str) -> Structure:
        with self._noting:
            self._faults[project, document.uri] = (document.content_hash, reason)
        return _without(document, project, reason)

    def close(self) -> None:
        """Stop the processes, whatever they are doing; who waits for a result gets Cancelled."""
        self._processes.close()


def analyse(document: Text, project: str) -> Structure:
    """In the process: the rows of a text."""
    found = structure_of(document.uri, document.text, language_named(document.lang), project)
    if (compiled := document.compiled) is None:
        return found
    ours, theirs = (found.occurrences, found.symbols), (compiled.occurrences, compiled.symbols)
    occurrences, symbols = merge(ours, theirs, compiled.text, document.text)
    return replace(found, occurrences=occurrences, symbols=symbols)


def _without(document: Text, project: str, reason: str) -> Structure:
    """What stands for the structure of a text whose analysis took its process down, until the text changes."""
    found = structure_of(document.uri, "", PLAIN_TEXT, project)
    return replace(found, module=replace(found.module, status=f"the structure is missing: it {reason}"))
