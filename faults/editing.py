"""What an editor does with a workspace: save, type, tell of changed files, and look whether it is found."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.store import Store
from codeintel.errors import IndexTrouble
from faults.client import PATIENCE_S, Client, Refused, Silent, until

POLL_S: Final = 0.02
CHANGED: Final = 2
"""FileChangeType.Changed; contents decide what it really was."""


def reindexed(client: Client, timeout_s: float = PATIENCE_S) -> Any:
    """Bring the whole workspace up to date and wait for it; what the command answers."""
    return client.ask("workspace/executeCommand", {"command": "codeintel.server.reindex"}, timeout_s)


def save(client: Client, path: Path) -> None:
    """Tell that an editor saved the file; it was written before."""
    client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})


def told(client: Client, paths: Iterable[Path]) -> None:
    """Tell that files changed behind the editor's back."""
    changes = [{"uri": path.as_uri(), "type": CHANGED} for path in paths]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})


def opened(client: Client, path: Path, text: str, version: int = 1) -> None:
    """Tell that the editor opened a document."""
    document = {"uri": path.as_uri(), "languageId": "python", "version": version, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})


def closed(client: Client, path: Path) -> None:
    """Tell that the editor closed a document."""
    client.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})


def typed(client: Client, path: Path, version: int, line: int, start: int, end: int, text: str) -> None:
    """Tell of an edit within one line."""
    edit_range = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    params = {
        "textDocument": {"uri": path.as_uri(), "version": version},
        "contentChanges": [{"range": edit_range, "text": text}],
    }
    client.notify("textDocument/didChange", params)


def found(client: Client, phrase: str) -> list[str]:
    """The paths of the hits that have an exact phrase; none while nothing is indexed."""
    with contextlib.suppress(Refused):
        answer = client.ask("codeintel/search", {"query": f'"{phrase}"', "limit": 5, "explain": False})
        return [hit["path"] for hit in answer["hits"]]
    return []


def until_found(client: Client, phrase: str, timeout_s: float = PATIENCE_S) -> float:
    """Wait until a phrase is found; how long it took. Raises Silent."""
    try:
        return until(lambda: bool(found(client, phrase)), timeout_s, POLL_S)
    except Silent:
        raise Silent(f"{phrase!r} was not found within {timeout_s:g} s") from None


def until_durable(
    workspace: Path, word: str, timeout_s: float = PATIENCE_S, *, with_vectors: bool = False
) -> float:
    """Wait until the index on disk has a word, and the vectors of what has it; how long it took. Raises Silent."""
    started = time.monotonic()
    folder = workspace / FOLDER_NAME
    try:
        until(lambda: is_durable(folder, word, with_vectors=with_vectors), timeout_s, 0.05)
    except Silent:
        raise Silent(f"{word!r} was not on disk within {timeout_s:g} s") from None
    return time.monotonic() - started


def is_durable(index: Path, word: str, *, with_vectors: bool = False) -> bool:
    """Whether the generation in an index folder has a word in the text of a chunk."""
    try:
        with Store.follow(index) as store:
            rows = store.read("chunks", ["content", "embedding"]).to_pylist()
    except IndexTrouble:
        return False
    held = [row for row in rows if word in row["content"]]
    return bool(held) and not (with_vectors and any(row["embedding"] is None for row in held))
