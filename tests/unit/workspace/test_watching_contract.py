"""Whatever is done to a root's files and folders: what differs afterwards was reported."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeintel.workspace.watching import Watcher

from .watched import LINUX_ONLY, Record, wait_until

NAMES = ["a", "b", "c"]
PLACES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "folder", "delete", "move"]), PLACES, PLACES), max_size=12
)
State = dict[str, int | None]


def do(root: Path, step: str, place: str, other: str) -> None:
    """One change, as far as it is possible; files have a suffix, so that they are none of the folders."""
    path, target = root / place, root / other
    with suppress(OSError):  # what is not there cannot be deleted or moved; the next step can
        if step == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".py").write_text(str(time.monotonic_ns()))
        elif step == "folder":
            path.mkdir(parents=True)
        elif step == "delete":
            shutil.rmtree(path)
        elif not target.exists():
            path.rename(target)


def state(root: Path) -> State:
    """Every path with a number that differs where the content does; None for a folder."""
    return {
        path.relative_to(root).as_posix(): int(path.read_text()) if path.is_file() else None
        for path in root.rglob("*")
    }


def unreported(root: Path, before: State, after: State, record: Record) -> list[str]:
    """What is new or different and was not reported; of what is gone, also where no folder above was."""
    reported = {path.relative_to(root).as_posix() for path in record.paths}
    changed = [uri for uri in after if before.get(uri, -1) != after[uri] and uri not in reported]
    gone = [uri for uri in before.keys() - after.keys() if reported.isdisjoint(above(uri))]
    return changed + gone


def above(uri: str) -> list[str]:
    """The path and the folders that hold it."""
    parts = uri.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


@LINUX_ONLY
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=STEPS, second=STEPS, third=STEPS)
def test_every_difference_is_reported(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]], third: list[tuple[str, str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for step in first:
            do(root, *step)
        record = Record()
        watcher = Watcher(root, [path for path in root.rglob("*") if path.is_dir()], record, quiet_s=0.01)
        watcher.start()
        try:
            for steps in (second, third):
                before = state(root)
                record.forget()
                for step in steps:
                    do(root, *step)
                after = state(root)
                wait_until(lambda: not unreported(root, before, after, record))  # noqa: B023
        finally:
            watcher.stop()
