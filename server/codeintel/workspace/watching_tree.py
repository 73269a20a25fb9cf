"""Watches on single folders where the system watches whole trees (macOS, Windows); what events mean is elsewhere.

There a tree costs no more than a folder, so watchdog's observer watches the root and what happens in other folders is
dropped here. It does not say when the system lost events: only comparing with the disk now and then finds those.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterable

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from codeintel.workspace.watching_disk import below, identity, name_of, parent_of
from codeintel.workspace.watching_system import FolderEvents

# No event of opening, or of closing after reading: our own reading must not come back as one.
EVENT_KINDS: list[type[FileSystemEvent]] = [
    DirAttribEvent, DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
    FileAttribEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent,
]  # fmt: skip


class TreeWatches(FileSystemEventHandler):
    """One observer for the root, and one for git's folder where that lies elsewhere; see FolderWatches."""

    def __init__(self, events: FolderEvents, root: str) -> None:
        self._events = events
        self._root = root
        self._folders: set[str] = set()
        self._observers: dict[str, BaseObserver] = {}

    def start(self) -> None:
        """Nothing to do before the first folder."""

    def add(self, folder: str) -> None:
        if identity(folder) is None:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        is_root = folder == self._root
        if is_root or not folder.startswith(below(self._root)):
            observer = Observer()
            observer.schedule(self, folder, recursive=is_root, event_filter=EVENT_KINDS)
            observer.start()
            self._end(folder)
            self._observers[folder] = observer
        self._folders.add(folder)

    def remove(self, folders: Iterable[str]) -> None:
        removed = self._folders.intersection(folders)
        self._folders -= removed
        for folder in removed:
            self._end(folder)

    def _end(self, folder: str) -> None:
        if observer := self._observers.pop(folder, None):
            # On a thread of its own: it waits for the event that waits for the lock that our caller holds.
            threading.Thread(target=observer.stop, daemon=True).start()

    def stop(self, timeout_s: float) -> None:
        self._folders = set()
        for observer in self._observers.values():
            observer.stop()
        for observer in self._observers.values():
            observer.join(timeout_s)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by an observer's thread."""
        source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
        if source == self._root:
            if isinstance(event, DirMovedEvent | DirDeletedEvent):
                self._events.watch_ended(source)
            return
        if isinstance(event, DirMovedEvent | DirDeletedEvent) or (
            isinstance(event, FileDeletedEvent) and source in self._folders  # as Windows says it
        ):
            self._pass_on(self._events.folder_went, source)
        elif isinstance(event, DirCreatedEvent | DirAttribEvent):
            self._pass_on(self._events.folder_came, source)
        else:
            self._pass_on(self._events.file_changed, source)
        if target:
            came = self._events.folder_came if event.is_directory else self._events.file_changed
            self._pass_on(came, target)

    def _pass_on(self, what: Callable[[str, str], None], path: str) -> None:
        folder = parent_of(path)
        if folder in self._folders:
            what(folder, name_of(path))
