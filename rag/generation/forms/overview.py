"""Overview: what the library holds on a topic, in groups that their own words name."""

from collections.abc import Sequence

from footnote.index.models import Hit, Paper
from footnote.rag.generation.forms.concepts import Shown, read_shown
from footnote.rag.generation.forms.form import (
    Composed,
    Draft,
    Reading,
    count_papers,
    join_names,
    name_topic,
)
from footnote.rag.generation.forms.group_names import OTHERS, Text, group_papers
from footnote.rag.generation.forms.listing import NEAR, SURELY, choose_telling, read_rows
from footnote.rag.generation.forms.relations import Relation
from footnote.rag.query.topic import find_topic, name_asked
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=1.0, step=0.8, lowest=0.4, most=12)
FEWEST, MORE = 6, 12
# Where so many papers show what is asked for, one that does not is shown from ``SURELY`` on.
ENOUGH = 3
_LONGEST = 100

Groups = Sequence[tuple[str, list[int]]]


def write(reading: Reading) -> Composed:
    """Writes three to five groups of papers, one finding each."""
    if reading.library is None or reading.found is None:
        return Draft(()).finish()
    ordered, _ = order_wide(reading.hits, reading.library, BREADTH.nearness)
    hits = [hit for hit, _ in read_rows(reading, ordered)]
    told = read_shown(reading.found, hits)
    shown = choose_papers(hits, told)
    ids = {hit.paper.id for hit in shown}
    others = [hit for hit in hits if hit.paper.id not in ids]
    draft = Draft(reading.evidence)
    if not shown:
        return draft.finish()
    near = [_text(hit) for hit in others]
    papers = [_text(hit) for hit in shown]
    topic = " ".join((find_topic(reading.question.asked), reading.question.wording, *told.said))
    groups = group_papers(papers, topic, near)
    draft.add(say_whole([hit.paper for hit in shown], groups, reading))
    relation = Relation("any", told)
    for name, group in groups:
        if name:
            draft.add(f"### {name}")
        quoted = [choose_telling(reading.by_paper[shown[n].paper.id], relation) for n in group]
        draft.add(*(draft.row(sentence.paper, draft.quote(sentence)) for sentence in quoted))
    return draft.finish(more=[hit.paper for hit in others if hit.score >= NEAR][:MORE])


def choose_papers(hits: Sequence[Hit], told: Shown) -> list[Hit]:
    """Returns the papers of an overview, best first, without those that fill it up."""
    count = max(BREADTH.count([hit.score for hit in hits]), FEWEST)
    shown = list(zip(hits, map(bool, told.met), strict=True))[:count]
    if sum(met for _, met in shown) < ENOUGH:
        return [hit for hit, _ in shown]
    return [hit for hit, met in shown if met or hit.score >= SURELY]


def say_whole(papers: Sequence[Paper], groups: Groups, reading: Reading) -> str:
    """Returns how many papers there are, from when, and what they are on by their groups.

    The years are told where most papers have one.
    """
    question = reading.question
    asked = (
        f"on “{name_topic(question.asked)}”"
        if question.language
        else name_topic(name_asked(question.asked, len(papers)), most=_LONGEST)
    )
    years = sorted(paper.year for paper in papers if paper.year)
    told = f"{count_papers(len(papers))} {asked}"
    if 2 * len(years) > len(papers) and years[0] < years[-1]:
        told += f", from {years[0]} to {years[-1]}"
    counted = [
        f"{len(group)} other{'s' * (len(group) != 1)}"
        if name == OTHERS
        else f"{len(group)} on {inside(name)}"
        for name, group in groups
        if name
    ]
    return f"{told}: {join_names(counted)}." if counted else f"{told}:"


def inside(name: str) -> str:
    """Returns a heading as it stands inside a sentence."""
    return name if name[1:2].isupper() or name[1:2] == "-" else name[:1].lower() + name[1:]


def _text(hit: Hit) -> Text:
    return hit.paper.title, hit.paper.abstract
