"""Relations: how the papers of a list have to do with what is asked for.

"Which papers propose a benchmark?" wants those that propose one, not those that were tested on one.
A relation is read from the question and looked for in a paper's title and sentences.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from footnote.index.models import Paper
from footnote.index.search.fulltext import stems
from footnote.rag.generation.forms.concepts import Need, Shown
from footnote.rag.generation.forms.uses import is_used
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.wording import is_own, sets_out, turns

RelationName = Literal["propose", "open", "survey", "alone", "study", "use", "any"]

_I = re.IGNORECASE
_MAKE = (
    r"(?:propos|introduc|releas|publish|creat|contribut|construct|collect|establish|develop|present"
    r"|design|provid|offer|build|open-?sourc)"
)
_WORKS = r"(?:papers?|works?|stud(?:y|ies)|articles?|authors?|publications?)"
# The first that the question fits.
_ASKED: Mapping[RelationName, re.Pattern[str]] = {
    "open": re.compile(
        r"\bopen(?:ly)?[- ](?:sourced?|available|weights?)\b|\bpublicly (?:available|released)\b",
        _I,
    ),
    "alone": re.compile(r"\b(?:only|solely|purely|exclusively|entirely)\b", _I),
    "propose": re.compile(
        rf"\b{_WORKS} (?:that |which )?(?:propose|introduce|release|publish|create|contribute"
        r"|develop|present|build)s?\b"
        r"|\b(?:are|were|is|was) (?:proposed|introduced|released|published)\b",
        _I,
    ),
    "survey": re.compile(
        rf"\b{_WORKS} (?:that |which )?(?:survey|review)s?\b|\b(?:surveys|reviews|tutorials)\b", _I
    ),
    "study": re.compile(
        rf"\b{_WORKS} (?:here )?(?:that |which )?(?:study|investigate|analy[sz]e|examine|explore"
        r"|address|tackle)\b",
        _I,
    ),
    "use": re.compile(
        rf"\b(?:{_WORKS}|methods?|approach(?:es)?|systems?|models?|polic(?:y|ies)|agents?|robots?)"
        r" (?:here )?(?:that |which )?(?:actually |really )?(?:(?:us|appl|employ|adopt|utili[sz]"
        r"|leverag|rel)(?:e|es|y|ies|s)?\b|(?:are|is|were) (?:based|built|trained) (?:on|with|by)\b"
        r"|(?:train|learn|build|run|work)s? (?:with|on|by)\b|make use of\b)",
        _I,
    ),
}
# How far behind each the thing may stand.
_MADE = (
    (re.compile(rf"\b{_MAKE}\w{{0,5}}\b", _I), 70),
    (re.compile(r"\b(?:new|our|novel|is an?)\b", _I), 35),
)
# What the thing made is not behind: "we propose X, which leads on the benchmark".
_OVER = re.compile(
    r"\b(?:on|across|over|outperform\w*|than|evaluat\w+|achiev\w+|improv\w+|exist\w+|using|from"
    r"|that|which|to|for|with|in|by|where|whose|via|into|about|through|towards?)\b|;",
    _I,
)
_CLAUSE = re.compile(r"[:?!.]|\b(?:and|of)\b", _I)
_GIVEN = re.compile(
    r"\bopen(?:ly)?[- ](?:source[ds]?|sourcing|released|licensed|available|weights?)\b"
    r"|\bpublicly (?:available|accessible|released)\b|\b(?:is|are|were|was|been) (?:made )?public\b"
    r"|\breleased?\b(?! \d)|\bfreely available\b",
    _I,
)
_COMPARED = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|than|compar\w+|beyond|better|worse|versus|against"
    r"|match(?:es|ed|ing)?|rival\w*|existing|mainstream|popular|recent|other|host of|experiments on"
    r"|evaluat\w+)\b",
    _I,
)
_THING = re.compile(
    r"\b(?:models?|weights|checkpoints?|polic(?:y|ies)|LLMs?|VLAs?|datasets?|benchmarks?|systems?)\b",
    _I,
)
_SURVEYS = re.compile(r"\b(?:surveys?|reviews?|tutorials?|overview|taxonomy)\b", _I)
_ALONE = re.compile(
    r"\b(?:only|solely|purely|exclusively|entirely|alone|fully|completely|without any)\b", _I
)
_NEAR_ALONE = 40
_AIMS = re.compile(
    r"\b(?:stud(?:y|ies|ied)|investigat|analy[sz]|examin|explor|address|tackl|mitigat|understand"
    r"|characteri[sz]|measur|detect|prevent|reduc|focus)\w*",
    _I,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of a question, and whether a paper without it is hardly worth a row.

    Attributes:
        object: The stem of what is made or meant.
        used: What is to be used, where that is asked.
    """

    name: RelationName
    shown: Shown
    object: str = ""
    used: tuple[Need, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether a paper that lacks it is of another kind, not just farther off."""
        return self.name in {"propose", "open", "survey", "alone"}

    @property
    def is_any(self) -> bool:
        """Whether nothing but the topic is asked for."""
        return self.name == "any"

    def holds(self, paper: Paper, sentences: Sequence[str]) -> bool:
        """Returns whether a paper's title or one of its sentences shows it."""
        title = paper.title
        if self.name == "study":
            return _is_studied(self.shown, title, sentences)
        if self.name == "use":
            return _may_be_used(self, [title, *sentences])
        return self.is_any or self.told_in(title, title=True) or any(map(self.told_in, sentences))

    def compares(self, paper: Paper, sentences: Sequence[Sentence]) -> bool:
        """Returns whether a paper names what it is asked to use only to compare with it."""
        return self.name == "use" and not self.holds(paper, [s.text for s in sentences])

    def told_in(self, text: str, *, title: bool = False) -> bool:
        """Returns whether a sentence, or a title, says it."""
        return _TOLD[self.name](self, text, title)


def read_relation(question: str, shown: Shown) -> Relation:
    """Returns the relation that a question asks for; any, where it names none."""
    for name, pattern in _ASKED.items():
        if match := pattern.search(question):
            used = _find_used(match[0], shown) if name == "use" else ()
            return Relation(name, shown, _find_object(question, match, shown), used)
    return Relation("any", shown)


def _find_used(verb: str, shown: Shown) -> tuple[Need, ...]:
    """Returns what is to be used: all that is asked for but the verb itself."""
    said = set(stems(verb))
    return tuple(
        need
        for need in shown.needs
        if not all(shown.concepts[n].stem in said for phrase in need.phrases for n in phrase)
    )


def _find_object(question: str, match: re.Match[str], shown: Shown) -> str:
    """Returns the stem of what is made or meant: the last word of the first need behind it.

    Before it where the question asks for the thing itself: "which datasets are released".
    """
    last = [shown.concepts[need.phrases[0][-1]] for need in shown.needs]
    passive = match[0].lower().startswith(("are", "is", "was", "were"))
    behind = [concept for concept in last if concept.start >= match.start()]
    chosen = last if passive else behind or last
    return chosen[0].stem if chosen else ""


def _is_studied(shown: Shown, title: str, sentences: Sequence[str]) -> bool:
    """Returns whether a paper is about a topic, and does not just mention it."""
    if not shown.needs or shown.names_all(title):
        return True
    telling = [s for s in sentences if shown.names_all(s)]
    if not telling:
        # Not said in these words; then how often cannot be told either.
        return not shown.names_all(title, *sentences)
    return len(telling) > 1 or any(is_own(s) and _AIMS.search(s) for s in telling)


def _may_be_used(relation: Relation, texts: Sequence[str]) -> bool:
    """Returns whether a paper does not only compare with what is asked for."""
    telling = [text for text in texts if relation.shown.names(relation.used, text)]
    # Where it is said in other words, who only compares with it cannot be told.
    return not telling or any(_is_named_in_use(relation, text) for text in telling)


def _is_used(relation: Relation, text: str) -> bool:
    # What is told of the field is no use of one's own.
    told_of_field = not is_own(text) and (sets_out(text) or turns(text))
    named = relation.shown.names(relation.used, text)
    return named and not told_of_field and _is_named_in_use(relation, text)


def _is_named_in_use(relation: Relation, text: str) -> bool:
    """Returns whether a text names what is to be used, and not only to compare with it."""
    concepts = relation.shown.concepts
    return all(
        any(is_used(text, concepts[n].spellings) for phrase in need.phrases for n in phrase)
        for need in relation.used
    )


def _is_made(relation: Relation, text: str, title: bool) -> bool:
    """Returns whether a text says that its authors made the thing, or a title names it as theirs.

    "X: A Benchmark for Kelp" does; "The Role of Dataset Diversity" and "Training on Datasets" not.
    """
    if title:
        clauses = (_OVER.split(clause)[0] for clause in _CLAUSE.split(text))
        return any(stems(clause)[-1:] == [relation.object] for clause in clauses)
    found = ((match.end(), reach) for made, reach in _MADE for match in made.finditer(text))
    behind = (_OVER.split(text[end : end + reach], maxsplit=1)[0] for end, reach in found)
    return any(relation.object in stems(part) for part in behind)


def _is_given(relation: Relation, text: str, title: bool) -> bool:
    """Returns whether a text says that the paper's own thing is open."""
    given = _GIVEN.search(text)
    if title or not given:
        return given is not None
    return not _COMPARED.search(text) and _THING.search(text) is not None


def _is_alone(relation: Relation, text: str, title: bool) -> bool:
    """Returns whether a text has "only" close to what it is asked for."""
    for match in _ALONE.finditer(text):
        around = text[max(0, match.start() - _NEAR_ALONE) : match.end() + _NEAR_ALONE]
        if relation.object in stems(around):
            return True
    return False


_TOLD: Mapping[RelationName, Callable[[Relation, str, bool], bool]] = {
    "propose": _is_made,
    "open": _is_given,
    "alone": _is_alone,
    "survey": lambda relation, text, title: _SURVEYS.search(text) is not None,
    "study": lambda relation, text, title: (
        relation.shown.names_all(text) and (is_own(text) or title)
    ),
    "use": lambda relation, text, title: _is_used(relation, text),
    "any": lambda relation, text, title: False,
}
