"""List: how many papers qualify, then one row a paper; those that come near are one press away."""

from collections.abc import Sequence

from footnote.index.models import Hit
from footnote.rag.generation.forms.fact import (
    SEVERAL,
    put_first_what_stands_alone,
    room_for,
)
from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers, name_topic
from footnote.rag.query.names import find_names
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wide import Breadth, order_wide

BREADTH = Breadth(nearness=0.3, step=0.68, lowest=0.5, most=20)
# Where something is asked of each paper, fewer papers are shown and more is said of each.
OF_EACH = Breadth(nearness=0.3, step=0.8, lowest=0.5, most=8)
SENTENCES_OF_EACH = 2
# A paper whose own match is so far below the best one's is of another topic, whatever its rank: in
# a small library the fiftieth hit is near to nothing.
FAR = 0.18
# Papers below the cut that are still near, at most so many.
NEAR, MORE = 0.3, 10


def write(reading: Reading) -> Composed:
    """Writes one row for each paper above the cut."""
    if reading.library is None:
        return Draft(()).finish()
    details = room_for(reading.question.asked) is SEVERAL
    breadth = OF_EACH if details else BREADTH
    ordered, _ = order_wide(reading.hits, reading.library, breadth.nearness)
    read = read_rows(reading, ordered)
    rows = keep_named(read, reading)
    if len(rows) < len(read):
        # A paper that has the name is meant, whatever its rank.
        listed = rows[: breadth.most]
    else:
        listed = drop_far(rows[: breadth.count([hit.score for hit, _ in rows])], reading)
    shown = {hit.paper.id for hit, _ in listed}
    near = [hit for hit, _ in rows if hit.score >= NEAR and hit.paper.id not in shown]
    more = [hit.paper for hit in near][:MORE]
    draft, by_paper = Draft(reading.evidence), reading.by_paper
    if listed:
        rows_shown: list[str] = []
        draft.add(f"{say_count(len(listed), reading)}:")
        for _, lead in listed:
            own = [s for s in by_paper[lead.paper.id] if s != lead]
            beside = own[: SENTENCES_OF_EACH - 1] if details else []
            said = " ".join(draft.quote(s) for s in [lead, *beside])
            rows_shown.append(draft.row(lead.paper, said))
        draft.add(*rows_shown)
    return draft.finish(more=more, missing=reading.say_missing_names() if listed else None)


def read_rows(reading: Reading, ordered: Sequence[Hit]) -> list[tuple[Hit, Sentence]]:
    """Returns each paper that has a sentence to show, with its most telling one."""
    best = reading.by_paper
    return [
        (hit, put_first_what_stands_alone(best[hit.paper.id])[0])
        for hit in ordered
        if best.get(hit.paper.id)
    ]


def drop_far(rows: list[tuple[Hit, Sentence]], reading: Reading) -> list[tuple[Hit, Sentence]]:
    """Returns rows, the best first, without those whose paper matches far worse than the best."""
    matches = reading.found.matches if reading.found else {}
    found = [matches[h.paper.id].paper if h.paper.id in matches else 0.0 for h, _ in rows]
    best = max(found, default=0.0)
    return [row for n, row in enumerate(rows) if n == 0 or found[n] >= best - FAR]


def keep_named(rows: list[tuple[Hit, Sentence]], reading: Reading) -> list[tuple[Hit, Sentence]]:
    """Returns the rows of papers that have the names of the question, with a sentence that has one.

    Where no paper has them all, the rows stay as they are.
    """
    names = [name.casefold() for name in find_names(reading.question.wording)]
    papers = {
        hit.paper.id: f"{hit.paper.title}\n{hit.paper.abstract}".casefold() for hit, _ in rows
    }
    named = [row for row in rows if all(name in papers[row[0].paper.id] for name in names)]
    if not names or not named:
        return rows
    own = reading.by_paper
    return [(hit, _naming(own[hit.paper.id], names) or lead) for hit, lead in named]


def _naming(sentences: Sequence[Sentence], names: Sequence[str]) -> Sentence | None:
    """Returns the first sentence that has one of these names."""
    found = (s for s in sentences if any(name in s.text.casefold() for name in names))
    return next(found, None)


def say_count(count: int, reading: Reading) -> str:
    """Returns "7 papers match “sense of touch”"."""
    verb = "matches" if count == 1 else "match"
    return f"{count_papers(count)} {verb} “{name_topic(find_topic(reading.question.asked))}”"
