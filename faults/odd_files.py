"""Rows 14 and 15: files that are no ordinary text, and links that lead anywhere."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.store import Store
from faults.client import Client
from faults.editing import found, reindexed, save
from faults.equality import rows_of
from faults.laboratory import git, laboratory, project, write
from faults.outcome import Findings, Outcome, Scale, milliseconds

MOST_S: Final = 2.0
DEPTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Odd:
    """A file, and what must become of it: a `reason` to skip it (a part of it), else a `word` that is found."""

    uri: str
    data: bytes
    reason: str = ""
    word: str = ""
    encoding: str = ""


def _nested(opening: str, closing: str, before: str = "") -> bytes:
    """A tree as deep as that, a few levels a line, so that it does not count as minified."""
    level = f"{opening * 5}\n" * (DEPTH // 5)
    return f"{before}{level}0{closing * DEPTH}\n".encode()


def _blocks(line: str, depth: int) -> bytes:
    lines = [f"{' ' * level}{line}" for level in range(depth)]
    return "\n".join([*lines, " " * depth + "pass", ""]).encode()


def odd_files(scale: Scale) -> list[Odd]:
    """What people have in their folders besides source code."""
    large = 50_000_000 if scale is Scale.LONG else 5_000_000
    return [
        Odd("latin1.py", 'grösse = "sperrgepäck"\n'.encode("latin-1"), word="sperrgepäck", encoding="latin-1"),
        Odd("utf16.py", "\ufeffmarmot = 'whistle'\n".encode("utf-16-le"), word="marmot", encoding="utf-16-le"),
        Odd("utf16be.py", "\ufeffwombat = 'burrow'\n".encode("utf-16-be"), word="wombat", encoding="utf-16-be"),
        Odd("marked.py", b"\xef\xbb\xbfnumbat = 1\n", word="numbat", encoding="utf-8"),
        Odd("nul.py", b"quokka = '\0'\n", "zero byte"),
        Odd("late_nul.py", b"x = 1\n" * 2_000 + b"bilby = '\0'\n", word="bilby"),
        Odd("large.log", b"one line of a log\n" * (large // 18), "larger than"),
        Odd("one_line.js", b"a(" + b"1," * 490_000 + b"1)", "minified or data"),
        Odd("long_line.py", b"# potoroo\n" * 4_000 + b"x = '" + b"y" * 900_000 + b"'\n", word="potoroo"),
        Odd("empty.py", b""),
        Odd("returns.py", b"gibbon = 1\rlemur = 2\r", word="lemur"),
        Odd("surrogate.py", b"tarsier = '\xed\xa0\x80'\n", word="tarsier"),
        Odd("broken.ts", b"class { {{ function ]] capybara (\n" * 500, word="capybara"),
        Odd("deep.py", _nested("(", ")", "agouti = "), word="agouti"),
        Odd("deep_lists.py", _nested("[", "]", "paca = "), word="paca"),
        Odd("deep.js", _nested("{", "}", "var nutria = "), word="nutria"),
        Odd("deep_calls.go", _nested("f(", ")", "package viscacha\nvar v = "), word="viscacha"),
        Odd("deep.c", _nested("(", ")", "int degu = "), word="degu"),
        Odd("deep.json", _nested("[", "]", '["hutia", ') + b"]", word="hutia"),
        Odd("deep_blocks.py", _blocks("if chinchilla:", 900), word="chinchilla"),
        Odd("\N{SNOWMAN} name with spaces.py", b"pangolin = 1\n", word="pangolin"),
    ]  # fmt: skip


def run(scale: Scale) -> Outcome:
    """Row 14."""
    findings = Findings()
    files = odd_files(scale)
    slowest = (0.0, "")
    with laboratory() as folder, Client(log=folder / "log") as client:
        workspace = project(folder / "ws", 4)
        for level in range(150):  # as deep as a path may be
            write(workspace / "/".join(["deep"] * level) / "here.py", f"level_{level} = 1\n")
        client.start(workspace)
        reindexed(client)
        for odd in files:
            write(workspace / odd.uri, odd.data)
            with findings.during(odd.uri):
                seconds = _one(client, workspace / odd.uri)
                slowest = max(slowest, (seconds, odd.uri))
                findings.expect(seconds <= MOST_S, f"{odd.uri}: took {seconds:.1f} s")
        with findings.during("deep folders"):
            findings.expect(bool(found(client, "level_149")), "a file 149 folders down is not found")
        started = time.monotonic()
        reindexed(client)
        findings.figures["the whole folder once more"] = milliseconds(time.monotonic() - started)
        for odd in files:
            if odd.word:
                findings.expect(
                    set(found(client, odd.word)) == {odd.uri}, f"{odd.uri}: {odd.word} is not found in it"
                )
        findings.expect(client.stop() == 0, "the server did not end cleanly")
        with Store.follow(workspace / FOLDER_NAME) as store:
            rows = rows_of(store, "files")
        skipped = sum(_judged(findings, odd, rows.get(odd.uri)) for odd in files)
        log = (folder / "log").read_text(encoding="utf-8", errors="replace")
        findings.expect("Traceback" not in log, "a trace in the log")
    findings.figures |= {
        "files": f"{len(files)}",
        "skipped with a reason": f"{skipped}",
        "slowest": f"{slowest[1]} {milliseconds(slowest[0])}",
    }
    return findings.outcome(
        14,
        "odd files",
        "Latin-1, UTF-16, NUL, 50 MB, a 1 MB line, trees 10,000 deep, broken syntax, deep folders",
        "skipped or degraded with a reason, none over 2 s",
    )


def _one(client: Client, path: Path) -> float:
    command = {"command": "codeintel.server.reindexFile", "arguments": [{"uri": path.as_uri()}]}
    asked = client.send("workspace/executeCommand", command)
    asked.result(30)
    return asked.seconds


def _judged(findings: Findings, odd: Odd, row: Mapping[str, Any] | None) -> bool:
    """Whether the file was skipped, with the reason that it must have."""
    if row is None:
        findings.expect(False, f"{odd.uri}: the index does not know it")
        return False
    reason = row["skip_reason"]
    if odd.word:
        findings.expect(reason is None, f"{odd.uri}: skipped ({reason})")
    if odd.encoding:
        findings.expect(row["encoding"] == odd.encoding, f"{odd.uri}: read as {row['encoding']}")
    if odd.reason:
        findings.expect(odd.reason in (reason or ""), f"{odd.uri}: {reason or 'indexed'}, not {odd.reason}")
    return reason is not None


SECRET: Final = "class Outside:\n    def thylacine(self):\n        return 'of nobody in here'\n"
INSIDE: Final = "def cassowary_{n}():\n    return {n}\n"


def run_links(scale: Scale) -> Outcome:  # noqa: ARG001
    """Row 15."""
    findings = Findings()
    with laboratory() as folder:
        outside = write(folder / "outside" / "secret.py", SECRET).parent
        for name, prepare in WORKSPACES.items():
            with findings.during(name):
                _linked(findings, folder / name, outside, prepare, name)
    return findings.outcome(
        15,
        "links",
        "loops, mutual links, links out, to devices and to nowhere, hard links, a FIFO, a device; with git and without",
        "each real file once, nothing outside the root",
    )


def _plain(workspace: Path) -> None:
    """No version control."""
    workspace.mkdir(parents=True, exist_ok=True)


def _tracked(workspace: Path) -> None:
    """Everything that git takes is in its index."""
    git(workspace, "init", "--quiet")
    with contextlib.suppress(Exception):
        git(workspace, "add", "--all")


WORKSPACES: Final[Mapping[str, Callable[[Path], None]]] = {"plain": _plain, "git": _tracked}


def _linked(findings: Findings, top: Path, outside: Path, prepare: Callable[[Path], None], name: str) -> None:
    workspace = top / "ws"
    real = {f"src/real_{number}.py" for number in range(3)}
    for number, uri in enumerate(sorted(real)):
        write(workspace / uri, INSIDE.format(n=number))
    tie(workspace, outside)
    prepare(workspace)
    with Client() as client:
        started = time.monotonic()
        client.start(workspace)
        reindexed(client)
        findings.figures[f"{name}: indexed in"] = milliseconds(time.monotonic() - started)
        for path in (workspace / "out.py", workspace / "out" / "secret.py", outside / "secret.py"):
            save(client, path)
        with contextlib.suppress(Exception):
            _one(client, workspace / "out" / "secret.py")
        findings.expect(not found(client, "thylacine"), f"{name}: text from outside is found")
        for number in range(3):
            hits = found(client, f"cassowary_{number}")
            findings.expect(len(hits) == 1, f"{name}: a file of its own is found as {hits}")
        findings.expect(client.stop() == 0, f"{name}: the server did not end cleanly")
    with Store.follow(workspace / FOLDER_NAME) as store:
        rows = rows_of(store, "files")
    indexed = [uri for uri, row in rows.items() if row["skip_reason"] is None]
    hashes = [rows[uri]["content_hash"] for uri in indexed]
    findings.expect(len(set(hashes)) == len(hashes) == 4, f"{name}: indexed {sorted(indexed)}")
    findings.figures[f"{name}: indexed, skipped"] = f"{len(indexed)}, {len(rows) - len(indexed)}"


def tie(workspace: Path, outside: Path) -> None:
    """Every kind of link and special file that an ordinary user, and where possible root, can make."""
    src = workspace / "src"
    (src / "loop").symlink_to("loop")
    (src / "up").symlink_to("..")
    (src / "self").symlink_to(".")
    (src / "a").symlink_to("b")
    (src / "b").symlink_to("a")
    (workspace / "again.py").symlink_to("src/real_0.py")
    (workspace / "chain.py").symlink_to("again.py")
    (workspace / "out.py").symlink_to(outside / "secret.py")
    (workspace / "out").symlink_to(outside)
    (workspace / "up_and_out.py").symlink_to("../../outside/secret.py")
    (workspace / "zero.py").symlink_to("/dev/zero")
    (workspace / "process.py").symlink_to("/proc/self/environ")
    (workspace / "nowhere.py").symlink_to("nothing.py")
    os.link(src / "real_1.py", workspace / "twin.py")
    os.mkfifo(workspace / "pipe.py")
    write(workspace / "own.py", "def cassowary_own():\n    return 'own'\n")
    with contextlib.suppress(OSError):  # only root may
        os.mknod(workspace / "device.py", 0o20666, os.makedev(1, 5))
