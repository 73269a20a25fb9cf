"""Cutting without a tree: prose by its headings, everything else by blank lines and indentation."""

import re
from dataclasses import replace

from codeintel.analysis import kinds
from codeintel.analysis.lines import Lines
from codeintel.analysis.packing import pack
from codeintel.analysis.units import Role, Unit, plain

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def sections(lines: Lines, limit: int) -> list[Unit]:
    """A Markdown document's sections; the breadcrumb is the path of headings down to each."""
    trail: list[tuple[int, str]] = []
    units = [plain(0, 0, (), kinds.DOC)]
    for line, level, title in _headings(lines):
        trail = [*(entry for entry in trail if entry[0] < level), (level, title)]
        path = tuple(name for _, name in trail)
        if line > 0:
            units[-1].last = line - 1
            units.append(plain(line, line, path, kinds.DOC))
        else:
            units[0].path = path
    units[-1].last = lines.count - 1
    pieces = [piece for unit in units for piece in paragraphs(unit, lines, limit)]
    return pack(pieces, lines, limit, clauses=False)


def _headings(lines: Lines) -> list[tuple[int, int, str]]:
    """Line, level and title of every heading outside code fences."""
    found: list[tuple[int, int, str]] = []
    fence = ""
    for number, text in enumerate(lines.texts):
        mark = _FENCE.match(text)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (heading := _HEADING.match(text)):
            found.append((number, len(heading[1]), heading[2]))
        elif not fence and number and (underline := _UNDERLINE.match(text)) and _is_title(lines, number - 1):
            found.append((number - 1, 1 if underline[1][0] == "=" else 2, lines.texts[number - 1].strip()))
    return found


def _is_title(lines: Lines, number: int) -> bool:
    """Whether a line can be an underlined heading: one line of prose after a blank line or the start."""
    starts = number == 0 or lines.is_blank(number - 1)
    return starts and lines.texts[number][:1].isalnum()


def paragraphs(unit: Unit, lines: Lines, limit: int) -> list[Unit]:
    """A unit's lines in pieces within the limit, cut after blank lines and at shallow indentation where
    possible.

    The first piece keeps the unit's role and symbols. One line above the limit is a piece of its own.
    """
    pieces: list[Unit] = []
    first = unit.first
    while first <= unit.last:
        last = _cut(lines, first, unit.last, limit)
        rest = replace(unit, role=Role.PART, symbols=()) if pieces and unit.role is not Role.PLAIN else unit
        pieces.append(replace(rest, first=first, last=last))
        first = last + 1
    return pieces


def _cut(lines: Lines, first: int, last: int, limit: int) -> int:
    """The last line of the piece that begins at `first`: the best place to stop in the second half of what
    fits.
    """
    end, places = first, []
    while end < last and lines.cost(first, end + 1) <= limit:
        end += 1
        if lines.cost(first, end) >= limit // 2:
            places.append(end)
    if end == last or not places:
        return end
    return max(places, key=lambda place: _merit(lines, place))


def _merit(lines: Lines, place: int) -> tuple[bool, int, int]:
    following = place + 1
    return lines.is_blank(place) and not lines.is_blank(following), -lines.indent(following), place
