"""How a document that somebody misses stands: indexed, left out, deleted, or outdated; asked of index and disk."""

from __future__ import annotations

import os

from codeintel.cancellation import CancelCheck, never
from codeintel.indexing.root_index import RootIndex
from codeintel.snapshot import IndexedFile, Snapshot
from codeintel.workspace.absence import Absence, Presence, absence, remedy_for
from codeintel.workspace.roots import Root
from codeintel.workspace.skipping import SkipRules
from codeintel.workspace.walking import PRIVATE_FOLDERS

FORGOTTEN_SOON = "The index forgets it in a moment, or with `indexctl index`."


def presence(
    index: RootIndex,
    snapshot: Snapshot,
    uri: str,
    rules: SkipRules,
    roots: tuple[Root, ...] = (),
    cancelled: CancelCheck = never,
) -> Presence:
    """Whether the document can be searched, and why not. Looks at the disk, and may run git once. Raises Cancelled."""
    file = snapshot.chunks.file(uri)
    if file is None:
        return Presence(_unindexed(index, snapshot, uri, rules, roots, cancelled))
    if uri in snapshot.live:
        return Presence(_left_out(file))
    try:
        status = os.lstat(index.root.path / uri)
    except OSError:
        return Presence(Absence("deleted", "it was deleted after it was indexed", FORGOTTEN_SOON))
    same = (status.st_size, status.st_mtime_ns) == (file.row.size, file.row.mtime_ns)
    is_link = (index.root.path / uri).is_symlink()  # its row has the size and the time of what it leads to
    return Presence(_left_out(file), outdated=not same and not is_link and not uri.endswith("/"))


def _left_out(file: IndexedFile) -> Absence | None:
    reason = file.row.skip_reason
    if reason is not None:
        return Absence("left out", reason, remedy_for(reason))
    return None if file.chunks else Absence("left out", "there is no text in it")


def _unindexed(
    index: RootIndex,
    snapshot: Snapshot,
    uri: str,
    rules: SkipRules,
    roots: tuple[Root, ...],
    cancelled: CancelCheck,
) -> Absence:
    folders = uri.split("/")[:-1]
    for depth in range(len(folders), 0, -1):
        folder = snapshot.chunks.file(f"{'/'.join(folders[:depth])}/")
        if folder is not None and folder.row.skip_reason:
            reason = f"{folder.row.uri} is left out: {folder.row.skip_reason}"
            return Absence("left out", reason, remedy_for(folder.row.skip_reason))
    found = absence(index.root, rules, uri, roots, cancelled)
    is_gone = found.kind == "unknown" and not os.path.lexists(index.root.path / uri)
    if is_gone and PRIVATE_FOLDERS.isdisjoint(folders) and _was_indexed(index, uri):
        return Absence("deleted", "it was indexed and has been deleted since")
    return found


def _was_indexed(index: RootIndex, uri: str) -> bool:
    """Whether the index remembers a document that it no longer has: it does, of the last few thousand changes."""
    history = index.store.manifest.history
    return uri in history.changed or uri in history.recent or index.state.awaits_publication(uri)
