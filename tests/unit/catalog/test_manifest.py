from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

import pytest
from catalog_samples import PROVENANCE
from hypothesis import given
from hypothesis import strategies as st

from codeintel.catalog import manifest as module
from codeintel.catalog.durable import checksum
from codeintel.catalog.history import History
from codeintel.catalog.manifest import Artifact, Manifest, Part, Provenance, decode, encode, first, stamped
from codeintel.catalog.ownership import seal
from codeintel.errors import IndexCorrupt, SchemaTooNew

SECRET = bytes(range(32))
PART = Part("chunks", "base-1-g3.parquet", "base", 3, 10, 999, "ab", "a.py", "ü.py")
SAMPLE = stamped(
    5,
    PROVENANCE,
    parts=(PART, Part("chunks", "delta-g5.parquet", "delta", 5, 1, 99, "cd", "b.py", "b.py", 5)),
    history=History({"b.py": 5, "gone.py": 4}, {"old.py": 3}, 2),
    origin="0123456789abcdef",
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
    with pytest.raises(SchemaTooNew, match=r"codeintel \d.* in layout 9; this one knows 3. Upgrade"):
        decode(data, SECRET)


def test_a_newer_layout_that_says_it_is_readable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode(_written_as(monkeypatch, SCHEMA_VERSION=9), SECRET) == SAMPLE


def test_an_old_layout_is_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IndexCorrupt, match="old layout 0"):
        decode(_written_as(monkeypatch, SCHEMA_VERSION=0, READABLE_FROM=0), SECRET)


def test_an_index_of_the_first_layout_is_kept_without_its_id_map() -> None:
    body = json.loads(encode(SAMPLE, SECRET))["manifest"]
    for part in body["parts"]:
        del part["since"]
    body["parts"].append({**body["parts"][0], "table": "faiss_idmap", "name": "base-0-g3.parquet"})
    body |= {"schema_version": 1, "readable_from": 1}
    body |= {"changes": body.pop("histories")["text"]["changes"]}
    del body["origin"]
    text = module._canonical(body)
    old = {"owner": seal(text, SECRET), "digest": checksum(text), "manifest": body}
    found = decode(json.dumps(old).encode(), SECRET)
    assert [part.path for part in found.parts] == [part.path for part in SAMPLE.parts]
    assert found.history == History({"b.py": 5, "gone.py": 4}, {}, 5)
    assert found.living_uris(found.parts[1], ["b.py"]) == ["b.py"]
    assert found.changes_since(dataclasses.replace(found, generation=4)) is None


def test_only_documents_that_changed_later_are_dead_in_a_part() -> None:
    changed = {"a.py": 4, "b.py": 3, "ü.py": 2, "zz.py": 9, "üü.py": 9}
    manifest = Manifest(9, PROVENANCE, (PART,), History(changed))
    assert manifest.dead_uris(PART) == ["a.py", "zz.py"]


def test_a_part_is_asked_only_for_documents_that_it_may_hold() -> None:
    delta = Part("chunks", "delta-g7.parquet", "delta", 7, 9, 9, "", "b.py", "f.py", since=5)
    changed = {"b.py": 4, "c.py": 5, "d.py": 7, "e.py": 8, "g.py": 6}
    manifest = Manifest(9, PROVENANCE, (PART, delta), History(changed))
    uris = ["a.py", "b.py", "bb.py", "c.py", "d.py", "e.py", "g.py", "zz.py"]
    assert manifest.living_uris(delta, uris) == ["c.py", "d.py"]
    assert manifest.living_uris(PART, uris) == ["a.py", "bb.py", "zz.py"]


def test_an_index_made_anew_cannot_be_compared_with_the_one_before() -> None:
    old, new = first(3, PROVENANCE), first(3, PROVENANCE)
    assert old.changes_since(old) == frozenset()
    assert new.changes_since(old) is None
    assert dataclasses.replace(old, generation=2).changes_since(old) is None
    assert dataclasses.replace(old, provenance=Provenance("", 1, "", 1, "")).changes_since(old) is None
