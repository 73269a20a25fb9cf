"""LibCST's nodes as rows: the public provider's positions, broken text told apart, bombs refused unparsed."""

from __future__ import annotations

from hashlib import blake2b

import libcst
import pytest
from hypothesis import given, settings
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider

from codeintel.analysis.columns import empty_columns
from codeintel.analysis.concrete_nodes import BLANK, COLUMNS, MAX_TOKENS, concrete_nodes
from codeintel.analysis.python_nesting import Nesting, nesting_of
from unit.analysis.structure_samples import BOMBS, TEXTS, check_tree, rows_of
from workspaces import SAMPLE

EVERYTHING = '''\
# -*- coding: utf-8 -*-
"""Ünïcode."""
from __future__ import annotations
import a.b as c, d; from . import (e,
    f as g,  # why
)


@decorated(1)
# between
@again
async def h(a: int = 1, /, b=2, *args, c: "str" = 'é', **kw) -> None:
    """日本 🎈"""
    async with a as b, c: pass
    for x in y:
        continue
    else:
        return
    try:
        x = (yield)
    except* (A, B) as e:
        raise X from e
    finally:
        del a[1:2, ...]
    match a:
        case [1, *rest] | {"k": v, **more} if v:
            ...
        case A(b=1) as z:
            pass

class K[T: int](A, metaclass=M):
\tx: int
\tdef m(self): return lambda q: f"{q!r:>{1}} {{}}" "b" r'c'

if a: b
elif c: d
else:
    e = [i for i in j if not i] + {1: 2} | {*s} if (y := 1) else -x ** 2 @ z
type X = int
assert a, b; global g
'''
SOURCES = [
    "",
    "\n",
    "# only a comment",
    "x = 1",
    "x = 1  # without a last line break",
    "x = 1\r\n\r\nif x:\r\n\tpass\r\n",
    "if x:\n\n    y\n\n    # end\n\n# end\n\n\n",
    "x = 1\n\x0c\ny = '\x0c'\n",
    EVERYTHING,
    EVERYTHING.replace("\n", "\r\n"),
    EVERYTHING.rstrip("\n"),
]


def texts() -> list[str]:
    files = sorted(SAMPLE.rglob("*.py"))
    assert files
    return SOURCES + [file.read_text(encoding="utf-8") for file in files]


@pytest.mark.parametrize("text", texts())
def test_rows_are_those_of_the_public_metadata(text: str) -> None:
    columns = concrete_nodes(text).columns
    assert columns is not None
    assert sorted(rows_of(columns, "kind", "start_byte", "end_byte")) == sorted(
        (kind, start, end) for kind, start, end, _ in by_metadata(text)
    )
    kinds = columns["kind"]
    parents = [None if parent is None else kinds[parent] for parent in columns["parent_id"]]
    assert sorted(zip(kinds, map(str, parents), strict=True)) == sorted(
        (kind, parent) for kind, _, _, parent in by_metadata(text)
    )


def by_metadata(text: str) -> list[tuple[str, int, int, str]]:
    """Kind, bytes and parent's kind of every node that is not blank, as LibCST's own providers have them.

    They count a line break that LibCST adds to a text without a last one.
    """
    wrapper = MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True)
    parents = wrapper.resolve(ParentNodeProvider)
    size = len(text.encode())
    rows = []
    for node, span in wrapper.resolve(ByteSpanPositionProvider).items():
        if type(node) in BLANK:
            continue
        parent = parents.get(node)
        while parent is not None and type(parent) in BLANK:
            parent = parents[parent]
        end = min(span.start + span.length, size)
        rows.append((type(node).__name__, span.start, end, type(parent).__name__ if parent else "None"))
    return rows


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("\x0cx = 1\n", "Assign", "x = 1"),
        ("\x0cx = 1\n", "Module", "\x0cx = 1\n"),
        ("\r", "Module", "\r"),
        ("x = f()\r", "Call", "f()"),
        ("if x:\n    é\n\n\n  # dedented\n\n# end\n\n\n", "Comment", "# dedented"),
        ("if x:\n    é\n\n\n  # dedented\n\n# end\n\n\n", "IndentedBlock", "é"),
    ],
)
def test_positions_are_right_where_libcst_loses_blanks(text: str, kind: str, expected: str) -> None:
    columns = concrete_nodes(text).columns
    assert columns is not None and text != libcst.parse_module(text).code
    row = columns["kind"].index(kind)
    assert text.encode()[columns["start_byte"][row] : columns["end_byte"][row]].decode() == expected


def test_every_row_has_the_hash_of_its_text() -> None:
    columns = concrete_nodes("é = 1\n").columns
    assert columns is not None
    name = columns["kind"].index("Name")
    digest = blake2b("é".encode(), digest_size=8).digest()
    assert columns["text_hash"][name] == int.from_bytes(digest, "little")


@settings(deadline=None)
@given(TEXTS)
def test_any_text_gives_rows_in_preorder_inside_it_or_is_broken(text: str) -> None:
    found = concrete_nodes(text)
    if found.columns is not None:
        check_tree(found.columns, len(text.encode()))


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = (\n", "\x00", "  x\n y\n", "print 'old'\n", "x = 'a' b'c'\n"]
)
def test_a_syntax_error_gives_nothing(text: str) -> None:
    assert concrete_nodes(text).columns is None


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_refused_and_say_so(text: str) -> None:
    found = concrete_nodes(text)
    assert found.columns == empty_columns(COLUMNS)
    assert found.status.startswith("no concrete nodes: the text ")


def test_a_long_literal_is_refused() -> None:
    text = "x = {\n" + "".join(f'    "key{number}": {number},\n' for number in range(20_000)) + "}\n"
    assert concrete_nodes(text).status == f"no concrete nodes: the text has over {MAX_TOKENS:,} tokens"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Nesting()),
        ("x = (1, [2])\n", Nesting(tokens=9, brackets=2, depth=5)),
        ("if a:\n  if b:\n\n    c\nd\n", Nesting(tokens=8, indents=2, depth=3)),
        ("x = '((((' # ((((\n", Nesting(tokens=3, depth=3)),
        ("x = '''\n((('''; y\n", Nesting(tokens=4, depth=3)),
        ("x = f'{([1])}'\n", Nesting(tokens=3, brackets=3, depth=3)),
        ("x = a \\\n + b\n", Nesting(tokens=5, depth=5)),
        ("case [[1], 2]: x\n", Nesting(tokens=10, brackets=2, depth=4, pattern=2)),
        ("if a: b\nelif c: d\nelif e: f\n", Nesting(tokens=12, depth=4, branches=2)),
    ],
)
def test_nesting_is_counted_without_parsing(text: str, expected: Nesting) -> None:
    assert nesting_of(text) == expected
