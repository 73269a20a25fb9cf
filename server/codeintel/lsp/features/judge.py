"""codeintel/judge: keeps whether a place answers a query, in the eyes of a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.lsp import protocol
from codeintel.lsp.locations import naming, path_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.JUDGE)(judge)


async def judge(ls: CodeIntelServer, params: protocol.JudgeParams) -> protocol.JudgeResult:
    """Keep the verdict, and tell how many stand."""
    path = path_of(params.text_document.uri, "textDocument.uri")
    with naming(path="textDocument.uri", line="position.line"):
        return await judge_line(ls, params.query, path, params.position.line, params.verdict)


async def judge_line(
    ls: CodeIntelServer, query: str, path: Path, line: int, verdict: str
) -> protocol.JudgeResult:
    """Keep a verdict on the chunk that holds a line, 0-based."""

    def question(service: Service, _: CancelCheck) -> protocol.JudgeResult:
        return protocol.JudgeResult(judgments=service.judge(query, path, line, verdict))

    return await ls.session.ask(question)
