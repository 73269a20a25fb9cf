"""Python documents: which symbol stands where, in scip-python's grammar."""

from __future__ import annotations

import pytest
from occurrence_listing import listing

from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.scip.python_imports import ModulePath


def test_definitions_carry_the_symbols_of_scip_python() -> None:
    found = listing(
        "src/pkg/store.py",
        """\
        LIMIT: int = 3
        size = 1
        class Store:
            kind = "x"
            def __init__(self, path):
                self.path = path
                def inner(): ...
            class Part: ...
        async def main(*args, key=1, **rest): ...
        """,
        references=False,
    )
    assert found == [
        "1 LIMIT `pkg.store`/LIMIT.LIMIT. def",
        "2 size `pkg.store`/size. def",
        "3 Store `pkg.store`/Store# def",
        "4 kind `pkg.store`/Store#kind. def",
        "5 __init__ `pkg.store`/Store#__init__(). def",
        "5 self `pkg.store`/Store#__init__().(self) def",
        "5 path `pkg.store`/Store#__init__().(path) def",
        "6 path `pkg.store`/Store#path. def",
        "7 inner `pkg.store`/Store#inner(). def",
        "8 Part `pkg.store`/Store#Part# def",
        "9 main `pkg.store`/main(). def",
        "9 args `pkg.store`/main().(args) def",
        "9 key `pkg.store`/main().(key) def",
        "9 rest `pkg.store`/main().(rest) def",
    ]


def test_uses_find_the_definition_that_python_would() -> None:
    found = listing(
        "a.py",
        """\
        x = 1
        class C:
            x = 2
            def f(self):
                return x, self.x
        def g(c: C):
            global x
            x = 3
            return [x for x in c.f()]
        """,
    )
    assert [line for line in found if " x " in line] == [
        "1 x a/x. def",
        "3 x a/C#x. def",
        "5 x a/x.",
        "5 x a/C#x.",
        "7 x a/x.",
        "8 x a/x.",
        "9 x local 0",
        "9 x local 0 def",
    ]


def test_the_standard_library_is_known_by_its_table() -> None:
    found = listing(
        "a.py",
        """\
        import os, typing as t
        from collections.abc import Iterator
        from warnings import warn
        def f(path: str) -> t.Optional[Iterator]:
            warn(os.path.join(path.strip(), "x"), stacklevel=2)
        """,
    )
    assert [line for line in found if "a/" not in line] == [
        "1 os std:os/__init__:",
        "1 typing std:typing/__init__:",
        "1 t local 0",
        "2 collections.abc std:`collections.abc`/__init__:",
        "2 Iterator std:typing/Iterator#",
        "3 warnings std:warnings/__init__:",
        "3 warn std:_warnings/warn().",
        "4 str std:builtins/str#",
        "4 t local 0",
        "4 Optional std:builtins/Optional#",
        "4 Iterator std:typing/Iterator#",
        "5 warn std:_warnings/warn().",
        "5 os std:os/__init__:",
        "5 path std:os/path.",
        "5 join std:posixpath/join().",
        "5 strip std:builtins/str#strip().",
        "5 stacklevel std:_warnings/warn().(stacklevel) ?",
    ]


def test_what_another_file_defines_is_inferred_from_how_it_is_written() -> None:
    found = listing(
        "pkg/app.py",
        """\
        from .stores import Store, load, LIMIT
        from pkg import signals
        from elsewhere import thing
        class Cache(Store):
            def get(self):
                signals.sent
                return self.fetch(load(key=LIMIT), thing)
        """,
        locals_too=False,
    )
    assert [line for line in found if line.endswith("?")] == [
        "1 Store `pkg.stores`/Store# ?",
        "1 load `pkg.stores`/load(). ?",
        "1 LIMIT `pkg.stores`/LIMIT. ?",
        "2 signals `pkg.signals`/__init__: ?",
        "4 Store `pkg.stores`/Store# ?",
        "6 signals `pkg.signals`/__init__: ?",
        "6 sent `pkg.signals`/sent(). ?",
        "7 fetch `pkg.stores`/Store#fetch(). ?",
        "7 load `pkg.stores`/load(). ?",
        "7 key `pkg.stores`/load().(key) ?",
        "7 LIMIT `pkg.stores`/LIMIT. ?",
    ]


def test_values_are_followed_through_annotations_calls_and_self() -> None:
    found = listing(
        "a.py",
        """\
        class Node:
            next: "Node | None" = None
            def walk(self) -> "Node": return self
        def start() -> Node: return Node()
        def run(node: Node):
            node.next.walk().next
            start().walk()
            other = Node()
            other.walk()
        """,
    )
    assert [line for line in found if line.split()[1] in {"next", "walk"}] == [
        "2 next a/Node#next. def",
        "3 walk a/Node#walk(). def",
        "6 next a/Node#next.",
        "6 walk a/Node#walk().",
        "6 next a/Node#next.",
        "7 walk a/Node#walk().",
        "9 walk a/Node#walk().",
    ]


def test_quoted_annotations_are_looked_into_but_literals_are_not() -> None:
    found = listing("a.py", 'import typing as t\ndef f(a: "list[int]", b: t.Literal["str"]): ...\n')
    assert [line for line in found if "builtins/" in line] == [
        "2 list std:builtins/list#",
        "2 int std:builtins/int#",
        "2 Literal std:builtins/Literal#",
    ]


def test_handlers_patterns_and_declarations_bind() -> None:
    found = listing(
        "a.py",
        """\
        try: ...
        except ValueError as error: print(error)
        match 1:
            case [first, *rest] as whole: ...
        def f():
            count = 0
            def g():
                nonlocal count
        """,
    )
    assert [line for line in found if "std:" not in line and "()" not in line] == [
        "2 error a/error. def",
        "2 error a/error.",
        "4 first a/first. def",
        "4 rest a/rest. def",
        "4 whole a/whole. def",
        "6 count local 0 def",
        "8 count local 0",
    ]


def test_characters_are_utf16_units_and_bytes_are_utf8() -> None:
    text = '"é𝒳"; naïve = 1\r"x"; tail = naïve\r\n'
    columns, _ = occurrences_of("a.py", text, language_of("a.py"), "pkg")
    spans = [
        (columns["start_line"][row], columns["start_character"][row], columns["end_character"][row])
        for row in range(1, 4)
    ]
    assert spans == [(0, 7, 12), (1, 5, 9), (1, 12, 17)]
    data = text.encode()
    bytes_of = zip(columns["start_byte"], columns["end_byte"], strict=True)
    assert [data[start:end].decode() for start, end in bytes_of] == ["", "naïve", "tail", "naïve"]


def test_a_definition_encloses_its_decorators_and_body() -> None:
    text = "@property\ndef f():\n    return 1\n\nx = 1\n"
    columns, _ = occurrences_of("a.py", text, language_of("a.py"), "pkg")
    row = columns["name"].index("f")
    start, end = columns["enclosing_start_byte"][row], columns["enclosing_end_byte"][row]
    assert text[start:end] == "@property\ndef f():\n    return 1"
    assert columns["enclosing_start_byte"][columns["name"].index("x")] is None


def test_symbols_tell_signature_documentation_and_bases() -> None:
    text = 'class A(dict):\n    """Doc.\n\n    More."""\n    def f(\n        self,\n    ) -> int: ...\n'
    _, symbols = occurrences_of("a.py", text, language_of("a.py"), "pkg")
    rows = {symbol.split(" ", 4)[4]: row for row, symbol in enumerate(symbols["symbol"])}
    column = {key: {name: values[row] for name, row in rows.items()} for key, values in symbols.items()}
    assert column["signature"]["a/A#"] == "class A(dict)"
    assert column["documentation"]["a/A#"] == "Doc.\n\nMore."
    assert column["signature"]["a/A#f()."] == "def f( self, ) -> int"
    assert column["enclosing_symbol"]["a/A#f()."].endswith(" a/A#")
    assert column["enclosing_symbol"]["a/A#"].endswith(" a/__init__:")
    assert [base["symbol"].rpartition(" ")[2] for base in column["relationships"]["a/A#"]] == [
        "builtins/dict#"
    ]
    assert column["kind"]["a/A#f().(self)"] == "parameter"


def test_broken_text_keeps_its_definitions_as_inferred() -> None:
    found = listing("a.py", "class A:\n    def f(self):\n        self.\n\ndef g():\n    A(\n")
    assert [line for line in found if " def" in line] == [
        "1 A a/A# def ?",
        "2 f a/A#f(). def ?",
        "5 g a/g(). def ?",
    ]


@pytest.mark.parametrize(
    ("path", "module", "level", "absolute"),
    [
        (ModulePath("pkg.mod", False), "x", 1, "pkg.x"),
        (ModulePath("pkg.mod", False), None, 1, "pkg"),
        (ModulePath("pkg.sub", True), "x", 1, "pkg.sub.x"),
        (ModulePath("pkg.sub", True), "x", 2, "pkg.x"),
        (ModulePath("mod", False), "x", 3, "x"),
        (ModulePath("pkg.mod", False), "os.path", 0, "os.path"),
    ],
)
def test_relative_imports_count_from_the_package(
    path: ModulePath, module: str, level: int, absolute: str
) -> None:
    assert path.absolute(module, level) == absolute
