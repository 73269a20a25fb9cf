"""Rows 17 and 18: workspaces that go away, and surroundings that lack what is usual."""

from __future__ import annotations

import contextlib
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from codeintel.catalog.folder import FOLDER_NAME
from faults.client import Client, Refused, until
from faults.commits import EDITED, Edits
from faults.editing import found, reindexed, save, until_durable, until_found
from faults.equality import differences, index_once
from faults.laboratory import laboratory, project, source, write
from faults.namespaces import mounted_from, read_only, require_namespaces, unmount
from faults.outcome import Findings, NotHere, Outcome, Scale, milliseconds

FILES: Final = 8
SHORT_CASES: Final = 2
KNOWN: Final = "Ledger6"
"""Defined in the project's seventh file."""

REMOVED_S: Final = 10.0


def run(scale: Scale) -> Outcome:
    """Row 17."""
    findings = Findings()
    for name, case in list(CASES.items())[: SHORT_CASES if scale is Scale.SHORT else None]:
        with findings.during(name), laboratory() as folder:
            try:
                case(findings, folder)
                findings.figures[name] = "ok" if not findings.failed else "see failures"
            except NotHere as error:
                findings.figures[name] = f"not run: {error}"
    return findings.outcome(
        17,
        "root",
        "the folder of the workspace renamed, deleted, replaced, and its file system unmounted while the server runs",
        "no crash; reused or rebuilt",
    )


def _remove(folder: Path) -> None:
    """Remove a folder that a server writes into: until nothing of it is left, since files may appear meanwhile."""

    def is_gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    until(is_gone, REMOVED_S)


def _still_there(findings: Findings, client: Client, case: str) -> None:
    """Whatever has happened to the files, questions are answered: with hits or with an error that says why."""
    for _ in range(3):
        with contextlib.suppress(Refused):
            client.ask("codeintel/search", {"query": "ledger"})
    with contextlib.suppress(Refused):
        reindexed(client)
    with contextlib.suppress(Refused):
        client.ask("codeintel/status")
    findings.expect(client.alive, f"{case}: the server ended")


def _renamed(findings: Findings, folder: Path) -> None:
    workspace, other = project(folder / "ws", FILES), folder / "renamed" / "ws"
    other.parent.mkdir()
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        workspace.rename(other)
        save(client, workspace / EDITED)
        _still_there(findings, client, "renamed")
        other.rename(workspace)
        _comes_back(findings, client, workspace, "renamed there and back")
        client.stop()
    workspace.rename(other)
    with Client() as client:
        client.start(other)
        report = reindexed(client)
        findings.expect(report["changed"] == 0, f"renamed: {report['changed']} files read anew")
        client.stop()
    for difference in differences(other, folder / "scratch"):
        findings.expect(False, f"renamed: {difference}")


def _deleted(findings: Findings, folder: Path) -> None:
    workspace = project(folder / "ws", FILES)
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        _remove(workspace)
        _still_there(findings, client, "deleted")
        project(workspace, FILES)
        _comes_back(findings, client, workspace, "deleted and made again")
        client.stop()
    for difference in differences(workspace, folder / "scratch"):
        findings.expect(False, f"deleted: {difference}")


def _replaced(findings: Findings, folder: Path) -> None:
    """Another folder comes in its place, as after a new clone."""
    workspace = project(folder / "ws", FILES)
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        workspace.rename(folder / "old")
        write(workspace / "only.py", "def axolotl():\n    return 1\n")
        with contextlib.suppress(Refused):
            reindexed(client)
        with contextlib.suppress(Refused):
            reindexed(client)
        until_found(client, "axolotl", 10)
        until(lambda: not found(client, KNOWN), 10)
        client.stop()
    for difference in differences(workspace, folder / "scratch"):
        findings.expect(False, f"replaced: {difference}")


def _unmounted(findings: Findings, folder: Path) -> None:
    require_namespaces()
    content, mount_point = project(folder / "drive" / "ws", FILES), folder / "mnt" / "ws"
    mount_point.mkdir(parents=True)
    with Client(wrapper=mounted_from(content, mount_point)) as client:
        client.start(mount_point)
        reindexed(client)
        unmount(client.pid, mount_point)
        save(client, mount_point / EDITED)
        _still_there(findings, client, "unmounted")
        findings.expect(client.stop() is not None, "unmounted: the server does not end")
    with Client() as client:
        client.start(content)
        report = reindexed(client)
        findings.expect(report["changed"] == 0, f"mounted again: {report['changed']} files read anew")
        client.stop()


def _comes_back(findings: Findings, client: Client, workspace: Path, case: str) -> None:
    """The workspace is where it was: an edit is found and kept."""
    with contextlib.suppress(Refused):
        reindexed(client)
    edits = Edits(client, workspace)
    edits.next()
    until_found(client, edits.word, 15)
    until_durable(workspace, edits.word, 15)
    findings.expect(bool(found(client, KNOWN)), f"{case}: another file is not found")


CASES: Final[Mapping[str, Callable[[Findings, Path], None]]] = {
    "renamed": _renamed,
    "deleted": _deleted,
    "replaced": _replaced,
    "unmounted": _unmounted,
}


def run_environment(scale: Scale) -> Outcome:
    """Row 18."""
    findings = Findings()
    for name, case in list(SURROUNDINGS.items())[: SHORT_CASES if scale is Scale.SHORT else None]:
        with findings.during(name), laboratory() as folder:
            try:
                findings.figures[name] = case(findings, folder)
            except NotHere as error:
                findings.figures[name] = f"not run: {error}"
    return findings.outcome(
        18,
        "environment",
        "HOME and the XDG folders unset, no locale, a read-only index folder, umask 077, no git on the path",
        "in-memory fallback, one warning",
    )


def _searched(findings: Findings, folder: Path, case: str, most_messages: int, **how: Any) -> Client:
    """A server that indexes and finds, with at most so many messages; ended again."""
    workspace = folder / "ws"
    with Client(**how) as client:
        client.start(workspace)
        reindexed(client)
        edits = Edits(client, workspace)
        if how.get("wrapper"):
            client.ask("codeintel/search", {"query": KNOWN})
        else:
            edits.next()
            until_found(client, edits.word, 15)
        time.sleep(0.3)
        findings.expect(bool(found(client, KNOWN)), f"{case}: nothing is found")
        said = client.messages
        findings.expect(len(said) <= most_messages, f"{case}: {len(said)} messages: {said}")
        findings.expect(client.stop() == 0, f"{case}: the server did not end cleanly")
    return client


def _homeless(findings: Findings, folder: Path) -> str:
    project(folder / "ws", FILES)
    names = (
        "HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "LANG",
        "LC_ALL",
        "USER",
        "LOGNAME",
    )
    client = _searched(findings, folder, "HOME unset", 1, environment=dict.fromkeys(names))
    return f"{len(client.messages)} messages"


def _homeless_and_stateless(findings: Findings, folder: Path) -> str:
    """A state folder that cannot be made: nothing under /proc can."""
    project(folder / "ws", FILES)
    environment = {"HOME": "/proc/nobody", "XDG_STATE_HOME": "/proc/nobody", "XDG_CACHE_HOME": "/proc/nobody"}
    client = _searched(findings, folder, "no state folder", 1, environment=environment)
    return f"{len(client.messages)} messages"


def _read_only_index(findings: Findings, folder: Path) -> str:
    require_namespaces()
    workspace = index_once(project(folder / "ws", FILES))
    before = _inventory(workspace / FOLDER_NAME)
    uri, text = source(1)
    write(workspace / uri, text + "\n// axolotl\n")
    client = _searched(findings, folder, "read-only index", 1, wrapper=read_only(workspace / FOLDER_NAME))
    findings.expect(len(client.messages) == 1, f"read-only index: {len(client.messages)} messages, not one")
    findings.expect(_inventory(workspace / FOLDER_NAME) == before, "read-only index: it was changed")
    return f"{len(client.messages)} message"


def _read_only_workspace(findings: Findings, folder: Path) -> str:
    require_namespaces()
    workspace = project(folder / "ws", FILES)
    client = _searched(findings, folder, "read-only workspace", 1, wrapper=read_only(workspace))
    findings.expect(
        len(client.messages) == 1, f"read-only workspace: {len(client.messages)} messages, not one"
    )
    return f"{len(client.messages)} message"


def _private_umask(findings: Findings, folder: Path) -> str:
    workspace = project(folder / "ws", FILES)
    _searched(findings, folder, "umask 077", 0, umask=0o077)
    open_to_others = [
        path.name
        for path in (workspace / FOLDER_NAME).rglob("*")
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    findings.expect(not open_to_others, f"umask 077: others may read {open_to_others[:3]}")
    started = time.monotonic()
    index_once(workspace)
    for difference in differences(workspace, folder / "scratch"):
        findings.expect(False, f"umask 077: {difference}")
    return f"reopened in {milliseconds(time.monotonic() - started)}"


def _no_git(findings: Findings, folder: Path) -> str:
    workspace = project(folder / "ws", FILES)
    write(workspace / ".git" / "HEAD", "ref: refs/heads/main\n")
    client = _searched(findings, folder, "no git", 1, environment={"PATH": "/nonexistent"})
    return f"{len(client.messages)} messages"


def _inventory(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


SURROUNDINGS: Final[Mapping[str, Callable[[Findings, Path], str]]] = {
    "HOME unset": _homeless,
    "read-only index": _read_only_index,
    "no state folder": _homeless_and_stateless,
    "read-only workspace": _read_only_workspace,
    "umask 077": _private_umask,
    "no git": _no_git,
}
