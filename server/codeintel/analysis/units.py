"""The unit: a run of whole lines with one identity, from which chunks are made."""

from dataclasses import dataclass
from enum import Enum

from tree_sitter import Node

from codeintel.analysis import kinds


class Role(Enum):
    """What a unit is to its neighbours."""

    PLAIN = "plain"
    """Statements, imports, comments: anything without a name."""
    DEFINITION = "definition"
    HEAD = "head"
    """The beginning of a type that was taken apart; what follows are its members."""
    PART = "part"
    """A piece of a definition that was too large."""


@dataclass(slots=True)
class Unit:
    """Lines `first` to `last`, inclusive; `node` is what they were parsed as, for taking them apart.

    Units of one parent share `group`, and lie at its `depth`. `is_solid` units deserve a chunk of their
    own; packing decides it for each unit once, None until then.
    """

    first: int
    last: int
    role: Role
    kind: str
    path: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    node: Node | None = None
    has_members: bool = False
    depth: int = 0
    group: int = 0
    is_solid: bool | None = None

    @property
    def is_named(self) -> bool:
        """Whether the unit is, or begins, a definition."""
        return self.role in (Role.DEFINITION, Role.HEAD)


def merged(left: Unit, right: Unit, dominant: Unit) -> Unit:
    """Two neighbours as one; `dominant` is the one of them whose identity stays."""
    symbols = tuple(dict.fromkeys(left.symbols + right.symbols))
    return Unit(
        left.first, right.last, dominant.role, dominant.kind, dominant.path, symbols,
        depth=dominant.depth, group=dominant.group, is_solid=left.is_solid or right.is_solid,
    )  # fmt: skip


def common_path(left: Unit, right: Unit) -> tuple[str, ...]:
    """The scope that holds both."""
    shared = 0
    for mine, theirs in zip(left.path, right.path, strict=False):
        if mine != theirs:
            break
        shared += 1
    return left.path[:shared]


def plain(first: int, last: int, scope: tuple[str, ...], kind: str = kinds.BLOCK) -> Unit:
    """Lines without a name of their own in this scope."""
    return Unit(first, last, Role.PLAIN, kind, scope)
