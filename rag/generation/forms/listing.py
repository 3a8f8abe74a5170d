"""List: how many papers qualify, then one row a paper; those that come near are one press away."""

from collections.abc import Sequence

from footnote.index.models import Hit
from footnote.rag.generation.forms.fact import put_first_what_stands_alone
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers, name_topic
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=0.3, step=0.68, lowest=0.5, most=20)
# Papers below the cut that are still near, at most so many.
NEAR, MORE = 0.3, 10


def write(reading: Reading) -> Composed:
    """Writes one row for each paper above the cut."""
    if reading.library is None:
        return Draft(()).finish()
    ordered, _ = order_wide(reading.hits, reading.library, BREADTH.nearness)
    rows = read_rows(reading, ordered)
    listed = rows[: BREADTH.count([hit.score for hit, _ in rows])]
    more = [hit.paper for hit, _ in rows[len(listed) :] if hit.score >= NEAR][:MORE]
    draft = Draft([sentence for _, sentence in listed])
    if listed:
        draft.add(f"{say_count(len(listed), reading)}:")
        draft.add(*(draft.row(s.paper, draft.quote(s)) for _, s in listed))
    return draft.finish(more=more, missing=reading.say_missing_names() if listed else None)


def read_rows(reading: Reading, ordered: Sequence[Hit]) -> list[tuple[Hit, Sentence]]:
    """Returns each paper that has a sentence to show, with its most telling one."""
    best = reading.by_paper
    return [
        (hit, put_first_what_stands_alone(best[hit.paper.id])[0])
        for hit in ordered
        if best.get(hit.paper.id)
    ]


def say_count(count: int, reading: Reading) -> str:
    """Returns "7 papers match “sense of touch”"."""
    verb = "matches" if count == 1 else "match"
    return f"{count_papers(count)} {verb} “{name_topic(find_topic(reading.question.asked))}”"
