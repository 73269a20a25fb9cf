"""Watches a folder in one way until its input ends, and says what was seen and spent; `benchmarks.watching` asks it.

Linux only. The ways: ours, and how watchdog and watchfiles can be used. What watchdog tells goes through our own
batches; watchfiles makes its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

from codeintel.workspace.discovery import discover
from codeintel.workspace.roots import open_root
from codeintel.workspace.skipping import SkipRules
from codeintel.workspace.watching import LONGEST_S, QUIET_S, Batch, Watcher, folders_holding
from codeintel.workspace.watching_batches import Hints
from codeintel.workspace.watching_tree import EVENT_KINDS

IGNORED = ("/node_modules/", "/.git/")
Tell = Callable[[Batch], None]


def ours(root: Path, folders: Sequence[Path], tell: Tell) -> None:
    """The product's watcher."""
    Watcher(root, folders, tell).start()


def watchdog_tree(root: Path, _folders: Sequence[Path], tell: Tell) -> None:
    """watchdog as its manual shows it: everything below the root, every kind of event."""
    _observe([root], tell, recursive=True)


def watchdog_filtered(root: Path, _folders: Sequence[Path], tell: Tell) -> None:
    """The same with the kinds of event that matter, and without what lies in ignored folders."""
    _observe([root], tell, recursive=True, ignored=IGNORED, kinds=EVENT_KINDS)


def watchdog_folders(_root: Path, folders: Sequence[Path], tell: Tell) -> None:
    """watchdog with a watch for each folder that holds files: a thread for each."""
    _observe(folders, tell, recursive=False, kinds=EVENT_KINDS)


def watchfiles_tree(root: Path, _folders: Sequence[Path], tell: Tell) -> None:
    """watchfiles as its manual shows it, with its filter for ignored folders."""
    _watchfiles([root], tell, recursive=True)


def watchfiles_folders(_root: Path, folders: Sequence[Path], tell: Tell) -> None:
    """watchfiles with the folders that hold files; no folder can be added later."""
    _watchfiles(folders, tell, recursive=False)


WAYS: dict[str, Callable[[Path, Sequence[Path], Tell], None]] = {
    "codeintel": ours,
    "watchdog, tree": watchdog_tree,
    "watchdog, tree, filtered": watchdog_filtered,
    "watchdog, folders": watchdog_folders,
    "watchfiles, tree": watchfiles_tree,
    "watchfiles, folders": watchfiles_folders,
}


class _Handler(FileSystemEventHandler):
    def __init__(self, hints: Hints, ignored: Sequence[str]) -> None:
        self._hints = hints
        self._ignored = ignored

    def on_any_event(self, event: FileSystemEvent) -> None:
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        self._hints.add([path for path in paths if not any(part in f"{path}/" for part in self._ignored)])


def _observe(
    places: Sequence[Path],
    tell: Tell,
    *,
    recursive: bool,
    ignored: Sequence[str] = (),
    kinds: list[type[FileSystemEvent]] | None = None,
) -> None:
    hints = Hints(tell, lambda: None, QUIET_S, LONGEST_S)
    hints.start()
    handler = _Handler(hints, ignored)
    observer = Observer()
    for place in places:
        observer.schedule(handler, str(place), recursive=recursive, event_filter=kinds)
    observer.start()


def _watchfiles(places: Sequence[Path], tell: Tell, *, recursive: bool) -> None:
    watchfiles = import_module("watchfiles.main")  # not a dependency: installed for this comparison alone
    accepts = watchfiles.DefaultFilter()
    watcher = watchfiles.RustNotify([str(place) for place in places], False, False, 300, recursive, False)

    def pass_on() -> None:
        while True:
            changes = watcher.watch(int(LONGEST_S * 1000), int(QUIET_S * 1000), 5_000, None)
            if not isinstance(changes, str):
                found = [Path(path) for change, path in changes if accepts(watchfiles.Change(change), path)]
                tell(Batch(frozenset(found)))

    threading.Thread(target=pass_on, daemon=True).start()


def main() -> None:
    """The first line of the output says what starting took; then one for each line of the input."""
    way, root = sys.argv[1], Path(sys.argv[2])
    uris = [file.uri for file in discover(open_root(root), SkipRules()).files]
    folders = sorted(folders_holding(root, uris) | {root})
    seen: list[tuple[float, bool, list[str]]] = []
    events = _count_events()
    began, spent = time.monotonic(), time.process_time()

    def tell(batch: Batch) -> None:
        seen.append((time.monotonic(), batch.overflow, [str(path) for path in batch.paths]))

    trouble = ""
    try:
        WAYS[way](root, folders, tell)
    except Exception as error:  # a way that cannot start is a result too
        trouble = f"{type(error).__name__}: {error}"
    _say({"seconds": time.monotonic() - began, "trouble": trouble, **_held()})
    for _ in sys.stdin:
        cpu = time.process_time() - spent
        _say({"cpu_s": cpu, "events": events[0], "seen": seen})
        seen.clear()
        events[0], spent = 0, time.process_time()


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _count_events() -> list[int]:
    """Count what watchdog reads from the kernel."""
    count, handle = [0], InotifyFD.handle_event

    def counting(reader: InotifyFD, event: InotifyEvent) -> None:
        count[0] += 1
        handle(reader, event)

    InotifyFD.handle_event = counting  # type: ignore[method-assign, assignment]
    return count


def _held() -> dict[str, int]:
    """The inotify watches and threads of this process."""
    watches = 0
    for file in Path("/proc/self/fdinfo").iterdir():
        try:
            watches += file.read_text().count("inotify wd:")
        except OSError:
            continue  # of the listing itself
    return {"watches": watches, "threads": len(list(Path("/proc/self/task").iterdir()))}


if __name__ == "__main__":
    main()
