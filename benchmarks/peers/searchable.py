"""Times codeintel's text tier on one corpus: when every chunk was searchable, and when the index was durable."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from benchmarks.workspaces import settings_with
from codeintel import __version__
from codeintel.indexing.progress import Progress
from codeintel.service import Service, Tier

POLL_S = 0.01  # the resolution of "searchable"; a look at the status costs about 1 ms


class SearchableWatch:
    """Notes when each number of chunks became searchable, by looking at the service's status.

    It looks only after the last file was read, so that looking does not slow the reading.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seen: list[tuple[float, int]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def report(self, progress: Progress) -> None:
        """Start looking when everything is read; given to the service as its progress report."""
        if progress.done == progress.total and not self._thread.is_alive() and not self._seen:
            self._seen.append((time.monotonic(), -1))
            self._thread.start()

    def searchable(self, ended: float) -> float:
        """When the service, which returned at `ended`, first had all the chunks that it has now."""
        self._ended.set()
        self._thread.join()
        chunks = self._chunks()
        return min((at for at, seen in self._seen if seen == chunks), default=ended)

    def _look(self) -> None:
        while not self._ended.wait(POLL_S):
            chunks = self._chunks()
            self._seen.append((time.monotonic(), chunks))

    def _chunks(self) -> int:
        return sum(root.chunks for root in self._service.status().roots)


def measured(corpus: Path, warm_up: Path | None, folder: Path) -> dict[str, object]:
    """The times of one run; a warm one begins with a workspace that has little, to which the corpus is added."""
    warmed = _warmed(corpus, warm_up, folder) if warm_up else None
    started = time.monotonic()
    service = warmed or Service.open([corpus], settings_with(folder / "index", Tier.TEXT))
    with service:
        watch = SearchableWatch(service)
        service.index(until=Tier.TEXT, report=watch.report)
        durable = time.monotonic()
        searchable = watch.searchable(durable)
        (root,) = service.status().roots
    return {
        "version": __version__,
        "started": started,
        "searchable": searchable,
        "durable": durable,
        "files": root.files,
        "chunks": root.chunks,
    }


def _warmed(corpus: Path, warm_up: Path, folder: Path) -> Service:
    """A service that has indexed `warm_up`, with the corpus newly in its workspace."""
    workspace = folder / "workspace"
    shutil.copytree(warm_up, workspace)
    service = Service.open([workspace], settings_with(folder / "index", Tier.TEXT))
    service.index(until=Tier.TEXT)
    shutil.copytree(corpus, workspace, dirs_exist_ok=True)
    return service
