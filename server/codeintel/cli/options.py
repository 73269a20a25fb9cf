"""The options that every command has, and what they add up to."""

from __future__ import annotations

import functools
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar, cast

import click

from codeintel.cli.console import use_colour
from codeintel.errors import WorkspaceError

Format = Literal["table", "json", "jsonl"]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

LOG_LEVELS: Final = (logging.ERROR, logging.INFO, logging.DEBUG)  # by the number of -v


@dataclass(frozen=True, slots=True)
class Surface:
    """Which folders a command works on, and how it talks."""

    folders: tuple[Path, ...]
    format: Format
    quiet: bool
    named: bool
    """Whether the folders were given with --workspace, rather than being the current one."""

    @property
    def for_people(self) -> bool:
        """Whether the output is the table that people read."""
        return self.format == "table"


def common_options(
    command: Callable[Concatenate[Surface, Parameters], Result],
) -> Callable[Parameters, Result]:
    """Give a command --workspace, --format, --no-color, -q and -v, and pass it the Surface they describe."""

    @functools.wraps(command)
    def with_surface(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        options: dict[str, Any] = kwargs
        return command(_surface_of(options), *args, **kwargs)

    decorated: Callable[..., Result] = with_surface
    for option in reversed(_COMMON):
        decorated = option(decorated)
    return cast(Callable[Parameters, Result], decorated)


_COMMON: Final = (
    click.option(
        "-w",
        "--workspace",
        "workspaces",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FOLDER",
        help="A workspace folder; repeat it for several.  [default: the current folder]",
    ),
    click.option(
        "--format",
        "format_",
        type=click.Choice(["table", "json", "jsonl"]),
        default="table",
        show_default=True,
        help="A table for people, or one JSON document, or one JSON object a line.",
    ),
    click.option("--no-color", is_flag=True, help="Print without colour, as the variable NO_COLOR does."),
    click.option("-q", "--quiet", is_flag=True, help="No progress and no remarks, only results and errors."),
    click.option("-v", "--verbose", count=True, help="Log to stderr what happens; -vv in detail."),
)


def _surface_of(options: dict[str, Any]) -> Surface:
    """Take the common options out of `options` and put them into effect."""
    folders = options.pop("workspaces")
    use_colour(not options.pop("no_color"))
    _log_to_stderr(options.pop("verbose"))
    _require_current_folder()
    return Surface(folders or (Path(),), options.pop("format_"), options.pop("quiet"), bool(folders))


def _require_current_folder() -> None:
    """Raise WorkspaceError where the current folder was deleted: nothing relative to it can be found."""
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise WorkspaceError("The current folder no longer exists.", "Change to another one.") from error


def _log_to_stderr(verbosity: int) -> None:
    level = LOG_LEVELS[min(verbosity, len(LOG_LEVELS) - 1)]
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True
    )


_EXCLUDED: Final = re.compile(r'-([A-Za-z_]+:|")')
_GUARD: Final = "\0"  # no command line can hold it, so nobody typed it


class QueryCommand(click.Command):
    """A command that takes words of the query language, where `-path:tests` excludes and is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the minus of an exclusion from click's options; `words_of` brings it back."""
        return super().parse_args(ctx, [_GUARD + word if _EXCLUDED.match(word) else word for word in args])


def words_of(query: tuple[str, ...]) -> str:
    """The query as it was typed; the shell's quotes make an argument, not a phrase."""
    return " ".join(word.removeprefix(_GUARD) for word in query)
