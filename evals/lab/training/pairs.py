"""Pairs: statements beside quotes, with what is right about them.

People's claims in free wording, honest and false, and what the rules of
``footnote.evals.lab.training.corruptions`` make of the quotes: near-copies that stay true, and
others with one thing made wrong.
"""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote.evals.lab.training.corruptions import HONEST, lies
from footnote.rag.verification.lexical import names, read_words

SEED = 1


@dataclass(frozen=True, slots=True)
class Example:
    """A statement beside its quotes.

    Attributes:
        about: Title and abstract of the cited paper.
        group: The paper; folds keep groups whole.
        kind: Of honest or false statement; "copy" before what a rule made.
    """

    statement: str
    quotes: tuple[str, ...]
    about: str
    honest: bool
    group: str
    kind: str


def names_as_written(text: str) -> list[str]:
    """Returns the names of a text as they stand in it."""
    words = read_words(text)
    return [words[at].text for at in names(words)]


def read_claims(claims: Path, papers: Path) -> Iterator[Example]:
    """Yields people's claims.

    Args:
        claims: JSON lines {"id", "title", "quote", "honest": [[kind, sentence]], "false": ...}.
        papers: JSON lines {"_id", "title", "text"}, gzipped or not.
    """
    rows = [json.loads(line) for line in claims.read_text("utf-8").splitlines()]
    abstracts = _abstracts(papers, {row["id"] for row in rows})
    for row in rows:
        about = f"{row['title']} {abstracts.get(row['id'], '')}"
        for label in ("honest", "false"):
            for kind, said in row[label]:
                yield Example(said, (row["quote"],), about, label == "honest", row["id"], kind)


def make_copies(claimed: list[Example]) -> Iterator[Example]:
    """Yields, for each quote, a near-copy that stays true and two with one thing made wrong."""
    rng = random.Random(SEED)
    quotes = {example.quotes[0]: example for example in claimed}
    pool = sorted({name for example in quotes.values() for name in names_as_written(example.about)})
    wrongs = lies(pool, names_as_written)
    for quote, example in quotes.items():
        rules = list(HONEST.items())
        rng.shuffle(rules)
        made = ((kind, rule(quote, rng)) for kind, rule in rules)
        true = next(((kind, said) for kind, said in made if said), None)
        if true is None:
            continue
        yield Example(true[1], (quote,), example.about, True, example.group, f"copy {true[0]}")
        kinds = list(wrongs.items())
        rng.shuffle(kinds)
        found = ((kind, rule(true[1], rng)) for kind, rule in kinds)
        wrong = [(kind, said) for kind, said in found if said and said != true[1]]
        for kind, said in wrong[:2]:
            yield Example(said, (quote,), example.about, False, example.group, f"copy {kind}")


def _abstracts(papers: Path, wanted: set[str]) -> dict[str, str]:
    opened: Any = gzip.open if papers.suffix == ".gz" else open
    with opened(papers, "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        return {row["_id"]: row["text"] for row in rows if row["_id"] in wanted}
