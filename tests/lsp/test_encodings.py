"""Position encodings: one place, counted as the client counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import connected

LINE = 'GREETING = "😀 é 漢字 hello"; marker_name = compute("😀")'
TEXT = f'"""Module."""\n\n\ndef greet():\n    # 😀😀 before\n    {LINE}\n    return GREETING\n'
LONG_LINE = " ".join(f"wörd{number}" for number in range(1200)) + " needle_at_the_end"
UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}


def only(encoding: str) -> Callable[[types.ClientCapabilities], None]:
    def change(capabilities: types.ClientCapabilities) -> None:
        capabilities.general = capabilities.general or types.GeneralClientCapabilities()
        capabilities.general.position_encodings = [types.PositionEncodingKind(encoding)]

    return change


@pytest.fixture
def greetings(workspace: Path) -> Path:
    """Lines with characters of every width, in both line endings, and a line that is longer than a chunk."""
    (workspace / "unix.py").write_bytes(TEXT.replace("marker", "unix").encode())
    (workspace / "windows.py").write_bytes(TEXT.replace("marker", "windows").replace("\n", "\r\n").encode())
    (workspace / "long.txt").write_text("short line\n" * 100 + LONG_LINE)
    return workspace


@pytest.mark.parametrize("encoding", UNITS)
async def test_ranges_count_the_units_that_were_negotiated(greetings: Path, encoding: str) -> None:
    units = UNITS[encoding]
    options = {"index": {"tier": "text", "chunkChars": 1000}}
    async with connected(greetings, options=options, change=only(encoding)) as client:
        assert client.server.position_encoding == encoding
        for name in ("unix", "windows"):
            hit = (await client.search(f"{name}_name", limit=1)).hits[0]
            lines = (greetings / f"{name}.py").read_text().split("\n")
            pieces = [piece for part in hit.contributions for piece in part.evidence if name in piece.text]
            assert pieces
            for piece in pieces:
                line = lines[piece.range.start.line]
                column = line.index(f"{name}_name")
                assert piece.range.start.character == units(line[:column])
                assert piece.range.end.character == units(line[: column + len(f"{name}_name")])
            assert hit.range.end.character == units(lines[hit.range.end.line])

        hit = (await client.search('"needle_at_the_end"', limit=1)).hits[0]
        assert hit.range.start.line == hit.range.end.line == 100
        assert hit.range.start.character > 0  # the chunk begins inside its line
        assert hit.range.end.character == units(LONG_LINE)
