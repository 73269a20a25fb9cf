"""The seam between which folders are watched and how one system watches them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class FolderEvents(Protocol):
    """What happens in watched folders; comes from a thread of the system's library."""

    def file_changed(self, folder: str, name: str) -> None:
        """A file of the folder was created, written, deleted, or moved here or away."""

    def folder_came(self, folder: str, name: str) -> None:
        """A subfolder was created or moved here, or can be entered now."""

    def folder_went(self, folder: str, name: str) -> None:
        """A subfolder was deleted or moved away."""

    def watch_ended(self, folder: str) -> None:
        """The folder itself was deleted, moved or unmounted."""

    def events_lost(self) -> None:
        """The system dropped events."""


class FolderWatches(Protocol):
    """A system's watches on single folders. Its methods never call FolderEvents on the caller's thread."""

    def start(self) -> None:
        """Get ready; OSError where the system refuses."""

    def add(self, folder: str) -> None:
        """Watch the folder's own entries; OSError where it is no folder or the system refuses.

        Where it is watched, what is at its path now takes the place of what was watched before.
        """

    def remove(self, folders: Iterable[str]) -> None:
        """End these watches, as far as they exist; what is queued for them is dropped."""

    def stop(self, timeout_s: float) -> None:
        """End all of them within the time."""
