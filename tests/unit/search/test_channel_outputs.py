"""What channels ask of an encoder, and what people are told where it has not got that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codeintel.models.folder import Models, load_models
from codeintel.models.outputs import Output
from codeintel.search.channel_outputs import lacking_outputs, wanted_outputs
from codeintel.settings import Settings, from_flags
from lookup_model import lookup_models, write_lookup_model
from splade_model import write_splade_model


def channels(**options: object) -> Settings:
    found, dropped = Settings.resolve(
        [from_flags({f"channels.{name}": value for name, value in options.items()})]
    )
    assert not dropped
    return found


def test_only_what_is_switched_on_is_wanted() -> None:
    assert wanted_outputs(channels().channels) == frozenset()
    assert wanted_outputs(channels(splade=True).channels) == {Output.TERMS}
    assert wanted_outputs(channels(splade="true", late="narrow").channels) == frozenset(Output)


@pytest.fixture
def plain(tmp_path: Path) -> Models:
    """An encoder without term weights."""
    folder = write_lookup_model(tmp_path / "plain", term_weights=None)
    settings = json.loads((folder / "config.json").read_text())
    del settings["outputs"]["terms"]
    (folder / "config.json").write_text(json.dumps(settings))
    return load_models(folder, wanted=frozenset({Output.TERMS}))


def test_a_channel_that_the_model_does_not_serve_is_named(plain: Models, tmp_path: Path) -> None:
    (told,) = lacking_outputs(plain)
    assert "channels.splade has no effect" in told
    assert lacking_outputs(replace(plain, wanted=frozenset())) == []
    assert lacking_outputs(replace(lookup_models(tmp_path / "all"), wanted=frozenset({Output.TERMS}))) == []


def test_a_sparse_model_serves_an_encoder_that_has_no_weights(plain: Models, tmp_path: Path) -> None:
    wanted = frozenset({Output.TERMS})
    folder = write_splade_model(tmp_path / "splade")
    models = load_models(tmp_path / "plain", wanted=wanted, sparse=folder)
    assert lacking_outputs(models) == []
    assert models.encoder.model_id == plain.encoder.model_id
    assert [len(row) for row in models.encode(["a car"]).terms] == [3]
    models.close()
    off = load_models(tmp_path / "plain", sparse=folder)
    assert off.layouts == {}
