"""codeintel/status: what is indexed, how far, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.lsp import conversion, protocol

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.STATUS)(status)


async def status(ls: CodeIntelServer, _: protocol.StatusParams) -> protocol.StatusResult:
    """The state of the index of each root."""

    def question(service: Service, _: CancelCheck) -> protocol.StatusResult:
        return conversion.status_result(service.status())

    return await ls.session.ask(question)
