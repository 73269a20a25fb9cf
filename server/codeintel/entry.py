"""The targets of the console scripts; light, because every worker process imports the main module again."""

from __future__ import annotations


def server() -> None:
    """`codeintel-server`: the language server."""
    from codeintel.lsp.main import main  # only the process that serves may pay for it

    main()


def indexctl() -> None:
    """`indexctl`: the command line."""
    from codeintel.cli.main import main  # only the process that was called may pay for it

    main()
