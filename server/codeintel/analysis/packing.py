"""Which neighbouring units become one chunk: small ones join, what is an answer of its own stays alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from codeintel.analysis import kinds
from codeintel.analysis.lines import Lines
from codeintel.analysis.units import Role, Unit, common_path, merged

TINY = 200
"""A definition below this cost joins its siblings (guess, to be tuned): a getter alone is too little to
retrieve.
"""

CRUMB = 120
"""Below this even a named unit joins any neighbour (guess): one short line, such as a constant."""

FILL = 0.6
"""Small units join until they fill this share of the limit (guess): many small answers dilute one another."""

_LEGAL = re.compile(r"copyright|licen[cs]e", re.IGNORECASE)
"""Marks a comment that answers no question about the code."""


def pack(units: Sequence[Unit], lines: Lines, limit: int, clauses: bool) -> list[Unit]:
    """Siblings in source order, joined where that serves retrieval; no result costs more than `limit`
    unless one did.
    """
    return _Packer(lines, limit, clauses).pack(units)


class _Packer:
    def __init__(self, lines: Lines, limit: int, clauses: bool) -> None:
        self._lines = lines
        self._limit = limit
        self._clauses = clauses

    def pack(self, units: Sequence[Unit]) -> list[Unit]:
        """Clauses of one name first, then small with small, then the crumbs that are left."""
        for unit in units:
            if unit.is_solid is None:
                unit.is_solid = self._cost(unit) >= TINY and (unit.is_named or self._is_documentation(unit))
        if self._clauses:
            units = self._joined(units, self._are_clauses)
        return self._settled(self._joined(units, self._join))

    def _joined(self, units: Sequence[Unit], condition: Callable[[Unit, Unit], bool]) -> list[Unit]:
        packed: list[Unit] = []
        for unit in units:
            if packed and condition(packed[-1], unit):
                packed[-1] = self._merge(packed[-1], unit)
            else:
                packed.append(unit)
        return packed

    def _settled(self, units: list[Unit]) -> list[Unit]:
        """A crumb that is left goes to the next unit, else to the one before."""
        settled: list[Unit] = []
        waiting: Unit | None = None
        for position, unit in enumerate(units):
            current = self._merge(waiting, unit) if waiting is not None else unit
            waiting = None
            following = units[position + 1] if position + 1 < len(units) else None
            if self._is_crumb(current) and following is not None and self._leads(current, following):
                waiting = current
            elif self._is_crumb(current) and settled and self._trails(current, settled[-1]):
                settled[-1] = self._merge(settled[-1], current)
            else:
                settled.append(current)
        return settled

    def _cost(self, unit: Unit) -> int:
        return self._lines.cost(unit.first, unit.last)

    def _is_documentation(self, unit: Unit) -> bool:
        if unit.kind != kinds.DOC:
            return False
        return not any(_LEGAL.search(text) for text in self._lines.texts[unit.first : unit.last + 1])

    def _fit(self, left: Unit, right: Unit, share: float = 1.0) -> bool:
        return self._lines.cost(left.first, right.last) <= self._limit * share

    def _is_crumb(self, unit: Unit) -> bool:
        return self._cost(unit) < (CRUMB if unit.is_named else TINY)

    def _are_clauses(self, left: Unit, right: Unit) -> bool:
        same = left.path == right.path and left.group == right.group
        return same and left.is_named and right.is_named and self._fit(left, right)

    def _join(self, left: Unit, right: Unit) -> bool:
        roles = (left.role, right.role)
        if Role.PART in roles:
            piece, other = (right, left) if right.role is Role.PART else (left, right)
            continues = other.role in (Role.PART, Role.HEAD) and left.path == right.path
            is_inside = not other.is_solid and other.path[: len(piece.path)] == piece.path
            return (continues or is_inside) and self._fit(left, right)
        return (
            left.group == right.group
            and not (left.is_solid or right.is_solid)
            and self._fit(left, right, FILL)
        )

    def _leads(self, crumb: Unit, unit: Unit) -> bool:
        """Whether a crumb may lead the unit after it: a sibling, or the beginning of something inside a
        sibling.
        """
        return (crumb.group == unit.group or crumb.depth < unit.depth) and self._fit(crumb, unit)

    def _trails(self, crumb: Unit, unit: Unit) -> bool:
        """Whether a crumb may close the unit before it: a sibling, or the end of something inside the same scope."""
        closes = not crumb.is_named and unit.path[: len(crumb.path)] == crumb.path
        return (crumb.group == unit.group or closes) and self._fit(unit, crumb)

    def _merge(self, left: Unit, right: Unit) -> Unit:
        """Both as one: by the name of a head, of the whole that a part belongs to, or of the only one that
        has a name.
        """
        dominant = self._dominant(left, right)
        bunch = left.is_named == right.is_named and not (left.is_solid or right.is_solid)
        if bunch and dominant.role not in (Role.HEAD, Role.PART):
            dominant = replace(dominant, path=common_path(left, right))
        return merged(left, right, dominant)

    def _dominant(self, left: Unit, right: Unit) -> Unit:
        if (
            left.role is right.role is Role.HEAD
        ):  # `module Rack` before `class Response`: what is inside is the subject
            return max(left, right, key=lambda unit: len(unit.path))
        for role in (Role.HEAD, Role.PART):
            if role in (left.role, right.role):
                return left if left.role is role else right
        if left.is_named != right.is_named:
            return left if left.is_named else right
        if left.is_solid != right.is_solid:
            return left if left.is_solid else right
        return left if self._cost(left) >= self._cost(right) else right
