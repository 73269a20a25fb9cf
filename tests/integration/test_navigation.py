"""Definitions, references and outlines from the rows of the structure tier, over files, unsaved text and roots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codeintel.errors import WorkspaceError
from codeintel.search.positions import Location, Positions
from codeintel.service import Service
from codeintel.settings import Settings
from codeintel.workspace.positions import LineIndex, PositionEncoding
from scip_files import document, index_file, occurrence
from workspaces import Texts, indexed, settings, snapshot, write

STRUCTURE = replace(
    settings(tier="structure"),
    scip=replace(
        Settings.resolve()[0].scip,
        python_command="no-such-indexer",
        typescript_command="no-such-indexer",
    ),
)

SHOP: Texts = {
    "shop/till.py": '''class Till:
    """Takes 💶."""

    def __init__(self):
        self.total = 0

    def ring(self, amount):
        total = amount + 1; "💶"; total
        return total
''',
    "shop/use.py": "from shop.till import Till\n\n\ndef sell():\n    return Till().ring(3)\n",
    "shop/also.py": "from shop import till\n\nOTHER = till.Till\n",
    "web/pool.go": "package web\n\ntype Pool struct{}\n\nfunc Dial() *Pool { return nil }\n",
    "web/deep/use.go": "package deep\n\nfunc Use() { Dial() }\n",
    "other/pool.go": "package other\n\nfunc Dial() int { return 1 }\n",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = write(tmp_path_factory.mktemp("navigation") / "ws", SHOP)
    with indexed(folder, settings=STRUCTURE) as opened:
        yield opened


def place_of(
    service: Service, uri: str, marked: str, encoding: PositionEncoding = "utf-16"
) -> tuple[int, int]:
    """The position of ^ in a piece of a document's text."""
    file = snapshot(service).chunks.file(uri)
    assert file is not None
    text = "".join(chunk.content for chunk in file.chunks)
    before, _, after = marked.partition("^")
    (found,) = re.finditer(re.escape(before + after), text)
    byte = len(text[: found.start() + len(before)].encode())
    return LineIndex(text).position_of_byte(byte, encoding)


def lines(found: Iterable[Location]) -> list[tuple[str, int]]:
    return [(one.uri, one.start[0]) for one in found]


def defined(service: Service, uri: str, marked: str) -> list[tuple[str, int]]:
    path = service.roots[0].path / uri
    return lines(service.definitions(path, place_of(service, uri, marked)))


def referred(service: Service, uri: str, marked: str, **options: bool) -> list[tuple[str, int]]:
    path = service.roots[0].path / uri
    return lines(service.references(path, place_of(service, uri, marked), **options))


@pytest.mark.parametrize(
    ("uri", "marked", "expected"),
    [
        ("shop/use.py", "import T^ill", [("shop/till.py", 0)]),
        ("shop/use.py", "return Till^()", [("shop/till.py", 0)]),  # the caret behind a name
        ("shop/till.py", "class ^Till", [("shop/till.py", 0)]),
        ("shop/till.py", "return t^otal", [("shop/till.py", 7)]),  # local
        ("shop/use.py", "re^turn", []),
    ],
)
def test_a_definition_is_found_across_files(
    service: Service, uri: str, marked: str, expected: list[tuple[str, int]]
) -> None:
    assert defined(service, uri, marked) == expected


def test_of_definitions_that_share_no_more_than_a_name_the_nearest_comes_first(service: Service) -> None:
    assert defined(service, "web/deep/use.go", "D^ial()") == [("web/pool.go", 4), ("other/pool.go", 2)]


def test_references_leave_out_definitions_unless_asked_for(service: Service) -> None:
    there = [("shop/also.py", 2), ("shop/use.py", 0), ("shop/use.py", 4)]
    assert referred(service, "shop/till.py", "class T^ill") == there
    everything = referred(service, "shop/till.py", "class T^ill", with_definitions=True)
    assert everything == sorted([*there, ("shop/till.py", 0)])


def test_a_local_name_is_looked_for_in_its_document_alone(service: Service) -> None:
    found = referred(service, "shop/till.py", "t^otal = amount", with_definitions=True)
    assert found == [("shop/till.py", 7), ("shop/till.py", 7), ("shop/till.py", 8)]


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 36), ("utf-16", 34), ("utf-32", 33)])
def test_positions_count_in_the_encoding_that_was_asked_for(
    service: Service, encoding: PositionEncoding, character: int
) -> None:
    path, at = (
        service.roots[0].path / "shop/till.py",
        place_of(service, "shop/till.py", '💶"; ^total', encoding),
    )
    assert at == (7, character)
    found = service.references(path, at, encoding)
    assert (found[0].start, found[0].end) == (at, (7, character + len("total")))


def test_a_place_outside_the_workspace_is_an_error_and_an_unknown_document_has_no_answer(
    service: Service, tmp_path: Path
) -> None:
    with pytest.raises(WorkspaceError):
        service.definitions(tmp_path / "x.py", (0, 0))
    assert service.definitions(service.roots[0].path / "absent.py", (3, 3)) == []
    assert service.document_symbols(service.roots[0].path / "absent.py")[2] == ()


def test_the_outline_nests_members_and_names_their_place(service: Service) -> None:
    root, uri, (till,) = service.document_symbols(service.roots[0].path / "shop/till.py")
    positions: Positions = service.positions("utf-16")
    assert (till.name, till.kind) == ("Till", "class")
    assert [(one.name, one.kind) for one in till.children] == [
        ("__init__", "method"),
        ("total", "field"),
        ("ring", "method"),
    ]
    assert positions.position(root, uri, till.children[2].name_start_byte) == (6, 8)
    assert positions.position(root, uri, till.end_byte)[0] == 8


def structured(service: Service) -> None:
    """Wait for nothing: give every document its rows."""
    while service.structure_some():
        pass


def test_unsaved_text_answers_in_place_of_its_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "ws", SHOP)
    with indexed(folder, settings=STRUCTURE) as service:
        service.edit(folder / "shop/till.py", "import os\n\n\nclass Till:\n    pass\n")
        assert defined(service, "shop/use.py", "import T^ill") == []  # its rows are of another text
        structured(service)
        assert defined(service, "shop/use.py", "import T^ill") == [("shop/till.py", 3)]
        service.revert(folder / "shop/till.py")
        assert defined(service, "shop/use.py", "import T^ill") == [("shop/till.py", 0)]


def test_a_saved_change_answers_before_and_after_it_is_published(tmp_path: Path) -> None:
    folder = write(tmp_path / "ws", SHOP)
    with indexed(folder, settings=STRUCTURE) as service:
        write(folder, {"shop/till.py": "\n\nclass Till:\n    pass\n"})
        service.touch([folder / "shop/till.py"])
        structured(service)
        assert defined(service, "shop/use.py", "import T^ill") == [("shop/till.py", 2)]
        service.publish()
        assert defined(service, "shop/use.py", "import T^ill") == [("shop/till.py", 2)]


def test_roots_with_the_same_modules_answer_for_themselves_first(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one" / "shop", SHOP), write(tmp_path / "two" / "shop", SHOP)
    with indexed(first, second, settings=STRUCTURE) as service:
        at = place_of(service, "shop/use.py", "import T^ill")
        for number, folder in enumerate((first, second)):
            (found,) = service.definitions(folder / "shop/use.py", at)
            assert found.root == service.roots[number]
            roots = {one.root for one in service.references(folder / "shop/use.py", at)}
            assert roots == {service.roots[number]}


def test_a_root_finds_what_another_root_defines(tmp_path: Path) -> None:
    library = write(tmp_path / "library", {"shop/__init__.py": "", "shop/till.py": SHOP["shop/till.py"]})
    application = write(tmp_path / "application", {"use.py": SHOP["shop/use.py"]})
    with indexed(application, library, settings=STRUCTURE) as service:
        (found,) = service.definitions(application / "use.py", (4, 12))
        assert (found.root.name, found.uri) == ("library", "shop/till.py")
        assert {one.root.name for one in service.references(library / "shop/till.py", (0, 7))} == {
            "application"
        }


def compiled_index(path: Path) -> None:
    """What a compiler could say of two files: `ring` is called in one of two places that have the name."""
    till, ring = "x x p 1 `shop.till`/Till#", "x x p 1 `shop.till`/Till#ring()."
    index_file(
        path,
        [
            document("till.py", occurrence(till, 0, 6, 10, roles=1), occurrence(ring, 1, 8, 12, roles=1)),
            document("use.py", occurrence(ring, 3, 4, 8)),
        ],
    )


def test_where_a_compiler_has_spoken_names_alone_count_no_more(tmp_path: Path) -> None:
    texts: Texts = {
        "till.py": "class Till:\n    def ring(self): pass\n",
        "use.py": "def use(till, bell):\n    bell.ring()\n    # both\n    ring()\n",
        "away.py": "from till import Till\n\nTill().ring()\n",
    }
    folder = write(tmp_path / "ws", texts)
    compiled_index(folder / "index.scip")
    with indexed(folder, settings=STRUCTURE) as service:
        runs = [run for _, run in service.refresh_scip()]
        assert [(run.documents, run.error is None) for run in runs] == [(2, True), (0, False)]
        found = service.references(folder / "till.py", (1, 9))
        assert [one for one in lines(found) if one[0] == "use.py"] == [("use.py", 3)]
        assert lines(service.definitions(folder / "use.py", (3, 5))) == [("till.py", 1)]
        (status,) = service.scip_status()
        assert (status.compiled, status.documents) == (2, 3)
        assert [(index.path.name, index.documents) for index in status.found] == [("index.scip", 2)]
        assert [one.program for one in status.programs] == [None, None]
