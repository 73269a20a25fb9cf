from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from catalog_samples import PROVENANCE
from hypothesis import given
from hypothesis import strategies as st

from codeintel.catalog import manifest as module
from codeintel.catalog.manifest import Artifact, Manifest, Part, decode, encode, stamped
from codeintel.errors import IndexCorrupt, SchemaTooNew

SECRET = bytes(range(32))
PART = Part("chunks", "base-1-g3.parquet", "base", 3, 10, 999, "ab", "a.py", "ü.py")
SAMPLE = stamped(
    5,
    PROVENANCE,
    parts=(PART, Part("chunks", "delta-g5.parquet", "delta", 5, 1, 99, "cd", "b.py", "b.py")),
    changed={"b.py": 5, "gone.py": 4},
    artifacts=(Artifact("lexical/meta.json", 7, "ef"),),
)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert decode(encode(SAMPLE, SECRET), SECRET) == SAMPLE


@given(st.data())
def test_every_bit_flip_is_noticed(data: st.DataObject) -> None:
    written = bytearray(encode(SAMPLE, SECRET))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(IndexCorrupt):
        assert decode(bytes(written), SECRET) == SAMPLE  # a flip that only adds white space does no harm


@pytest.mark.parametrize("length", [0, 1, 100, 500])
def test_a_truncated_manifest_is_damaged(length: int) -> None:
    with pytest.raises(IndexCorrupt, match=r"manifest\.json is damaged"):
        decode(encode(SAMPLE, SECRET)[:length], SECRET)


@pytest.mark.parametrize("data", [b"[]", b"{}", b"null", b'"x"', b'{"manifest": 1}', b"[" * 100_000, b"\xff"])
def test_other_json_is_a_damaged_manifest(data: bytes) -> None:
    with pytest.raises(IndexCorrupt):
        decode(data, SECRET)


def test_the_manifest_of_another_user_is_foreign() -> None:
    with pytest.raises(IndexCorrupt, match=r"another machine or shipped with the repository.*rebuilt"):
        decode(encode(SAMPLE, bytes(32)), SECRET)


def test_a_seal_cannot_be_taken_to_another_manifest() -> None:
    other = json.loads(encode(stamped(6, PROVENANCE), bytes(32)))
    other["owner"] = json.loads(encode(SAMPLE, SECRET))["owner"]
    with pytest.raises(IndexCorrupt, match="shipped"):
        decode(json.dumps(other).encode(), SECRET)


def _written_as(monkeypatch: pytest.MonkeyPatch, **layout: Any) -> bytes:
    with monkeypatch.context() as patch:
        for name, value in layout.items():
            patch.setattr(module, name, value)
        return encode(SAMPLE, SECRET)


def test_a_newer_layout_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _written_as(monkeypatch, SCHEMA_VERSION=9, READABLE_FROM=8)
    with pytest.raises(SchemaTooNew, match=r"codeintel \d.* in layout 9; this one knows 1. Upgrade"):
        decode(data, SECRET)


def test_a_newer_layout_that_says_it_is_readable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode(_written_as(monkeypatch, SCHEMA_VERSION=9), SECRET) == SAMPLE


def test_an_old_layout_is_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IndexCorrupt, match="old layout 0"):
        decode(_written_as(monkeypatch, SCHEMA_VERSION=0, READABLE_FROM=0), SECRET)


def test_only_documents_that_changed_later_are_dead_in_a_part() -> None:
    manifest = Manifest(9, PROVENANCE, (PART,), {"a.py": 4, "b.py": 3, "ü.py": 2, "zz.py": 9, "üü.py": 9})
    assert manifest.dead_uris(PART) == ["a.py", "zz.py"]


def test_a_delta_is_dead_once_all_its_documents_changed_again() -> None:
    delta = SAMPLE.parts[1]
    assert not SAMPLE.is_dead(delta)
    assert Manifest(6, PROVENANCE, (delta,), {"b.py": 6}).is_dead(delta)
