"""One query over chunks, with or without what the other tables know of them: a chunk is one row, whatever is joined.

A joined table is an aggregate by chunk, and a condition on one a semi-join, so that neither multiplies rows nor depends
on the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from codeintel.catalog.joins import IS_DEFINITION, IS_GLOBAL
from codeintel.catalog.views import View


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What is joined to each chunk: its document's module, the symbols in it, its place in FAISS, its tree nodes."""

    join_modules: bool = False
    join_symbols: bool = False
    join_faiss: bool = False
    join_ast: bool = False
    join_cst: bool = False


@dataclass(frozen=True, slots=True)
class ChunkFilter:
    """Which chunks: all conditions that are given hold.

    `uri` is a glob over paths; `module` that module and those below it; `defines` and `refers` a symbol by its name or
    qualified name, `ast_type` and `cst_kind` a node that overlaps the chunk.
    """

    root: str | None = None
    uri: str | None = None
    lang: str | None = None
    kind: str | None = None
    module: str | None = None
    defines: str | None = None
    refers: str | None = None
    ast_type: str | None = None
    cst_kind: str | None = None


EVERYTHING = QueryOptions(*[True] * len(fields(QueryOptions)))
NO_FILTER = ChunkFilter()


def chunk_query(
    options: QueryOptions = QueryOptions(),
    where: ChunkFilter = NO_FILTER,
) -> tuple[str, dict[str, str]]:
    """A query over the views and its parameters; chunks in the order of (root, uri, start_byte)."""
    given = {
        field.name: value for field in fields(where) if (value := getattr(where, field.name)) is not None
    }
    conditions = " AND ".join(_CONDITIONS[name] for name in given) or "true"
    joins = list(_joins(options))
    columns = "".join(f", {join.columns}" for join in joins)
    sources = "".join(f"\nLEFT JOIN ({join.query}) {join.name} ON {join.on}" for join in joins)
    query = f"""\
WITH c AS MATERIALIZED (SELECT * FROM chunks c WHERE {conditions})
SELECT {_CHUNK_COLUMNS}{columns}
FROM c{sources}
ORDER BY c.root, c.uri, c.start_byte"""
    return query, given


def wide_view() -> View:
    """The view `v_chunks`: every chunk with everything joined."""
    return View("v_chunks", chunk_query(EVERYTHING)[0])


@dataclass(frozen=True, slots=True)
class _Join:
    name: str
    columns: str
    query: str
    on: str = ""


_CHUNK_COLUMNS = """\
c.root, c.uri, c.id, c.start_line, c.end_line, c.start_byte, c.end_byte, c.lang, c.kind, c.breadcrumb, c.symbols,
       c.preview, c.tier, c.content_hash"""

_BY_CHUNK = "{0}.root = c.root AND {0}.id = c.id"
_OVERLAPS = "n.root = c.root AND n.uri = c.uri AND n.start_byte < c.end_byte AND n.end_byte > c.start_byte"
_STARTS_WITHIN = (
    "o.root = c.root AND o.uri = c.uri AND o.start_byte >= c.start_byte AND o.start_byte < c.end_byte"
)

_MODULES = _Join(
    "m",
    "m.module, m.package, m.is_test, m.is_generated",
    """SELECT root, uri, min(module) AS module, min(package) AS package, bool_or(is_test) AS is_test,
       bool_or(is_generated) AS is_generated FROM modules GROUP BY root, uri""",
    "m.root = c.root AND m.uri = c.uri",
)
_SYMBOLS = _Join(
    "s",
    "coalesce(s.defines, []) AS defines, coalesce(s.refers, []) AS refers",
    f"""SELECT c.root, c.id,
       list(DISTINCT o.symbol_norm ORDER BY o.symbol_norm) FILTER (o.{IS_DEFINITION}) AS defines,
       list(DISTINCT o.symbol_norm ORDER BY o.symbol_norm) FILTER (NOT (o.{IS_DEFINITION})) AS refers
       FROM c JOIN scip_occurrences o ON {_STARTS_WITHIN} WHERE o.{IS_GLOBAL} GROUP BY c.root, c.id""",
    _BY_CHUNK.format("s"),
)
_FAISS = _Join(
    "f",
    "f.faiss_row, f.faiss_id, f.source",
    """SELECT c.root, c.id, min(m.faiss_row) AS faiss_row, min(m.faiss_id) AS faiss_id, min(m.source) AS source
       FROM c JOIN faiss_idmap m ON m.root = c.root AND m.uri = c.uri AND m.chunk_id = c.id GROUP BY c.root, c.id""",
    _BY_CHUNK.format("f"),
)
_AST = _Join(
    "a",
    "coalesce(a.ast_nodes, 0) AS ast_nodes, coalesce(a.ast_types, []) AS ast_types",
    f"""SELECT c.root, c.id, count(*) AS ast_nodes, list(DISTINCT n.type ORDER BY n.type) AS ast_types
       FROM c JOIN ast_nodes n ON {_OVERLAPS} GROUP BY c.root, c.id""",
    _BY_CHUNK.format("a"),
)
_CST = _Join(
    "t",
    "coalesce(t.cst_nodes, 0) AS cst_nodes, coalesce(t.cst_kinds, []) AS cst_kinds, "
    "coalesce(t.cst_stale, false) AS cst_stale",
    f"""SELECT c.root, c.id, count(*) AS cst_nodes, list(DISTINCT n.kind ORDER BY n.kind) AS cst_kinds,
       bool_or(n.stale) AS cst_stale FROM c JOIN cst_nodes n ON {_OVERLAPS} GROUP BY c.root, c.id""",
    _BY_CHUNK.format("t"),
)

_CONDITIONS = {
    "root": "c.root = $root",
    "uri": "c.uri GLOB $uri",
    "lang": "c.lang = $lang",
    "kind": "c.kind = $kind",
    "module": """EXISTS (FROM modules m WHERE m.root = c.root AND m.uri = c.uri
       AND (m.module = $module OR starts_with(m.module, $module || '.')))""",
    "defines": f"""EXISTS (FROM scip_occurrences o WHERE {_STARTS_WITHIN} AND o.{IS_DEFINITION}
       AND $defines IN (o.name, o.symbol_norm))""",
    "refers": f"""EXISTS (FROM scip_occurrences o WHERE {_STARTS_WITHIN} AND NOT (o.{IS_DEFINITION})
       AND $refers IN (o.name, o.symbol_norm))""",
    "ast_type": f"EXISTS (FROM ast_nodes n WHERE {_OVERLAPS} AND n.type = $ast_type)",
    "cst_kind": f"EXISTS (FROM cst_nodes n WHERE {_OVERLAPS} AND n.kind = $cst_kind)",
}


def _joins(options: QueryOptions) -> Iterator[_Join]:
    if options.join_modules:
        yield _MODULES
    if options.join_symbols:
        yield _SYMBOLS
    if options.join_faiss:
        yield _FAISS
    if options.join_ast:
        yield _AST
    if options.join_cst:
        yield _CST
