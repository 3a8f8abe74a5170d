"""Overview: what the library holds on a topic, in groups that their own words name."""

from collections.abc import Sequence
from typing import NamedTuple

from footnote.index.models import Hit, Paper
from footnote.rag.generation.forms.concepts import read_shown
from footnote.rag.generation.forms.form import (
    Composed,
    Draft,
    Reading,
    count_papers,
    join_names,
    name_topic,
)
from footnote.rag.generation.forms.group_names import GROUPS, OTHERS, TitledText, group_papers
from footnote.rag.generation.forms.listing import (
    NEAR,
    SURELY,
    ListRow,
    find_readable,
    put_telling_first,
    rank_titled,
)
from footnote.rag.generation.forms.relations import Relation
from footnote.rag.query.topic import find_topic, name_asked
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=1.0, step=0.8, lowest=0.4, most=12)
FEWEST = 6
# So many are shown where more than an overview holds name what is asked for; then others that name
# it may join them, where a group needs one.
ROUND = 8
# Where so many papers show what is asked for, one that does not is shown from ``SURELY`` on, and
# only those that name it make up FEWEST.
ENOUGH = 2
_LONGEST = 100

Groups = Sequence[tuple[str, list[int]]]


class Candidate(NamedTuple):
    """A paper that may be shown.

    Attributes:
        hit: The paper.
        met: Whether it shows what is asked for, if only by words near to it.
        named: Whether it has the words themselves.
    """

    hit: Hit
    met: bool
    named: bool


def write(reading: Reading) -> Composed:
    """Writes three to five groups of papers, one finding each."""
    if reading.library is None or reading.found is None:
        return Draft(()).finish()
    ordered, _ = order_wide(reading.hits, reading.library, BREADTH.nearness)
    hits = find_readable(reading, ordered)
    above = BREADTH.count([hit.score for hit in hits])
    told = read_shown(reading.found, hits)
    found = sorted(zip(hits, told.met, strict=True), key=lambda row: -rank_titled(row[0], told))
    candidates = [
        Candidate(hit, bool(met), told.names_all(hit.paper.title, hit.paper.abstract))
        for hit, met in found
    ]
    shown = choose_papers(candidates, above)
    draft = Draft(reading.evidence)
    if not shown:
        return draft.finish()
    ids = {hit.paper.id for hit in shown}
    left = [one for one in candidates if one.hit.paper.id not in ids]
    telling = [one.hit for one in left if one.met or one.named]
    papers = shown + telling + [one.hit for one in left if not (one.met or one.named)]
    spare = len(telling) if len(shown) + GROUPS <= BREADTH.most else 0
    topic = " ".join((find_topic(reading.question.asked), reading.question.wording, *told.said))
    texts = [_text(hit) for hit in papers]
    groups = group_papers(texts[: len(shown)], topic, texts[len(shown) :], spare=spare)
    taken = sorted(n for _, group in groups for n in group)
    named = {one.hit.paper.id for one in candidates if one.named}
    rest = [hit for n, hit in enumerate(papers) if n not in taken]
    others = [hit for hit in rest if hit.paper.id in named]
    whole = len(taken) + len(others)
    draft.add(say_whole([papers[n].paper for n in taken], groups, reading, whole=whole))
    relation, sentences = Relation("any", told), reading.by_paper
    for name, group in groups:
        if name:
            draft.add(f"### {name}")
        rows = (ListRow(papers[n], sentences[papers[n].paper.id]) for n in group)
        quoted = [put_telling_first(row, relation).sentences[0] for row in rows]
        draft.add(*(draft.row(sentence.paper, draft.quote(sentence)) for sentence in quoted))
    near = others or [hit for hit in rest if hit in telling or hit.score >= NEAR]
    return draft.finish(more=[hit.paper for hit in near])


def choose_papers(candidates: Sequence[Candidate], above: int) -> list[Hit]:
    """Returns the papers of an overview, best first, without those that only fill it up.

    Args:
        candidates: Best first.
        above: How many of them match well enough by themselves.
    """
    shown = candidates[: max(above, FEWEST)]
    if sum(one.met for one in shown) < ENOUGH:
        return [one.hit for one in shown]
    by_name = sum(one.named for one in shown) >= ENOUGH
    if by_name and sum(one.named for one in candidates) > BREADTH.most:
        shown, above = candidates[:ROUND], min(above, ROUND)
    kept = [one for one in shown[:above] if one.met or one.hit.score >= SURELY]
    kept += [one for one in shown[above:] if (one.named if by_name else one.met)]
    return [one.hit for one in kept]


def say_whole(papers: Sequence[Paper], groups: Groups, reading: Reading, *, whole: int = 0) -> str:
    """Returns how many papers there are, from when, and what they are on by their groups.

    The years are told where most papers have one.

    Args:
        papers: Those that are shown.
        groups: Their groups.
        reading: What they were found for.
        whole: How many they are with all others that name the topic.
    """
    question = reading.question
    asked = (
        f"on “{name_topic(question.asked)}”"
        if question.language
        else name_topic(name_asked(question.asked, max(whole, len(papers))), most=_LONGEST)
    )
    years = sorted(paper.year for paper in papers if paper.year)
    told = f"{count_papers(len(papers))} {asked}"
    if whole > len(papers):
        told = f"At least {count_papers(whole)} {asked}; {len(papers)} of them"
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
    """Returns a heading as it stands inside a sentence; one with a name in it stays as it is."""
    return name if any(map(str.isupper, name[1:])) else name[:1].lower() + name[1:]


def _text(hit: Hit) -> TitledText:
    return hit.paper.title, hit.paper.abstract
