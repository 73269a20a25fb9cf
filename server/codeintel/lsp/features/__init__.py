"""What the server does, one module for each method or group of commands; each only converts and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeintel.lsp.features import (
    commands,
    configuration,
    documents,
    explain,
    hover,
    lifecycle,
    search,
    similar,
    status,
    watched_files,
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
        similar,
        status,
        hover,
        workspace_symbol,
        commands,
    ):
        feature.register(server)
