"""The channel of term weights: what it adds, what it shows for it, and that nothing of it is there unless asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from codeintel.engines import sparse
from codeintel.models.expanding_encoder import ExpandingEncoder
from codeintel.models.folder import Models
from codeintel.models.outputs import Output
from codeintel.models.splade import SpladeModel
from codeintel.search.answers import Contribution, Hit
from codeintel.search.expectations import Expected
from codeintel.service import SearchRequest, Service
from lookup_model import lookup_models
from splade_model import write_splade_model
from workspaces import MEANING, opened, snapshot, write

TERMS = frozenset({Output.TERMS})
FILES = {
    "garage.py": "class Garage:\n    def park(self, car):\n        return car\n",
    "weather.py": "def forecast():\n    '''Étages of the sky 🙂 and fuel.'''\n    return 'sky'\n",
    "notes.md": "# Notes\n\nNothing of the kind.\n",
}
MANY_WORDS = " ".join(f"{number:x}" for number in range(4_000))
QUERIES = ["park a car", "the of and", "x", "🙂", "go " * 5_000, "forecastGarage étages", MANY_WORDS]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return replace(lookup_models(tmp_path_factory.mktemp("lookup")), wanted=TERMS)


@pytest.fixture(scope="module")
def expanding(plain: Models, tmp_path_factory: pytest.TempPathFactory) -> Models:
    splade = SpladeModel(write_splade_model(tmp_path_factory.mktemp("splade")))
    return replace(plain, encoder=ExpandingEncoder(plain.encoder, splade))


@pytest.fixture(params=["plain", "expanding"])
def models(request: pytest.FixtureRequest) -> Models:
    found: Models = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


@pytest.fixture
def service(folder: Path, models: Models) -> Iterator[Service]:
    with opened(folder, settings=MEANING, models=models) as found:
        found.index()
        yield found


def parts(hit: Hit) -> dict[str, Contribution]:
    return {part.source: part for part in hit.contributions}


def found(service: Service, query: str) -> dict[str, Hit]:
    return {hit.chunk.uri: hit for hit in service.search(SearchRequest(query, 50)).hits}


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_scores_are_the_sums_of_their_parts_whatever_is_asked(service: Service, query: str) -> None:
    for hit in found(service, query).values():
        assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)
        if (part := parts(hit).get("splade")) is not None:
            assert part.weight and part.score and part.score > 0
            assert part.evidence
            assert sum(piece.share for piece in part.evidence) <= 1 + 1e-9


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_evidence_stands_in_the_file_where_it_says(service: Service, folder: Path, query: str) -> None:
    for hit in found(service, query).values():
        data = (folder / hit.chunk.uri).read_bytes()
        for piece in parts(hit)["splade"].evidence if "splade" in parts(hit) else ():
            text = data[piece.start_byte : piece.end_byte].decode().lower().replace("é", "e")
            in_breadcrumb = piece.text in hit.chunk.breadcrumb.lower()
            assert text == piece.text or (text == "" and (piece.expanded or in_breadcrumb))


def test_a_term_that_the_query_lacks_finds_and_is_marked(folder: Path, expanding: Models) -> None:
    write(
        folder,
        {"tyres.py": "def turn(wheel):\n    return wheel\n", "tank.py": "def fill(fuel):\n    return fuel\n"},
    )
    with opened(folder, settings=MEANING, models=expanding) as service:
        service.index()
        tank = parts(found(service, "car")["tank.py"])["splade"]
        assert [(piece.text, piece.expanded) for piece in tank.evidence] == [("fuel", True)]
        assert tank.reason.endswith("fuel (expanded)")
        garage = parts(found(service, "car")["garage.py"])["splade"]
        assert [(piece.text, piece.expanded) for piece in garage.evidence][:1] == [("car", False)]
        assert {piece.text: piece.expanded for piece in garage.evidence} == {
            "car": False, "wheel": True, "fuel": True,
        }  # fmt: skip


def test_the_rank_without_the_channel_is_told(service: Service, folder: Path) -> None:
    explanation = service.explain("park a car", folder / "garage.py", 1, "full")
    assert explanation.hit is not None
    assert "splade" in explanation.without
    assert "splade" in parts(explanation.hit)


def test_what_is_like_a_chunk_is_found_by_its_terms(service: Service, folder: Path) -> None:
    write(folder, {"copy.py": FILES["garage.py"].replace("Garage", "Depot")})
    service.index()
    hits = service.similar(folder / "garage.py", 1, 5).hits
    assert hits[0].chunk.uri == "copy.py"
    assert "splade" in parts(hits[0])


def test_why_not_tells_of_a_chunk_that_shares_no_term(folder: Path, plain: Models) -> None:
    many = {f"cars/car{number}.py": f"def car_{number}(car):\n    return car\n" for number in range(220)}
    write(folder, many)
    with opened(folder, settings=MEANING, models=plain) as service:
        service.index()
        told = service.why_not("car", Expected(path=folder / "notes.md", line=1), 10)
    assert told.kind == "notCandidate"
    assert "none of the query's terms weigh anything in it" in told.note


def test_why_not_tells_of_a_chunk_whose_terms_are_not_weighed_yet(folder: Path, plain: Models) -> None:
    write(
        folder, {f"cars/car{number}.py": f"def car_{number}(car):\n    return car\n" for number in range(220)}
    )
    with opened(folder, settings=MEANING, models=plain) as service:
        service.index()
        write(folder, {"late.py": "def later():\n    return None\n"})
        service.touch([folder / "late.py"])
        told = service.why_not("car", Expected(path=folder / "late.py", line=0), 10)
    assert "its weighed terms are not indexed yet" in told.note


def test_one_chunk_alone_is_searched(tmp_path: Path, models: Models) -> None:
    folder = write(tmp_path / "one", {"only.py": "car = 1\n"})
    with opened(folder, settings=MEANING, models=models) as service:
        service.index()
        assert parts(found(service, "car")["only.py"])["splade"].rank == 1


def test_a_hundred_thousand_equal_tokens_are_one_term(tmp_path: Path, models: Models) -> None:
    folder = write(tmp_path / "same", {"same.md": "car\n" * 100_000})
    with opened(folder, settings=replace_chunk_chars(500_000), models=models) as service:
        service.index()
        now = snapshot(service)
        assert len(now.impacts) == len(now.chunks) > 0
        assert max(now.impacts.rows(now.chunks.ids()).starts) <= 4 * len(now.chunks)
        assert "splade" in parts(found(service, "car")["same.md"])


def replace_chunk_chars(count: int) -> object:
    return replace(MEANING, index=replace(MEANING.index, chunk_chars=count))


def test_what_gathers_on_top_becomes_part_of_the_base_while_documents_are_open(
    folder: Path, models: Models
) -> None:
    with opened(folder, settings=MEANING, models=models) as service, patch.object(sparse, "FOLD_ROWS", 2):
        service.index()
        base = snapshot(service).impacts.base
        assert len(base) >= 3
        service.edit(folder / "garage.py", FILES["garage.py"].replace("Garage", "Depot"))
        while service.encode_some():
            pass
        write(folder, {f"fuel{number}.py": f"fuel = {number}\n" for number in range(4)})
        service.index()
        now = snapshot(service)
        assert now.impacts.base is not base
        assert now.impacts.ids().tolist() == now.chunks.ids().tolist()
        assert "splade" in parts(found(service, "fuel")["fuel3.py"])
        service.revert(folder / "garage.py")
        assert snapshot(service).impacts.ids().tolist() == snapshot(service).chunks.ids().tolist()


def test_status_counts_the_chunks_that_have_weights(service: Service) -> None:
    root = service.status().roots[0]
    assert root.outputs == {"terms": root.chunks}


def test_nothing_of_it_is_there_unless_it_is_asked_for(folder: Path, plain: Models) -> None:
    off = replace(plain, wanted=frozenset())
    with opened(folder, settings=MEANING, models=off) as service:
        service.index()
        assert len(snapshot(service).impacts) == 0
        assert all("splade" not in parts(hit) for hit in found(service, "car").values())
        assert not (folder / ".codeintel" / "terms").exists()


def test_another_sparse_model_is_taken_up_while_search_goes_on(
    folder: Path, plain: Models, expanding: Models
) -> None:
    with opened(folder, settings=MEANING, models=plain) as service:
        service.index()
        vectors = snapshot(service).contextual.reconstruct(snapshot(service).chunks.ids())
    with opened(folder, settings=MEANING, models=expanding) as service:
        now = snapshot(service)
        assert len(now.impacts) == 0
        assert len(now.contextual) == len(now.chunks)  # the vectors are another model's business
        assert "splade" not in parts(found(service, "park a car")["garage.py"])
        while service.encode_some():
            assert found(service, "park a car")
        assert "splade" in parts(found(service, "park a car")["garage.py"])
        assert (snapshot(service).contextual.reconstruct(now.chunks.ids()) == vectors).all()
