"""Which error goes over the wire for what went wrong."""

from __future__ import annotations

import logging

import pytest

from codeintel.errors import (
    Cancelled,
    IndexCorrupt,
    ModelError,
    NotReady,
    QueryError,
    UsageError,
    WorkspaceError,
)
from codeintel.lsp.faults import wire_error


@pytest.mark.parametrize(
    ("error", "code", "data"),
    [
        (UsageError("Too many.", field="limit"), -32602, {"field": "limit", "reason": "Too many."}),
        (QueryError("Bad.", "Fix it.", 4), -32602, {"field": "query", "reason": "Bad.", "column": 4}),
        (NotReady("Soon."), -32803, {"retry": True, "retryAfterMs": 500}),
        (Cancelled(), -32800, None),
        (IndexCorrupt("Damaged."), -32803, None),
        (ModelError("Missing."), -32803, None),
        (WorkspaceError("Gone.", "Look."), -32803, None),
    ],
)
def test_errors_for_people_keep_their_words(error: Exception, code: int, data: object) -> None:
    answer = wire_error(error, "codeintel/search")
    assert (answer.code, answer.data) == (code, data)
    assert answer.message == str(error)


def test_a_bug_is_logged_with_its_trace_and_only_named_on_the_wire(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = wire_error(KeyError("secret"), "codeintel/search")
    assert answer.code == -32603
    assert "codeintel/search" in answer.message
    assert "secret" not in answer.message
    assert answer.data is None
    assert caplog.records[0].exc_info
