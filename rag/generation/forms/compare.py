"""Compare: sentences that name both things, then what the papers say of each, side by side."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.abbreviations import spell_out
from footnote.rag.generation.forms.define import find_definition, is_named_after
from footnote.rag.generation.forms.fact import choose_sentences, room_for
from footnote.rag.generation.forms.form import (
    NOT_COMPARED,
    Composed,
    Draft,
    Reading,
    escape_cell,
    name_topic,
)
from footnote.rag.query.kinds.rules import find_core
from footnote.rag.query.names import is_abbreviation
from footnote.rag.retrieval.evidence import Sentence, says_the_same

# Sentences that name both, and rows of the table.
BOTH, ROWS = 2, 2
# Of so many sentences at the top, this share of the words of each side is enough.
TELLING, NEARLY = 10, 0.3
_SIDE = r"(?P<{}>[^?,;]{{2,80}}?)"
_A, _B = _SIDE.format("a"), _SIDE.format("b")
_END = r"(?=\W{0,5}$|,|;|\?|:| when\b| for\b| in\b| on\b| if\b)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:between|compare|contrast) {_A} (?:and|with|to|versus|vs\.?) {_B}{_END}",
        rf"^{_A} (?:vs\.?|versus) {_B}{_END}",
        rf"\bhow (?:do|does|did) {_A} (?:differ|compare|stack up|fare"
        rf"|measure up)\w* (?:from|to|with|against) {_B}{_END}",
        rf"\bis it (?:better|worse|faster) to {_A} or (?:to )?{_B}{_END}",
        rf"^{_A} or {_B}{_END}",
        rf"\b(?:is|are|does|do|should) {_A} (?:better|worse|faster|different"
        rf"|more \w+) (?:than|from|to) {_B}{_END}",
        rf"\bhow (?:do|does) {_A} and {_B} (?:differ|compare)",
        rf"\b(?:better|worse|faster|cheaper|safer)[^?]{{0,40}}[:,]\s*{_A} or {_B}{_END}",
    )
)
# A sentence compares by one of these words; one that only lists things does not.
_COMPARES = re.compile(
    r"\b(?:than|versus|vs|against|compar\w+|contrast\w*|differ\w*|while|whereas|unlike|instead|over|beats?"
    r"|outperform\w*|surpass\w*|exceed\w*|match\w*|passed|equal\w*|equivalen\w*|similar\w*|same"
    r"|alternative\w*|replac\w+|but|although|despite|gap|trade-?offs?|improv\w+|lowers?|better|worse|superior"
    r"|won|wins?|los[et]\w*)\b|>|<",
    re.IGNORECASE,
)
# A part of a sentence is no name of a thing: "which reacts faster", "in AUC".
_NO_NAME = re.compile(
    r"^(?:in|on|at|of|for|with|when|as|by|than) "
    r"|\b(?:which|what|who|whom|whose|how|why|is|are|was|were|do|does|did|has|have|had|can|could"
    r"|would|should|will)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:plain|the|an?|using|use|what is|which is better,?) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared.

    Attributes:
        name: How the question calls it.
        stems: Of the words of its name.
        full: Its name spelled out, where that is an abbreviation; else empty.
    """

    name: str
    stems: Collection[str]
    full: str = ""

    @property
    def names(self) -> Sequence[str]:
        """All that it is called."""
        return [self.name, self.full] if self.full else [self.name]

    def share_in(self, text: str) -> float:
        """Returns how many of its words a text has, of all."""
        # "A policy to act as a judge" does not name ACT.
        if is_abbreviation(self.name) and self.name.rstrip("s") not in text:
            return 0.0
        return len(_stem_set(text) & set(self.stems)) / len(self.stems)

    def named_in(self, text: str) -> bool:
        """Returns whether a text names it: all its words, where they are few, else most."""
        return self.share_in(text) >= (1.0 if len(self.stems) <= 2 else 0.6)

    def stands_alone_in(self, text: str) -> bool:
        """Returns whether a text has its name not only as a part of another: "T-PPO" is not PPO."""
        name = re.escape(self.name)
        return (
            len(self.stems) > 1
            or re.search(rf"(?<![\w-]){name}(?![\w-])", text, re.IGNORECASE) is not None
        )


@lru_cache(2048)
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(stems(text))


def write(reading: Reading) -> Composed:
    """Writes what compares both, that nothing does where that is so, and a table of either."""
    sides = find_sides(reading.question.asked)
    if sides is None:
        return _write_without_sides(reading)
    both = _distinct(_find_both(*sides, reading.evidence), BOTH)
    beside = [s.paper.id for s in both]
    gathered = {side.name: list(reading.search(side.name)) for side in sides}
    one, other = (_spell_out(side, gathered[side.name]) for side in sides)
    for side in (one, other):
        # The paper that is named after it may hardly use the short name.
        gathered[side.name] += reading.search(side.full) if side.full else ()
    columns = [
        _fill_column(a, b, [*reading.evidence, *gathered[a.name]], both, beside)
        for a, b in ((one, other), (other, one))
    ]
    draft = Draft([*reading.evidence, *gathered[one.name], *gathered[other.name]])
    if both:
        draft.add(" ".join(draft.quote(sentence) for sentence in both))
    elif told := _find_joined(one, other, [*gathered[one.name], *gathered[other.name]]):
        draft.add(f"One sentence names both: {draft.quote(told)}")
    # Beside a sentence that compares, half a table says nothing more.
    if all(columns) or (any(columns) and not both):
        draft.add(*_table(draft, (one, other), columns))
    if not both and not any(columns):
        return _write_without_sides(reading)
    missing = None
    # What has no name may be called otherwise in a sentence that answers.
    named = all(side.name != side.name.lower() for side in sides)
    if not both and (named or not reading.is_surely_present):
        missing = f"{NOT_COMPARED} {name_topic(one.name)} with {name_topic(other.name)} directly."
    return draft.finish(missing=missing)


def find_sides(question: str) -> tuple[Side, Side] | None:
    """Returns the two things that a question compares, None where it does not name both."""
    core = find_core(" ".join(question.split())).strip(" ?.!")
    for pattern in _PATTERNS:
        match = pattern.search(core) or pattern.search(question.strip(" ?.!"))
        if match:
            one, other = (_side(match[name]) for name in ("a", "b"))
            named = not any(_NO_NAME.search(side.name) for side in (one, other))
            if named and one.stems and other.stems and set(one.stems) != set(other.stems):
                return one, other
    return None


def _side(text: str) -> Side:
    name = _LEAD.sub("", text.strip(" \"'“”"))
    words = [word for word in stems(name) if word not in STOP_WORDS]
    return Side(name, tuple(dict.fromkeys(words)))


def _find_joined(one: Side, other: Side, evidence: Sequence[Sentence]) -> Sentence | None:
    """Returns a sentence that names both without comparing them, of a paper named after one."""
    return next(
        (
            s
            for s in evidence
            if is_named_after(s.paper, [*one.names, *other.names])
            and one.stands_alone_in(s.text)
            and other.stands_alone_in(s.text)
            and one.named_in(s.text)
            and other.named_in(s.text)
        ),
        None,
    )


def _spell_out(side: Side, evidence: Sequence[Sentence]) -> Side:
    """Returns a side with its full name, where papers spell it out."""
    if not is_abbreviation(side.name):
        return side
    papers = {sentence.paper.id: sentence.paper for sentence in evidence}
    form = spell_out(side.name, papers.values())
    return replace(side, full=" ".join(form.text.split())) if form else side


def _find_both(one: Side, other: Side, evidence: Sequence[Sentence]) -> list[Sentence]:
    """Returns the sentences that name both; of the most telling ones, those that nearly do."""
    return [
        s
        for n, s in enumerate(evidence)
        if _COMPARES.search(s.text)
        and (
            (one.named_in(s.text) and other.named_in(s.text))
            or (n < TELLING and min(one.share_in(s.text), other.share_in(s.text)) >= NEARLY)
        )
    ]


def _fill_column(
    side: Side,
    other: Side,
    evidence: Sequence[Sentence],
    taken: Collection[Sentence],
    beside: Collection[str],
) -> list[Sentence]:
    """Returns what the papers say of one side alone: of papers with both first, then its own.

    What it is comes before what else is said of it, and a variant with a name of its own last.
    """
    about = list(dict.fromkeys(s for s in evidence if s not in taken and _is_about(s, side, other)))
    defining = find_definition(side.names, about)
    ranked = sorted(
        range(len(about)),
        key=lambda n: (
            about[n].paper.id not in beside,
            not side.stands_alone_in(about[n].text),
            about[n] is not defining,
            not is_named_after(about[n].paper, side.names),
            n,
        ),
    )
    return _distinct([about[n] for n in ranked], ROWS)


def _is_about(sentence: Sentence, side: Side, other: Side) -> bool:
    """Returns whether a sentence tells of one side alone, in a paper that is not the other's."""
    title = sentence.paper.title
    others = other.named_in(title) and not side.named_in(title)
    return side.named_in(sentence.text) and not other.named_in(sentence.text) and not others


def _distinct(sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """Returns the first sentences, of each paper one, none of which says what another says."""
    chosen: list[Sentence] = []
    for sentence in sentences:
        new = all(sentence.paper.id != other.paper.id for other in chosen)
        if new and not any(says_the_same(sentence.text, other.text) for other in chosen):
            chosen.append(sentence)
        if len(chosen) == most:
            break
    return chosen


def _table(
    draft: Draft, sides: tuple[Side, Side], columns: Sequence[Sequence[Sentence]]
) -> list[str]:
    heads = [escape_cell(name_topic(side.name)) for side in sides]
    rows = [f"| {heads[0]} | {heads[1]} |", "| --- | --- |"]
    for at in range(max(map(len, columns))):
        cells = [draft.quote(c[at], cell=True) if at < len(c) else "" for c in columns]
        rows.append(f"| {cells[0]} | {cells[1]} |")
    return rows


def _write_without_sides(reading: Reading) -> Composed:
    draft = Draft(reading.evidence)
    quotes = choose_sentences(reading.evidence, room_for(reading.question.asked))
    if quotes:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
    return draft.finish()
