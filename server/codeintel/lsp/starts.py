"""Starts that never came to their end: what tells a server that its predecessors died of opening the same folders.

An editor starts a server that died again, a few times, and knows nothing of why. So each server leaves a note in
the user's state folder before it opens a workspace, and takes it back once that is open and indexed, or given up in
an orderly way. Whoever finds several notes of dead processes does not open it a further time. What is said and done
then is opening.py's.

A death counts only while the index is as that start found it. One that published something was no failure, whoever
killed it: the next goes on from there, and a row of such starts comes to an end. One whose index was removed since
says nothing about the index to be made.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from codeintel.catalog.state_folder import state_folder

log = logging.getLogger(__name__)

MOST_STARTS: Final = 5
"""The start that is refused. Editors give up after five in WINDOW_S (VS Code's client) or never; a guess for them."""

WINDOW_S: Final = 180.0
"""How long a start that did not end well counts: the window in which VS Code's client counts restarts."""

_SUFFIX: Final = ".start"
_THIS_PROCESS: Final = secrets.token_hex(8)  # in a container every server may have the same pid


@dataclass(frozen=True, slots=True)
class Start:
    """This process's note about its start, and those of the deaths before it; `ended` takes them back."""

    note: Path | None
    deaths: tuple[Path, ...] = ()

    @property
    def unfinished(self) -> int:
        """How many starts in a row, right before this one, were the death of their process."""
        return len(self.deaths)

    @property
    def is_hopeless(self) -> bool:
        """Whether so many starts before this one ended in the death of the process that one more would be no better."""
        return self.unfinished >= MOST_STARTS - 1

    def ended(self) -> None:
        """It came to an orderly end, whether well or in an error: the process lives. May be called again.

        What died before it is of no concern any more, unless it was refused for that.
        """
        for note in (self.note, *(() if self.is_hopeless else self.deaths)):
            if note is not None:
                with contextlib.suppress(OSError):
                    note.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Note:
    """What a process wrote down when it began; `published` is None where that cannot be read."""

    pid: int = 0
    process: str = ""
    at: float = 0.0
    published: Sequence[int] | None = None


def begin(folders: Sequence[Path], now: float | None = None) -> Start:
    """Note that opening `folders` begins, and count the starts within WINDOW_S that it was the death of.

    Never raises: without a place for notes no start is hopeless. Costs one small file; runs off the loop.
    """
    at = time.time() if now is None else now
    place = _place(folders)
    if place is None:
        return Start(None)
    published = _published(folders)
    deaths = tuple(_unfinished(place, at, published))
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = place / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        noted = {"pid": os.getpid(), "process": _THIS_PROCESS, "at": at, "published": published}
        note.write_text(json.dumps(noted), encoding="utf-8")
    except OSError as error:
        log.info("a start cannot be noted in %s: %s", place, error)
        return Start(None, deaths)
    return Start(note, deaths)


def forget(folders: Sequence[Path]) -> None:
    """Forget every earlier start, as the action that makes the index anew does."""
    if place := _place(folders):
        for note in list(place.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError):
                note.unlink()


def _unfinished(place: Path, now: float, published: Sequence[int]) -> Iterator[Path]:
    """Notes of processes that died at it lately; others that are dead are removed, those of the living left alone."""
    for path in sorted(place.glob(f"*{_SUFFIX}")):
        note = _read(path)
        if note.process == _THIS_PROCESS or (note.pid not in (0, os.getpid()) and _lives(note.pid)):
            continue  # this window or another one, still at it
        is_recent = 0 <= now - note.at < WINDOW_S  # nor in the future of a clock that was set back
        if is_recent and note.published in (None, published):
            yield path
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _read(path: Path) -> _Note:
    """A note; an empty one, as a full disk leaves it, tells its time by the file's."""
    try:
        noted = json.loads(path.read_bytes())
        published = [int(at) for at in noted["published"]]
        return _Note(int(noted["pid"]), str(noted["process"]), float(noted["at"]), published)
    except (OSError, ValueError, KeyError, TypeError):
        with contextlib.suppress(OSError):
            return _Note(at=path.stat().st_mtime)
        return _Note()


def _published(folders: Sequence[Path]) -> list[int]:
    """When each index was last published, 0 for one that never was, or whose place a setting chooses."""
    # not at the top: they import pyarrow, and a server takes up its protocol before it opens anything
    from codeintel.catalog.folder import FOLDER_NAME
    from codeintel.catalog.manifest import MANIFEST_NAME

    return [_modified(folder / FOLDER_NAME / MANIFEST_NAME) for folder in sorted(folders)]


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _lives(pid: int) -> bool:
    if os.name == "nt":  # there signal 0 is Ctrl-C
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _place(folders: Sequence[Path]) -> Path | None:
    """The folder of the notes about these folders; one each for every set of them that is opened together."""
    state = state_folder()
    if state is None:
        return None
    names = "\0".join(sorted(str(folder) for folder in folders))
    return state / "starts" / blake2b(os.fsencode(names), digest_size=8).hexdigest()
