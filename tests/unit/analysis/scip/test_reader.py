"""An index of any indexer becomes rows of ours, and a bad one an error or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.protobuf import ScipIndexError
from codeintel.analysis.scip.reader import MAX_OCCURRENCES, read_index, survey_index
from codeintel.analysis.scip.rows import OCCURRENCE_COLUMNS, SYMBOL_COLUMNS
from scip_files import described, document, field, index_file, metadata, occurrence

RUN = "scip-python python shop 0.0.0 `shop.till`/Till#run()."
TEXT = "class Till:\n    é = '🚀'; run = 1\n"


def read(path: Path, text: str | None = TEXT) -> dict[str, tuple[Columns, Columns]]:
    return {uri: (found, infos) for uri, found, infos in read_index(path, lambda _: text)}


def one(tmp_path: Path, *fields: bytes, text: str = TEXT, tool: str = "scip-test") -> tuple[Columns, Columns]:
    """The rows of an index of one document."""
    return read(index_file(tmp_path / "i.scip", [document("a.py", *fields)], tool), text)["a.py"]


def places(columns: Columns) -> list[tuple[int, ...]]:
    names = ("start_line", "start_character", "end_line", "end_character", "start_byte", "end_byte")
    return list(zip(*(columns[name] for name in names), strict=True))


def test_a_row_has_all_that_an_occurrence_tells(tmp_path: Path) -> None:
    found, _ = one(tmp_path, occurrence(RUN, 1, 14, 17, roles=1, more=field(7, [0, 0, 1, 21])))
    assert {name: values[0] for name, values in found.items()} == {
        "symbol": RUN,
        "symbol_norm": "shop.till.Till.run",
        "name": "run",
        "roles": 1,
        "start_line": 1,
        "start_character": 14,
        "end_line": 1,
        "end_character": 17,
        "start_byte": 29,
        "end_byte": 32,
        "enclosing_start_byte": 0,
        "enclosing_end_byte": 36,
        "origin": "scip",
    }


@pytest.mark.parametrize(
    "form",
    [
        field(1, [1, 14, 17]),
        field(1, [1, 14, 1, 17]),
        field(8, field(1, 1) + field(2, 14) + field(3, 17)),
        field(9, field(1, 1) + field(2, 14) + field(3, 1) + field(4, 17)),
    ],
    ids=["three numbers", "four numbers", "one line", "many lines"],
)
def test_every_form_of_a_range_is_the_same_range(tmp_path: Path, form: bytes) -> None:
    found, _ = one(tmp_path, field(2, form + field(2, RUN)))
    assert places(found) == [(1, 14, 1, 17, 29, 32)]


@pytest.mark.parametrize(
    "form", [field(10, field(3, 5)), field(11, field(3, 0) + field(4, 5)), field(7, [0, 0, 5])]
)
def test_every_form_of_an_enclosing_range_is_the_same_range(tmp_path: Path, form: bytes) -> None:
    found, _ = one(tmp_path, occurrence(RUN, 1, 14, 17, more=form))
    assert (found["enclosing_start_byte"], found["enclosing_end_byte"]) == ([0], [5])


@pytest.mark.parametrize(
    ("encoding", "start", "end"), [(1, 17, 20), (2, 14, 17), (3, 13, 16), (0, 14, 17), (9, 14, 17)]
)
def test_columns_are_counted_as_the_document_says(
    tmp_path: Path, encoding: int, start: int, end: int
) -> None:
    found, _ = one(tmp_path, field(6, encoding), occurrence(RUN, 1, start, end))
    assert places(found) == [(1, 14, 1, 17, 29, 32)]


def test_indexers_that_count_bytes_need_not_say_so(tmp_path: Path) -> None:
    found, _ = one(tmp_path, occurrence(RUN, 1, 17, 20), tool="scip-go")
    assert found["name"] == ["run"]


@pytest.mark.parametrize(
    "place",
    [
        (),
        (1,),
        (1, 2),
        (1, 2, 3, 4, 5),
        (9, 0, 1),
        (0, 0, 99),
        (0, 5, 2),
        (-1, 0, 1),
        (0, -3, 1),
        (1, 0, 0, 3),
        (1, 10, 11),
    ],
)
def test_a_range_of_no_form_or_outside_the_text_loses_its_row_alone(
    tmp_path: Path, place: tuple[int, ...]
) -> None:
    found, _ = one(tmp_path, occurrence(RUN, *place), occurrence(RUN, 1, 14, 17))
    assert places(found) == [(1, 14, 1, 17, 29, 32)]


def test_an_enclosing_range_outside_the_text_is_left_out(tmp_path: Path) -> None:
    found, _ = one(tmp_path, occurrence(RUN, 1, 14, 17, more=field(7, [0, 0, 99, 0])))
    assert (found["name"], found["enclosing_end_byte"]) == (["run"], [None])


def test_roles_and_kinds_that_nobody_knows_are_kept_or_guessed(tmp_path: Path) -> None:
    found, infos = one(tmp_path, occurrence(RUN, 1, 14, 17, roles=1 << 24 | 1), described(RUN, kind=4_000))
    assert (found["roles"], infos["kind"]) == ([1 << 24 | 1], ["method"])


def test_a_kind_says_more_than_the_symbol(tmp_path: Path) -> None:
    _, infos = one(tmp_path, described("rust-analyzer cargo shop 0.1 till/Till#", kind=53))
    assert infos["kind"] == ["trait"]


def test_symbols_that_are_no_symbols_are_kept_without_a_name(tmp_path: Path) -> None:
    found, infos = one(tmp_path, occurrence("what `is this", 0, 0, 11), described("what `is this"))
    assert (found["symbol"], found["symbol_norm"]) == (["what `is this"], [""])
    assert infos["symbol_norm"] == [""]


def test_occurrences_without_a_symbol_only_colour_the_text(tmp_path: Path) -> None:
    assert one(tmp_path, occurrence("", 0, 0, 5)) == (
        {name: [] for name in OCCURRENCE_COLUMNS},
        {name: [] for name in SYMBOL_COLUMNS},
    )


def test_what_is_said_twice_is_one_row(tmp_path: Path) -> None:
    found, infos = one(tmp_path, *[occurrence(RUN, 1, 14, 17), described(RUN)] * 2)
    assert (len(found["symbol"]), len(infos["symbol"])) == (1, 1)


def test_local_symbols_are_those_of_their_document(tmp_path: Path) -> None:
    parts = [
        document(path, occurrence("local 1", 1, 14, 17, roles=1), described("local 1"))
        for path in ("a.py", "b.py")
    ]
    rows = read(index_file(tmp_path / "i.scip", parts))
    for found, infos in rows.values():
        assert (found["symbol"], found["symbol_norm"], found["name"]) == (["local 1"], [""], ["run"])
        assert not infos["symbol"]
    assert sorted(rows) == ["a.py", "b.py"]


def test_a_name_is_what_stands_there_unless_that_is_more_than_a_word(tmp_path: Path) -> None:
    text = 'import "net/http"\nfrom till import Till as T\n'
    path = "scip-go gomod shop v1 net/http/"
    till = "scip-python python shop 0.0.0 till/Till#"
    found, _ = one(tmp_path, occurrence(path, 0, 7, 17), occurrence(till, 1, 17, 26), text=text)
    assert found["name"] == ["net/http", "Till"]


def test_a_signature_in_a_fence_is_no_documentation(tmp_path: Path) -> None:
    _, infos = one(tmp_path, described(RUN, "```python\ndef run(self):\n```", "Runs.", "Twice."))
    assert (infos["signature"], infos["documentation"]) == (["def run(self):"], ["Runs.\n\nTwice."])


def test_a_signature_of_its_own_leaves_the_documentation_whole(tmp_path: Path) -> None:
    _, infos = one(tmp_path, described(RUN, "```\nexample\n```", more=field(7, field(5, "fn run()"))))
    assert (infos["signature"], infos["documentation"]) == (["fn run()"], ["```\nexample\n```"])


def test_relationships_and_the_enclosing_symbol_are_kept(tmp_path: Path) -> None:
    relation = field(4, field(1, "base") + field(3, 1))
    _, infos = one(tmp_path, described(RUN, more=relation + field(8, "outer") + field(6, "Run!")))
    assert infos["relationships"] == [
        [
            {
                "symbol": "base",
                "is_reference": False,
                "is_implementation": True,
                "is_type_definition": False,
                "is_definition": False,
            }
        ]
    ]
    assert (infos["enclosing_symbol"], infos["display_name"]) == (["outer"], ["Run!"])


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "x/../../a.py", "", ".", "a\0b"])
def test_documents_outside_the_folder_are_left_out(tmp_path: Path, path: str) -> None:
    parts = [document(path, occurrence(RUN, 1, 14, 17)), document("./in//side.py")]
    assert list(read(index_file(tmp_path / "i.scip", parts))) == ["in/side.py"]


def test_an_index_of_documents_outside_alone_holds_none(tmp_path: Path) -> None:
    with pytest.raises(ScipIndexError, match="holds no document"):
        read(index_file(tmp_path / "i.scip", [document("../a.py")]))


def test_a_document_in_pieces_is_one_document(tmp_path: Path) -> None:
    pieces = [
        document("a.py", occurrence(RUN, 1, 14, 17)),
        document("b.py"),
        document("a.py", occurrence(RUN, 0, 6, 10)),
    ]
    found, _ = read(index_file(tmp_path / "i.scip", pieces))["a.py"]
    assert found["name"] == ["Till", "run"]


def test_a_document_that_brings_another_text_is_left_out(tmp_path: Path) -> None:
    parts = [document("old.py", field(5, "class Till\n")), document("now.py", field(5, TEXT))]
    assert list(read(index_file(tmp_path / "i.scip", parts))) == ["now.py"]


def test_a_path_is_found_wherever_in_the_document_it_stands(tmp_path: Path) -> None:
    long = b"".join(occurrence(RUN, 1, 14, 17, more=field(99, "x" * 90)) for _ in range(100))
    parts = [field(2, long + field(1, "late.py"))]
    assert list(read(index_file(tmp_path / "i.scip", parts))) == ["late.py"]


def test_a_document_of_too_many_occurrences_is_left_out(tmp_path: Path) -> None:
    parts = [document("flood.py", field(2, b"") * (MAX_OCCURRENCES + 1)), document("a.py")]
    assert list(read(index_file(tmp_path / "i.scip", parts))) == ["a.py"]


def test_nothing_of_a_truncated_index_is_given_out(tmp_path: Path) -> None:
    path = index_file(tmp_path / "i.scip", [document("a.py", occurrence(RUN, 1, 14, 17)) for _ in range(3)])
    whole = path.read_bytes()
    for cut in range(len(metadata()) + 30, len(whole) - 1, 7):
        path.write_bytes(whole[:cut])
        taken = []
        try:
            taken += read_index(path, lambda _: TEXT)
        except ScipIndexError as error:
            assert "the end of the file" in error.message
            assert not taken


def test_an_index_of_nothing_says_so(tmp_path: Path) -> None:
    path = index_file(tmp_path / "i.scip", [])
    with pytest.raises(ScipIndexError, match="holds no document"):
        read(path)
    assert not survey_index(path).documents


def test_a_missing_index_and_a_folder_are_errors_with_a_reason(tmp_path: Path) -> None:
    for path in (tmp_path / "none.scip", tmp_path):
        with pytest.raises(ScipIndexError, match="cannot be read"):
            read(path)


def test_a_damaged_document_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = index_file(tmp_path / "i.scip", [document("a.py", b"\x12\x05\x0a\x7f\x01\x01\x01")])
    with pytest.raises(ScipIndexError, match=r"i\.scip cannot be used"):
        read(path)


def test_documents_that_the_workspace_does_not_have_are_passed_over(tmp_path: Path) -> None:
    assert read(index_file(tmp_path / "i.scip", [document("a.py")]), text=None) == {}


def test_a_survey_tells_what_made_the_index_and_of_what(tmp_path: Path) -> None:
    root = f"file:///home/{quote('ä b')}"
    survey = survey_index(
        index_file(tmp_path / "i.scip", [document("a.py"), document("b.py")], "scip-java", root)
    )
    assert (survey.tool, survey.version, survey.project_root) == ("scip-java", "9.9", root)
    assert list(survey.documents) == ["a.py", "b.py"]


MEASURE = """
import sys
from pathlib import Path
from codeintel.analysis.scip.reader import read_index
read = read_index(Path(sys.argv[1]), lambda uri: "x = 1\\n" * 100 if uri.endswith("0.py") else None)
count = sum(len(found["symbol"]) for _, found, _ in read)
status = Path("/proc/self/status").read_text()
print(count, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is told by Linux alone")
def test_an_index_larger_than_memory_is_read_document_by_document(tmp_path: Path) -> None:
    """118 MB of documents of 0.5 MB each; the interpreter with protobuf takes some 20 MB itself."""
    body = b"".join(
        occurrence(f"{RUN}({line % 200})", line % 100, 0, 1, more=field(99, "x" * 50))
        for line in range(4_000)
    )
    path = index_file(tmp_path / "i.scip", (document(f"{number}.py", body) for number in range(240)))
    assert path.stat().st_size > 100_000_000
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "server"},
    )
    count, megabytes = map(int, told.stdout.split())
    assert count == 24 * 200
    assert megabytes < 60
