"""The demonstration, and the small client that it talks to the real server with."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from cli.project import ENVIRONMENT
from codeintel.cli.stdio import RefusedError, ServerGoneError, StdioServer, _next_body


def test_it_starts_the_real_server_and_prints_explained_hits(project: Path) -> None:
    command = [sys.executable, "-m", "codeintel.cli.demo", str(project), "wait longer after each failure"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=ENVIRONMENT)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert "server started and initialized" in run.stdout
    assert "100% with meaning" in run.stdout
    hits = run.stdout.partition("with meaning")[2]
    assert "1 app/retry.py:" in hits
    assert "def retry_with_backoff(call, attempts=5):" in hits
    assert "█" in hits
    assert "meaning complete" in hits


def test_a_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "codeintel.cli.demo", str(tmp_path / "absent"), "x"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=ENVIRONMENT)
    assert run.returncode == 2
    assert run.stderr.startswith("error: There is no folder ")


def _ignore(_method: str, _params: Any) -> None:
    """Nobody listens."""


def test_a_refusal_carries_code_and_data() -> None:
    with tempfile.TemporaryFile() as log, StdioServer(_ignore, log) as server:
        server.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        with pytest.raises(RefusedError) as refused:
            server.request("codeintel/nothing", {})
        assert refused.value.code == -32601
        assert server.close() == 0


def test_a_server_that_ends_early_is_an_error_rather_than_a_hang() -> None:
    with tempfile.TemporaryFile() as log:
        server = StdioServer(_ignore, log, (sys.executable, "-c", "pass"))
        with pytest.raises(ServerGoneError):
            server.request("initialize", {})
        server.close()


def test_messages_are_read_one_by_one_whatever_their_headers() -> None:
    bodies = [json.dumps({"id": n, "text": "ö" * n}).encode() for n in range(3)]
    stream = io.BytesIO(
        b"".join(
            b"Content-Type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(b), b) for b in bodies
        )
    )
    assert [_next_body(stream) for _ in range(4)] == [*bodies, None]
