"""Filters: which chunks each qualifier admits, on a few files whose every chunk is known."""

from __future__ import annotations

import pytest

from codeintel.search.filters import allowed_chunks, ids_of, module_of
from codeintel.search.query import parse
from codeintel.snapshot import ChunkTable
from workspaces import chunk_table

FILES = {
    "README.md": "# Courier\n\nRetry is described here.\n",
    "src/courier/__init__.py": '"""The package."""\n',
    "src/courier/retry.py": "def backoff(n):\n    return 2**n\n",
    "src/courier/client.py": "from courier.retry import backoff\n\n\n"
    "class Client:\n    def send(self):\n        return backoff(1)\n",
    "tests/test_retry.py": "def test_backoff():\n    assert Backoff == 1\n",
    "web/src/index.ts": "export function backoffDelay(n: number) { return n }\n",
}


@pytest.fixture(scope="module")
def table() -> ChunkTable:
    return chunk_table(FILES)


def check(table: ChunkTable, query: str, *uris: str) -> None:
    """The files that have a chunk which `query` admits."""
    admitted = allowed_chunks(table, parse(query).qualifiers)
    assert admitted is not None
    assert sorted({chunk.uri for chunk in admitted}) == sorted(uris)


def check_negated(table: ChunkTable, query: str) -> None:
    """Negated, a qualifier admits exactly the other chunks."""
    admitted = allowed_chunks(table, parse(query).qualifiers) or []
    others = allowed_chunks(table, parse(f"-{query}").qualifiers) or []
    assert sorted(c.id for c in [*admitted, *others]) == table.ids().tolist()
    assert admitted
    assert others


README, PACKAGE, RETRY, CLIENT, TEST, INDEX = (
    "README.md",
    "src/courier/__init__.py",
    "src/courier/retry.py",
    "src/courier/client.py",
    "tests/test_retry.py",
    "web/src/index.ts",
)


@pytest.mark.parametrize(
    ("query", "uris"),
    [
        ("lang:python", [PACKAGE, RETRY, CLIENT, TEST]),
        ("lang:TypeScript", [INDEX]),
        ("path:retry", [RETRY, TEST]),
        ("path:RETRY.py", [RETRY, TEST]),
        ("path:./src/courier", [PACKAGE, RETRY, CLIENT]),
        ("path:src/**", [PACKAGE, RETRY, CLIENT]),
        ("path:**/src/**", [PACKAGE, RETRY, CLIENT, INDEX]),
        ("path:*.md", [README]),
        ("path:*.ts", [INDEX]),
        ("path:/src/*/[rc]*.py", [RETRY, CLIENT]),
        ("path:nothing/here", []),
        ("module:courier", [PACKAGE, RETRY, CLIENT]),
        ("module:courier.retry", [RETRY]),
        ("module:src.courier.client", [CLIENT]),
        ("module:web.src", [INDEX]),
        ("module:ourier", []),
        ("kind:class", [CLIENT]),
        ("kind:method", []),
        ("def:backoff", [RETRY]),
        ("def:BACKOFF", [RETRY]),
        ("def:backoff*", [RETRY, INDEX]),
        ("def:Client", [CLIENT]),
        ("def:send", [CLIENT]),
        ("ref:backoff", [CLIENT, TEST]),
        ("ref:retry", [README, CLIENT]),
        ("ref:back*", [CLIENT, TEST]),
        ("sym:backoff", [RETRY, CLIENT, TEST]),
        ("sym:back*", [RETRY, CLIENT, TEST, INDEX]),
        ('"return backoff(1)"', [CLIENT]),
        ('"backoff"', [RETRY, CLIENT, TEST, INDEX]),
        ('"Backoff"', [TEST]),
        ('"retry is"', [README]),
        ('"Retry IS"', []),
        ("lang:python -path:tests", [PACKAGE, RETRY, CLIENT]),
        ('sym:backoff -"return backoff"', [RETRY, TEST]),
        ("lang:go", []),
    ],
)
def test_a_qualifier_admits(table: ChunkTable, query: str, uris: list[str]) -> None:
    check(table, query, *uris)


@pytest.mark.parametrize(
    "query",
    [
        "lang:python",
        "path:src/**",
        "path:retry",
        "module:courier",
        "kind:class",
        "def:backoff",
        "ref:backoff",
        "sym:backoff",
        '"backoff"',
    ],
)
def test_a_negated_qualifier_admits_the_rest(table: ChunkTable, query: str) -> None:
    check_negated(table, query)


def test_a_symbol_is_defined_or_referred_to_but_never_both(table: ChunkTable) -> None:
    defined = {c.id for c in allowed_chunks(table, parse("def:backoff").qualifiers) or ()}
    referred = {c.id for c in allowed_chunks(table, parse("ref:backoff").qualifiers) or ()}
    either = {c.id for c in allowed_chunks(table, parse("sym:backoff").qualifiers) or ()}
    assert not defined & referred
    assert defined | referred == either


def test_without_qualifiers_nothing_is_restricted(table: ChunkTable) -> None:
    assert allowed_chunks(table, ()) is None


def test_ids_are_sorted(table: ChunkTable) -> None:
    assert ids_of(table).tolist() == sorted(chunk.id for chunk in table)


@pytest.mark.parametrize(
    ("uri", "module"),
    [
        ("src/pkg/sub.py", "src.pkg.sub"),
        ("pkg/__init__.py", "pkg"),
        ("web/src/index.ts", "web.src"),
        ("engine/mod.rs", "engine"),
        ("main.go", "main"),
        ("a/b.test.ts", "a.b.test"),
    ],
)
def test_a_file_is_imported_as(uri: str, module: str) -> None:
    assert module_of(uri) == module
