"""The two streams: results on stdout, everything else on stderr; plain and unwrapped where nobody looks."""

from __future__ import annotations

import sys
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from codeintel.workspace.naming import printable

PIPE_WIDTH: Final = 100_000  # rich wraps and cuts at the width: a pipe gets whole lines
TAB: Final = 4

_colour = True


class PipeClosed(Exception):
    """Nobody reads the results any more; not an OSError, because click exits with 1 at one of those."""


class Stream(Console):
    """A console on one of the standard streams."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else PIPE_WIDTH
        super().__init__(
            file=stream, width=width, no_color=None if _colour else True, highlight=False, emoji=False
        )

    def on_broken_pipe(self) -> None:
        """Rich would exit with 1, which here means that nothing was found."""
        raise PipeClosed


def use_colour(wanted: bool) -> None:
    """Whether later consoles may use colour; the variables NO_COLOR and FORCE_COLOR are rich's to honour."""
    global _colour
    _colour = wanted


def stdout_console() -> Console:
    """The console of results."""
    return Stream(sys.stdout)


def stderr_console() -> Console:
    """The console of progress, notes and errors."""
    return Stream(sys.stderr)


def shown(text: str) -> str:
    """A line of foreign text with tabs expanded and control and bidirectional characters escaped."""
    return printable(text.expandtabs(TAB))


def line(text: str, style: str = "") -> Text:
    """A line of foreign text, in which no markup or control character acts; cut where the terminal ends."""
    return Text(shown(text), style, no_wrap=True, overflow="ellipsis")


def fact(label: str, value: Text | str) -> Text:
    """A labelled line of a summary; `value` is foreign text unless it is a Text already."""
    text = line(f"{label:<11}", "dim")
    return text.append_text(value) if isinstance(value, Text) else text.append(shown(value), "not dim")


def write_line(text: str) -> None:
    """Write a line to stdout past rich, which would wrap it, at once."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosed from error


def say(text: str, style: str = "") -> None:
    """Print a remark on stderr, wrapped by words."""
    stderr_console().print(Text(shown(text), style))
