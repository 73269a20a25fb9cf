"""Keeps an open workspace current: decides when, and in what order, what is typed, saved and changed is worked on.

What a step does is the service's business; how people learn of it, the surface's. Each kind of work has a thread of
its own, so that a keystroke waits neither for a saved file, nor that for the whole workspace, nor any for the encoder.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.rows import Chunk
from codeintel.errors import Cancelled, CodeIntelError, IndexTrouble, ModelError
from codeintel.indexing.document_queue import Urgency
from codeintel.indexing.memory import collect_young, give_back_memory, keep_for_good
from codeintel.indexing.progress import ENCODING, STRUCTURE, Meter, ProgressReport, silent
from codeintel.indexing.reports import IndexReport
from codeintel.service import Service
from codeintel.tiers import Tier
from codeintel.workspace.roots import Root, contains
from codeintel.workspace.walking import PRIVATE_FOLDERS
from codeintel.workspace.watching import Watcher

log = logging.getLogger(__name__)

T = TypeVar("T")

TYPING_PAUSE_S: Final = 0.3
"""How long after a keystroke the encoder rests: words in the making are not worth a vector, nor the fan. A guess."""

STRUCTURE_PAUSE_S: Final = 0.05
"""How long after a keystroke its structure is begun: 0.1 s of a processor for 500 lines, so not between two keys."""

SEARCH_PAUSE_S: Final = 0.5
SEARCH_SHARE_S: Final = 1.0
"""How long after a search the structure of what nobody looks at rests, but for a batch in each of the second: to take
rows in holds the interpreter, and made a query of 20 ms take 100. Guesses."""

PUBLISH_QUIET_S: Final = 0.2
PUBLISH_LATEST_S: Final = 0.8
"""Saves that come within the first share a generation; none waits longer than the second for the disk."""

FEW_VECTORS: Final = 1_000
FEW_ROWS: Final = 100
CHECKPOINT_S: Final = 30.0
"""More late vectors than the first are written this seldom: it rewrites the bases that they concern."""

VIEWS_QUIET_S: Final = 0.3
"""How long after a generation catalog.duckdb follows it, for people; those in between are left out."""

COMPILERS_QUIET_S: Final = 300.0
"""How long nothing may have changed before indexers run again: they take a minute of a processor. A guess."""

UPKEEP_QUIET_S: Final = 2.0
RETRY_S: Final = 5.0
"""How long after a failed write the next is tried: a full disk that is freed must be noticed within half a minute."""

ATTEND_S: Final = 0.5
"""How often a follower looks for a new generation, and whether the writer is gone."""

MANY_PATHS: Final = 1_000
"""Changed paths at once, beyond which it is quicker to list everything."""

GIT_STATE: Final = frozenset({"HEAD", "exclude"})
DECIDING: Final = GIT_STATE | {".gitignore", ".gitmodules", ".git"}
"""Files after whose change other files may have come or gone: ignore files, and what a checkout writes."""

POLL_S: Final = 0.2
JOIN_S: Final = 5.0

COLLECT_S: Final = 2.0

SELDOM_S: Final = 600.0
"""How often everything is compared where nothing speaks for it: no watcher sees all (docs/decisions/0005)."""

SLEEP_S: Final = 20.0
"""By how much the wall clock outruns the monotonic one after the machine slept, and no watcher saw what happened."""

LIMITED_S: Final = 30.0
"""How often everything is compared while only a part can be watched: a listing of 100,000 files takes 0.8 s."""


@dataclass(slots=True)
class _Whole:
    """A comparison of the whole workspace that somebody waits for."""

    ended: Future[IndexReport]
    report: ProgressReport
    cancelled: CancelCheck
    force: bool


@dataclass(slots=True)
class _Wanted:
    """Chunks that an answer could not do justice to for want of their vectors."""

    chunks: Sequence[tuple[Root, Chunk]]
    ended: Future[int]


class Scheduler:
    """The work on one open service, from `start` to `close`; every other method returns at once.

    `changed` is called, from any thread, whenever answers may differ from before; `troubled` with what a person should
    know, and None when it is over. Where `answers`, people will ask: one question is answered before they do.
    """

    def __init__(
        self,
        service: Service,
        changed: Callable[[], None] = lambda: None,
        troubled: Callable[[CodeIntelError | None], None] = lambda _: None,
        *,
        answers: bool = False,
    ) -> None:
        self.service = service
        self._changed = changed
        self._troubled = troubled
        self._stopping = threading.Event()
        self._wake = threading.Condition()
        self._texts: dict[Path, str | None] = {}
        self._touched: dict[Path, None] = {}
        self._touching: Future[IndexReport] = Future()
        self._whole: deque[_Whole] = deque()
        self._wanted: _Wanted | None = None
        self._busy: set[str] = set()
        self._events = 0
        self._rest_paused = self._comparing = self._encoding = self._structuring = False
        self._compare_again = False  # a comparison failed for want of the disk
        self._typed_at = self._changed_at = self._searched_at = self._structured_at = -1e9
        self._waiting_since: float | None = (
            None  # since when something is searched that the disk does not have
        )
        self._trouble: CodeIntelError | None = None
        self._said: set[type[CodeIntelError]] = set()  # what the person knows of it
        self._watches = False
        self._fruitless = False  # a watcher sees folders that are ignored: a comparison will tell it
        self._watchers: dict[Root, Watcher] = {}
        self._clocks = (time.time(), time.monotonic())
        self._threads = [
            threading.Thread(target=self._run, args=(name, step), name=f"codeintel-{name}", daemon=True)
            for name, step in (
                ("typing", self._type),
                ("files", self._read_touched),
                ("whole", self._compare_whole),
                ("structure", self._structure_recent),
                ("structure-rest", self._structure_rest),
                ("meaning", self._encode),
                ("compilers", self._ask_compilers),
                ("upkeep", self._keep_up),
            )
        ]
        self._published_at = self._upkept_at = self._attended_at = self._failed_at = -1e9
        self._encoder_failed_at = self._collected_at = self._shown_at = -1e9
        self._asked_at = -1.0
        self._has_compared = False
        self._rehearses = answers
        self._compared_at = time.monotonic()

    def start(self) -> None:
        """Begin; what was asked for before is done first."""
        for thread in self._threads:
            thread.start()

    def watch(self) -> None:
        """Watch the files ourselves, from the next comparison on: nobody else tells what changes."""
        self._watches = True

    def close(self) -> bool:
        """Stop everything, after publishing what is finished; whether all of it ended in time."""
        self._stopping.set()
        for watcher in self._watchers.values():
            watcher.stop()
        with self._wake:
            self._wake.notify_all()
        deadline = time.monotonic() + JOIN_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        for job in self._whole:
            _fail(job.ended, Cancelled())
        _fail(self._touching, Cancelled())
        if (wanted := self._wanted) is not None:
            _fail(wanted.ended, Cancelled())
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            self._publish_at_last()
        return ended

    # -- what happens -------------------------------------------------------------------------------------------

    def edited(self, path: Path, text: str) -> None:
        """The open document now reads `text`; of several edits that wait, only the newest is worked on."""
        with self._wake:
            self._texts[path] = text
            self._typed_at = time.monotonic()
            self._happened()

    def closed(self, path: Path) -> None:
        """The document was closed: what was not saved of it is gone."""
        with self._wake:
            self._texts[path] = None
            self._happened()

    def touched(self, paths: Iterable[Path]) -> Future[IndexReport]:
        """These files, or things below these folders, may have changed; ends when they have been compared."""
        with self._wake:
            self._touched.update(dict.fromkeys(paths))
            ended = self._touching
            self._happened()
            return ended

    def whole(
        self, report: ProgressReport = silent, cancelled: CancelCheck = never, *, force: bool = False
    ) -> Future[IndexReport]:
        """Compare every file with the disk, then wait for its meaning; raises Cancelled when `cancelled` turns true."""
        job = _Whole(Future(), report, cancelled, force)
        with self._wake:
            self._whole.append(job)
            self._rest_paused = False
            self._happened()
        return job.ended

    def rescan(self) -> None:
        """Compare every file with the disk, unless that waits to be done already."""
        with self._wake:
            waits = any(not job.force for job in self._whole)
        if not waits:
            self.whole()

    def noticed(self, paths: Iterable[Path], *, overflow: bool = False) -> None:
        """A watcher saw these change: hints, of which some are lost with `overflow`.

        What decides which files there are, a .gitignore or git's own state, leads to a comparison of everything.
        """
        seen = [path for path in paths if PRIVATE_FOLDERS.isdisjoint(path.parts) or path.name in GIT_STATE]
        if overflow or len(seen) > MANY_PATHS or any(path.name in DECIDING for path in seen):
            self.rescan()
        elif seen:
            self.touched(seen)

    def searched(self) -> None:
        """Somebody searches, and may go on to: what takes the interpreter from answers and can wait does so."""
        self._searched_at = time.monotonic()

    def wanted(self, chunks: Sequence[tuple[Root, Chunk]]) -> Future[int]:
        """An answer lacks the vectors of these chunks: they are encoded before all else.

        Ends with how many were; cancelled by whoever asked, or once a newer answer lacks others, it ends early.
        """
        job = _Wanted(chunks, Future())
        with self._wake:
            before, self._wanted = self._wanted, job
            self._happened()
        if before is not None:
            _fail(before.ended, Cancelled())
        return job.ended

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs, everything has its meaning and is published."""
        with self._wake:
            if self._texts or self._touched or self._whole or self._wanted or self._busy:
                return False
        service = self.service
        if any(map(self._is_due, (service.urgency, service.structure_urgency))):
            return False
        return not (service.unpublished or service.unpublished_vectors or service.unpublished_structure)

    def _is_due(self, urgency: Urgency | None) -> bool:
        """Whether something waits that whoever stopped indexing did not stop."""
        return urgency is not None and not (self._rest_paused and urgency is Urgency.REST)

    def _happened(self) -> None:
        """Wake the threads; the lock is held. One that is about to wait sees by the count that it must not."""
        self._events += 1
        self._wake.notify_all()

    def _wake_up(self) -> None:
        """Something waits for a deeper tier."""
        with self._wake:
            self._happened()

    # -- threads ------------------------------------------------------------------------------------------------

    def _run(self, name: str, step: Callable[[], bool]) -> None:
        """Take steps while there is something to do, else wait until something happens."""
        while not self._stopping.is_set():
            with self._wake:
                self._busy.add(name)
                seen = self._events
            try:
                worked = step()
            except Cancelled:
                worked = False
            except IndexTrouble as error:
                self._trouble_with(error)
                worked = False
            except Exception:
                log.exception("%s failed", name)
                worked = False
            with self._wake:
                self._busy.discard(name)
                if not worked and seen == self._events and not self._stopping.is_set():
                    self._wake.wait(POLL_S)

    def _type(self) -> bool:
        with self._wake:
            if not self._texts:
                return False
            path = next(iter(self._texts))
            text = self._texts.pop(path)
        if text is None:
            self.service.revert(path)
        else:
            self.service.edit(path, text)
        self._note_change(saved=False)
        self._wake_up()
        return True

    def _read_touched(self) -> bool:
        with self._wake:
            if not self._touched:
                return False
            paths, ended = list(self._touched), self._touching
            self._touched, self._touching = {}, Future()
        try:
            roots = self.service.roots
            inside = [path for path in paths if any(contains(root, path) for root in roots)]
            report = self.service.touch(inside, self._stopping.is_set)
        except CodeIntelError as error:
            _fail(ended, error)
            raise
        except BaseException as error:
            _fail(ended, error)
            raise
        self._fruitless |= bool(self._watchers) and not (report.files or report.removed)
        self._note_change()
        self._wake_up()
        _succeed(ended, report)
        return True

    def _compare_whole(self) -> bool:
        with self._wake:
            if not self._whole:
                return False
            job = self._whole[0]
        try:
            report = self._compared(job)
        except BaseException as error:
            _fail(job.ended, error)
            if isinstance(error, IndexTrouble):
                self._compare_again = True
            if isinstance(error, IndexTrouble) or not isinstance(error, CodeIntelError):
                raise  # said by the one who runs the steps
            log.info("indexing stopped: %s", error)
        else:
            _succeed(job.ended, report)
        finally:
            with self._wake:
                self._whole.remove(job)
        return True

    def _compared(self, job: _Whole) -> IndexReport:
        def unwanted() -> bool:
            return self._stopping.is_set() or job.cancelled() or job.ended.cancelled()

        started = time.monotonic()
        try:
            stop_if(unwanted)
            self._start_watchers()
            self._comparing = True
            try:
                found = self.service.compare(job.report, unwanted, job.force)
            finally:
                self._comparing = False
            self._trouble_is_over()
            for root, watcher in self._watchers.items():
                watcher.follow(self.service.folders(root))
            self._note_change()
            self._has_compared = True
            keep_for_good()
            self._await_structure(job.report, unwanted)
            if self.service.deepest < Tier.MEANING or not self.service.unencoded:
                return found
            encoded = self._await_meaning(job.report, unwanted)
            self.service.publish(with_vectors=True)
            give_back_memory()
        except Cancelled:
            with self._wake:
                self._rest_paused = True  # whoever stops indexing wants the machine to be quiet
            raise
        return replace(found, encoded=encoded, seconds=time.monotonic() - started, tier=self.service.deepest)

    def _start_watchers(self) -> None:
        """Before files are listed: what changes between the listing and a later start would be missed."""
        for root in self.service.roots if self._watches else ():
            if root in self._watchers:
                continue
            watcher = Watcher(
                root.path,
                self.service.folders(root),
                lambda batch: self.noticed(batch.paths, overflow=batch.overflow),
            )
            watcher.start()
            self._watchers[root] = watcher

    def _await_structure(self, report: ProgressReport, unwanted: CancelCheck) -> None:
        """Watch the structure tier until nothing waits for it, and have it published."""
        service = self.service
        if service.deepest < Tier.STRUCTURE or not (total := service.unstructured):
            return
        meter, done = Meter(STRUCTURE, total, report), 0
        while left := service.unstructured:
            if service.structure_urgency is None and not self._structuring:
                break
            stop_if(unwanted)
            now = max(0, total - left)
            if now > done:
                meter.advance(now - done)
                done = now
            self._stopping.wait(POLL_S)
        service.publish()
        give_back_memory()

    def _await_meaning(self, report: ProgressReport, unwanted: CancelCheck) -> int:
        """Watch the encoder until nothing waits for it; answers how many chunks were given their meaning."""
        total = max(1, self.service.unencoded)
        meter, done = Meter(ENCODING, total, report), 0
        while (left := self.service.unencoded) and (self._encoding or self.service.urgency is not None):
            stop_if(unwanted)
            now = max(0, total - left)
            if now > done:
                meter.advance(now - done)
                done = now
            self._stopping.wait(POLL_S)
        return total

    def _structure_recent(self) -> bool:
        """What is open or has just changed, once the typing pauses."""
        urgency = self.service.structure_urgency
        if urgency is None or urgency is Urgency.REST:
            return False
        while (left := self._typed_at + STRUCTURE_PAUSE_S - time.monotonic()) > 0:
            if self._stopping.wait(left):
                return False
        found = self.service.structure_some(at_least=Urgency.RECENT, cancelled=self._stopping.is_set)
        if found:
            self._note_change(saved=self.service.unpublished_structure > 0)
        return found > 0

    def _structure_rest(self) -> bool:
        """Everything else, in quiet moments."""
        now = time.monotonic()
        if self._comparing or self._rest_paused or now - self._typed_at < TYPING_PAUSE_S:
            return False
        if now - self._searched_at < SEARCH_PAUSE_S and now - self._structured_at < SEARCH_SHARE_S:
            return False
        if self.service.structure_urgency is not Urgency.REST:
            self.service.load_structure()
            return False
        self._structuring = True
        try:
            found = self.service.structure_some(cancelled=self._stopping.is_set)
        finally:
            self._structuring = False
            self._structured_at = time.monotonic()
        self._changed()
        return found > 0

    def _ask_compilers(self) -> bool:
        """Where indexers run by themselves: once everything has its structure, then when changes have come to rest."""
        quiet = time.monotonic() - self._changed_at
        rested = self._asked_at < 0 or quiet > COMPILERS_QUIET_S
        if not self.service.asks_compilers or self._comparing or not self._has_compared or not rested:
            return False
        if self._asked_at > self._changed_at or self.service.structure_urgency is not None:
            return False
        self._asked_at = time.monotonic()
        self.service.refresh_scip(cancelled=self._stopping.is_set)
        self._changed()
        return False

    def _encode(self) -> bool:
        with self._wake:
            wanted, self._wanted = self._wanted, None
        if wanted is None and not self._may_encode():
            return False
        if time.monotonic() - self._encoder_failed_at < RETRY_S:
            if wanted is not None:
                _fail(wanted.ended, Cancelled())
            return False
        self._encoding = True
        try:
            if wanted is not None:
                self._encode_wanted(wanted)
            else:
                self.service.encode_some(self._stopping.is_set)
        except ModelError as error:
            self._encoder_failed_at = time.monotonic()
            self._trouble_with(error)
            return False
        finally:
            self._encoding = False
        self._changed()
        return True

    def _may_encode(self) -> bool:
        """Whether something waits for its meaning, and neither typing nor the text tier need the processors."""
        urgency = self.service.urgency
        typing = time.monotonic() - self._typed_at < TYPING_PAUSE_S
        if urgency is None or typing:
            return False
        return urgency is not Urgency.REST or not (self._rest_paused or self._texts or self._comparing)

    def _encode_wanted(self, job: _Wanted) -> None:
        def unwanted() -> bool:
            return self._stopping.is_set() or job.ended.done() or self._wanted is not None

        try:
            encoded = self.service.encode_first(job.chunks, unwanted)
        except BaseException as error:
            _fail(job.ended, error)
            raise
        _succeed(job.ended, encoded)

    def _keep_up(self) -> bool:
        if self._rehearses:
            self._rehearses = False
            if self._searched_at < 0:  # else somebody was quicker
                self.service.rehearse()
        now = time.monotonic()
        if now - self._attended_at > ATTEND_S and self.service.following:
            self._attended_at = now
            self._took_over(self.service.attend())
        self._rescan_where_events_are_lost(now)
        if now - self._collected_at > COLLECT_S:
            self._collected_at = now
            collect_young()
        if now - self._failed_at < RETRY_S and self._trouble is not None:
            return False
        if self._compare_again:  # what it had read by then may be all that is searched
            self._compare_again = False
            self.rescan()
        quiet = now - self._changed_at
        if self._must_publish(now, quiet):
            self._publish()
            return True
        if self._shown_at < self._published_at and now - self._published_at > VIEWS_QUIET_S:
            self._shown_at = now
            self.service.publish_views()
        drained = not any(map(self._is_due, (self.service.urgency, self.service.structure_urgency)))
        if self._upkept_at < self._changed_at and quiet > UPKEEP_QUIET_S and drained and not self._whole:
            self._upkept_at = now
            self.service.upkeep(self._stopping.is_set)
        return False

    def _rescan_where_events_are_lost(self, now: float) -> None:
        """After a sleep, while the system lets us watch only a part, and once in a while whatever happens."""
        slept = (time.time() - self._clocks[0]) - (now - self._clocks[1]) > SLEEP_S
        self._clocks = (time.time(), now)
        soon = self._fruitless or any(watcher.limited for watcher in self._watchers.values())
        if slept or now - self._compared_at > (LIMITED_S if soon else SELDOM_S):
            self._compared_at = now
            self._fruitless = False
            self.rescan()

    def _must_publish(self, now: float, quiet: float) -> bool:
        since = self._waiting_since
        if self._rows_are_due(now) and now - self._published_at > PUBLISH_LATEST_S:
            return not self._comparing
        rested = quiet > PUBLISH_QUIET_S and not self._recent_structure_comes
        if self.service.unpublished and (rested or (since is not None and now - since > PUBLISH_LATEST_S)):
            return not self._comparing  # a comparison publishes by itself
        return self._vectors_are_due(now) and now - self._published_at > PUBLISH_LATEST_S

    @property
    def _recent_structure_comes(self) -> bool:
        """Whether what was saved just now gets its structure in a moment, to be written along with its text."""
        urgency = self.service.structure_urgency
        return "structure" in self._busy or (urgency is not None and urgency < Urgency.REST)

    def _rows_are_due(self, now: float) -> bool:
        """Whether structure is to be written that came after its text: soon for a few documents, else seldom."""
        if self.service.unpublished or not (rows := self.service.unpublished_structure):
            return False
        soon = rows < FEW_ROWS and self.service.structure_urgency is None
        return soon or now - self._published_at > CHECKPOINT_S

    def _vectors_are_due(self, now: float) -> bool:
        vectors = self.service.unpublished_vectors
        soon = vectors < FEW_VECTORS and self.service.urgency is not Urgency.REST
        return vectors > 0 and (soon or now - self._published_at > CHECKPOINT_S)

    def _publish(self) -> None:
        self._waiting_since = None
        self.service.publish(with_vectors=self._vectors_are_due(time.monotonic()))
        self._published_at = time.monotonic()
        self._trouble_is_over()
        self._changed()

    def _publish_at_last(self) -> None:
        try:
            self.service.publish(with_vectors=True)
            self.service.publish_views()
        except Exception as error:  # closing goes on whatever happens
            log.warning("the last changes are not written and are read again at the next start: %s", error)

    def _took_over(self, roots: Sequence[Root]) -> None:
        if roots:
            names = ", ".join(root.name for root in roots)
            log.info("%s: the process that kept the index is gone, this one goes on", names)
            self._troubled(None)
            self.rescan()
        self._changed()

    def _note_change(self, *, saved: bool = True) -> None:
        if saved:
            now = time.monotonic()
            with self._wake:
                self._changed_at = now
                self._waiting_since = self._waiting_since or now
        self._changed()

    def _trouble_with(self, error: CodeIntelError) -> None:
        """Say so, once for each kind until it is over: of one full disk, every try complains in other words."""
        self._failed_at = time.monotonic()
        self._trouble = error
        if type(error) not in self._said:
            self._said.add(type(error))
            log.warning("%s", error)
            self._troubled(error)

    def _trouble_is_over(self) -> None:
        """The disk takes what it is given again."""
        if self._trouble is not None:
            self._trouble = None
            self._said.clear()
            self._troubled(None)


def _succeed(future: Future[T], value: T) -> None:
    with suppress(InvalidStateError):  # nobody waits any more
        future.set_result(value)


def _fail(future: Future[T], error: BaseException) -> None:
    with suppress(InvalidStateError):
        future.set_exception(error)
