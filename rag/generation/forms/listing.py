"""List: how many papers qualify, one row each, then those that only come near.

A paper qualifies if it shows every concept of the question, and the relation that it asks for; its
row quotes the sentence that does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.models import Hit, Paper
from footnote.rag.generation.forms.concepts import Shown, read_shown
from footnote.rag.generation.forms.fact import SEVERAL, room_for
from footnote.rag.generation.forms.form import (
    Composed,
    Draft,
    Reading,
    count_papers,
    join_names,
    name_topic,
)
from footnote.rag.generation.forms.relations import Relation, read_relation
from footnote.rag.query.names import find_names
from footnote.rag.query.topic import name_asked
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS
from footnote.rag.retrieval.answerability import WEAK
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wide import Breadth, order_wide
from footnote.rag.retrieval.wording import begins_with_name, is_own, leans, sets_out, turns

BREADTH = Breadth(nearness=0.3, step=0.68, lowest=0.5, most=20)
# Where something is asked of each paper, fewer papers are shown and more is said of each.
OF_EACH = Breadth(nearness=0.3, step=0.8, lowest=0.5, most=8)
SENTENCES_OF_EACH = 2
# Sentences of each paper among which the one is looked for that says what is asked of each.
CANDIDATES = 8
# A paper whose own match is so far below the best one's is of another topic, whatever its rank: in
# a small library the fiftieth hit is near to nothing.
FAR = 0.18
# Papers below the cut that are still near, at most so many.
NEAR, MORE = 0.3, 10
# A paper below the cut that names all that is asked for is listed from this score on.
NAMED = 0.35
# Where so many qualify, others are shown from this score on only; where fewer do, at most so many
# others, fewer where the match is weak.
ENOUGH, SURELY, NEAREST, NEAREST_OF_WEAK = 2, 0.6, 10, 5
# Others at most beside some that qualify, where the match is weak, or where the question asks for
# what they do not do, such as proposing a benchmark.
ASIDE = 3
# Of so many things that a question asks for it is said that no abstract names them.
MOST_NAMED = 3
# What a sentence counts for that names the concepts, says the relation, tells what its paper did,
# leans on another or only sets a problem out, beside its match with the question; and a title that
# names the concepts.
TELLS, RELATES, DID, LEANS, SETS_OUT, TITLED = 0.5, 0.6, 0.2, 0.4, 0.5, 0.15
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class ListRow:
    """A paper of a list, and whether it qualifies.

    Attributes:
        sentences: Its own, most telling first.
        named: Whether it has the words of the question themselves.
        fits: Whether it qualifies.
        names: Names of the question, one of which its quote must have.
        compares: Whether it names what is asked for only to compare with it.
    """

    hit: Hit
    sentences: Sequence[Sentence]
    named: bool = False
    fits: bool = True
    names: Sequence[str] = ()
    compares: bool = False


def write(reading: Reading) -> Composed:
    """Writes one row for each paper that qualifies, then what comes near."""
    if reading.library is None or reading.found is None:
        return Draft(()).finish()
    details = room_for(reading.question.asked) is SEVERAL
    breadth = OF_EACH if details else BREADTH
    ordered, _ = order_wide(reading.hits, reading.library, breadth.nearness)
    read = find_readable(reading, ordered)
    shown = read_shown(reading.found, read)
    relation = read_relation(reading.question.wording, shown)
    weak, sentences = reading.chance < WEAK, reading.by_paper
    rows = [
        _judge_row(hit, sentences[hit.paper.id], relation, met=bool(met), weak=weak)
        for hit, met in zip(read, shown.met, strict=True)
    ]
    chosen = _choose_rows(rows, reading, breadth, relation)
    fits, others = ([put_telling_first(row, relation) for row in part] for part in chosen)
    if details:
        told = _put_details_second([*fits, *others], reading)
        fits, others = told[: len(fits)], told[len(fits) :]
    listed = [*fits, *others]
    papers = {row.hit.paper.id for row in listed}
    rest = [hit for hit in read if hit.paper.id not in papers]
    near = [hit.paper for hit in rest if hit.score >= NEAR]
    # Whoever asks for a name wants the papers that have it, however far they seem.
    by_name = bool(fits) and all(row.names for row in fits)
    if by_name:
        near = [hit.paper for hit in rest if _has(hit.paper, fits[0].names)]
    draft = Draft(reading.evidence)
    if not listed:
        return draft.finish(more=near[:MORE])
    absent = None if fits else _say_none(rows, shown)
    if fits:
        draft.add(f"{_say_count(fits, reading, shown)}:")
        draft.add(*(_write_row(draft, row, details=details) for row in fits))
    if fits and others:
        draft.add(_say_others(others, relation))
    if others:
        draft.add(*(_write_row(draft, row, details=details) for row in others))
    composed = draft.finish(more=near[:MORE], missing=reading.say_missing_names() or absent)
    return replace(composed, settled=by_name)


def _write_row(draft: Draft, row: ListRow, *, details: bool) -> str:
    """Returns a row of a list: its telling sentence, and another where each is asked about."""
    quoted = row.sentences[: SENTENCES_OF_EACH if details else 1]
    return draft.row(row.hit.paper, " ".join(map(draft.quote, quoted)))


def find_readable(reading: Reading, ordered: Sequence[Hit]) -> list[Hit]:
    """Returns the papers that have a sentence to show."""
    sentences = reading.by_paper
    return [hit for hit in ordered if sentences.get(hit.paper.id)]


def _judge_row(
    hit: Hit, sentences: Sequence[Sentence], relation: Relation, *, met: bool, weak: bool
) -> ListRow:
    """Returns a paper's row, and whether it qualifies.

    Args:
        hit: The paper.
        sentences: Its own, most telling first.
        relation: What the question asks for.
        met: Whether the paper shows what is asked for, if only by words near to it.
        weak: Whether what was found is far from the question; then only the words themselves count.
    """
    texts = [sentence.text for sentence in sentences]
    named = met and relation.shown.names_all(hit.paper.title, *texts)
    fits = (named if weak else met) and relation.holds(hit.paper, texts)
    return ListRow(hit, sentences, named, fits)


def put_telling_first(row: ListRow, relation: Relation) -> ListRow:
    """Returns a row with the sentence first that shows why it qualifies."""
    said = {s: s.text.casefold() for s in row.sentences if row.names}
    naming = [s for s, text in said.items() if any(name in text for name in row.names)]
    first = _choose_telling(naming or row.sentences, relation)
    return replace(row, sentences=[first, *(s for s in row.sentences if s != first)])


def _put_details_second(rows: Sequence[ListRow], reading: Reading) -> list[ListRow]:
    """Returns rows with the sentence behind the first that says what is asked of each paper."""
    if reading.rank is None or not rows:
        return list(rows)
    each = min(CANDIDATES, MOST_PAIRS // len(rows))
    others = [row.sentences[1 : 1 + each] for row in rows]
    scores = iter(reading.rank(reading.question.asked, [s for part in others for s in part]))
    told = []
    for row, part in zip(rows, others, strict=True):
        scored = [(next(scores), s) for s in part]
        best = [max(scored, key=lambda one: one[0])[1]] if scored else []
        rest = [s for s in row.sentences[1:] if s not in best]
        told.append(replace(row, sentences=[row.sentences[0], *best, *rest]))
    return told


def _choose_telling(sentences: Sequence[Sentence], relation: Relation) -> Sentence:
    """Returns the sentence of a paper that tells best what was asked for."""
    return max(sentences, key=lambda s: s.score + _weigh(s, relation))


def _weigh(sentence: Sentence, relation: Relation) -> float:
    text = sentence.text
    return (
        TELLS * relation.shown.share(text)
        + RELATES * relation.told_in(text)
        + DID * (is_own(text) or begins_with_name(text, sentence.paper.title))
        - LEANS * leans(text)
        - SETS_OUT * (sets_out(text) or turns(text))
    )


def _choose_rows(
    rows: Sequence[ListRow], reading: Reading, breadth: Breadth, relation: Relation
) -> tuple[list[ListRow], list[ListRow]]:
    """Returns the rows that qualify, and those that come near; either may be empty."""
    named = keep_named(rows, reading)
    if named is not None:
        # A paper that has the name is meant, whatever its rank.
        told = [row for row in named if not relation.compares(row.hit.paper, row.sentences)]
        compared = [replace(row, fits=False, compares=True) for row in named if row not in told]
        return told[: breadth.most], compared[: MORE if told else NEAREST]
    near = drop_far(rows, reading)
    count = breadth.count([row.hit.score for row in rows])
    above = [row for row in rows[:count] if row in near]
    fits = [row for row in above if row.fits]
    if relation.shown.needs and not reading.question.is_follow_up:
        behind = [row for row in near if row not in above and row.hit.score >= NAMED]
        fits += [row for row in behind if row.named and row.fits]
    fits = fits[: breadth.most]
    others = [row for row in above if not row.fits]
    weak = reading.chance < WEAK
    if len(fits) < ENOUGH:
        others = others[: NEAREST_OF_WEAK if weak else NEAREST]
    else:
        others = [row for row in others if row.hit.score >= SURELY]
    if fits and (relation.decides or weak):
        others = others[:ASIDE]
    order = {row.hit.paper.id: rank_titled(row.hit, relation.shown) for row in fits}
    return sorted(fits, key=lambda row: -order[row.hit.paper.id]), others


def rank_titled(hit: Hit, shown: Shown) -> float:
    """Returns the score of a paper, higher where its title names what is asked for."""
    return hit.score + TITLED * shown.share(hit.paper.title)


def drop_far(rows: Sequence[ListRow], reading: Reading) -> list[ListRow]:
    """Returns rows, the best first, without those whose paper matches far worse than the best."""
    matches = reading.found.matches if reading.found else {}
    found = [matches[r.hit.paper.id].paper if r.hit.paper.id in matches else 0.0 for r in rows]
    best = max(found, default=0.0)
    return [row for n, row in enumerate(rows) if n == 0 or found[n] >= best - FAR]


def keep_named(rows: Sequence[ListRow], reading: Reading) -> list[ListRow] | None:
    """Returns the rows of papers that have the names of the question, each with a sentence so.

    None where the question has no name, or no paper has them all.
    """
    names = [name.casefold() for name in find_names(reading.question.wording)]
    named = [row for row in rows if _has(row.hit.paper, names)]
    return [replace(row, names=names, fits=True) for row in named] if names and named else None


def _has(paper: Paper, names: Sequence[str]) -> bool:
    text = f"{paper.title}\n{paper.abstract}".casefold()
    return all(name in text for name in names)


def _say_count(fits: Sequence[ListRow], reading: Reading, shown: Shown) -> str:
    """Returns "7 papers on the sense of touch", and in words where the match is weak."""
    question = reading.question
    count = len(fits)
    if question.language:
        asked = f"on “{name_topic(question.asked)}”"
    else:
        asked = name_topic(name_asked(question.asked, count), most=_LONGEST)
    told = f"{count_papers(count)} {asked}"
    if reading.chance >= WEAK or all(row.names for row in fits):
        return told
    whole = sum(shown.names_all(row.hit.paper.title, row.sentences[0].text) for row in fits)
    if whole == count:
        return f"{told}; the match is weak"
    names = f"quote{'s' * (whole > 1)} name{'s' * (whole < 2)} {_name_needs(shown)}"
    return f"{told}; the match is weak, {whole or 'no'} {names}"


def _say_others(others: Sequence[ListRow], relation: Relation) -> str:
    """Returns the line over the papers that do not qualify."""
    one = "s" * (len(others) == 1)
    if all(row.compares for row in others):
        return f"{len(others):,} more mention{one} it only to compare:"
    does = f"mention{one} it" if relation.name == "study" else f"come{one} near"
    return f"{len(others):,} more {does}:"


def _say_none(rows: Sequence[ListRow], shown: Shown) -> str:
    """Returns that no paper qualifies, by what is not there."""
    if any(row.named for row in rows) or not 0 < len(shown.needs) <= MOST_NAMED:
        return "No abstract states this plainly; nearest:"
    return f"No abstract names {_name_needs(shown)}; nearest:"


def _name_needs(shown: Shown) -> str:
    names = [f"“{name_topic(need.text, most=40)}”" for need in shown.needs]
    return f"{'both ' * (len(names) == 2)}{join_names(names)}"
