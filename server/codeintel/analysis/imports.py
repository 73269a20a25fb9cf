"""What a document imports, as its text names it; whose module that is, modules.py tells where the path alone can."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from codeintel.analysis.naming import child_of_type, text_of
from codeintel.analysis.syntax import Language

MAX_IMPORTS: Final = 1_000
"""Names of one document (guess: honest files stay below 200)."""

MAX_NAME: Final = 300
"""Characters of one name; longer ones are no names (guess)."""

Reader = Callable[[Node], Iterable[str]]
"""The names in a node that may import."""

_RENAMED = re.compile(r"\s+as\s+[\w$]+|\s*=>\s*[\w$]+")
_SPACES = re.compile(r"\s+")
_GROUPING = re.compile(r"([{},])")
_JAVA = re.compile(r"import\s+(?:static\s+)?([^;]+)")
_SCALA = re.compile(r"import\s+(.+)", re.DOTALL)
_PHP = re.compile(r"use\s+(?:(?:function|const)\s+)?([^;]+)")


def importing_types(language: Language) -> frozenset[str]:
    """The types of nodes that may import; a walk over a document's tree gathers them for `imports_of`."""
    source = _SOURCES.get(language.name)
    return source.types if source is not None else frozenset()


def imports_of(nodes: Sequence[Node], language: Language) -> tuple[str, ...]:
    """The names that a document's nodes of `importing_types` import, in their order, each once.

    As written, without quotes and aliases; groups (`a::{b, c}`) are spelled out. Python's relative names keep their
    dots, and what is imported from dots alone is a name of its own (`from . import a` is `.a`).
    """
    names: dict[str, None] = {}
    for node in nodes:
        names.update(
            dict.fromkeys(name for name in _SOURCES[language.name].read(node) if 0 < len(name) <= MAX_NAME)
        )
        if len(names) >= MAX_IMPORTS:
            break
    return tuple(names)[:MAX_IMPORTS]


def _unquoted(node: Node | None) -> Iterator[str]:
    if node is not None:
        yield text_of(node).strip("\"'`<>")


def _field(name: str) -> Reader:
    """A reader of nodes whose field holds one quoted or plain name."""
    return lambda node: map(_without_spaces, _unquoted(node.child_by_field_name(name)))


def _child(*types: str) -> Reader:
    """A reader of nodes whose last child of these types is the name."""

    def read(node: Node) -> Iterator[str]:
        found = [child for child in node.named_children if child.type in types]
        yield from (_without_spaces(text_of(child)) for child in found[-1:])

    return read


def _without_spaces(text: str) -> str:
    return _SPACES.sub("", text)


def _is_call_of(node: Node | None, names: frozenset[str]) -> bool:
    """Whether what is called has one of these names; other lengths are told apart without reading."""
    if node is None or node.end_byte - node.start_byte not in map(len, names):
        return False
    return text_of(node) in names


def _first_argument(call: Node, *types: str) -> Node | None:
    """The first argument of a call where it is of one of these types."""
    arguments = call.child_by_field_name("arguments") or child_of_type(call, "arguments")
    first = _first_child(arguments) if arguments is not None else None
    return first if first is not None and (not types or first.type in types) else None


def _first_child(node: Node) -> Node | None:
    return next(iter(node.named_children), None)


def _called(field: str, *names: str) -> Reader:
    """A reader of calls of `names`, the first argument of which is a quoted name."""
    wanted = frozenset(names)

    def read(node: Node) -> Iterator[str]:
        if _is_call_of(node.child_by_field_name(field), wanted):
            yield from _unquoted(_first_argument(node, "string"))

    return read


def _script(node: Node) -> Iterator[str]:
    if node.type != "call_expression":
        yield from _unquoted(node.child_by_field_name("source"))
        return
    function = node.child_by_field_name("function")
    if function is not None and (function.type == "import" or _is_call_of(function, _REQUIRE)):
        yield from _unquoted(_first_argument(node, "string"))


_REQUIRE: Final = frozenset({"require"})


def _python(node: Node) -> Iterator[str]:
    if node.type == "future_import_statement":
        yield "__future__"
        return
    module = node.child_by_field_name("module_name")
    if module is None:
        for name in node.children_by_field_name("name"):
            yield _without_spaces(text_of(_unaliased(name)))
        return
    written = _without_spaces(text_of(module))
    if written.strip("."):
        yield written
        return
    names = node.children_by_field_name("name")
    yield from (written + text_of(_unaliased(name)) for name in names)
    if not names:
        yield written


def _unaliased(node: Node) -> Node:
    return node.child_by_field_name("name") or node if node.type == "aliased_import" else node


def _grouped(statement: re.Pattern[str]) -> Reader:
    """A reader of statements whose names may stand in nested braces behind a common beginning."""

    def read(node: Node) -> Iterable[str]:
        found = statement.match(text_of(node))
        return _spelled_out(found[1]) if found else ()

    return read


def _spelled_out(text: str) -> Iterator[str]:
    """`a::{self, b as c, d::{e}}` as `a`, `a::b` and `a::d::e`."""
    prefixes, last = [""], ""
    for part in _GROUPING.split(_RENAMED.sub("", text)):
        if part == "{":
            prefixes.append((prefixes[-1] + last)[: MAX_NAME + 1])
            last = ""
        elif part in ("}", ","):
            if last:
                yield (prefixes[-1] + last).removesuffix("::self")
            last = ""
            if part == "}" and len(prefixes) > 1:
                prefixes.pop()
        else:
            last = _SPACES.sub("", part)
    if last:
        yield prefixes[-1] + last


def _rust(node: Node) -> Iterator[str]:
    return _spelled_out(text_of(node.child_by_field_name("argument") or node.child_by_field_name("name")))


_ELIXIR: Final = frozenset({"use", "import", "alias", "require"})


def _elixir(node: Node) -> Iterator[str]:
    if _is_call_of(node.child_by_field_name("target"), _ELIXIR):
        yield from _spelled_out(text_of(_first_argument(node)))


_ZIG: Final = frozenset({"@import"})


def _zig(node: Node) -> Iterator[str]:
    if _is_call_of(_first_child(node), _ZIG):
        yield from _unquoted(_first_argument(node, "string"))


_SHELL: Final = frozenset({"source", "."})


def _shell(node: Node) -> Iterator[str]:
    if _is_call_of(node.child_by_field_name("name"), _SHELL):
        yield from _unquoted(node.child_by_field_name("argument"))


@dataclass(frozen=True, slots=True)
class _Source:
    """The types of nodes in which a grammar has imports, and how to read one."""

    types: frozenset[str]
    read: Reader


def _source(read: Reader, *types: str) -> _Source:
    return _Source(frozenset(types), read)


_SCRIPT = _source(_script, "import_statement", "export_statement", "import_require_clause", "call_expression")
_INCLUDES = _source(_field("path"), "preproc_include")

_SOURCES: dict[str, _Source] = {
    "python": _source(_python, "import_statement", "import_from_statement", "future_import_statement"),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _source(_field("path"), "import_spec"),
    "java": _source(_grouped(_JAVA), "import_declaration"),
    "kotlin": _source(_child("qualified_identifier"), "import"),
    "scala": _source(_grouped(_SCALA), "import_declaration"),
    "csharp": _source(_child("qualified_name", "identifier", "alias_qualified_name"), "using_directive"),
    "rust": _source(_rust, "use_declaration", "extern_crate_declaration"),
    "c": _INCLUDES,
    "cpp": _INCLUDES,
    "swift": _source(_child("identifier"), "import_declaration"),
    "haskell": _source(_field("module"), "import"),
    "zig": _source(_zig, "builtin_function"),
    "php": _source(_grouped(_PHP), "namespace_use_declaration"),
    "ruby": _source(_called("method", "require", "require_relative", "load"), "call"),
    "elixir": _source(_elixir, "call"),
    "lua": _source(_called("name", "require"), "function_call"),
    "bash": _source(_shell, "command"),
}
