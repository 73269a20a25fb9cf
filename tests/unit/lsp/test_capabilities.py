"""Capabilities are read with leniency, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from cattrs import BaseValidationError
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from codeintel.lsp.capabilities import read_leniently
from codeintel.lsp.protocol import converter


def read(**params: Any) -> types.InitializeParams:
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    known = converter()
    return read_leniently(request, lambda data: known.structure(data, types.InitializeRequest)).params


def test_unknown_values_are_dropped_and_the_others_of_their_list_kept() -> None:
    formats = ["hologram", "markdown", "html", "plaintext", "smell"]
    support = {"textDocument": {"hover": {"contentFormat": formats}}}
    hover = read(capabilities=support).capabilities.text_document.hover
    assert list(hover.content_format) == [types.MarkupKind.Markdown, types.MarkupKind.PlainText]


def test_a_list_may_have_more_than_ten_unknown_values() -> None:
    kinds = [*range(900, 915), 5, *range(915, 930), 6]
    support = {"workspace": {"symbol": {"symbolKind": {"valueSet": kinds}}}}
    symbol = read(capabilities=support).capabilities.workspace.symbol
    assert list(symbol.symbol_kind.value_set) == [types.SymbolKind.Class, types.SymbolKind.Method]


def test_a_part_without_what_it_needs_is_dropped() -> None:
    support = {"textDocument": {"codeAction": {"codeActionLiteralSupport": {}}, "hover": {}}}
    text_document = read(capabilities=support).capabilities.text_document
    assert text_document.hover and not text_document.code_action.code_action_literal_support


@pytest.mark.parametrize("wrong", [{}, {"capabilities": {}, "processId": "x"}, {"capabilities": 5}])
def test_what_is_wrong_elsewhere_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BaseValidationError):
        read(**wrong)


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({"a": 1})
GROUPS = ["workspace", "textDocument", "window", "general", "notebookDocument"]
PARTS = ["symbol", "hover", "codeAction", "completion", "workDoneProgress", "positionEncodings"]
NAMES = ["contentFormat", "symbolKind", "codeActionLiteralSupport", "completionItem", "dynamicRegistration"]


@given(
    st.dictionaries(
        st.sampled_from(GROUPS),
        VALUES
        | st.dictionaries(
            st.sampled_from(PARTS),
            VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES | st.lists(VALUES)),
        ),
    )
)
def test_no_capabilities_keep_a_client_out(capabilities: dict[str, Any]) -> None:
    assert isinstance(read(capabilities=capabilities).capabilities, types.ClientCapabilities)
