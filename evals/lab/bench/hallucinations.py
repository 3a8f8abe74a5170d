"""Is a model that lies caught? Statements over the demo papers, honest ones and lies.

    python -m footnote.evals.lab.bench.hallucinations [--missed]

Some were written by hand (``evals/demo/statements.jsonl``), with lies by hand; others are the
demo questions' evidence, reworded by the rules of ``footnote.evals.lab.training.corruptions``. No
coefficient and no threshold was fitted to either; but the rules of
``footnote.rag.verification.lexical`` and ``footnote.rag.verification.features`` were mended after
reading what was missed here, so a new set may fare worse. Prints the share marked: not
"supported", or with a marker that points nowhere.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from footnote.evals.dataset.cases import read_cases
from footnote.evals.demo import demo_set
from footnote.evals.lab.training.corruptions import HONEST, lies
from footnote.evals.lab.training.pairs import names_as_written
from footnote.evals.metrics.statistics import mean
from footnote.index.chunking import sentence_spans
from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.models import Paper
from footnote.index.readers.gathering import read_sources
from footnote.rag.answer import Statement
from footnote.rag.generation.citations import CitationBinder, is_dangling
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.rules.stated import describe_paper
from footnote.rag.verification.verifier import LearnedVerifier, Verifier

SEED = 1
# Sentences that a model is given, the one it cites among them.
GIVEN = 12
INVENTED = 99
# Kinds of lies in which the sentence itself is honest.
ABOUT_CITING = {"marker", "other paper"}
STATEMENTS = Path(__file__).parents[2] / "demo" / "statements.jsonl"


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """One sentence as a model writes it.

    Attributes:
        text: With its marker.
        given: The sentences that the model was given, in the order of their numbers.
        kind: "honest", or what is wrong.
        by: "hand" or "rule".
    """

    text: str
    given: tuple[Sentence, ...]
    kind: str
    by: str


Say = Callable[[ClaimCase], Statement]
"""Lets a model say a sentence; returns the statement as it reaches a reader."""


def sentences(papers: Sequence[Paper]) -> list[Sentence]:
    """Returns every sentence of some papers."""
    return [
        Sentence(paper, start, end, 0.0)
        for paper in papers
        for start, end in sentence_spans(paper.abstract)
    ]


def statements() -> Iterator[ClaimCase]:
    """Yields every statement, honest ones and lies, by hand and by rule."""
    papers = {paper.title: paper for paper in read_sources([demo_papers()]).papers}
    every = sentences(list(papers.values()))
    rng = random.Random(SEED)
    for line in STATEMENTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        quote = _place(every, row["title"], row["quote"])
        yield from _about(quote, every, row["statement"], row["lies"], "hand", rng)
    pool = sorted({name for title in papers for name in names_as_written(title)})
    rules = lies(pool, names_as_written)
    seen = set()
    for case in read_cases(demo_set()):
        for gold in case.evidence:
            quote = _place(every, gold.paper, gold.quote)
            if quote.text in seen:
                continue
            seen.add(quote.text)
            honest = [s for rule in HONEST.values() if (s := rule(quote.text, rng))]
            if honest:
                said = rng.choice(honest)
                found = {kind: rule(said, rng) for kind, rule in rules.items()}
                wrong = {kind: text for kind, text in found.items() if text and text != said}
                yield from _about(quote, every, said, wrong, "rule", rng)


def _place(every: Sequence[Sentence], title: str, quote: str) -> Sentence:
    return next(s for s in every if s.paper.title == title and quote in s.text)


def _about(
    quote: Sentence,
    every: Sequence[Sentence],
    honest: str,
    wrong: dict[str, str],
    by: str,
    rng: random.Random,
) -> Iterator[ClaimCase]:
    """Yields one honest statement and its lies, each with what a model was given."""
    others = [s for s in every if s.paper is not quote.paper]
    given = [quote, *rng.sample(others, GIVEN - 1)]
    rng.shuffle(given)
    right = given.index(quote) + 1
    elsewhere = rng.choice([n for n in range(1, GIVEN + 1) if n != right])
    cited = {"honest": (honest, right), "other paper": (honest, elsewhere)}
    cited |= {"marker": (honest, INVENTED)} | {kind: (text, right) for kind, text in wrong.items()}
    for kind, (text, number) in cited.items():
        yield ClaimCase(f"{text.rstrip('.')} [{number}].", tuple(given), kind, by)


def saying(verifier: Verifier) -> Say:
    """Returns the path of a sentence without the wire: bound, then judged."""

    def say(said: ClaimCase) -> Statement:
        binder = CitationBinder(said.given)
        (bound,) = binder.bind(said.text)
        about = [describe_paper(paper) for paper in binder.papers]
        quotes = [citation.quote for citation in bound.citations]
        ruling = verifier.verify(bound.text, quotes, about=about)
        return Statement(bound.text, bound.citations, ruling.verdict, ruling.support, bound.notes)

    return say


def is_marked(statement: Statement) -> bool:
    """Returns whether a reader is told to look twice."""
    return statement.verdict != "supported" or any(map(is_dangling, statement.notes))


def main() -> None:
    """Prints the shares marked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", action="store_true", help="print what was judged wrongly")
    options = parser.parse_args()
    say = saying(LearnedVerifier(MiniLM()))
    found = [(said, say(said)) for said in statements()]
    for by in ("hand", "rule"):
        kinds = sorted({said.kind for said, _ in found if said.by == by} - {"honest"})
        rows = [("honest", {"honest"}), ("lies", set(kinds))]
        rows += [("lies in what is said", set(kinds) - ABOUT_CITING)]
        for name, wanted in rows + [(f"  {kind}", {kind}) for kind in kinds]:
            marked = [
                [float(is_marked(statement))]
                for said, statement in found
                if said.by == by and said.kind in wanted
            ]
            share = mean(marked)
            assert share is not None
            print(
                f"by {by}: {name:21s} marked {share.mean:.3f} "
                f"[{share.low:.3f}, {share.high:.3f}] (n={share.n})"
            )
    for said, statement in found if options.missed else ():
        if is_marked(statement) == (said.kind == "honest"):
            print(f"{said.kind}, {statement.verdict} {statement.support:.2f}: {said.text}")
            print(*(f"    {c.quote}" for c in statement.citations), sep="\n")


if __name__ == "__main__":
    main()
