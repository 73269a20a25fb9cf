"""Position encodings: one place, counted as the client counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import TEXT_ONLY, connected

LINE = 'GREETING = "😀 é 漢字 hello"; marker_name = compute("😀")'
TEXT = f'"""Module."""\n\n\ndef greet():\n    # 😀😀 before\n    {LINE}\n    return GREETING\n'
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


@pytest.mark.parametrize("encoding", UNITS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
async def test_ranges_count_the_units_that_were_negotiated(
    workspace: Path, encoding: str, line_break: str
) -> None:
    text = TEXT.replace("\n", line_break)
    (workspace / "greeting.py").write_bytes(text.encode())
    async with connected(workspace, options=TEXT_ONLY, change=only(encoding)) as client:
        assert client.server.position_encoding == encoding
        hit = (await client.search("marker_name", limit=1)).hits[0]
        assert hit.path == "greeting.py"
        lines = text.split(line_break)
        pieces = [
            piece for part in hit.contributions for piece in part.evidence if piece.text == "marker_name"
        ]
        assert pieces
        for piece in pieces:
            line = lines[piece.range.start.line]
            column = line.index("marker_name")
            assert piece.range.start.character == UNITS[encoding](line[:column])
            assert piece.range.end.character == UNITS[encoding](line[: column + len("marker_name")])
        assert hit.range.end.character == UNITS[encoding](lines[hit.range.end.line])


@pytest.mark.parametrize("encoding", UNITS)
async def test_a_chunk_that_begins_inside_a_line_has_its_true_column(workspace: Path, encoding: str) -> None:
    words = " ".join(f"wörd{number}" for number in range(1200))
    (workspace / "long.txt").write_text(f"first line\n{words} needle_at_the_end\n")
    async with connected(
        workspace, options={"index": {"tier": "text", "chunkChars": 1000}}, change=only(encoding)
    ) as client:
        hit = (await client.search('"needle_at_the_end"', limit=1)).hits[0]
        assert hit.range.start.line == 1
        assert hit.range.start.character > 0
        assert hit.range.end.character == UNITS[encoding](f"{words} needle_at_the_end")
