"""What the server does, one module for each method or group of commands; each only converts and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeintel.lsp.features import (
    code_lens,
    commands,
    configuration,
    definition,
    document_symbol,
    documents,
    explain,
    hover,
    judge,
    lifecycle,
    references,
    search,
    similar,
    status,
    watched_files,
    why_not,
    workspace_folders,
    workspace_symbol,
)

if TYPE_CHECKING:  # the server calls this module
    from codeintel.lsp.server import CodeIntelServer


def register(server: CodeIntelServer) -> None:
    """Register every feature on a server."""
    for feature in (
        lifecycle,
        configuration,
        workspace_folders,
        documents,
        watched_files,
        search,
        explain,
        why_not,
        similar,
        judge,
        status,
        hover,
        workspace_symbol,
        definition,
        references,
        document_symbol,
        code_lens,
        commands,
    ):
        feature.register(server)
