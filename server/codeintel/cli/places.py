"""`PATH:LINE` arguments: a place in a file of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from codeintel.cli.console import shown
from codeintel.workspace.roots import Root, innermost


@dataclass(frozen=True, slots=True)
class Place:
    """A file as it was typed, and a 0-based line."""

    path: Path
    line: int

    def within(self, roots: Sequence[Root]) -> Path:
        """The file itself: from the current folder, else from the first root that has it, or that could."""
        if self.path.is_absolute() or self.path.exists():
            return self.path.absolute()
        found = (root.path / self.path for root in roots if (root.path / self.path).exists())
        is_inside = innermost(roots, self.path.absolute()) is not None
        return next(found, self.path.absolute() if is_inside or not roots else roots[0].path / self.path)


class PlaceType(click.ParamType[Place]):
    """Reads `src/app.py:12`, or `src/app.py:12:5` as compilers print it; lines count from 1."""

    name = "path:line"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """The place that the text names; a text without a line is a usage error."""
        path, line = _split(str(value))
        if not path or not line.isdecimal() or int(line) < 1:
            self.fail(f"{shown(str(value))} is not of the form PATH:LINE, e.g. src/app.py:12", param, ctx)
        return Place(Path(path), int(line) - 1)


def _split(text: str) -> tuple[str, str]:
    path, _, line = text.rpartition(":")
    before, _, earlier = path.rpartition(":")
    if before and earlier.isdecimal() and line.isdecimal():
        return before, earlier
    return path, line


class PlaceOrFileType(PlaceType):
    """Reads a place, or the path of a file, whose line is then WHOLE_FILE."""

    name = "path[:line]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """The place, or the file, that the text names."""
        if str(value) and not _split(str(value))[1].isdecimal():
            return Place(Path(str(value)), WHOLE_FILE)
        return super().convert(value, param, ctx)


WHOLE_FILE = -1
"""The line of a place that is a whole file."""

PLACE = PlaceType()
PLACE_OR_FILE = PlaceOrFileType()
