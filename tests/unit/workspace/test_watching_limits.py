"""Where the system gives too few watches, or loses events, the watcher says so and loses nothing else."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import threading
from pathlib import Path

import pytest

from .watched import DEADLINE_S, Workplace, inotify_place, wait_until

__all__ = ["inotify_place"]


def test_too_few_watches_are_spent_from_the_root_down_and_said(
    inotify_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = limit_watches(monkeypatch, 3)
    outer, inner = inotify_place.write("src/file.py", "src/a/file.py")
    inotify_place.write("src/a/b/file.py", "src/c/file.py")
    watcher = inotify_place.start("src/a/b", "src/c")
    assert watcher.limited == (
        "Changes of 2 of 5 folders are not noticed at once, "
        "because the limit of inotify watches is reached (fs.inotify.max_user_watches)."
    )
    outer.write_text("again")
    inner.write_text("again")
    inotify_place.record.wait_for(outer)
    room[0] = 100
    watcher.follow([inotify_place.root / "src/a/b", inotify_place.root / "src/c"])
    assert watcher.limited == ""
    inotify_place.record.wait_for(inner)


def test_a_new_folder_beyond_the_limit_is_said(
    inotify_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = limit_watches(monkeypatch, 1)
    watcher = inotify_place.start()
    assert watcher.limited == ""
    inotify_place.write("new/file.py", "other/file.py")
    inotify_place.record.wait_for(inotify_place.root / "new", inotify_place.root / "other")
    assert watcher.limited.startswith("Changes of 2 of 3 folders are not noticed at once")
    shutil.rmtree(inotify_place.root / "other")
    inotify_place.settle()
    assert watcher.limited.startswith("Changes of 1 of 2 folders are not noticed at once")
    room[0] = 1
    watcher.follow([])
    assert watcher.limited == ""
    inotify_place.record.wait_for(*inotify_place.write("new/file.py"))


def test_without_an_inotify_instance_the_watcher_says_so_and_tries_again(
    inotify_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    with monkeypatch.context() as patched:
        patched.setattr(inotify_c, "inotify_init", lambda: failing(errno.EMFILE))
        watcher = inotify_place.start()
    assert watcher.limited == (
        "Changes of files are not noticed at once, "
        "because the limit of inotify instances is reached (fs.inotify.max_user_instances)."
    )
    watcher.follow([])
    assert watcher.limited == ""
    inotify_place.settle()


def test_a_folder_that_may_not_be_read_is_passed_over(
    inotify_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    add = inotify_c.inotify_add_watch

    def refuse(descriptor: int, path: bytes, mask: int) -> int:
        return failing(errno.EACCES) if path.endswith(b"secret") else add(descriptor, path, mask)

    seen, inner = inotify_place.write("src/file.py", "secret/inner/file.py")
    with monkeypatch.context() as patched:
        patched.setattr(inotify_c, "inotify_add_watch", refuse)
        watcher = inotify_place.start("src", "secret/inner")
    assert watcher.limited == ""
    seen.write_text("again")
    inotify_place.record.wait_for(seen)
    watcher.follow([seen.parent, inner.parent])  # now it may be
    inotify_place.record.wait_for(inner)


def test_events_that_the_kernel_dropped_are_reported_as_overflow(
    inotify_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

    kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if kept > 100_000:
        pytest.skip("it takes too many events to fill this system's queue")
    open_gate = threading.Event()
    read = InotifyFD.read_events

    def read_later(reader: InotifyFD) -> list[InotifyEvent]:
        assert open_gate.wait(DEADLINE_S)
        return read(reader)

    monkeypatch.setattr(InotifyFD, "read_events", read_later)
    files = inotify_place.write("src/a.py", "src/b.py")
    inotify_place.start("src")
    for number in range(kept + 1_000):  # two files in turn, or the kernel would make one event of them
        os.utime(files[number % 2])
    (late,) = inotify_place.write("new/late.py")
    open_gate.set()
    inotify_place.record.wait_for_overflow()
    assert inotify_place.watcher
    inotify_place.watcher.follow([late.parent, files[0].parent])
    inotify_place.record.wait_for(late)
    inotify_place.record.forget()
    inotify_place.record.wait_for(*inotify_place.write("src/a.py", "new/late.py"))
    before = kernel_watches()
    (inotify_place.root / "src").rename(inotify_place.root.parent / "away")
    wait_until(lambda: kernel_watches() == before - 1)


def test_a_root_that_is_gone_holds_no_watches(inotify_place: Workplace) -> None:
    before = kernel_watches()
    inotify_place.write("src/file.py")
    inotify_place.start("src")
    assert kernel_watches() == before + 2
    inotify_place.root.rename(inotify_place.root.parent / "away")
    wait_until(lambda: kernel_watches() == before)


def test_a_stopped_watcher_holds_no_watches(inotify_place: Workplace) -> None:
    before = kernel_watches()
    inotify_place.start().stop()
    wait_until(lambda: kernel_watches() == before)


def kernel_watches() -> int:
    """How many inotify watches this process holds."""
    described = [file.read_text() for file in Path("/proc/self/fdinfo").iterdir() if file.exists()]
    return sum(text.count("inotify wd:") for text in described)


def failing(code: int) -> int:
    """What a system call gives that fails."""
    ctypes.set_errno(code)
    return -1


def limit_watches(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """Let the system refuse every further watch; the list's one item says how many it still allows."""
    from watchdog.observers import inotify_c

    add, room = inotify_c.inotify_add_watch, [count]

    def within_limit(descriptor: int, path: bytes, mask: int) -> int:
        if room[0] <= 0:
            return failing(errno.ENOSPC)
        room[0] -= 1
        return add(descriptor, path, mask)

    monkeypatch.setattr(inotify_c, "inotify_add_watch", within_limit)
    return room
