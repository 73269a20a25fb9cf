"""The postings of documents in memory: built once a change, shared between layers, the same by any way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines import lexical_memory
from codeintel.engines.lexical_memory import POSTING_BYTES, SLOT_BITS, MemoryLayer, memory_document
from codeintel.engines.lexical_schema import LexicalDocument

Groups = Mapping[str, Sequence[LexicalDocument]]


def changed(layer: MemoryLayer, gone: Sequence[int], groups: Groups) -> MemoryLayer:
    """As a view changes its memory: what is given again is gone from where it was."""
    given_ids = {document.id for group in groups.values() for document in group}
    added = {name: [memory_document(document) for document in group] for name, group in groups.items()}
    return layer.changed({*gone} | given_ids, added)


def body(number: int, text: str) -> LexicalDocument:
    return LexicalDocument(number, text)


def postings_of(layer: MemoryLayer, terms: Sequence[str]) -> list[tuple[int, ...]]:
    """Each posting by its document's id, in an order of their own."""
    found = layer.postings(terms)
    columns = (found.term, layer.ids[found.row], found.field, found.code, found.frequency)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


words = st.lists(st.sampled_from(["alpha", "beta", "gamma"]), max_size=6)
contents = st.builds(LexicalDocument, st.integers(1, 30), words, words, words, words)
groups = st.dictionaries(
    st.sampled_from(["a", "b"]), st.lists(contents, max_size=5, unique_by=lambda d: d.id), max_size=1
)
changes = st.tuples(st.lists(st.integers(1, 30), max_size=6), groups)


@settings(max_examples=80, deadline=None)
@given(edits=st.lists(changes, max_size=12), terms=words)
def test_groups_changed_step_by_step_equal_groups_built_at_once(
    edits: list[tuple[list[int], Groups]], terms: list[str]
) -> None:
    filler = {"a": [body(number, f"alpha beta w{number}") for number in range(1, 31)]}
    layer = changed(MemoryLayer(), [], filler)
    held = {document.id: ("a", document) for document in filler["a"]}
    for gone, given_anew in edits:
        layer = changed(layer, gone, given_anew)
        fresh = {document.id: (name, document) for name, group in given_anew.items() for document in group}
        held = {number: one for number, one in held.items() if number not in gone} | fresh
    wanted: dict[str, list[LexicalDocument]] = {}
    for name, document in held.values():
        wanted.setdefault(name, []).append(document)
    at_once = changed(MemoryLayer(), [], wanted)
    assert sorted(layer.ids.tolist()) == sorted(held)
    assert [layer.ids[layer.row(number)] for number in held] == [*held]
    assert postings_of(layer, terms) == postings_of(at_once, terms)
    assert layer.mean_lengths.tolist() == at_once.mean_lengths.tolist()
    for name, group in layer._groups.items():
        assert {term: len(piece) for term, piece in group.postings.items()} == {
            term: len(piece) for term, piece in at_once._groups[name].postings.items()
        }


def test_only_what_changed_is_built() -> None:
    layer = changed(MemoryLayer(), [], {f"g{number}": [body(number, "text")] for number in range(2, 50)})
    after = changed(layer, [3], {"g7": [body(7, "other")]})
    kept = {name for name, group in after._groups.items() if group is layer._groups[name]}
    assert set(layer._groups) - kept == {"g3", "g7"}
    assert "g3" not in after._groups


def test_one_document_of_many_is_changed_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = changed(MemoryLayer(), [], {"a": [body(n, f"word w{n}") for n in range(1, 200)]})
    rows: list[int] = []
    put_in = lexical_memory._put_in
    monkeypatch.setattr(lexical_memory, "_put_in", lambda *some: (rows.append(some[2]), put_in(*some))[1])
    after = changed(layer, [20], {"a": [body(10, "word fresh")]})
    assert len(rows) == 2  # the one given, and the last in the place of the removed
    assert len(after) == 198
    assert [after.ids[after.postings([term]).row].tolist() for term in ("fresh", "w199", "w10", "w20")] == [
        [10],
        [199],
        [],
        [],
    ]


def test_a_posting_is_not_mistaken_for_the_seam_of_two_others() -> None:
    """The end of the first and the beginning of the second have the bytes of the third: row 2, code 1, once."""
    given_first = [body(1, "x"), body(2, "x " * (2 << SLOT_BITS | 1)), body(3, "x")]
    layer = changed(MemoryLayer(), [], {"a": given_first})
    piece = layer._groups["a"].postings["x"]
    assert piece.find(piece[-POSTING_BYTES:]) == POSTING_BYTES // 2
    left = changed(MemoryLayer(), [], {"a": given_first[:2]})
    assert postings_of(changed(layer, [3], {}), ["x"]) == postings_of(left, ["x"])


def test_a_rows_postings_come_in_the_order_of_terms_and_fields() -> None:
    both = LexicalDocument(1, ["x", "y"], ["y"], ["x"], ["y"])
    layer = changed(MemoryLayer(), [], {"a": [both, body(2, "y")]})
    found = changed(layer, [2], {"a": [both, body(3, "x")]}).postings(["y", "absent", "x"])
    first = [(t, f) for t, r, f in zip(found.term, found.row, found.field, strict=True) if r == 0]
    assert first == [(0, 0), (0, 1), (0, 3), (2, 0), (2, 2)]


def test_frequencies_count_documents_once_a_field() -> None:
    layer = changed(MemoryLayer(), [], {"a": [body(1, "x x"), LexicalDocument(2, ["x"], ["x"])]})
    assert layer.frequencies(["x", "absent"]) == Counter(x=3)
    assert layer.postings(["x", "absent"]).frequencies(2).tolist() == [[2, 1, 0, 0], [0, 0, 0, 0]]


def test_an_empty_layer_answers() -> None:
    layer = MemoryLayer()
    assert (len(layer), layer.ids.tolist(), layer.mean_lengths.tolist()) == (0, [], [0, 0, 0, 0])
    assert layer.row(1) is None
    assert postings_of(layer, ["x"]) == postings_of(layer, []) == []
