"""A compiler's rows live on in an edited text where they still hold, and ours fill the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scip_rows import PREFIX, at, toy_rows, written

from codeintel.analysis.scip.merging import Rows, fits, merge, occurrences
from codeintel.analysis.scip.symbols import is_local
from codeintel.workspace.positions import LineIndex

LINES = ["def run", "run é", "def stop x", "x", "stop 🚀 run", "", "def x", "# ab", "def ab ab\r"]
texts = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)


def merged(old: str, new: str, compiled: Rows | None = None) -> Rows:
    return merge(toy_rows(new, "fast"), compiled or toy_rows(old, "scip"), old, new)


def test_of_one_text_the_compiler_has_its_way_and_ours_fill_the_gaps() -> None:
    text = "def run\nrun stop"
    compiled, symbols = toy_rows(text, "scip", {"run": f"{PREFIX}Other#run()."})
    known = {name: values[:2] for name, values in compiled.items()}
    rows, infos = merge(toy_rows(text, "fast"), (known, symbols), text, text)
    assert written(rows, text) == [
        "scip def run Other#run().",
        "scip ref run Other#run().",
        "fast ref stop stop().",
    ]
    assert infos["documentation"] == ["by scip"]


def test_unchanged_lines_keep_the_compilers_rows_where_they_now_stand() -> None:
    new = "# é new\ndef run\nstop again"
    rows, _ = merged("def run\nstop", new)
    assert written(rows, new) == [
        "fast ref é local 0",
        "fast ref new new().",
        "scip def run run().",
        "fast ref stop stop().",
        "fast ref again again().",
    ]
    run = occurrences(rows)[2]
    assert (run.start_line, run.start_character, run.start_byte, run.end_byte) == (1, 4, 13, 16)
    assert (run.enclosing_start_byte, run.enclosing_end_byte) == (9, 16)


def test_what_stands_for_the_whole_document_stays_when_the_first_line_changes() -> None:
    empty = {
        name: values[:1] for name, values in toy_rows("x", "scip", {"x": f"{PREFIX}__init__:"})[0].items()
    }
    module = {**empty, "end_byte": [0], "end_character": [0], "roles": [1]}
    rows, _ = merge(toy_rows("y", "fast"), (module, toy_rows("", "scip")[1]), "x", "y")
    assert occurrences(rows)[0].symbol == f"{PREFIX}__init__:"
    assert occurrences(rows)[0].origin == "scip"


def test_members_of_a_renamed_class_are_ours_until_it_is_indexed_again() -> None:
    before = {"Old": f"{PREFIX}Old#", "run": f"{PREFIX}Old#run()."}
    after = {"New": f"{PREFIX}New#", "run": f"{PREFIX}New#run()."}
    old, new = "def Old\ndef run\nrun\nstop", "def New\ndef run\nrun\nstop"
    rows, infos = merge(toy_rows(new, "fast", after), toy_rows(old, "scip", before), old, new)
    assert written(rows, new) == [
        "fast def New New#",
        "fast def run New#run().",
        "fast ref run New#run().",
        "scip ref stop stop().",
    ]
    assert infos["symbol"] == [f"{PREFIX}New#", f"{PREFIX}New#run()."]


def test_an_edited_definition_is_known_again_by_its_symbol() -> None:
    old, new = "def run\nrun", "def run more\nrun"
    rows, infos = merged(old, new)
    assert written(rows, new) == ["fast def run run().", "fast ref more more().", "scip ref run run()."]
    assert infos["documentation"] == ["by fast"]


def test_an_edited_definition_is_known_again_by_its_name_where_ours_are_of_another_scheme() -> None:
    old, new = "def run\nrun", "def run more\nrun"
    ours = toy_rows(new, "fast", prefix="codeintel go toy 0.0.0 toy/")
    rows, _ = merge(ours, toy_rows(old, "scip"), old, new)
    assert [(row.origin, row.name) for row in occurrences(rows)][-1] == ("scip", "run")


def test_our_rows_take_the_compilers_symbol_for_what_both_define() -> None:
    old, new = "def run\nstop", "def run\nrun stop"
    ours = toy_rows(new, "fast", prefix="codeintel go toy 0.0.0 toy/")
    rows, infos = merge(ours, toy_rows(old, "scip"), old, new)
    assert written(rows, new)[:2] == ["scip def run run().", "fast ref run run()."]
    assert rows["symbol_norm"][:2] == ["toy.run", "toy.run"]
    assert (infos["symbol"], infos["documentation"]) == ([f"{PREFIX}run()."], ["by scip"])


def test_our_description_of_what_the_compiler_named_bears_its_name() -> None:
    text = "def run"
    columns, nothing = toy_rows(text, "scip", prefix=f"{PREFIX}more/")[0], toy_rows("", "scip")[1]
    _, infos = merge(toy_rows(text, "fast"), (columns, nothing), text, text)
    assert (infos["symbol"], infos["symbol_norm"]) == ([f"{PREFIX}more/run()."], ["toy.more.run"])
    assert infos["documentation"] == ["by fast"]


def test_local_symbols_of_two_sources_are_one_where_they_meet_and_never_otherwise() -> None:
    old, new = "def a\na", "def a\na\na b"
    compiled = toy_rows(old, "scip", {"a": "local 0"})
    ours = toy_rows(new, "fast", {"a": "local 7", "b": "local 0"})
    rows, _ = merge(ours, compiled, old, new)
    assert written(rows, new) == [
        "scip def a local 0",
        "scip ref a local 0",
        "fast ref a local 0",
        "fast ref b local 1",
    ]


def test_local_symbols_meet_at_references_too() -> None:
    old, new = "a\nrun", "a\na run"
    compiled = toy_rows(old, "scip", {"a": "local 5"})
    rows, _ = merge(toy_rows(new, "fast", {"a": "local 0"}), compiled, old, new)
    assert [row.symbol for row in at((rows, {}), "a")] == ["local 5", "local 5"]


def test_rows_of_ours_from_an_earlier_merge_are_not_the_compilers() -> None:
    text = "def run\nstop"
    earlier = merge(toy_rows(text, "fast"), toy_rows("def run", "scip"), text, text)
    rows, _ = merge(toy_rows("def run", "fast"), earlier, text, f"{text}\n")
    assert written(rows, text) == ["scip def run run()."]


def test_a_definition_that_we_do_not_describe_keeps_the_compilers_description() -> None:
    old, new = "def run", "def run more"
    occurrences_now, nothing = toy_rows(new, "fast")[0], toy_rows("", "fast")[1]
    _, infos = merge((occurrences_now, nothing), toy_rows(old, "scip"), old, new)
    assert infos["documentation"] == ["by scip"]


def test_a_local_symbol_whose_definition_was_edited_is_ours_altogether() -> None:
    rows, _ = merge(
        toy_rows("def a b\na", "fast", {"a": "local 0", "b": "local 1"}),
        toy_rows("def a\na", "scip", {"a": "local 0"}),
        "def a\na",
        "def a b\na",
    )
    assert {row.origin for row in at((rows, {}), "a")} == {"fast"}


def test_a_definition_whose_last_line_was_edited_takes_the_extent_that_we_see() -> None:
    old, new = "def run\nstop", "def run\nstop now"
    columns, infos = toy_rows(old, "scip")
    reaching = {**columns, "enclosing_end_byte": [len(old), None]}
    rows, _ = merge(toy_rows(new, "fast"), (reaching, infos), old, new)
    assert (occurrences(rows)[0].enclosing_start_byte, occurrences(rows)[0].enclosing_end_byte) == (0, 7)


def test_what_the_compiler_describes_without_a_definition_stays_described() -> None:
    columns, infos = toy_rows("def run", "scip")
    described = {name: values + values for name, values in infos.items()}
    described["symbol"] = [f"{PREFIX}run().", f"{PREFIX}Base#"]
    _, now = merge(toy_rows("stop", "fast"), (columns, described), "def run", "stop")
    assert now["symbol"] == [f"{PREFIX}Base#"]


@given(texts)
def test_of_one_text_every_compilers_row_stays_as_it_is(text: str) -> None:
    compiled = toy_rows(text, "scip")
    rows, infos = merge(toy_rows(text, "fast"), compiled, text, text)
    assert set(occurrences(rows)) == set(occurrences(compiled[0]))
    assert infos == compiled[1]


@given(texts, texts)
def test_rows_stand_where_they_say(old: str, new: str) -> None:
    rows, _ = merged(old, new)
    index, data = LineIndex(new), new.encode()
    for row in occurrences(rows):
        assert data[row.start_byte : row.end_byte].decode() == row.name
        assert index.byte_of(row.start_line, row.start_character, "utf-16") == row.start_byte
        assert index.byte_of(row.end_line, row.end_character, "utf-16") == row.end_byte


@given(texts, texts)
def test_every_place_that_we_know_has_exactly_one_row(old: str, new: str) -> None:
    rows, infos = merged(old, new)
    spans = [row.span for row in occurrences(rows)]
    assert spans == sorted(set(spans))
    assert set(spans) == {row.span for row in occurrences(toy_rows(new, "fast")[0])}
    described = {row.symbol for row in occurrences(rows) if row.defines and not is_local(row.symbol)}
    assert set(infos["symbol"]) == described


@given(texts, texts)
def test_merging_again_changes_nothing(old: str, new: str) -> None:
    once = merged(old, new)
    assert merge(toy_rows(new, "fast"), once, new, new) == once


@given(texts, texts, texts)
def test_an_outcome_can_be_merged_into_the_next_text(first: str, second: str, third: str) -> None:
    rows, infos = merged(second, third, compiled=merged(first, second))
    assert {row.span for row in occurrences(rows)} == {
        row.span for row in occurrences(toy_rows(third, "fast")[0])
    }
    assert set(infos["symbol"]) == {
        row.symbol for row in occurrences(rows) if row.defines and not is_local(row.symbol)
    }


@given(texts, texts)
def test_a_local_symbol_names_one_thing(old: str, new: str) -> None:
    names: dict[str, set[str]] = {}
    for row in occurrences(merged(old, new)[0]):
        if is_local(row.symbol):
            names.setdefault(row.symbol, set()).add(row.name)
    assert all(len(found) == 1 for found in names.values())


def test_an_index_fits_the_text_it_was_made_from_and_not_one_with_a_line_more() -> None:
    text = "def run\ndef stop\nrun stop again\n" * 5
    columns, _ = toy_rows(text, "scip")
    assert fits(columns, text)
    assert not fits(columns, f"# more\n{text}")


def test_aliases_modules_and_locals_do_not_speak_against_a_fit() -> None:
    text = "def run\nother a lib\n"
    named = {"other": f"{PREFIX}run().", "a": "local 3", "lib": "scip-typescript npm . . src/`x.ts`/"}
    columns, _ = toy_rows(text + "run\n", "scip", named)
    assert fits(columns, text + "run\n")


def test_no_rows_fit_any_text() -> None:
    assert fits(toy_rows("", "scip")[0], "anything")
