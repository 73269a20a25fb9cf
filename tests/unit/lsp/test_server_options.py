"""The command's options."""

from __future__ import annotations

import argparse

import pytest

from codeintel.lsp.main import loopback_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("4000", ("127.0.0.1", 4000)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("127.0.0.9:1", ("127.0.0.9", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_a_loopback_address_is_taken(text: str, address: tuple[str, int]) -> None:
    assert loopback_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "0.0.0.0:1", "::", "example.org:1", "70000", "-1", "127.0.0.1:", "1.2.3.4:5"]
)
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        loopback_address(text)
