"""Watches on single folders by Linux's inotify, through watchdog's reader of it; what events mean is elsewhere.

watchdog's own observers either watch a whole tree, node_modules and .git with it, or start a thread for each folder;
its reader takes any number of folders with one thread, and says when the kernel dropped events.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterable, Sequence

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from codeintel.workspace.watching_system import FolderEvents

log = logging.getLogger(__name__)

# No open, access or close after reading: our own reading must not come back as an event.
_CAME = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_ATTRIB
_WENT = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
_WRITTEN = InotifyConstants.IN_MODIFY | InotifyConstants.IN_CLOSE_WRITE
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF
_ENDED = _SELF | InotifyConstants.IN_UNMOUNT
# The kernel queues an event for each watch that ends, and the reader waits meanwhile: 16,384 would be an overflow.
_AT_ONCE = 1_000
_MASK = Mask(
    _CAME | _WENT | _WRITTEN | _SELF
    | InotifyConstants.IN_ONLYDIR | InotifyConstants.IN_DONT_FOLLOW | InotifyConstants.IN_EXCL_UNLINK
)  # fmt: skip


class InotifyWatches:
    """One inotify instance for the folders of one root; see FolderWatches."""

    def __init__(self, events: FolderEvents, _root: str) -> None:
        self._events = events
        self._watches: dict[str, _FolderWatch] = {}
        self._reader: InotifyFD | None = None

    def start(self) -> None:
        """OSError where no instance is left."""
        self._reader = InotifyFD()
        self._reader.start()

    def add(self, folder: str) -> None:
        assert self._reader is not None
        watch = _FolderWatch(folder, self._events)
        descriptor = self._reader.add_callback(os.fsencode(folder), _MASK, watch, watch.id)
        if descriptor == -1:  # the one error that the reader keeps to itself
            self._reader.remove_callbacks([(descriptor, watch.id)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        watch.descriptor = descriptor
        before = self._watches.get(folder)
        self._watches[folder] = watch
        if before:  # only now: to the kernel it may be the same watch, which would have ended
            self._end([before])

    def remove(self, folders: Iterable[str]) -> None:
        self._end([watch for folder in folders if (watch := self._watches.pop(folder, None))])

    def stop(self, timeout_s: float) -> None:
        for watch in self._watches.values():
            watch.ended = True
        if self._reader is not None:
            # It ends watch by watch, 15 µs each, which nobody needs to wait for.
            closing = threading.Thread(target=self._reader.stop, name="codeintel-watching-end", daemon=True)
            closing.start()
            closing.join(timeout_s)

    def _end(self, watches: Sequence[_FolderWatch]) -> None:
        assert self._reader is not None
        for watch in watches:
            watch.ended = True
        for start in range(0, len(watches), _AT_ONCE):
            ended = watches[start : start + _AT_ONCE]
            self._reader.remove_callbacks([(watch.descriptor, watch.id) for watch in ended])


class _FolderWatch:
    """Turns the events of one folder into calls of FolderEvents; called by the reader's thread."""

    __slots__ = ("_events", "_folder", "descriptor", "ended")

    def __init__(self, folder: str, events: FolderEvents) -> None:
        self._folder = folder
        self._events = events
        self.descriptor = WatchDescriptor(-1)
        self.ended = False

    @property
    def id(self) -> CallbackId:
        """Each watch its own, since two folders are one to inotify while one is being renamed to the other."""
        return CallbackId(id(self))

    def on_event(self, event: InotifyEvent) -> None:
        """An error in here must not end the reader's thread."""
        if self.ended:
            return
        try:
            if event.name:
                self._pass_on(os.fsdecode(event.name), event.mask)
            elif event.mask & _ENDED:
                self._events.watch_ended(self._folder)
        except Exception:
            log.exception("an event in a watched folder could not be handled")
            self._events.events_lost()

    def _pass_on(self, name: str, mask: int) -> None:
        if not mask & InotifyConstants.IN_ISDIR:
            self._events.file_changed(self._folder, name)
            return
        if mask & (_WENT | InotifyConstants.IN_MOVED_TO):  # what was there before is another folder
            self._events.folder_went(self._folder, name)
        if mask & _CAME:
            self._events.folder_came(self._folder, name)

    def on_watch_deleted(self, _wd: WatchDescriptor) -> None:
        """The kernel ended the watch."""
        if not self.ended:
            self._events.watch_ended(self._folder)

    def on_queue_overflow(self) -> None:
        """Called for every watch; the first one replaces them all."""
        if not self.ended:
            self._events.events_lost()
