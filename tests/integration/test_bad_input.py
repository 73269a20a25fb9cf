"""Models that are damaged, queries that say nothing, texts that never end: with every channel and with the defaults."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codeintel.errors import ModelError, NotReady
from codeintel.indexing.index_folders import check_indexes
from codeintel.models.folder import Models, load_models
from codeintel.search.answers import Hit
from codeintel.search.channel_outputs import wanted_outputs
from codeintel.search.expectations import Expected
from codeintel.service import SearchRequest, Service, Tier
from codeintel.settings import ChannelSettings, Settings
from lookup_model import lookup_tables, write_lookup_model
from workspaces import MEANING, opened, snapshot, write

CHANNELS = {
    "defaults": ChannelSettings("off", splade=False),
    "narrow": ChannelSettings("narrow", splade=True),
    "wide": ChannelSettings("wide", splade=True),
}
FILES = {
    "retry.py": "class RetryPolicy:\n    def backoff(self):\n        return 'wait longer'\n",
    "bucket.py": "def take_tokens(bucket):\n    return bucket.size - 1\n",
    "größe.py": "# Größe der Schlange 🙂\ndef größe(schlange):\n    return len(schlange)\n",
}


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists from the first chunk on, so that the wide mode of so small a workspace has any."""
    monkeypatch.setattr("codeintel.indexing.token_lists.LISTED_CHUNKS", 1)


@pytest.fixture(params=CHANNELS)
def chosen(request: pytest.FixtureRequest) -> Settings:
    return replace(MEANING, channels=CHANNELS[request.param])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


def models_of(folder: Path | None, chosen: Settings) -> Models:
    return load_models(folder, wanted=wanted_outputs(chosen.channels))


def sound(hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Hits whose scores are numbers and the sums of their parts."""
    for hit in hits:
        assert math.isfinite(hit.score)
        assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)
    return hits


def sources(hits: tuple[Hit, ...]) -> set[str]:
    return {part.source for hit in hits for part in hit.contributions if part.kind == "channel"}


# -- model folders ----------------------------------------------------------------------------------------------


def rewrite(model: Path, **changes: object) -> None:
    path = model / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def cut(model: Path, name: str) -> None:
    path = model / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_nan(model: Path, name: str) -> None:
    write_lookup_model(model, **{name: np.full_like(lookup_tables()[name], np.nan)})


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "an output is named and missing": (lambda at: write_lookup_model(at, term_weights=None), "term_weights"),
    "the states are missing": (lambda at: write_lookup_model(at, token_states=None), "gives the outputs"),
    "vectors of another dimension": (lambda at: rewrite(at, dim=32), "says 32"),
    "token vectors of another dimension": (lambda at: rewrite(at, token_dim=48), "says 48"),
    "a tokenizer of another model": (
        lambda at: write_lookup_model(at, **{name: rows[:99] for name, rows in lookup_tables().items()}),
        "does not know the tokens",
    ),
    "half of the network": (lambda at: cut(at, "model.onnx"), r"model\.onnx"),
    "half of the tokenizer": (lambda at: cut(at, "tokenizer.json"), "not a tokenizer"),
    "no numbers in the states": (lambda at: with_nan(at, "token_states"), "not numbers"),
    "no numbers in the token vectors": (lambda at: with_nan(at, "token_vectors"), "not numbers"),
    "no numbers in the term weights": (lambda at: with_nan(at, "term_weights"), "not numbers"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_model_is_named_and_words_are_searched_all_the_same(
    folder: Path, tmp_path: Path, chosen: Settings, how: str
) -> None:
    spoil, message = SPOILED[how]
    model = write_lookup_model(tmp_path / "model")
    spoil(model)
    with opened(folder, settings=chosen, models=models_of(model, chosen)) as one:
        one.index(until=Tier.TEXT)
        before = sound(one.search(SearchRequest("retry backoff")).hits)
        with pytest.raises(ModelError, match=message):
            one.index()
        assert sound(one.search(SearchRequest("retry backoff")).hits) == before
        assert before[0].chunk.uri == "retry.py"
        assert sources(before) == {"bm25", "static"}
    with opened(folder, settings=chosen) as mended:
        assert mended.search(SearchRequest("retry backoff")).hits
        mended.index()
        assert check_indexes([folder], chosen) == []


@pytest.mark.parametrize("missing", [["tokens"], ["terms"], ["tokens", "terms"]], ids="+".join)
def test_a_model_without_an_output_serves_the_other_channels(
    folder: Path, tmp_path: Path, chosen: Settings, missing: list[str]
) -> None:
    model = write_lookup_model(tmp_path / "model")
    named = json.loads((model / "config.json").read_text())["outputs"]
    rewrite(model, outputs={name: output for name, output in named.items() if name not in missing})
    with opened(folder, settings=chosen, models=models_of(model, chosen)) as one:
        one.index()
        asked = {output.value for output in wanted_outputs(chosen.channels)}
        assert len(one.warnings) == len(asked & set(missing))
        channel = {"tokens": "late", "terms": "splade"}
        served = {channel[output] for output in asked - set(missing)}
        assert sources(sound(one.search(SearchRequest("retry backoff")).hits)) == {"bm25", "dense"} | served


def test_token_vectors_of_another_model_are_made_anew_while_searches_go_on(
    folder: Path, tmp_path: Path, chosen: Settings
) -> None:
    first, second = write_lookup_model(tmp_path / "first"), write_lookup_model(tmp_path / "second")
    rewrite(second, name="another")
    with opened(folder, settings=chosen, models=models_of(first, chosen)) as one:
        one.index()
        everything = sources(one.search(SearchRequest("retry backoff")).hits)
    with opened(folder, settings=chosen, models=models_of(second, chosen)) as one:
        chunks = [chunk for _, chunk in one.search(SearchRequest("retry backoff")).uncompared]
        assert sources(sound(one.search(SearchRequest("retry backoff")).hits)) == {"bm25", "static"}
        assert len(chunks) == (0 if chosen.channels.late == "off" else len(snapshot(one).chunks))
        for chunk in snapshot(one).chunks:
            one.encode_first([(one.roots[0], chunk)])
            assert sound(one.search(SearchRequest("retry backoff")).hits)
        assert sources(one.search(SearchRequest("retry backoff")).hits) == everything
        assert one.encode_some() == 0
        one.publish(with_vectors=True)
        assert check_indexes([folder], chosen) == []


@pytest.mark.parametrize("other", ["of the same width", "of another width"])
def test_who_only_reads_an_index_of_another_model_compares_nothing_with_its_vectors(
    folder: Path, tmp_path: Path, chosen: Settings, other: str
) -> None:
    """Nor does who follows a process that writes with another model, whatever that publishes."""
    model = write_lookup_model(tmp_path / "model")
    rewrite(write_lookup_model(tmp_path / "second"), name="another")
    reading = models_of(tmp_path / "second" if other == "of the same width" else None, chosen)
    with opened(folder, settings=chosen, models=models_of(model, chosen)) as writer:
        writer.index()
        with opened(folder, settings=chosen, models=reading, readonly=True) as reader:
            assert sum(writer._models.encoder.model_id in warning for warning in reader.warnings) == 1
            assert sources(sound(reader.search(SearchRequest("retry backoff")).hits)) == {"bm25", "static"}
            assert reader.coverage().meaning == 0
            write(folder, {"retry.py": "def retry_again():\n    return backoff()\n"})
            writer.index()
            assert reader._indexes[0].follow()
            hits = sound(reader.search(SearchRequest("retry again backoff")).hits)
            assert "retry_again" in hits[0].chunk.content
            assert sources(hits) == {"bm25", "static"}
            assert reader.coverage().meaning == 0


# -- queries ----------------------------------------------------------------------------------------------------

QUERIES = {
    "stop words": "the of and it is",
    "one character": "a",
    "one sign": "?",
    "one word 5,000 times": "it " * 5_000,
    "5,000 words": " ".join(f"{number % 256:02x}" for number in range(5_000)),
    "emoji": "🙂 👩‍👩‍👧 🇩🇪",
    "one emoji": "🙂",
    "half a character": "\ud83d",
}


@pytest.fixture(scope="module", params=CHANNELS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The embedded model, which has every output."""
    chosen = replace(MEANING, channels=CHANNELS[request.param])
    folder = write(tmp_path_factory.mktemp("real") / "ws", FILES)
    with (
        pytest.MonkeyPatch.context() as patched,
        opened(folder, settings=chosen, models=models_of(None, chosen)) as one,
    ):
        patched.setattr("codeintel.indexing.token_lists.LISTED_CHUNKS", 1)
        one.index()
        assert bool(snapshot(one).token_lists) == (chosen.channels.late == "wide")
        yield one


@pytest.mark.parametrize("name", QUERIES)
def test_any_query_is_answered_and_explained(real: Service, name: str) -> None:
    query = QUERIES[name]
    for hit in sound(real.search(SearchRequest(query)).hits):
        told = real.explain(query, hit.root.path / hit.chunk.uri, hit.chunk.start_line).hit
        assert told is not None
        sound((told,))
        for part in told.contributions:
            for found in part.evidence:
                assert math.isfinite(found.share)
                assert hit.chunk.start_byte <= found.start_byte <= found.end_byte <= hit.chunk.end_byte


# -- texts ------------------------------------------------------------------------------------------------------


def test_a_chunk_of_a_hundred_thousand_equal_tokens_is_one_like_any_other(
    tmp_path: Path, chosen: Settings
) -> None:
    folder = write(tmp_path / "same", {"same.md": "wait\n" * 100_000, "other.py": "wait = 1\n"})
    wide = replace(chosen, index=replace(chosen.index, chunk_chars=1_000_000))
    with opened(folder, settings=wide, models=models_of(None, wide)) as one:
        one.index()
        found = snapshot(one).chunks.file("same.md")
        assert found is not None and len(found.chunks) == 1
        hits = {hit.chunk.uri: hit for hit in sound(one.search(SearchRequest("wait")).hits)}
        assert set(hits) == {"same.md", "other.py"}
        on = {"late", "splade"} if chosen.channels.splade else set()
        assert sources((hits["same.md"],)) == {"bm25", "dense"} | on
        told = one.explain("wait", folder / "same.md", 50_000).hit
        assert told is not None
        for part in told.contributions:
            assert all(piece.end_byte <= found.chunks[0].end_byte for piece in part.evidence)
        rows = [view.rows([found.chunks[0].id])[0] for view in snapshot(one).outputs.values()]
        assert all(row is not None and len(row) <= 128 for row in rows)
        assert [len(row) for row in rows if row is not None and row.dtype.names] == [
            1
        ] * chosen.channels.splade


def test_a_workspace_of_one_chunk_is_searched_changed_and_emptied(tmp_path: Path, chosen: Settings) -> None:
    folder = write(tmp_path / "one", {"only.py": "wait = 1\n"})
    path = folder / "only.py"
    with opened(folder, settings=chosen, models=models_of(None, chosen)) as one:
        one.index()
        assert len(snapshot(one).chunks) == 1
        (hit,) = sound(one.search(SearchRequest("wait")).hits)
        on = {"late", "splade"} if chosen.channels.splade else set()
        assert sources((hit,)) == {"bm25", "dense"} | on
        ranks = {part.rank for part in hit.contributions if part.kind == "channel"}
        assert ranks == {1}
        assert one.similar(path, 0).hits == ()
        told = one.explain("wait", path, 0)
        assert (told.rank, told.candidates, told.next_hit) == (1, 1, None)
        assert one.why_not("wait", Expected(path=path, line=0)).kind == "found"
        one.edit(path, "pause = 2\n")
        assert [hit.freshness for hit in sound(one.search(SearchRequest("pause")).hits)] == ["live"]
        one.revert(path)
        path.unlink()
        one.index()
        with pytest.raises(NotReady):
            one.search(SearchRequest("wait"))
        assert check_indexes([folder], chosen) == []
