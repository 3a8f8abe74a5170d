"""Trains the answer ranker: which sentence of an abstract answers a question.

    python -m footnote.evals.lab.training.answer_sentences QUESTIONS PAPERS OUT --others PATH
    [--sides] [--share 1] [--rank 0] [--epochs 2]

QUESTIONS and PAPERS are the two files of the set, whose part "train" is learned, and beside it our
own questions of ``answers/1.jsonl``, whose papers are among those of PATH (arXiv's computer
science); so are the papers whose sentences are wrong answers. With ``--sides`` all of ``answers/``
and ``sides.jsonl`` are learned, too, and how far a sentence says yes and no. Needs torch
(dependency group ``training``). OUT keeps the groups, the checkpoint of the last epoch, from which
a stopped run continues, and in the end ``whole.safetensors`` and, with a bit a weight,
``answers.safetensors``, of which ``rag/retrieval/answer_ranker/`` has a copy, as
``sides.safetensors`` that of ``--sides --epochs 1``. ``python -m footnote.evals.lab.bench.answers``
measures either.

The embeddings and the lowest two layers of the bundled MiniLM stay as they are. ``--rank`` trains
low-rank differences instead of whole matrices. On two idle cores an epoch of 5,080 questions takes
ten minutes, and one of 18,080 with sides 46.

Source: low-rank differences, Hu et al. 2021 (arXiv:2106.09685); AdamW, Loshchilov and
Hutter 2019 (arXiv:1711.05101).
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from footnote.evals.lab.training.answer_groups import (
    QuestionGroup,
    add_strangers,
    choose_others,
    load_groups,
    read_groups,
    read_own_groups,
    read_titles,
    save_groups,
)
from footnote.evals.lab.training.answer_network import (
    FROZEN_LAYERS,
    Weights,
    encode,
    loss_of,
    loss_of_sides,
    score,
)
from footnote.index.embeddings.minilm_export import find_weights
from footnote.index.embeddings.minilm_graph import FIRST, LAYERS, MATCH, SIDES, WIDTH
from footnote.index.readers.gathering import read_sources
from footnote.rag.retrieval.answer_ranker.ranker import cut_pairs
from footnote.rag.retrieval.answer_ranker.weights import pack_signs

SEED = 20261126
# Questions in a step; wrong sentences of each, of its abstract and as many of other papers, and
# fewer where sides are learned, whose questions are three times as many.
BATCH = 4
WRONG, WRONG_OF_SIDED = 4, 3
RATE, HEAD_RATE, LOW_RANK_RATE = 1.5e-4, 1e-3, 1e-3
WARM_UP = 0.1
DECAY = 0.01
DROPOUT = 0.1
# Steps between two lines of progress.
TOLD = 100
TRAINED_HEADS = (MATCH, FIRST, SIDES)
TRAINED = tuple(f"encoder.layer.{layer}." for layer in range(FROZEN_LAYERS, LAYERS))


def draw_texts(group: QuestionGroup, draw: random.Random, wrong: int) -> list[tuple[str, int]]:
    """Returns the right sentences of a group, and some of the wrong ones behind them.

    Each with its side, which is -1 where none is asked for.
    """
    sides = group.sides or [-1] * len(group.sentences)
    told = list(zip(group.sentences, sides, strict=True))
    right = [told[n] for n in group.right]
    others = [one for n, one in enumerate(told) if n not in group.right]
    drawn = draw.sample(others, min(wrong, len(others)))
    strangers = draw.sample(group.strangers, min(wrong, len(group.strangers)))
    none = 0 if group.sides else -1
    return [*right, *drawn, *((text, none) for text in strangers)]


def first_weights(base: Weights, rank: int) -> dict[str, Tensor]:
    """Returns what is trained, as it begins: the bundled model, and a head that is a cosine."""
    found = {name: torch.zeros(WIDTH) for name in (MATCH, FIRST)} | {SIDES: torch.zeros(2, WIDTH)}
    found[MATCH] += 1
    for name, tensor in base.items():
        if not name.startswith(TRAINED):
            continue
        if not rank or tensor.dim() < 2:
            found[name] = tensor.clone()
            continue
        rows, columns = tensor.shape
        found[f"{name}.down"] = torch.randn(rank, columns) / columns**0.5
        found[f"{name}.up"] = torch.zeros(rows, rank)
    return found


class Trainer:
    """Holds what is trained, and takes steps."""

    def __init__(self, *, rank: int, steps: int, wrong: int) -> None:
        """Loads the bundled model.

        Args:
            rank: Of the differences; 0 trains whole matrices.
            steps: That the rate warms up and falls over.
            wrong: Sentences of each question's abstract that do not answer it, and of others.
        """
        self.wrong = wrong
        folder = find_weights()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        cut_pairs(self.tokenizer)
        self.base = load_file(folder / "model.safetensors")
        self.trained = first_weights(self.base, rank)
        for tensor in self.trained.values():
            tensor.requires_grad_(True)
        rates: dict[float, list[Tensor]] = {}
        for name, tensor in self.trained.items():
            low = name.endswith((".up", ".down"))
            rate = HEAD_RATE if name in TRAINED_HEADS else LOW_RANK_RATE if low else RATE
            rates.setdefault(rate, []).append(tensor)
        groups = [{"params": tensors, "lr": rate} for rate, tensors in rates.items()]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
        self.steps = steps
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)

    def _rate(self, step: int) -> float:
        warm = max(1, round(WARM_UP * self.steps))
        return min((step + 1) / warm, max(0.0, (self.steps - step) / (self.steps - warm)))

    def weights(self) -> dict[str, Tensor]:
        """Returns all weights as they now are."""
        merged = dict(self.base)
        for name, tensor in self.trained.items():
            matrix = name.removesuffix(".up")
            if name.endswith(".up"):
                merged[matrix] = self.base[matrix] + tensor @ self.trained[f"{matrix}.down"]
            elif not name.endswith(".down"):
                merged[name] = tensor
        return merged

    def step(self, groups: Sequence[QuestionGroup], draw: random.Random) -> float:
        """Learns from some questions; returns the loss."""
        pairs, sides, sizes, right = [], [], [], []
        for group in groups:
            texts = draw_texts(group, draw, self.wrong)
            pairs += [(group.question, text) for text, _ in texts]
            sides += [side for _, side in texts]
            sizes.append(len(texts))
            right.append(len(group.right))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            read = encode(self.tokenizer, pairs)
            scores, leans = score(self.weights(), read, dropout=DROPOUT)
        loss = loss_of(scores.float(), sizes, right)
        loss = loss + loss_of_sides(leans.float(), torch.tensor(sides))
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.item())

    def save(self, path: Path, epoch: int) -> None:
        """Writes a checkpoint, beside its name first."""
        part = path.with_suffix(".part")
        states = {"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}
        torch.save({"epoch": epoch, "trained": self.trained, **states}, part)
        part.replace(path)

    def resume(self, path: Path) -> int:
        """Continues from a checkpoint; returns the epochs that are done."""
        kept = torch.load(path)
        with torch.no_grad():
            for name, tensor in self.trained.items():
                tensor.copy_(kept["trained"][name])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.schedule.load_state_dict(kept["schedule"])
        return int(kept["epoch"])


def batches(groups: Sequence[QuestionGroup], draw: random.Random) -> Iterator[list[QuestionGroup]]:
    """Yields the groups in another order, some at a time."""
    order = draw.sample(groups, len(groups))
    for at in range(0, len(order), BATCH):
        yield order[at : at + BATCH]


def train(
    groups: Sequence[QuestionGroup], out: Path, *, rank: int, epochs: int, wrong: int
) -> Weights:
    """Returns all weights after some epochs, each kept as a checkpoint."""
    steps = epochs * -(-len(groups) // BATCH)
    torch.manual_seed(SEED)
    trainer, checkpoint = Trainer(rank=rank, steps=steps, wrong=wrong), out / "checkpoint.pt"
    first = trainer.resume(checkpoint) if checkpoint.exists() else 0
    for epoch in range(first, epochs):
        draw, started, losses = random.Random(SEED + epoch), time.monotonic(), []
        torch.manual_seed(SEED + epoch)
        for batch in batches(groups, draw):
            losses.append(trainer.step(batch, draw))
            if len(losses) % TOLD == 0:
                mean, seconds = sum(losses[-TOLD:]) / TOLD, time.monotonic() - started
                print(f"  step {len(losses)}: loss {mean:.3f}, {seconds:.0f} s", flush=True)
        trainer.save(checkpoint, epoch + 1)
        mean = sum(losses) / len(losses)
        print(f"epoch {epoch + 1}: loss {mean:.3f}, {time.monotonic() - started:.0f} s", flush=True)
    return {name: tensor.detach() for name, tensor in trainer.weights().items()}


def save(weights: Weights, out: Path) -> None:
    """Writes what differs from the bundled model, whole and as signs."""
    base = load_file(find_weights() / "model.safetensors")
    whole = {
        name: tensor.float().numpy()
        for name, tensor in weights.items()
        if name in TRAINED_HEADS or name.startswith(TRAINED)
    }
    small: dict[str, NDArray[Any]] = {}
    for name, tensor in whole.items():
        if tensor.ndim == 1 or name == SIDES:
            small[name] = tensor.astype(np.float16)
        else:
            signs = pack_signs(tensor - base[name].numpy())
            small[f"{name}.signs"], small[f"{name}.scale"] = signs
    save_file(whole, out / "whole.safetensors")
    save_file(small, out / "answers.safetensors")


def read_all(questions: Path, papers: Path, others: Path, *, sides: bool) -> list[QuestionGroup]:
    """Returns the questions of a set's part "train" and our own, with strangers."""
    corpus = read_sources([others]).papers
    own, taught = read_own_groups(corpus, sides=sides), read_groups(questions, papers, part="train")
    asked = {f"arxiv:{group.paper}" for group in (*own, *taught)}
    known = {paper.title for paper in corpus if paper.id in asked} | read_titles(papers)
    return add_strangers([*taught, *own], choose_others(corpus, known))


def main() -> None:
    """Trains, and writes the trained weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("papers", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--others", type=Path, help="papers whose sentences are wrong answers")
    parser.add_argument("--sides", action="store_true", help="learn what says yes and no, too")
    parser.add_argument("--share", type=float, default=1.0, help="of the papers; default all")
    parser.add_argument("--rank", type=int, default=0, help="of the differences; default whole")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "groups.jsonl"
    if not kept.exists():
        own = read_all(options.questions, options.papers, options.others, sides=options.sides)
        save_groups(own, kept)
    groups = load_groups(kept)
    papers = sorted({group.paper for group in groups})
    chosen = set(random.Random(SEED).sample(papers, round(options.share * len(papers))))
    groups = [group for group in groups if group.paper in chosen]
    wrong = WRONG_OF_SIDED if options.sides else WRONG
    weights = train(groups, options.out, rank=options.rank, epochs=options.epochs, wrong=wrong)
    save(weights, options.out)
    print(f"{len(groups)} questions of {len(chosen)} papers")


if __name__ == "__main__":
    main()
