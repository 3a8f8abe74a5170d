"""The network of the answer ranker in torch, as ``build_pair_graph`` has it in ONNX, and its loss.

Source: BERT, Devlin et al. 2019 (arXiv:1810.04805); cross-encoders, Nogueira and Cho 2019
(arXiv:1901.04085).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from footnote.index.embeddings.minilm_graph import (
    FIRST,
    HEADS,
    LAYER_NORM_EPSILON,
    LAYERS,
    MATCH,
    SHARPNESS,
    SIDES,
    WIDTH,
)

# The embeddings and so many layers stay as they are.
FROZEN_LAYERS = 2
# What a question whose answer was cut out counts for beside the whole one, and what the sides that
# sentences take do.
ABSENCE, SIDES_WEIGHT = 0.5, 1.0
Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions with a sentence each, as word pieces, ``(n, t)``; ``mask`` is False for padding."""

    ids: Tensor
    types: Tensor
    mask: Tensor


def encode(tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> Pairs:
    """Returns the pairs as word pieces, padded to the longest."""
    rows = tokenizer.encode_batch(list(pairs))
    longest = max(len(row.ids) for row in rows)

    def padded(name: str) -> Tensor:
        parts = [getattr(row, name) + [0] * (longest - len(row.ids)) for row in rows]
        return torch.tensor(parts)

    return Pairs(padded("ids"), padded("type_ids"), padded("attention_mask").bool())


def score(w: Weights, pairs: Pairs, *, dropout: float = 0.0) -> tuple[Tensor, Tensor]:
    """Returns a score of each pair, ``(n,)``, and how it leans to yes and to no, ``(n, 2)``.

    Padding is left out of all but the attention: word pieces of all pairs stand in one matrix.
    """
    x = _embed(w, pairs)
    for layer in range(LAYERS):
        drop = dropout if layer >= FROZEN_LAYERS else 0.0
        x = _feed_forward(w, _attend(w, x, pairs.mask, layer, drop), layer, drop)
    return _head(w, x.float(), pairs)


def _embed(w: Weights, pairs: Pairs) -> Tensor:
    places = torch.arange(pairs.mask.shape[1]).expand_as(pairs.ids)[pairs.mask]
    x = w["embeddings.word_embeddings.weight"][pairs.ids[pairs.mask]]
    x = x + w["embeddings.position_embeddings.weight"][places]
    x = x + w["embeddings.token_type_embeddings.weight"][pairs.types[pairs.mask]]
    return _norm(w, x, "embeddings.LayerNorm")


def _norm(w: Weights, x: Tensor, name: str) -> Tensor:
    scale, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    return functional.layer_norm(x.float(), (WIDTH,), scale, bias, LAYER_NORM_EPSILON)


def _linear(w: Weights, x: Tensor, name: str) -> Tensor:
    return functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def _attend(w: Weights, x: Tensor, mask: Tensor, layer: int, dropout: float) -> Tensor:
    at = f"encoder.layer.{layer}.attention."
    heads = []
    for part in ("query", "key", "value"):
        rows = _linear(w, x, f"{at}self.{part}")
        filled = rows.new_zeros(*mask.shape, WIDTH)
        filled[mask] = rows
        heads.append(filled.unflatten(-1, (HEADS, -1)).transpose(1, 2))
    query, key, value = heads
    # The fused attention takes four times as long backwards on a processor.
    seen = (query @ key.transpose(2, 3)).float() / (WIDTH // HEADS) ** 0.5
    seen = seen.masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)
    found = seen.to(value.dtype) @ value
    y = _linear(w, found.transpose(1, 2).flatten(2)[mask], f"{at}output.dense")
    return _norm(w, functional.dropout(y, dropout) + x, f"{at}output.LayerNorm")


def _feed_forward(w: Weights, x: Tensor, layer: int, dropout: float) -> Tensor:
    at = f"encoder.layer.{layer}."
    inner = functional.gelu(_linear(w, x, f"{at}intermediate.dense"))
    y = _linear(w, inner, f"{at}output.dense")
    return _norm(w, functional.dropout(y, dropout) + x, f"{at}output.LayerNorm")


def _head(w: Weights, x: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """The match of question and sentence, dimension by dimension, and what the first token says."""
    filled = x.new_zeros(*pairs.mask.shape, WIDTH)
    filled[pairs.mask] = x
    asked = (pairs.mask & (pairs.types == 0))[..., None]
    told = (pairs.types == 1)[..., None]
    question = functional.normalize((filled * asked).sum(1), dim=-1)
    sentence = functional.normalize((filled * told).sum(1), dim=-1)
    first = filled[:, 0]
    return SHARPNESS * (question * sentence) @ w[MATCH] + first @ w[FIRST], first @ w[SIDES].T


def loss_of_sides(leans: Tensor, sides: Tensor) -> Tensor:
    """Returns what the true side of each pair lacks, neither leaning 0; -1 is left out.

    Args:
        leans: To yes and to no, ``(n, 2)``.
        sides: 0 for neither, 1 for yes, 2 for no, ``(n,)``.
    """
    if bool((sides < 0).all()):
        return leans.new_zeros(())
    logits = torch.cat([leans.new_zeros(len(leans), 1), leans], 1)
    return SIDES_WEIGHT * functional.cross_entropy(logits, sides, ignore_index=-1)


def loss_of(scores: Tensor, sizes: Sequence[int], right: Sequence[int]) -> Tensor:
    """Returns what the right sentences of each group lack of its softmax, and so does nothing.

    Beside the sentences of a group stands that none of them answers, which scores 0. Where its
    right sentences are cut out, that is right; so a score tells whether there is an answer at all.

    Args:
        scores: Of the pairs of all groups.
        sizes: Of the groups, which stand one behind the other.
        right: How many of each group are right; they come first.
    """
    parts, nothing = [], scores.new_zeros(1)
    for found, count in zip(scores.split(list(sizes)), right, strict=True):
        part = ABSENCE * torch.cat([found[count:], nothing]).logsumexp(0)
        if count:
            whole = torch.cat([found, nothing]).logsumexp(0)
            part = part + whole - found[:count].logsumexp(0)
        parts.append(part)
    return torch.stack(parts).mean()
