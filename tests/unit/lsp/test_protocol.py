"""The wire types: names, strictness, and that nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cattrs import BaseValidationError
from lsprotocol import types

from codeintel.lsp import protocol
from codeintel.lsp.faults import unreadable
from codeintel.lsp.features.commands import COMMANDS
from codeintel.lsp.protocol_page import protocol_page

CONVERTER = protocol.converter()
PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"


def test_the_protocol_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == protocol_page(), (
        "run: python -m codeintel.lsp.protocol_page docs/protocol.md"
    )


def test_every_declared_command_exists_and_no_other() -> None:
    assert set(COMMANDS) == set(protocol.COMMANDS)


def test_names_are_camel_case_on_the_wire() -> None:
    coverage = protocol.Coverage(chunks=4, meaning=1, share=0.25, documents=2, structured=1, live=0, stale=2)
    result = protocol.SearchResult(hits=[], coverage=coverage, candidates=4, elapsed_ms=1.5, plan="text(a)")
    assert CONVERTER.unstructure(result) == {
        "hits": [],
        "coverage": {
            "chunks": 4,
            "meaning": 1,
            "share": 0.25,
            "documents": 2,
            "structured": 1,
            "live": 0,
            "stale": 2,
        },
        "candidates": 4,
        "elapsedMs": 1.5,
        "plan": "text(a)",
    }


def test_a_hit_survives_the_wire() -> None:
    span = types.Range(types.Position(1, 2), types.Position(3, 4))
    evidence = protocol.Evidence(text="retry", range=span, share=0.5, query="retries", imputed=True)
    part = protocol.Contribution(
        source="bm25", kind="channel", contribution=1.0, reason="r", rank=1, score=2.0, evidence=[evidence]
    )
    hit = protocol.Hit(
        uri="file:///a.py", range=span, path="a.py", root="w", kind="function", lang="python", breadcrumb="f",
        symbols=["f"], preview="def f():", score=1.0, freshness="saved", contributions=[part],
    )  # fmt: skip
    assert CONVERTER.structure(CONVERTER.unstructure(hit), protocol.Hit) == hit


@pytest.mark.parametrize(
    ("params", "field", "reason"),
    [
        ({}, "query", "is required"),
        ({"query": 5}, "query", "must be a string, not a number"),
        ({"query": "a", "limit": True}, "limit", "must be an integer, not a boolean"),
        ({"query": "a", "limit": 1.5}, "limit", "must be an integer, not 1.5"),
        ({"query": "a", "explain": 1}, "explain", "must be true or false, not a number"),
        (
            {"query": "a", "workDoneToken": {}},
            "workDoneToken",
            "must be a string or an integer, not an object",
        ),
        ([], "params", "must be an object, not an array"),
    ],
)
def test_params_of_the_wrong_type_name_the_field_and_the_reason(params: Any, field: str, reason: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": protocol.SEARCH, "params": params}
    with pytest.raises(BaseValidationError) as caught:
        CONVERTER.structure(message, protocol.MESSAGES[protocol.SEARCH][0])
    error = unreadable(caught.value)
    assert error.data == {"field": field, "reason": reason}
    assert error.message == f"Invalid params: {field} {reason}."


def test_a_null_is_an_absent_field_and_unknown_fields_are_ignored() -> None:
    params = CONVERTER.structure({"query": "a", "limit": None, "colour": 1}, protocol.SearchParams)
    assert params == protocol.SearchParams(query="a")
