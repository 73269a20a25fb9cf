"""The SQL of the views that join tables: chunks with what structure knows of them, symbols with their uses.

Every join is on (root, uri), because two roots may have documents and modules of the same name. Bytes are half-open on
both sides, so that two spans overlap where each starts before the other ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from codeintel.catalog.views import View

IS_DEFINITION = "roles & 1 = 1"
"""The bit of SCIP's SymbolRole that tells a definition from a reference."""

IS_GLOBAL = "symbol_norm <> ''"
"""Locals mean something within their document alone, and have no qualified name."""

FAISS_JOIN = """\
SELECT c.root, c.uri, c.id AS chunk_id, m.faiss_row, m.faiss_id, m.source,
       c.start_line, c.end_line, c.lang, c.kind, c.breadcrumb, c.tier, c.content_hash
FROM chunks c
JOIN faiss_idmap m ON m.root = c.root AND m.uri = c.uri AND m.chunk_id = c.id"""
"""Each chunk that has a vector, with the row of the FAISS index that holds it."""

FAISS_TABLES = frozenset({"chunks", "faiss_idmap"})
"""What it is made from."""

_IDMAP_HEALTH = """\
SELECT coalesce(c.root, m.root) AS root, count(c.id) AS chunks, count(m.chunk_id) AS mapped,
       count(*) FILTER (m.source = 'primary') AS in_primary, count(*) FILTER (m.source = 'secondary') AS in_secondary,
       count(*) FILTER (m.chunk_id IS NULL) AS unmapped, count(*) FILTER (c.id IS NULL) AS astray,
       count(m.chunk_id) - count(DISTINCT (m.source, m.faiss_row)) FILTER (m.chunk_id IS NOT NULL) AS repeated
FROM chunks c
FULL JOIN faiss_idmap m ON m.root = c.root AND m.uri = c.uri AND m.chunk_id = c.id
GROUP BY ALL ORDER BY ALL"""
"""For each root: chunks without a vector (`unmapped`), vectors without a chunk (`astray`), rows that occur twice."""

_CHUNK_OCCURRENCES = f"""\
SELECT c.root, c.uri, c.id AS chunk_id, o.symbol, o.symbol_norm, o.name, o.roles,
       o.{IS_DEFINITION} AS is_definition, o.start_line, o.start_character, o.start_byte, o.end_byte, o.origin
FROM chunks c
JOIN scip_occurrences o
  ON o.root = c.root AND o.uri = c.uri AND o.start_byte >= c.start_byte AND o.start_byte < c.end_byte"""

_CHUNK_SYMBOLS = f"""\
SELECT o.root, o.uri, o.chunk_id, o.symbol, o.symbol_norm, o.name, s.kind, s.display_name, s.signature,
       s.documentation, o.start_line, o.start_byte, o.end_byte, o.origin
FROM v_chunk_occurrences o
LEFT JOIN scip_symbols s ON s.root = o.root AND s.uri = o.uri AND s.symbol = o.symbol
WHERE o.is_definition AND o.{IS_GLOBAL}"""

_CHUNK_AST = """\
SELECT c.root, c.uri, c.id AS chunk_id, n.node_id, n.type, n.start_byte, n.end_byte, n.parent_id, n.depth, n.field,
       n.symbol, n.docstring, n.start_byte >= c.start_byte AND n.end_byte <= c.end_byte AS is_within
FROM chunks c
JOIN ast_nodes n ON n.root = c.root AND n.uri = c.uri AND n.start_byte < c.end_byte AND n.end_byte > c.start_byte"""

_CHUNK_CST = """\
SELECT c.root, c.uri, c.id AS chunk_id, n.node_id, n.kind, n.start_byte, n.end_byte, n.parent_id, n.text_hash, n.stale,
       n.start_byte >= c.start_byte AND n.end_byte <= c.end_byte AS is_within
FROM chunks c
JOIN cst_nodes n ON n.root = c.root AND n.uri = c.uri AND n.start_byte < c.end_byte AND n.end_byte > c.start_byte"""

_SYMBOL_DEFS = f"""\
SELECT o.root, o.uri, o.symbol, o.symbol_norm, o.name, s.kind, s.signature, s.documentation, s.enclosing_symbol,
       m.module, coalesce(m.is_test, false) AS is_test, o.start_line, o.start_character, o.start_byte, o.end_byte,
       o.enclosing_start_byte, o.enclosing_end_byte, o.origin
FROM scip_occurrences o
LEFT JOIN scip_symbols s ON s.root = o.root AND s.uri = o.uri AND s.symbol = o.symbol
LEFT JOIN modules m ON m.root = o.root AND m.uri = o.uri
WHERE o.{IS_DEFINITION} AND o.{IS_GLOBAL}"""

_SYMBOL_REFS = f"""\
SELECT o.root, o.uri, o.symbol, o.symbol_norm, o.name, m.module, coalesce(m.is_test, false) AS is_test,
       o.start_line, o.start_character, o.start_byte, o.end_byte, o.origin
FROM scip_occurrences o
LEFT JOIN modules m ON m.root = o.root AND m.uri = o.uri
WHERE NOT (o.{IS_DEFINITION}) AND o.{IS_GLOBAL}"""

_SYMBOL_COVERAGE = """\
WITH defined AS (
    SELECT root, symbol_norm, min(name) AS name, min(kind) AS kind, min(uri) AS uri,
           min_by(start_line, (uri, start_line)) AS start_line, min(module) AS module, bool_and(is_test) AS is_test,
           count(*) AS definitions, bool_or(coalesce(documentation, '') <> '') AS is_documented
    FROM v_symbol_defs GROUP BY root, symbol_norm
), used AS (
    SELECT root, symbol_norm, count(*) AS uses, count(DISTINCT uri) AS documents,
           count(*) FILTER (is_test) AS test_uses
    FROM v_symbol_refs GROUP BY root, symbol_norm
)
SELECT d.root, d.symbol_norm, d.name, d.kind, d.uri, d.start_line, d.module, d.is_test, d.definitions, d.is_documented,
       coalesce(u.uses, 0) AS uses, coalesce(u.documents, 0) AS documents, coalesce(u.test_uses, 0) AS test_uses
FROM defined d LEFT JOIN used u ON u.root = d.root AND u.symbol_norm = d.symbol_norm"""

_MODULE_COVERAGE = """\
WITH symbols AS (
    SELECT root, uri, count(*) AS symbols, count(*) FILTER (is_documented) AS documented,
           count(*) FILTER (uses > 0) AS used, count(*) FILTER (test_uses > 0) AS tested
    FROM v_symbol_coverage GROUP BY root, uri
), texts AS (
    SELECT root, uri, count(*) AS chunks, count(*) FILTER (embedding IS NOT NULL) AS embedded
    FROM chunks GROUP BY root, uri
)
SELECT m.root, m.uri, m.module, m.package, m.is_test, m.is_generated, m.status,
       coalesce(t.chunks, 0) AS chunks, coalesce(t.embedded, 0) AS embedded, coalesce(s.symbols, 0) AS symbols,
       coalesce(s.documented, 0) AS documented, coalesce(s.used, 0) AS used, coalesce(s.tested, 0) AS tested
FROM modules m
LEFT JOIN symbols s ON s.root = m.root AND s.uri = m.uri
LEFT JOIN texts t ON t.root = m.root AND t.uri = m.uri"""

_CHANNEL_CONTRIBUTION = """\
SELECT run_id, source, count(DISTINCT query_id) AS queries, count(*) AS hits, min(rank) AS best_rank,
       avg(rank) AS mean_rank, sum(contribution)::DOUBLE AS contribution,
       avg(judged) FILTER (judged IS NOT NULL) AS mean_judged
FROM eval_pool GROUP BY run_id, source"""

_VIEWS = {
    "v_faiss_join": FAISS_JOIN,
    "v_idmap_health": _IDMAP_HEALTH,
    "v_chunk_occurrences": _CHUNK_OCCURRENCES,
    "v_chunk_symbols": _CHUNK_SYMBOLS,
    "v_chunk_ast": _CHUNK_AST,
    "v_chunk_cst": _CHUNK_CST,
    "v_symbol_defs": _SYMBOL_DEFS,
    "v_symbol_refs": _SYMBOL_REFS,
    "v_symbol_coverage": _SYMBOL_COVERAGE,
    "v_module_coverage": _MODULE_COVERAGE,
    "v_channel_contribution": _CHANNEL_CONTRIBUTION,
}
"""In an order in which each needs only those before it."""


def joined_views() -> Iterator[View]:
    """The views over the tables' views."""
    return (View(name, query) for name, query in _VIEWS.items())
