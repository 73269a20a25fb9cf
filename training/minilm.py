"""The MiniLM encoder as a plain torch module whose export is a small graph; export_model quantises it.

The architecture is BERT's (Devlin et al. 2019, section 3) with six layers of 384 dimensions and twelve heads
(Wang et al. 2020, MiniLM); the weights are sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
VOCABULARY, POSITIONS, SEGMENTS = 30522, 512, 2
NORM_EPSILON = 1e-12
# Added to the attention logits of padding: large enough that softmax gives exactly 0, small enough for fp16.
MASKED_LOGIT = -10_000.0


class SelfAttention(nn.Module):
    """Multi-head self-attention over [batch, tokens, WIDTH]; the names are those of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        batch, tokens, _ = states.shape

        def heads(projected: Tensor) -> Tensor:
            return projected.reshape(batch, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)

        logits = heads(self.query(states)) @ heads(self.key(states)).transpose(-1, -2)
        weights = torch.softmax(logits * (WIDTH // HEADS) ** -0.5 + mask, dim=-1)
        return (weights @ heads(self.value(states))).transpose(1, 2).reshape(batch, tokens, WIDTH)


class Residual(nn.Module):
    """A projection added to what it came from, then normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)

    def forward(self, inner: Tensor, states: Tensor) -> Tensor:
        normalised: Tensor = self.LayerNorm(self.dense(inner) + states)
        return normalised


class Layer(nn.Module):
    """One transformer block."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Residual(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, INNER)})
        self.output = Residual(INNER)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        states = self.attention["output"](self.attention["self"](states, mask), states)
        result: Tensor = self.output(functional.gelu(self.intermediate["dense"](states)), states)
        return result


class MiniLM(nn.Module):
    """Token ids to dense [batch, WIDTH], the mean at unit length, and token_states [batch, tokens, WIDTH]."""

    embeddings: nn.ModuleDict
    encoder: nn.ModuleDict

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(VOCABULARY, WIDTH),
                "position_embeddings": nn.Embedding(POSITIONS, WIDTH),
                "token_type_embeddings": nn.Embedding(SEGMENTS, WIDTH),
                "LayerNorm": nn.LayerNorm(WIDTH, eps=NORM_EPSILON),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(LAYERS))})

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        tables = self.embeddings
        positions = cast(Tensor, tables["position_embeddings"].weight)[: input_ids.shape[1]]
        segment = cast(Tensor, tables["token_type_embeddings"].weight)[0]
        states = tables["LayerNorm"](tables["word_embeddings"](input_ids) + positions + segment)
        kept = attention_mask.to(states.dtype)
        mask = (1.0 - kept[:, None, None, :]) * MASKED_LOGIT
        for layer in cast(nn.ModuleList, self.encoder["layer"]):
            states = layer(states, mask)
        pooled = (states * kept[:, :, None]).sum(1) / kept.sum(1, keepdim=True)
        return functional.normalize(pooled, dim=-1), states


def load_minilm(folder: Path) -> MiniLM:
    """The encoder with the weights of `folder`/model.safetensors, ready for inference.

    Raises RuntimeError where a weight is missing or of another shape.
    """
    weights = load_file(folder / "model.safetensors")
    # The pooler serves next-sentence prediction only; position_ids is a counter.
    unused = [name for name in weights if name.startswith("pooler.") or name.endswith("position_ids")]
    model = MiniLM()
    model.load_state_dict({name: value for name, value in weights.items() if name not in unused})
    return model.eval()
