"""The plugin's types are those of the protocol, and it reads no field that the protocol does not have."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from codeintel.lsp.protocol import METHODS, NOTIFICATIONS, WIRE_TYPES, camel_case, field_types

PLUGIN = Path(__file__).parents[3] / "nvim-client"
SCRIPT = PLUGIN / "scripts" / "protocol_types.py"
LUA = [path for path in (PLUGIN / "lua").rglob("*.lua") if path.name != "protocol.lua"]

NOT_OURS = {"retryAfterMs", "reindexFile"}  # of an error's data; a part of a command's name


def test_the_types_are_those_of_the_protocol() -> None:
    spec = importlib.util.spec_from_file_location("protocol_types", SCRIPT)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    committed = (PLUGIN / "lua" / "codeintel" / "protocol.lua").read_text(encoding="utf-8")
    assert committed == script.protocol_types(), f"run {SCRIPT.name} again"


def test_every_method_that_it_asks_for_is_one_of_the_protocol() -> None:
    asked = {method for path in LUA for method in re.findall(r"'(codeintel/\w+)'", path.read_text())}
    assert {"codeintel/search", "codeintel/whyNot", "codeintel/judge"} <= asked
    assert asked <= {*METHODS, *NOTIFICATIONS}


def test_every_field_in_camel_case_is_one_of_the_protocol() -> None:
    known = {camel_case(name) for kind in WIRE_TYPES for name in field_types(kind)}
    text = "\n".join(path.read_text() for path in LUA)
    used = set(re.findall(r"\.([a-z]+[A-Z]\w*)\b(?!\()", text)) - NOT_OURS
    assert used
    assert used <= known
