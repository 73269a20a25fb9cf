"""What went wrong, as a person reads it on stderr, and as a shell reads it from the exit code."""

from __future__ import annotations

import logging
from typing import Final

import click
from rich.text import Text

from codeintel.cli.console import shown, stderr_console
from codeintel.errors import Cancelled, CodeIntelError, QueryError, UsageError, WorkspaceError

NOTHING_FOUND: Final = 1
USAGE: Final = 2
TROUBLE: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT

log = logging.getLogger(__name__)


def exit_code_of(error: BaseException) -> int:
    """The exit code that stands for `error`."""
    match error:
        case Cancelled() | KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case UsageError() | WorkspaceError():
            return USAGE
        case click.ClickException():
            return error.exit_code
        case _:
            return TROUBLE


def report_failure(error: BaseException) -> None:
    """Say on stderr what happened and what to do; a traceback only where debugging was asked for (-vv)."""
    log.debug("the command failed", exc_info=error)
    if isinstance(error, click.ClickException):
        error.show()
        return
    message, remedy = _in_words(error)
    label = "" if exit_code_of(error) == INTERRUPTED else "error: "
    console = stderr_console()
    console.print(Text.assemble((label, "bold red"), shown(message)))
    if remedy:
        console.print(Text(shown(remedy)))


def _in_words(error: BaseException) -> tuple[str, str]:
    match error:
        case KeyboardInterrupt() | click.Abort():
            return "interrupted", ""
        case QueryError():
            return f"column {error.column + 1} of the query: {error.message}", error.remedy
        case CodeIntelError():
            return error.message, error.remedy
        case OSError() if error.strerror:
            return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, ""
        case _:
            remedy = "This is a fault of codeintel: run the command again with -vv and report what it prints."
            return f"unexpected {type(error).__name__}: {error}", remedy
