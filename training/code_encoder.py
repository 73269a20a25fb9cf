"""The encoder that codeintel ships: MiniLM with two small heads, three readings of a text from one pass."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.minilm import WIDTH, MiniLM, load_minilm

# 48 dimensions measured as well as 128 for late interaction on code (docs/decisions); the store pays for each.
TOKEN_WIDTH = 48
# Ids up to this are [PAD], [UNK], [CLS], [SEP], [MASK] and unused: no words, so no token vectors and no terms.
LAST_SPECIAL_ID = 103
# What a term weighs before training: about one, so that the untrained channel counts shared words.
FIRST_TERM_BIAS = 1.0


class Reading(NamedTuple):
    """What the encoder makes of a batch; special tokens and padding have zero vectors and weights.

    `dense` [batch, WIDTH] and `tokens` [batch, length, TOKEN_WIDTH] are of unit length; `terms` [batch, length] is
    what each token's word weighs, to be joined by maximum over equal ids; `kept` says which tokens are words.
    """

    dense: Tensor
    states: Tensor
    tokens: Tensor
    terms: Tensor
    kept: Tensor


class CodeEncoder(nn.Module):
    """MiniLM with a projection of each token for late interaction and one for its weight as a term."""

    def __init__(self) -> None:
        super().__init__()
        self.base = MiniLM()
        self.token_head = nn.Linear(WIDTH, TOKEN_WIDTH, bias=False)
        self.term_head = nn.Linear(WIDTH, 1)
        nn.init.orthogonal_(self.token_head.weight)
        nn.init.normal_(self.term_head.weight, std=0.02)
        nn.init.constant_(self.term_head.bias, FIRST_TERM_BIAS)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Reading:
        dense, states = self.base(input_ids, attention_mask)
        kept = (input_ids > LAST_SPECIAL_ID) & (attention_mask > 0)
        states = states.float()
        # log(1 + relu): SPLADE's saturation (Formal et al. 2021, section 3.2), on the text's own words only.
        terms = torch.log1p(functional.relu(self.term_head(states))).squeeze(-1) * kept
        tokens = functional.normalize(self.token_head(states), dim=-1) * kept[:, :, None]
        return Reading(dense.float(), states, tokens, terms, kept)

    def freeze(self, layers: int) -> None:
        """Leave the embeddings and the lowest layers as they are: few words occur often enough to be learnt."""
        self.base.requires_grad_(True)
        self.base.embeddings.requires_grad_(False)
        for layer in list(cast(nn.ModuleList, self.base.encoder["layer"]))[:layers]:
            layer.requires_grad_(False)

    def body(self) -> list[nn.Parameter]:
        """The transformer's parameters that are trained."""
        return [parameter for parameter in self.base.parameters() if parameter.requires_grad]

    def heads(self) -> list[nn.Parameter]:
        """The parameters of both heads."""
        return [*self.token_head.parameters(), *self.term_head.parameters()]


def untrained(base: Path) -> CodeEncoder:
    """The published weights with fresh heads; the caller seeds torch."""
    model = CodeEncoder()
    model.base.load_state_dict(load_minilm(base).state_dict())
    return model.eval()


def averaged(first: CodeEncoder, second: CodeEncoder, share: float) -> CodeEncoder:
    """`share` of the second's weights and the rest of the first's, heads included (WiSE-FT, Wortsman et al. 2022)."""
    model = CodeEncoder()
    theirs = second.state_dict()
    mixed = {name: torch.lerp(value, theirs[name], share) for name, value in first.state_dict().items()}
    model.load_state_dict(mixed)
    return model.eval()
