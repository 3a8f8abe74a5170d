"""Compare: sentences that name both things, then what the papers say of each, side by side."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.fact import choose_sentences
from footnote.rag.generation.forms.form import (
    NOT_COMPARED,
    Composed,
    Draft,
    Reading,
    escape_cell,
    name_topic,
)
from footnote.rag.query.kinds import find_core
from footnote.rag.retrieval.evidence import Sentence, says_the_same

# Sentences that name both, and rows of the table.
BOTH, ROWS = 2, 2
_SIDE = r"(?P<{}>[^?,;]{{2,80}}?)"
_A, _B = _SIDE.format("a"), _SIDE.format("b")
_END = r"(?=\W*$|,|;|\?|:| when\b| for\b| in\b| on\b| if\b)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:between|compare|contrast)\s+{_A}\s+(?:and|with|to|versus|vs\.?)\s+{_B}{_END}",
        rf"^{_A}\s+(?:vs\.?|versus)\s+{_B}{_END}",
        rf"\bhow (?:do|does|did)\s+{_A}\s+(?:differ|compare|stack up|fare|measure up)\w*\s+(?:from|to|with|against)\s+{_B}{_END}",
        rf"\bis it (?:better|worse|faster) to\s+{_A}\s+or\s+(?:to\s+)?{_B}{_END}",
        rf"^{_A}\s+or\s+{_B}{_END}",
        rf"\b(?:is|are|does|do|should)\s+{_A}\s+(?:better|worse|faster|different|more \w+)\s+(?:than|from|to)\s+{_B}{_END}",
        rf"\bhow (?:do|does)\s+{_A}\s+and\s+{_B}\s+(?:differ|compare)",
        rf"\b(?:better|worse|faster|cheaper|safer)[^?]{{0,40}}[:,]\s*{_A}\s+or\s+{_B}{_END}",
    )
)
_LEAD = re.compile(
    r"^(?:plain|the|an?|using|use|adapt(?:ing)?|what is|which is better,?)\s+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: how it is called, and the stems of its words."""

    name: str
    stems: Collection[str]

    def named_in(self, text: str) -> bool:
        """Returns whether a text names it: all its words, where they are few, else most."""
        found = set(stems(text)) & set(self.stems)
        return len(found) >= (len(self.stems) if len(self.stems) <= 2 else 0.6 * len(self.stems))


def write(reading: Reading) -> Composed:
    """Writes what compares both, that nothing does where that is so, and a table of either."""
    sides = find_sides(reading.question.asked)
    if sides is None:
        return _write_without_sides(reading)
    one, other = sides
    both = _distinct(
        [s for s in reading.evidence if one.named_in(s.text) and other.named_in(s.text)], BOTH
    )
    columns = [
        _distinct([s for s in reading.evidence if s not in both and _is_about(s, a, b)], ROWS)
        for a, b in ((one, other), (other, one))
    ]
    draft = Draft(reading.evidence)
    if both:
        draft.add(" ".join(draft.quote(sentence) for sentence in both))
    if any(columns):
        draft.add(*_table(draft, (one, other), columns))
    if not both and not any(columns):
        return _write_without_sides(reading)
    missing = None
    if not both:
        missing = f"{NOT_COMPARED} {name_topic(one.name)} with {name_topic(other.name)} directly."
    return draft.finish(missing=missing)


def find_sides(question: str) -> tuple[Side, Side] | None:
    """Returns the two things that a question compares, None where it does not name both."""
    core = find_core(" ".join(question.split())).strip(" ?.!")
    for pattern in _PATTERNS:
        match = pattern.search(core) or pattern.search(question.strip(" ?.!"))
        if match:
            one, other = (_side(match[name]) for name in ("a", "b"))
            if one.stems and other.stems and set(one.stems) != set(other.stems):
                return one, other
    return None


def _side(text: str) -> Side:
    name = _LEAD.sub("", text.strip(" \"'“”"))
    words = [word for word in stems(name) if word not in STOP_WORDS]
    return Side(name, tuple(dict.fromkeys(words)))


def _is_about(sentence: Sentence, side: Side, other: Side) -> bool:
    """Returns whether a sentence tells of one side alone, in its words or its paper's title."""
    if other.named_in(sentence.text):
        return False
    titled = side.named_in(sentence.paper.title) and not other.named_in(sentence.paper.title)
    return side.named_in(sentence.text) or titled


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
    quotes = choose_sentences(reading.evidence)
    if quotes:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
    return draft.finish()
