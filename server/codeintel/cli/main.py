"""The `indexctl` program: which commands there are, and what an error or a closed pipe means to a shell."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from codeintel import __version__
from codeintel.cli.check import check
from codeintel.cli.console import PipeClosed
from codeintel.cli.doctor import doctor
from codeintel.cli.explain import explain
from codeintel.cli.failures import exit_code_of, report_failure
from codeintel.cli.gc import gc
from codeintel.cli.idmap import idmap_export
from codeintel.cli.index import index
from codeintel.cli.judge import judge, judgments
from codeintel.cli.model import model
from codeintel.cli.scip import scip
from codeintel.cli.search import search
from codeintel.cli.similar import similar
from codeintel.cli.sql import sql
from codeintel.cli.status import status
from codeintel.cli.views import idmap_views, views
from codeintel.cli.watch import watch
from codeintel.cli.why_not import why_not

BROKEN_PIPE: Final = 141  # 128 + SIGPIPE, what a shell reports for a program that nobody listens to any more

EXIT_CODES = """\b
Exit codes: 0 done, 1 nothing found, 2 a mistake in the command,
3 the index or a model needs attention, 130 interrupted."""


@click.group(
    epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88}
)
@click.version_option(__version__, prog_name="indexctl")
def indexctl() -> None:
    """Index folders of source code, search them by words and meaning, and see why each hit was found.

    \b
    indexctl search where are retries handled
    indexctl search 'lang:python kind:function parse date' --explain full
    """


for command in (
    index, search, explain, why_not, similar, judge, judgments, status, watch, check, gc, scip, views, sql,
    idmap_export, idmap_views, model, doctor,
):  # fmt: skip
    indexctl.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program on `arguments` (sys.argv without them) and exit with its code."""
    sys.exit(run(indexctl, "indexctl", arguments))


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command and answer its exit code, whatever happens; what went wrong is on stderr."""
    _print_whatever_comes()
    try:
        given = None if arguments is None else list(arguments)
        code = command.main(given, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except (PipeClosed, BrokenPipeError):
        _close_stdout()
        return BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as error:
        report_failure(error)
        return exit_code_of(error)
    return code if isinstance(code, int) else 0


def _print_whatever_comes() -> None:
    """A terminal that knows no more than ASCII shows question marks, and a closed stream takes what is written."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - ends with the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _close_stdout() -> None:
    """Let the interpreter flush into nothing at exit, instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
