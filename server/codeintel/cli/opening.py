"""The service behind a command: opened on its folders, brought up to date where asked, closed in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.cli.console import say
from codeintel.cli.options import Surface
from codeintel.cli.progress import progress_bars, stoppable
from codeintel.errors import Cancelled, IndexCorrupt
from codeintel.settings import OptionWarning, Settings, from_environment, from_file
from codeintel.tiers import Tier

if TYPE_CHECKING:
    from codeintel.indexing.reports import IndexReport
    from codeintel.service import Service


@contextmanager
def opened(
    surface: Surface, *, readonly: bool, folders: Sequence[Path] = (), following: bool = False
) -> Iterator[Service]:
    """The service on `folders`, or on the surface's. Raises WorkspaceError, SchemaTooNew, IndexLocked."""
    # Imported here: the engines take half a second to load, which help and usage errors should not cost.
    from codeintel.service import Service

    settings, dropped = settings_of(folders or surface.folders)
    service = Service.open(folders or surface.folders, settings, readonly=readonly, following=following)
    try:
        if not surface.quiet:
            for warning in (*map(str, dropped), *service.warnings):
                say(warning, "yellow")
        yield service
    finally:
        service.close()


def settings_of(folders: Sequence[Path]) -> tuple[Settings, list[OptionWarning]]:
    """What the first folder's codeintel.toml and the environment choose: running a command there is trust."""
    return Settings.resolve([from_file(folders[0]), from_environment()])


def limit_of(surface: Surface, limit: int | None) -> int:
    """The most hits to show: as asked, else as set."""
    return settings_of(surface.folders)[0].search.limit if limit is None else limit


@contextmanager
def opened_for_search(surface: Surface, *, no_index: bool) -> Iterator[Service]:
    """The service on folders that have an index: where one has none that can be read, it is indexed first.

    Raises IndexCorrupt there instead, with `no_index`.
    """
    with ExitStack() as open_services:
        try:
            service = open_services.enter_context(opened(surface, readonly=True))
            _require_published(service)
            service.load_structure()
        except IndexCorrupt as error:
            if no_index:
                raise
            open_services.close()
            if not surface.quiet:
                say(f"{error.message} Indexing first.", "dim")
            stopped = open_services.enter_context(stoppable())
            service = open_services.enter_context(opened(surface, readonly=False))
            bring_up_to_date(service, surface, stopped)
        yield service


def _require_published(service: Service) -> None:
    """Raise IndexCorrupt for an index that its first run has not filled yet: it would seem to hold nothing."""
    if service.unindexed:
        names = ", ".join(root.name for root in service.unindexed)
        raise IndexCorrupt(f"Nothing is indexed of {names}.", "Run `indexctl index` first.")


def bring_up_to_date(
    service: Service,
    surface: Surface,
    stopped: CancelCheck,
    *,
    until: Tier = Tier.MEANING,
    force: bool = False,
    paths: Sequence[Path] | None = None,
) -> IndexReport:
    """Index with progress bars. Raises Cancelled once `stopped` turns true, and says what is kept."""
    try:
        with progress_bars(surface.quiet) as report:
            return service.index(until=until, report=report, cancelled=stopped, force=force, paths=paths)
    except Exception as error:
        if not stopped():  # Ctrl-C reaches the worker processes too, and what they die of may be seen first
            raise
        raise Cancelled(f"Stopped. {_kept(service)} The next run goes on from there.") from error


def _kept(service: Service) -> str:
    roots = service.status().roots
    files, chunks = sum(root.files for root in roots), sum(root.chunks for root in roots)
    meaning = sum(root.meaning for root in roots)
    return f"What is finished is kept: {files:,} files, {chunks:,} chunks, {meaning:,} of them with meaning."
