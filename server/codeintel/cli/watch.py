"""`indexctl watch`: keep the index current while files change, until Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click
from rich.status import Status

from codeintel.cancellation import CancelCheck
from codeintel.cli.console import say, stderr_console
from codeintel.cli.figures import counted
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options
from codeintel.cli.progress import progress_bars, stoppable
from codeintel.errors import CodeIntelError

if TYPE_CHECKING:
    from codeintel.scheduler import Scheduler
    from codeintel.service import Service

LOOK_S: Final = 0.2


@click.command()
@common_options
def watch(surface: Surface) -> None:
    """Keep the index current while files change, until Ctrl-C.

    For editors without the language server, and for scripts that search with `indexctl search`. Where another process
    keeps the index already, this one follows it and takes over when that ends.

    \b
    indexctl watch
    indexctl watch -w ~/projects/app
    """
    with stoppable() as stopped, opened(surface, readonly=False, following=True) as service:
        from codeintel.scheduler import Scheduler  # imported late, as the service is

        scheduler = Scheduler(service, troubled=_tell)
        scheduler.watch()
        scheduler.start()
        try:
            with progress_bars(surface.quiet) as report:
                first = scheduler.whole(report, stopped)
                while not (first.done() or stopped()):
                    time.sleep(LOOK_S)
            _look_on(service, scheduler, surface, stopped)
        finally:
            scheduler.close()


def _look_on(service: Service, scheduler: Scheduler, surface: Surface, stopped: CancelCheck) -> None:
    """Show the state until Ctrl-C: one line on a terminal, a line a change in a log."""
    console = stderr_console()
    with Status("", console=console) as line:
        if surface.quiet or not console.is_terminal:
            line.stop()
        last = ""
        while not stopped():
            state = _state(service, scheduler)
            line.update(state)
            if state != last and scheduler.idle and not (surface.quiet or console.is_terminal):
                say(state)
            last = state
            time.sleep(LOOK_S)


def _state(service: Service, scheduler: Scheduler) -> str:
    covered = service.coverage()
    chunks = counted(covered.chunks, "chunk")
    if service.following:
        return f"following another process: {chunks}"
    if scheduler.idle:
        return f"up to date: {chunks}, watching for changes (Ctrl-C ends it)"
    meaning = "" if covered.share == 1 else f", {covered.share:.0%} with meaning"
    return f"working: {chunks}{meaning}"


def _tell(error: CodeIntelError | None) -> None:
    say(str(error) if error else "The index is written again.", "yellow")
