"""codeintel/status."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeintel import __version__
from codeintel.lsp import protocol
from lsp.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_tells_what_is_indexed_with_what_and_where(client: Client, sample: Path) -> None:
    status = await client.ask(protocol.STATUS, protocol.StatusParams())
    root = status.roots[0]
    assert status.version == __version__
    assert (root.name, root.uri) == ("courier", sample.as_uri())
    assert root.chunks == root.meaning > root.files > 0
    assert root.languages["python"] > 5
    assert root.size_bytes > 0
    assert Path(root.index_folder).is_dir()
    assert status.encoder.partition("@")[2]
    assert status.static_table.partition("@")[2]
    assert status.stage is None
