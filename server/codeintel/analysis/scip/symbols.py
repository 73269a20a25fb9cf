"""The grammar of SCIP symbols: parsed, written, named. Which symbol stands where in a text is decided elsewhere.

A symbol is `scheme manager package version descriptors`, its parts apart by single spaces (a space inside a part is
doubled), or `local id`. A descriptor's suffix tells what it names; the grammar is that of scip.proto.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from codeintel.analysis import kinds

PROJECT_VERSION = "0.0.0"
"""The version that stands in the symbols of a workspace, in fast rows and in what an indexer is told alike."""

LOCAL_SCHEME = "local"
MODULE_NAME = "__init__"
"""The meta descriptor by which scip-python names a module itself."""

_LOCAL_PREFIX = f"{LOCAL_SCHEME} "

_PLAIN = re.compile(r"[A-Za-z0-9_+\-$]+")
"""A name of a descriptor that needs no backticks."""

_PART = re.compile(r"((?:[^ ]|  )*+) ", re.DOTALL)
_DESCRIPTOR = re.compile(
    r"\[(?P<type_parameter>`(?:[^`]|``)*+`|[^\]`]*+)\]"
    r"|\((?P<parameter>`(?:[^`]|``)*+`|[^)`]*+)\)"
    r"|(?P<name>`(?:[^`]|``)*+`|[A-Za-z0-9_+\-$]++)(?:\((?P<disambiguator>[A-Za-z0-9_+\-$]*+)\)(?=\.))?(?P<suffix>[/#.:!])",
    re.DOTALL,
)


class Suffix(Enum):
    """What a descriptor names, by the character or brackets that end it."""

    NAMESPACE = "/"
    TYPE = "#"
    TERM = "."
    METHOD = "()."
    TYPE_PARAMETER = "[]"
    PARAMETER = "()"
    META = ":"
    MACRO = "!"


_KINDS = {
    Suffix.NAMESPACE: kinds.NAMESPACE,
    Suffix.TYPE: kinds.CLASS,
    Suffix.TYPE_PARAMETER: "type_parameter",
    Suffix.PARAMETER: "parameter",
    Suffix.META: "meta",
    Suffix.MACRO: kinds.MACRO,
}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One step of a symbol's path; `disambiguator` tells methods of one name apart."""

    name: str
    suffix: Suffix
    disambiguator: str = ""

    def __str__(self) -> str:
        name = escaped(self.name)
        match self.suffix:
            case Suffix.METHOD:
                return f"{name}({self.disambiguator})."
            case Suffix.TYPE_PARAMETER:
                return f"[{name}]"
            case Suffix.PARAMETER:
                return f"({name})"
            case _:
                return f"{name}{self.suffix.value}"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A parsed symbol; a local one has its id as `package` and no descriptors."""

    scheme: str
    manager: str
    package: str
    version: str
    descriptors: tuple[Descriptor, ...]

    @property
    def is_local(self) -> bool:
        """Whether the symbol is known inside one document only."""
        return self.scheme == LOCAL_SCHEME and not self.descriptors

    def __str__(self) -> str:
        if self.is_local:
            return _LOCAL_PREFIX + self.package
        parts = (self.scheme, self.manager, self.package, self.version)
        return prefix(*parts) + "".join(map(str, self.descriptors))


def prefix(scheme: str, manager: str, package: str, version: str) -> str:
    """What stands before the descriptors; an empty part is written as a dot, as indexers do."""
    return "".join(
        part.replace(" ", "  ") + " " for part in (scheme, manager or ".", package or ".", version or ".")
    )


def escaped(name: str) -> str:
    """A descriptor's name, in backticks where it has other characters than a plain identifier's."""
    return name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def local(number: int) -> str:
    """The symbol of what only its document knows."""
    return f"{_LOCAL_PREFIX}{number}"


def is_local(symbol: str) -> bool:
    """Whether the symbol is known inside one document only."""
    return symbol.startswith(_LOCAL_PREFIX)


def parse(symbol: str) -> Symbol | None:
    """The symbol's parts; None where the text is not in the grammar."""
    if is_local(symbol):
        return Symbol(LOCAL_SCHEME, "", symbol[len(_LOCAL_PREFIX) :], "", ())
    parts, at = [], 0
    for _ in range(4):
        found = _PART.match(symbol, at)
        if found is None:
            return None
        parts.append(found[1].replace("  ", " "))
        at = found.end()
    descriptors = _descriptors(symbol, at)
    if descriptors is None:
        return None
    scheme, manager, package, version = ("" if part == "." else part for part in parts)
    return Symbol(scheme, manager, package, version, descriptors)


def _descriptors(symbol: str, at: int) -> tuple[Descriptor, ...] | None:
    found: list[Descriptor] = []
    while at < len(symbol):
        match = _DESCRIPTOR.match(symbol, at)
        if match is None:
            return None
        found.append(_descriptor(match))
        at = match.end()
    return tuple(found) if found else None


def _descriptor(match: re.Match[str]) -> Descriptor:
    for group, suffix in (("type_parameter", Suffix.TYPE_PARAMETER), ("parameter", Suffix.PARAMETER)):
        if match[group] is not None:
            return Descriptor(_unescaped(match[group]), suffix)
    name = _unescaped(match["name"])
    if match["disambiguator"] is not None:
        return Descriptor(name, Suffix.METHOD, match["disambiguator"])
    return Descriptor(name, Suffix(match["suffix"]))


def _unescaped(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def norm(symbol: str) -> str:
    """The descriptors as a dotted name, without package and version: `pkg.mod.Class.method`.

    '' for local symbols and for text that is no symbol. A module stands for itself, without `__init__`; a name that
    scip-python writes twice (an annotated variable of a module) counts once.
    """
    return norm_of(parse(symbol))


def norm_of(parsed: Symbol | None) -> str:
    """As `norm`, of what is parsed already."""
    if parsed is None:
        return ""
    names: list[str] = []
    last: Descriptor | None = None
    for descriptor in parsed.descriptors:
        is_module = descriptor.suffix is Suffix.META and descriptor.name == MODULE_NAME
        if not is_module and not (descriptor == last and descriptor.suffix is Suffix.TERM):
            names.append(descriptor.name)
        last = descriptor
    return ".".join(names)


def name_of(symbol: str) -> str:
    """The name that the symbol ends in: of a module the whole dotted one; '' for locals and for nonsense."""
    parsed = parse(symbol)
    return display_name_of(parsed) if parsed is not None else ""


def display_name_of(parsed: Symbol) -> str:
    """As `name_of`, of what is parsed already."""
    if not parsed.descriptors:
        return ""
    last = parsed.descriptors[-1]
    if last.suffix is Suffix.META and last.name == MODULE_NAME and len(parsed.descriptors) > 1:
        return parsed.descriptors[-2].name
    return last.name


def kind_of(symbol: str) -> str:
    """What the symbol names, in the words of chunk kinds where they have one; 'local' for local symbols."""
    parsed = parse(symbol)
    if parsed is None:
        return ""
    return LOCAL_SCHEME if parsed.is_local else kind_of_parsed(parsed)


def kind_of_parsed(parsed: Symbol) -> str:
    """The kind by the last descriptor's suffix, and by whether a type holds it."""
    last = parsed.descriptors[-1]
    in_type = len(parsed.descriptors) > 1 and parsed.descriptors[-2].suffix is Suffix.TYPE
    match last.suffix:
        case Suffix.METHOD:
            return kinds.METHOD if in_type else kinds.FUNCTION
        case Suffix.TERM:
            return kinds.FIELD if in_type else kinds.CONSTANT
        case Suffix.META if last.name == MODULE_NAME:
            return kinds.MODULE
        case _:
            return _KINDS[last.suffix]
