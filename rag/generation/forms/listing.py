"""List: how many papers qualify, then one row a paper; those that come near are one press away."""

from collections.abc import Sequence

from footnote.index.models import Hit, Paper
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers, name_topic
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wide import order_wide

# Papers above this score are listed: on the 12 list questions of forms_dev it gives the most
# recall at precision .6 (command: python -m footnote.evals.lab.bench.lists).
CUT = 0.57
LISTED, LEAST, MORE = 20, 1, 10


def write(reading: Reading) -> Composed:
    """Writes one row for each paper above the cut."""
    ordered, _ = order_wide(reading.hits, reading.library) if reading.library else ([], None)
    rows = read_rows(reading, ordered)
    listed = [row for row in rows if row[0].score >= CUT][:LISTED] or rows[:LEAST]
    more = [hit.paper for hit in ordered if all(hit.paper != row[1].paper for row in listed)]
    draft = Draft([sentence for _, sentence in listed])
    if listed:
        draft.add(f"{say_count(len(listed), reading)}:")
        draft.add(*(draft.row(s.paper, draft.quote(s)) for _, s in listed))
    return draft.finish(more=_near(more, ordered))


def read_rows(reading: Reading, ordered: Sequence[Hit]) -> list[tuple[Hit, Sentence]]:
    """Returns each paper that has a sentence to show, with its most telling one."""
    best = reading.by_paper
    return [(hit, best[hit.paper.id][0]) for hit in ordered if best.get(hit.paper.id)]


def say_count(count: int, reading: Reading) -> str:
    """Returns "7 papers match “sense of touch”"."""
    verb = "matches" if count == 1 else "match"
    return f"{count_papers(count)} {verb} “{name_topic(find_topic(reading.question.asked))}”"


def _near(papers: Sequence[Paper], ordered: Sequence[Hit]) -> list[Paper]:
    """Returns those whose score is not far below the cut."""
    near = {hit.paper.id for hit in ordered if hit.score >= CUT / 2}
    return [paper for paper in papers if paper.id in near][:MORE]
