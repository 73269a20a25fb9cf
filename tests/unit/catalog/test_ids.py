from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.catalog import ids


def test_hashes_and_ids_do_not_change_between_versions() -> None:
    assert ids.content_hash(b"def f(): pass\n") == 10906926855902416566
    assert ids.chunk_ids("src/a.py", [7, 8, 7])[::2] == [5616458303645807445, 6983494567892020500]


def test_an_id_of_zero_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zeros:
        def digest(self) -> bytes:
            return bytes(8)

    monkeypatch.setattr(ids, "blake2b", lambda *_args, **_kwargs: Zeros())
    assert ids.chunk_id("a.py", 1, 0) == 1


@given(st.text(), st.lists(st.integers(0, 2**64 - 1), max_size=8))
def test_ids_are_positive_int64_and_distinct(uri: str, hashes: list[int]) -> None:
    found = ids.chunk_ids(uri, hashes)
    assert all(0 < number < 2**63 for number in found)
    assert len(set(found)) == len(hashes)


@given(st.lists(st.integers(0, 3), max_size=8), st.integers(4, 9), st.data())
def test_a_new_chunk_does_not_change_the_ids_of_the_others(
    hashes: list[int], new: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(hashes)))
    after = ids.chunk_ids("a.py", [*hashes[:at], new, *hashes[at:]])
    assert after[:at] + after[at + 1 :] == ids.chunk_ids("a.py", hashes)
