"""Starts that never came to their end: what tells a server that its predecessors died of opening the same folders.

An editor starts a server that died again, a few times, and knows nothing of why. So each server leaves a note in
the user's state folder before it opens a workspace, and takes it back once that is open and indexed, or given up in
an orderly way. Whoever finds several notes of dead processes does not open it a further time. What is said and done
then is opening.py's.
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
    """This process's note about its start; `ended` takes it back."""

    note: Path | None
    unfinished: int

    @property
    def is_hopeless(self) -> bool:
        """Whether so many starts before this one ended in the death of the process that one more would be no better."""
        return self.unfinished >= MOST_STARTS - 1

    def ended(self) -> None:
        """It came to an orderly end, whether well or in an error: the process lives. May be called again."""
        if self.note is not None:
            with contextlib.suppress(OSError):
                self.note.unlink(missing_ok=True)


def begin(folders: Sequence[Path], now: float | None = None) -> Start:
    """Note that opening `folders` begins, and count the starts within WINDOW_S that it was the death of.

    Never raises: without a place for notes no start is hopeless. Costs one small file; runs off the loop.
    """
    at = time.time() if now is None else now
    place = _place(folders)
    if place is None:
        return Start(None, 0)
    unfinished = sum(1 for _ in _unfinished(place, at))
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = place / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        noted = {"pid": os.getpid(), "process": _THIS_PROCESS, "at": at}
        note.write_text(json.dumps(noted), encoding="utf-8")
    except OSError as error:
        log.info("a start cannot be noted in %s: %s", place, error)
        return Start(None, unfinished)
    return Start(note, unfinished)


def forget(folders: Sequence[Path]) -> None:
    """Forget every earlier start, as the action that makes the index anew does."""
    if place := _place(folders):
        for note in list(place.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError):
                note.unlink()


def _unfinished(place: Path, now: float) -> Iterator[Path]:
    """Notes of processes that died at it lately; older ones are removed, those of the living are left alone."""
    for note in sorted(place.glob(f"*{_SUFFIX}")):
        pid, process, at = _read(note)
        if process == _THIS_PROCESS or (pid not in (0, os.getpid()) and _lives(pid)):
            continue  # this window or another one, still at it
        if 0 <= now - at < WINDOW_S:
            yield note
        else:  # long ago, or in the future of a clock that was set back
            with contextlib.suppress(OSError):
                note.unlink()


def _read(note: Path) -> tuple[int, str, float]:
    """Pid, process and time of a note; an empty one, as a full disk leaves it, tells its time by the file's."""
    try:
        noted = json.loads(note.read_bytes())
        return int(noted["pid"]), str(noted["process"]), float(noted["at"])
    except (OSError, ValueError, KeyError, TypeError):
        with contextlib.suppress(OSError):
            return 0, "", note.stat().st_mtime
        return 0, "", 0.0


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
