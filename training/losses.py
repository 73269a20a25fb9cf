"""What training minimises: for each of the encoder's outputs, that a question finds its own chunk in the batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.code_encoder import Reading
from training.minilm import VOCABULARY

# Inverse temperatures; cosines of dense vectors spread less than means of best matches. All three are guesses that
# worked; dense is sentence-transformers' default.
DENSE_SCALE, TOKEN_SCALE, TERM_SCALE = 20.0, 30.0, 1.0
# Of a batch's tokens, each question token keeps so many (k_train of XTR, Lee et al. 2023, section 3.1).
KEPT_TOKENS = 256
TERM_LOSS_SHARE = 0.5
# Keeps term weights from growing without bound; far below what a wrong order costs.
TERM_MASS_COST = 1e-3


class Losses(NamedTuple):
    """The parts of the loss, and what is minimised."""

    dense: Tensor
    maxsim: Tensor
    xtr: Tensor
    terms: Tensor
    total: Tensor


def losses(queries: Reading, passages: Reading, query_ids: Tensor, passage_ids: Tensor) -> Losses:
    """Row i of the queries belongs to row i of the passages; every other passage is a negative."""
    dense = contrastive(queries.dense @ passages.dense.T * DENSE_SCALE)
    best, bound = best_matches(queries, passages)
    lengths = queries.kept.sum(1).clamp(min=1)
    maxsim = contrastive(per_query(best, queries, lengths) * TOKEN_SCALE)
    retrieved = best >= bound[:, None]
    matched = per_query(retrieved.float(), queries, torch.ones_like(lengths)).clamp(min=1)
    xtr = contrastive(per_query(best * retrieved, queries, torch.ones_like(lengths)) / matched * TOKEN_SCALE)
    weights = term_vectors(passages, passage_ids)
    terms = contrastive(term_vectors(queries, query_ids) @ weights.T * TERM_SCALE)
    total = dense + (maxsim + xtr) / 2 + TERM_LOSS_SHARE * terms + TERM_MASS_COST * weights.sum(1).mean()
    return Losses(dense, maxsim, xtr, terms, total)


def contrastive(scores: Tensor) -> Tensor:
    """Cross entropy of the diagonal, over rows and over columns."""
    truth = torch.arange(len(scores))
    return (functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.T, truth)) / 2


def best_matches(queries: Reading, passages: Reading) -> tuple[Tensor, Tensor]:
    """For each question token, its best cosine in every passage [n, passages], and its KEPT_TOKENS-th best of all [n].

    Which tokens match is found without gradient and only those products are computed again: the gradient of a
    maximum over all of them took twenty times as long.
    """
    batch, length, width = passages.tokens.shape
    asked = queries.tokens[queries.kept]
    flat = passages.tokens.reshape(batch * length, width)
    with torch.no_grad():
        scores = (asked @ flat.T).view(-1, batch, length).masked_fill_(~passages.kept[None], -2.0)
        best = scores.argmax(-1) + torch.arange(batch) * length
        kept = min(KEPT_TOKENS, batch * length)
        bound = scores.flatten(1).topk(kept, dim=1).values[:, -1]
    chosen = flat.index_select(0, best.reshape(-1)).view(len(asked), batch, width)
    return torch.bmm(chosen, asked[:, :, None]).squeeze(-1), bound


def per_query(values: Tensor, queries: Reading, lengths: Tensor) -> Tensor:
    """Sums of token rows [n, passages] by the question they belong to, divided by `lengths`."""
    owners = torch.nonzero(queries.kept)[:, 0]
    sums = torch.zeros(len(queries.kept), values.shape[1]).index_add(0, owners, values)
    return sums / lengths[:, None]


def term_vectors(reading: Reading, ids: Tensor) -> Tensor:
    """Weights by vocabulary id [rows, VOCABULARY]: the greatest of a word's occurrences."""
    empty = torch.zeros(len(ids), VOCABULARY)
    return empty.scatter_reduce(1, ids, reading.terms, "amax", include_self=True)
