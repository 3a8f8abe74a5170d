"""Overview: what the library holds on a topic, in groups that their own words name."""

from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers, name_topic
from footnote.rag.generation.forms.group_names import group_papers
from footnote.rag.generation.forms.listing import NEAR, read_rows
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=1.0, step=0.8, lowest=0.4, most=12)
FEWEST, MORE = 6, 12


def write(reading: Reading) -> Composed:
    """Writes three to five groups of papers, one finding each."""
    if reading.library is None:
        return Draft(()).finish()
    ordered, _ = order_wide(reading.hits, reading.library, BREADTH.nearness)
    rows = read_rows(reading, ordered)
    shown = rows[: max(BREADTH.count([hit.score for hit, _ in rows]), FEWEST)]
    more = [hit.paper for hit, _ in rows[len(shown) :] if hit.score >= NEAR][:MORE]
    draft = Draft([sentence for _, sentence in shown])
    if not shown:
        return draft.finish()
    topic = name_topic(find_topic(reading.question.asked))
    near = [f"{hit.paper.title}. {hit.paper.abstract}" for hit, _ in rows[len(shown) :]]
    papers = [(hit.paper.title, hit.paper.abstract) for hit, _ in shown]
    groups = group_papers(papers, topic, near)
    told = f"{count_papers(len(shown))} on “{topic}”"
    draft.add(f"{told}, in {len(groups)} groups:" if len(groups) > 1 else f"{told}:")
    for name, group in groups:
        if len(groups) > 1:
            draft.add(f"### {name}")
        draft.add(*(draft.row(shown[n][1].paper, draft.quote(shown[n][1])) for n in group))
    return draft.finish(more=more)
