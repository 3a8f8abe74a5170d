"""Pairs: statements beside quotes, with what is right about them, from SciFact.

Real claims stand beside their rationale, or beside sentences that do not tell. To them come
claims and sentences reworded so that they stay true, and others with one thing made wrong.
"""

import gzip
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from footnote.evals.lab.training.corruptions import HONEST, lies
from footnote.rag.verification.lexical import names, read_words

Label = Literal["SUPPORT", "CONTRADICT", "NEI"]
SEED = 1
# What a kind of lie makes of a true statement.
_MADE: Mapping[str, Label] = {
    "number": "CONTRADICT",
    "numbers swapped": "CONTRADICT",
    "sides swapped": "CONTRADICT",
    "direction": "CONTRADICT",
    "negation": "CONTRADICT",
    "name": "NEI",
    "other paper": "NEI",
}
_SELDOM = {"number", "numbers swapped", "sides swapped"}
# Papers that no claim cites, from which sentences are taken.
SENTENCES = 1000


@dataclass(frozen=True, slots=True)
class Example:
    """A statement beside its quotes.

    Attributes:
        about: Title and abstract of the cited paper; empty as if the caller gave none.
        group: Examples of one group share claims or papers; folds keep groups whole.
        kind: "claim" for a person's; else the rule that made it.
    """

    statement: str
    quotes: tuple[str, ...]
    about: str
    label: Label
    group: str
    kind: str


def names_as_written(text: str) -> list[str]:
    """Returns the names of a text as they stand in it."""
    words = read_words(text)
    return [words[at].text for at in names(words)]


class SciFact:
    """SciFact's training claims and abstracts, as examples."""

    def __init__(self, folder: Path) -> None:
        """Reads the folder."""
        self.papers = {str(row["_id"]): row for row in _rows(folder / "corpus.jsonl.gz")}
        self.claims = list(_rows(folder / "answers.jsonl"))
        self._rng = random.Random(SEED)
        self._groups = self._grouped()
        pool = {n for p in self.papers.values() for n in names_as_written(p["title"])}
        self._lies = lies(sorted(pool), names_as_written)

    def _grouped(self) -> dict[str, str]:
        """Returns the group of each paper: papers that one claim cites are of one group."""
        parent: dict[str, str] = {}

        def root(paper: str) -> str:
            while parent.setdefault(paper, paper) != paper:
                paper = parent[paper]
            return paper

        for claim in self.claims:
            first, *others = _cited(claim)
            root(first)
            for other in others:
                parent[root(other)] = root(first)
        return {paper: root(paper) for paper in list(parent)}

    def sentences(self, paper: str) -> list[str]:
        """Returns the sentences of an abstract."""
        return [" ".join(s.split()) for s in self.papers[paper]["sentences"]]

    def _about(self, paper: str) -> str:
        """Returns what a caller may tell of the paper; nothing in one case of five."""
        row = self.papers[paper]
        return f"{row['title']} {row['text']}" if self._rng.random() < 0.8 else ""

    def claimed(self) -> Iterator[Example]:
        """Yields people's claims beside rationales, and beside sentences that do not tell."""
        for claim in self.claims:
            said, papers = str(claim["claim"]), _cited(claim)
            group = self._groups[papers[0]]
            for found in claim["evidence"]:
                paper = str(found["doc_id"])
                sentences = self.sentences(paper)
                quotes = tuple(sentences[n] for n in found["sentences"])
                about = self._about(paper)
                yield Example(said, quotes, about, found["label"], group, "claim")
            rationale = {(str(e["doc_id"]), n) for e in claim["evidence"] for n in e["sentences"]}
            paper = papers[0]
            rest = [s for n, s in enumerate(self.sentences(paper)) if (paper, n) not in rationale]
            if not rest:
                continue
            likest = max(rest, key=lambda s: _shared(said, s))
            quote = self._rng.choice(rest) if claim["evidence"] else likest
            yield Example(said, (quote,), self._about(paper), "NEI", group, "claim")

    def made(self) -> Iterator[Example]:
        """Yields what the rules make of true claims, and of sentences of other papers."""
        for example in list(self.claimed()):
            if example.label == "SUPPORT":
                yield from self._wronged(example.statement, example)
        uncited = sorted(self.papers.keys() - self._groups.keys())
        for paper in self._rng.sample(uncited, SENTENCES):
            sentences = [s for s in self.sentences(paper) if 50 < len(s) < 300]
            if len(sentences) < 2:
                continue
            quote, second = self._rng.sample(sentences, 2)
            truth = Example(quote, (quote,), self._about(paper), "SUPPORT", paper, "")
            reworded = list(self._reworded(truth, second))
            yield from reworded
            for true in reworded[:2]:
                yield from self._wronged(true.statement, true)

    def _reworded(self, truth: Example, second: str) -> Iterator[Example]:
        """Yields up to three true rewordings, a second quote beside some."""
        rules = list(HONEST.items())
        self._rng.shuffle(rules)
        count = 0
        for kind, rule in rules:
            said = rule(truth.statement, self._rng)
            if said is None or count == 3:
                continue
            count += 1
            if self._rng.random() < 0.5:
                said = HONEST["synonyms"](said, self._rng) or said
            quotes = (truth.quotes[0], second) if self._rng.random() < 0.3 else truth.quotes
            yield Example(said, quotes, truth.about, "SUPPORT", truth.group, kind)

    def _wronged(self, said: str, truth: Example) -> Iterator[Example]:
        """Yields up to three lies made from a true statement, one of them about another paper."""
        kinds = list(self._lies.items())
        self._rng.shuffle(kinds)
        # Those that seldom apply come first.
        kinds.sort(key=lambda kind: kind[0] not in _SELDOM)
        count = 0
        for kind, rule in kinds:
            wrong = rule(said, self._rng)
            if wrong is None or wrong == said or count == 2:
                continue
            count += 1
            yield Example(wrong, truth.quotes, truth.about, _MADE[kind], truth.group, kind)
        other = self._rng.choice(sorted(self.papers.keys() - {truth.group}))
        quote = self._rng.choice(self.sentences(other))
        about = self._about(other)
        yield Example(said, (quote,), about, _MADE["other paper"], truth.group, "other paper")


def _cited(claim: Mapping[str, Any]) -> list[str]:
    """Returns the papers of a claim, those with evidence first."""
    papers = [str(e["doc_id"]) for e in claim["evidence"]] + [str(p) for p in claim["cited"]]
    return list(dict.fromkeys(papers))


def _shared(one: str, other: str) -> int:
    stems = [{w.stem for w in read_words(text) if w.telling} for text in (one, other)]
    return len(stems[0] & stems[1])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    yield from map(json.loads, text.splitlines())
