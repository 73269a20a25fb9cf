"""Rows 13 and 24: a person who types for ten minutes, and sessions so long that every leak shows."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path
from typing import Any, Final

from faults.client import Client, Refused, Silent
from faults.commits import MEANING
from faults.editing import found, opened, reindexed, save, typed
from faults.equality import differences
from faults.laboratory import WORDS, laboratory, project, write
from faults.outcome import Findings, NotHere, Outcome, Scale, milliseconds, quantile
from faults.processes import Held, held_by, require_proc

EVERY_S: Final = 0.15
SECONDS: Final = {Scale.SHORT: 1.5, Scale.LONG: 600.0}
HOVER_S: Final = 0.1
FUNCTIONS: Final = 60
"""Of eight lines each: a file of 480 lines."""

EDITS: Final = {Scale.SHORT: 100, Scale.LONG: 20_000}
MOST_GROWTH_MIB: Final = 40.0
"""From a quarter of it to the end: a leak of 3 KB an edit would show, and the allocator's arenas are filled by then."""

LOOKED_FOR: Final = 5
"""One word of so many that are typed is looked for until it is found."""

SEED: Final = 13


class Typist:
    """A document as an editor has it, in which a person types: words inside functions, now and then a new line."""

    def __init__(self, client: Client, path: Path) -> None:
        self.lines = _module().split("\n")
        self.version = 1
        self.word = ""
        self._client, self._path = client, path
        self._chance = random.Random(SEED)
        self._at = 0
        self._rest = ""
        write(path, self.text)

    @property
    def text(self) -> str:
        """The document."""
        return "\n".join(self.lines)

    def open(self) -> None:
        """Show it in the editor."""
        opened(self._client, self._path, self.text)

    def save(self) -> None:
        """Write what was typed."""
        write(self._path, self.text)
        save(self._client, self._path)

    def key(self) -> str:
        """Press one key; answers the word that it completed, '' where none."""
        if not self._rest:
            self._begin_word()
        key, self._rest = self._rest[0], self._rest[1:]
        line = self.lines[self._at]
        self._edit(len(line), len(line), key)
        if self._rest:
            return ""
        return self.word

    def _begin_word(self) -> None:
        """Choose where to go on; sometimes what stands there is deleted first."""
        self._at = self._chance.choice(
            [row for row, line in enumerate(self.lines) if line.startswith("    #")]
        )
        if len(self.lines[self._at]) > 60:
            self._edit(len("    #"), len(self.lines[self._at]), "")
        self.word = f"{self._chance.choice(WORDS)}_{self.version}é"
        self._rest = f" {self.word}"

    def _edit(self, start: int, end: int, text: str) -> None:
        line = self.lines[self._at]
        self.lines[self._at] = line[:start] + text + line[end:]
        self.version += 1
        typed(self._client, self._path, self.version, self._at, start, end, text)


def _module() -> str:
    parts = []
    for number in range(FUNCTIONS):
        word = WORDS[number % len(WORDS)]
        parts.append(
            f"def {word}_{number}(value):\n    #\n    total = value + {number}\n    for one in range(total):\n"
            f"        total -= one\n    return total\n\n\n"
        )
    return "".join(parts)


def run(scale: Scale) -> Outcome:
    """Row 13."""
    findings = Findings()
    with laboratory() as folder, findings.during("typing"):
        workspace = project(folder / "ws", 24)
        with Client() as client:
            _typing(findings, client, workspace, SECONDS[scale])
        for difference in differences(workspace, folder / "scratch", "meaning"):
            findings.expect(False, f"in the end: {difference}")
    return findings.outcome(
        13,
        "fast typing",
        f"an edit every 150 ms for {SECONDS[scale]:g} s in a file of 480 lines",
        "equals a rebuild, hover p95 <= 100 ms",
    )


def _typing(findings: Findings, client: Client, workspace: Path, seconds: float) -> None:
    path = workspace / "src" / "typed.py"
    typist = Typist(client, path)
    client.start(workspace, options=MEANING)
    reindexed(client)
    typist.open()
    hover_s, lag_s = list[float](), list[float]()
    started = time.monotonic()
    edits = late = words = unseen = 0
    while time.monotonic() - started < seconds:
        word = typist.key()
        edits += 1
        hover_s.append(_hover(client, path, edits % 400))
        words += bool(word)
        if word and words % LOOKED_FOR == 1:
            try:
                lag_s.append(_until_seen(client, word))
            except Silent:
                unseen += 1
        if edits % 100 == 0:
            typist.save()
        pause = started + edits * EVERY_S - time.monotonic()
        late += pause < -1
        time.sleep(max(0.0, pause))
    typist.save()
    last = typist.word if typist.word in typist.text else "total"
    findings.expect(bool(found(client, last)), "what was typed last is not found")
    reindexed(client)
    findings.expect(client.stop() == 0, "the server did not end cleanly")
    p95 = quantile(hover_s, 0.95)
    findings.expect(p95 <= HOVER_S, f"hover p95 {milliseconds(p95)}")
    findings.expect(
        not unseen, f"{unseen} of {len(lag_s) + unseen} typed words were not found within a second"
    )
    findings.expect(late < edits / 20, f"{late} of {edits} edits were over a second late")
    findings.figures |= {
        "edits": f"{edits:,}",
        "hover, p50, p95, slowest": ", ".join(
            milliseconds(quantile(hover_s, share)) for share in (0.5, 0.95, 1)
        ),
        "a typed word is found after, p50, p95": ", ".join(
            milliseconds(quantile(lag_s, share)) for share in (0.5, 0.95)
        ),
    }


def _hover(client: Client, path: Path, line: int) -> float:
    params = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": 4}}
    asked = client.send("textDocument/hover", params)
    asked.result()
    return asked.seconds


def _until_seen(client: Client, word: str, timeout_s: float = 1.0) -> float:
    """How long until a typed word is found; a second at most, so that typing goes on."""
    started = time.monotonic()
    while time.monotonic() - started < timeout_s:
        if found(client, word):
            return time.monotonic() - started
        time.sleep(0.005)
    raise Silent(f"{word!r} was not found within {timeout_s:g} s")


def run_leaks(scale: Scale) -> Outcome:
    """Row 24."""
    findings = Findings()
    injected = f"{EDITS[scale]:,} edits and {EDITS[scale]:,} queries in one session"
    wanted = "flat memory, descriptors and threads"
    try:
        require_proc()
        with laboratory() as folder, Client() as client, findings.during("a long session"):
            _long(findings, client, project(folder / "ws", 24), EDITS[scale])
    except NotHere as error:
        return Outcome(24, "leaks", injected, wanted, failures=(str(error),), passed=None)
    return findings.outcome(24, "leaks", injected, wanted)


def _long(findings: Findings, client: Client, workspace: Path, edits: int) -> None:
    path = workspace / "src" / "typed.py"
    typist = Typist(client, path)
    client.start(workspace, options=MEANING)
    reindexed(client)
    typist.open()
    seen: list[Held] = []
    started = time.monotonic()
    for number in range(edits):
        typist.key()
        with contextlib.suppress(Refused):
            params: dict[str, Any] = {"query": f"{WORDS[number % len(WORDS)]} of {number % 97}", "limit": 10}
            client.ask("codeintel/search", params)
        if number % 50 == 49:
            typist.save()
        if number % max(1, edits // 20) == 0:
            seen.append(held_by(client.pid))
    seconds = time.monotonic() - started
    reindexed(client)
    time.sleep(0.5)
    seen.append(held_by(client.pid))
    findings.expect(client.stop() == 0, "the server did not end cleanly")
    warm, end = seen[len(seen) // 4], seen[-1]
    findings.expect(
        end.memory_mib - warm.memory_mib <= MOST_GROWTH_MIB,
        f"memory grew by {end.memory_mib - warm.memory_mib:.0f} MiB",
    )
    findings.expect(
        end.descriptors - warm.descriptors <= 8, f"{end.descriptors - warm.descriptors} more descriptors"
    )
    findings.expect(end.threads - warm.threads <= 3, f"{end.threads - warm.threads} more threads")
    findings.figures |= {
        "edits and queries": f"{edits:,} each in {seconds:.0f} s",
        "memory, after a quarter and in the end": f"{warm.memory_mib:.0f} and {end.memory_mib:.0f} MiB",
        "descriptors": f"{warm.descriptors} and {end.descriptors}",
        "threads": f"{warm.threads} and {end.threads}",
    }
