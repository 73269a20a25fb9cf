"""What the extension for VS Code says of the protocol and of the options is what the server says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codeintel.lsp.protocol_typescript import typescript
from codeintel.options import OPTIONS, Option

CLIENT = Path(__file__).parents[3] / "vscode-client"
SECTION = "codeintel."
OWN_SECTIONS = ("server.", "trace.", "view.", "highlight.", "contextMenu.")
"""Settings that are the extension's own."""
CHOSEN_ELSEWHERE = {"index.folder": None, "workers.count": None}
"""Options whose default depends on the machine or the root, which null stands for in package.json."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def properties(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    parts = manifest["contributes"]["configuration"]
    return {name.removeprefix(SECTION): row for part in parts for name, row in part["properties"].items()}


def test_protocol_ts_is_what_the_wire_types_generate() -> None:
    written = (CLIENT / "src" / "protocol.ts").read_text(encoding="utf-8")
    assert written == typescript(), "python -m codeintel.lsp.protocol_typescript writes it again"


def test_every_option_is_a_setting_and_every_other_setting_is_the_extensions_own(
    properties: dict[str, dict[str, Any]],
) -> None:
    shared = {name for name in properties if not name.startswith(OWN_SECTIONS)}
    assert shared == {option.editor_name for option in OPTIONS if "editor" in option.places}


@pytest.mark.parametrize(
    "option", [one for one in OPTIONS if "editor" in one.places], ids=lambda one: one.name
)
def test_defaults_and_bounds_of_a_setting_are_those_of_the_option(
    properties: dict[str, dict[str, Any]], option: Option
) -> None:
    row = properties[option.editor_name]
    default = CHOSEN_ELSEWHERE.get(option.name, option.default)
    assert row["default"] == (list(default) if isinstance(default, tuple) else default)
    for bound in {row.get("minimum"), row.get("maximum"), *row.get("enum", [])} - {None}:
        option.kind.check(bound)
    assert all(_is_refused(option, value) for value in _beyond(row))


def _beyond(row: dict[str, Any]) -> list[object]:
    """The values next to the bounds, on the wrong side."""
    numbers = [row["minimum"] / 2 - 1, row["maximum"] + 1] if "minimum" in row else []
    return [*numbers, *(["no such choice"] if "enum" in row else [])]


def _is_refused(option: Option, value: object) -> bool:
    try:
        option.kind.check(value)
    except ValueError:
        return True
    return False


def test_settings_that_choose_what_runs_or_is_read_are_not_a_workspaces_to_make_unless_it_is_trusted(
    manifest: dict[str, Any],
) -> None:
    trusted_only = set(manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    guarded = {
        SECTION + option.editor_name for option in OPTIONS if option.guarded or "file" not in option.places
    }
    own = {SECTION + f"server.{name}" for name in ("path", "from", "interpreter")}
    assert trusted_only == guarded | own


def test_every_text_of_the_manifest_is_translatable(manifest: dict[str, Any]) -> None:
    texts = json.loads((CLIENT / "package.nls.json").read_text(encoding="utf-8"))
    used = {text[1:-1] for text in _strings(manifest) if text.startswith("%") and text.endswith("%")}
    assert used == set(texts)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in _strings(part)]


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
