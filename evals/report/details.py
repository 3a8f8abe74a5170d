"""Details of a report: one case with its statements, quotes and gold papers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from footnote.evals.judge.trust import JUDGED
from footnote.evals.metrics.summary import Row
from footnote.evals.report.charts import OUTCOMES, outcome
from footnote.evals.report.numbers import format_exact


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote of an answer; ``gold`` is None where the row does not tell."""

    marker: int
    paper: str
    title: str
    text: str
    gold: bool | None


@dataclass(frozen=True, slots=True)
class GoldPaper:
    """A paper that answers the question: its rank among the hits, or None."""

    name: str
    rank: int | None
    cited: bool


def case(row: Row) -> dict[str, Any]:
    """Returns what the template shows of a row, each part in the order of the row."""
    answer = row["answer"] or {}
    way = outcome(row)
    hits = answer.get("hits", ())[:10]
    gold = _gold_papers(row)
    return {
        "row": row,
        "answer": answer,
        "outcome": way,
        "label": OUTCOMES[way][0],
        "severity": list(OUTCOMES).index(way),
        "history": row.get("history", ()),
        "gold": gold,
        "found": _find_gold(row),
        "statements": list(_statements(row)),
        "hits": [(hit, hit["rank"] in {paper.rank for paper in gold}) for hit in hits],
        "values": {
            name: " ".join(map(format_exact, found))
            for name, found in row["values"].items()
            # A judge's are shown as its judgements, with what they are worth.
            if found and name not in JUDGED
        },
        "judgements": row.get("judgements", ()),
    }


def _statements(row: Row) -> Iterator[tuple[Mapping[str, Any], list[Quote]]]:
    """Yields each statement with its quotes; ``cited_gold`` has a value for each, in order."""
    statements = (row["answer"] or {}).get("statements", ())
    told = row["values"].get("cited_gold", [])
    if len(told) != sum(len(statement["citations"]) for statement in statements):
        told = ()
    place = 0
    for statement in statements:
        quotes = []
        for cited in statement["citations"]:
            gold = bool(told[place]) if told else None
            quotes.append(
                Quote(cited["marker"], cited["paper_id"], cited["title"], cited["quote"], gold)
            )
            place += 1
        yield statement, quotes


def _gold_papers(row: Row) -> list[GoldPaper]:
    """Returns the gold papers that a row names, ``{NAME: PAPER_ID}``; it need not."""
    answer = row["answer"] or {}
    ranks = {hit["paper_id"]: hit["rank"] for hit in answer.get("hits", ())}
    cited = {paper["id"] for paper in answer.get("papers", ())}
    return [
        GoldPaper(name, ranks.get(paper), paper in cited)
        for name, paper in row.get("gold", {}).items()
    ]


def _find_gold(row: Row) -> str | None:
    """Returns what became of the gold papers, as far as the values tell."""
    recall, reciprocal = (row["values"].get(name) for name in ("R@10", "RR@10"))
    if not recall or not reciprocal or row["error"]:
        return None
    if not reciprocal[0]:
        deeper = row["values"].get("AP@20", [0.0])[0]
        return f"None among the first 10 hits{', one among the next 10' if deeper else ''}."
    share = "All" if recall[0] == 1 else f"{recall[0]:.0%}"
    return f"{share} among the first 10 hits, the best at rank {round(1 / reciprocal[0])}."
