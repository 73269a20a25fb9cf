"""Progress bars on stderr for long work, and an interrupt that stops it without losing what is finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
)
from rich.progress import Task as Bar
from rich.text import Text

from codeintel.cancellation import CancelCheck
from codeintel.cli.console import stderr_console
from codeintel.cli.figures import duration
from codeintel.indexing import progress as indexing


class _Bars:
    """One bar a stage, in the order in which the stages begin."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def report(self, progress: indexing.Progress) -> None:
        """Show how far a stage has come; called from whichever thread does the work."""
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.stage, total=None)
        self._bars.update(
            self._tasks[progress.stage],
            completed=progress.done,
            total=progress.total,
            remaining_s=progress.remaining_s,
        )


class _Remaining(ProgressColumn):
    """The indexer's own estimate, which knows more than the bar's recent speed."""

    def render(self, task: Bar) -> Text:
        remaining = task.fields.get("remaining_s")
        if task.finished or remaining is None:
            return Text("")
        return Text(f"about {duration(remaining)} left", "dim")


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[indexing.ProgressReport]:
    """Bars on stderr while the block runs; nothing where it is no terminal, or `quiet`."""
    console = stderr_console()
    if quiet or not console.is_terminal:
        yield indexing.silent
        return
    with Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        _Remaining(),
        console=console,
    ) as bars:
        yield _Bars(bars).report


@contextmanager
def stoppable() -> Iterator[CancelCheck]:
    """A check that turns true at the first Ctrl-C; a second one interrupts at once."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield stopped.is_set
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped.is_set
    finally:
        signal.signal(signal.SIGINT, before)
